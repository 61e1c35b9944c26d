"""How bright a pure tissue is for a given acquisition: the textbook equations of each technique.

Values per tissue and their sources are in data/tissues.csv. Signals are fractions of the equilibrium magnetisation;
`gain_of` brings them to the whole numbers of an image, as a scanner's receiver does before each series.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from math import cos, exp, log, radians, sin

from imagebank.synthetic.anatomy.lattice import DATA
from imagebank.synthetic.visits import Physics

BRIGHT = 700.0  # the brightest of grey matter, white matter and fluid
BRIGHT_EPI = 1800.0  # fluid without diffusion weighting, so that weighted images keep enough steps
FIELD_SWITCH_T = 2.2  # below it the values at 1.5 T hold
FAT_LEFT = 0.06  # of fat in echo-planar images, which always suppress it
FAT = ("fat", "marrow")
FLOWING = ("artery", "sinus")
FLOW_LEFT = 0.06  # of flowing blood in spin echoes: it leaves the slice between the pulses
INFLOW_T1_MS = 45.0  # fresh blood in a thin slab looks as if it recovered at once
LONG_TRAIN_MS = 180.0  # longer nominal echo times are those of trains with variable flip angles
LONG_TRAIN_SHARE = 0.3  # of the nominal echo time that shows as T2 contrast
GRADIENT_ECHO_MS = 7.5  # between the small flips of an MPRAGE train
TRAIN = 170  # flips of an MPRAGE train
SHORT_TRAIN = 110  # where the inversion time is stated to its start
MPRAGE_CYCLE_MS = 2300.0
MPRAGE_INVERSION_MS = 900.0
B_OF_MAPS = 1000.0
DIFFUSION = ("diffusion", "adc", "trace", "fa")
EPI = (*DIFFUSION, "bold")
TISSUES_OF_GAIN = ("gm", "wm", "csf")


@dataclass(frozen=True)
class Tissue:
    """What a tissue is to a scanner: times in ms, diffusivity in mm2/s, susceptibility in ppm."""

    name: str
    proton_density: float
    t1_ms: float
    t2_ms: float
    t2star_ms: float
    diffusivity: float
    fa: float
    agent_t1_ms: float
    susceptibility_ppm: float


@lru_cache(maxsize=2)
def tissues_at(high_field: bool) -> dict[str, Tissue]:
    """Every tissue at 3 T or at 1.5 T."""
    field = "30" if high_field else "15"
    with open(DATA / "tissues.csv", encoding="utf-8", newline="") as file:
        return {row["tissue"]: _tissue(row, field) for row in csv.DictReader(file)}


def _tissue(row: dict[str, str], field: str) -> Tissue:
    t1 = float(row[f"t1_{field}_ms"])
    return Tissue(
        row["tissue"],
        float(row["proton_density"]),
        t1,
        float(row[f"t2_{field}_ms"]),
        float(row[f"t2star_{field}_ms"]),
        float(row["adc_um2_per_s"]) * 1e-6,
        float(row["fa"]),
        float(row["agent_t1_ms"] or t1),
        float(row["susceptibility_ppm"]),
    )


@lru_cache(maxsize=512)
def signals(physics: Physics) -> dict[str, float]:
    """Brightness of each tissue, scaled as an image is; diffusion weighting is left out (b = 0)."""
    tissues = tissues_at(physics.field_t > FIELD_SWITCH_T)
    plain = {name: _signal(tissue, physics, tissue.t1_ms) for name, tissue in tissues.items()}
    gain = (BRIGHT_EPI if physics.technique in DIFFUSION else BRIGHT) / max(plain[name] for name in TISSUES_OF_GAIN)
    seen = plain
    if physics.agent:
        seen = {name: _signal(tissue, physics, tissue.agent_t1_ms) for name, tissue in tissues.items()}
    return {name: gain * value * _left(name, physics) for name, value in seen.items()}


def _left(name: str, physics: Physics) -> float:
    """What remains of fat and flowing blood."""
    if name in FAT and physics.technique in EPI:
        return FAT_LEFT
    flows = name in FLOWING and not physics.agent
    return FLOW_LEFT if flows and physics.technique in ("spin-echo", "inversion-recovery", *EPI) else 1.0


def _signal(tissue: Tissue, physics: Physics, t1: float) -> float:
    match physics.technique:
        case "spin-echo" | "diffusion" | "adc" | "trace" | "fa":
            value = _recovered(physics.repetition_ms, t1) * _decayed(physics, tissue)
        case "inversion-recovery":
            value = _inverted(physics, t1) * _decayed(physics, tissue)
        case "mprage":
            value = _mprage(physics, t1) * exp(-physics.echo_ms / tissue.t2star_ms)
        case "tof":
            value = _spoiled(physics, INFLOW_T1_MS if tissue.name == "artery" else t1)
            value *= exp(-physics.echo_ms / tissue.t2star_ms)
        case _:
            value = _spoiled(physics, t1) * exp(-physics.echo_ms / tissue.t2star_ms)
    return tissue.proton_density * value


def _recovered(time_ms: float, t1: float) -> float:
    return 1 - exp(-time_ms / t1)


def _decayed(physics: Physics, tissue: Tissue) -> float:
    """A nominal echo time of hundreds of ms is that of a long train, whose contrast is that of a shorter one."""
    nominal = physics.echo_ms
    shown = nominal * LONG_TRAIN_SHARE if nominal > LONG_TRAIN_MS else nominal
    return exp(-shown / tissue.t2_ms)


def _inverted(physics: Physics, t1: float) -> float:
    """Magnitude after an inversion, in the steady state of its repetition."""
    return abs(1 - 2 * exp(-physics.inversion_ms / t1) + exp(-physics.repetition_ms / t1))


def _spoiled(physics: Physics, t1: float) -> float:
    """Steady state of a spoiled gradient echo (Ernst)."""
    angle, kept = radians(physics.flip_deg), exp(-physics.repetition_ms / t1)
    return sin(angle) * (1 - kept) / (1 - kept * cos(angle))


def _mprage(physics: Physics, t1: float) -> float:
    """Magnitude at the middle of a train of small flips after an inversion, in the steady state of the cycle.

    A repetition time below 100 ms is that of the flips, as some makers state it; the cycle is then the usual one, and
    the inversion time lasts to the first flip rather than to the middle of the train.
    """
    short = physics.repetition_ms < 100
    cycle = MPRAGE_CYCLE_MS if short else physics.repetition_ms
    step = physics.repetition_ms if short else GRADIENT_ECHO_MS
    flips = SHORT_TRAIN if short else TRAIN
    delay = flips * step / 2 if short else 0.0
    inversion = physics.inversion_ms + delay if physics.inversion_ms else MPRAGE_INVERSION_MS
    flips = min(flips, int(1.9 * inversion / step))
    angle = radians(physics.flip_deg)
    before = exp(-max(inversion - flips * step / 2, 0) / t1)
    after = exp(-max(cycle - inversion - flips * step / 2, 0) / t1)
    each = exp(-step / t1)
    steady = (1 - each) / (1 - each * cos(angle))
    kept = exp(flips * log(each * cos(angle)))
    end = steady * (1 - kept) + kept * (1 - before)
    ready = (1 - after + after * end) / (1 + after * kept * before)
    start = 1 - before - before * ready
    return float(abs(steady + (start - steady) * kept**0.5) * sin(angle))
