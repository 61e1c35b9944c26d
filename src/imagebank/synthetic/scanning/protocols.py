"""What a machine runs for a kind of series: physics, geometry and the maker's own words for it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from imagebank.synthetic.scanning.tables import rows
from imagebank.synthetic.visits import Grid

ECHO_PLANAR = ("DWI", "trace", "ADC", "FA", "BOLD", "fieldmap")
REFORMATS = ("SWI-mIP", "TOF-MIP", "MPR")
B_VALUE = 1000.0  # s/mm2
VOLUMES_OF_BOLD = {"tiny": 2, "small": 4, "full": 30}
DIRECTIONS_IN_TINY = 3


@dataclass(frozen=True)
class Protocol:
    """One row of the table of protocols; times in ms, angle in degrees, bandwidth in Hz a pixel."""

    machine: str
    kind: str
    technique: str
    acquisition: str
    plane: str
    tr_ms: float
    te_ms: float
    te2_ms: float
    ti_ms: float
    flip_deg: float
    etl: int
    bandwidth: float
    directions: int
    scanning_sequence: str
    sequence_variant: str
    scan_options: str
    sequence_name: str
    image_type: str


@cache
def _protocols() -> dict[tuple[str, str], Protocol]:
    return {(row["machine"], row["kind"]): _protocol(row) for row in rows("protocols")}


def _protocol(row: dict[str, str]) -> Protocol:
    exact = {name: float(row[name] or 0) for name in ("tr_ms", "te_ms", "te2_ms", "ti_ms", "flip_deg", "bandwidth")}
    whole = {name: int(row[name]) for name in ("etl", "directions")}
    rest = {name: value for name, value in row.items() if name != "since"}
    return Protocol(**{**rest, **exact, **whole})  # type: ignore[arg-type]


def protocol_of(machine: str, kind: str) -> Protocol:
    """What a machine runs for a kind."""
    return _protocols()[machine, kind]


@cache
def _geometries() -> dict[tuple[str, str], dict[str, str]]:
    return {(row["size"], row["shape"]): row for row in rows("geometry")}


def shape_of(protocol: Protocol) -> str:
    """Which row of the table of geometry a protocol uses."""
    if protocol.plane == "several":
        return "several"
    if protocol.kind in ECHO_PLANAR:
        return "echo-planar"
    return "reformat" if protocol.kind in REFORMATS else protocol.acquisition


@cache
def grid_of(protocol: Protocol, size: str, plane: str) -> Grid:
    """Where a volume of a protocol is sampled at a size, before anything goes wrong."""
    row = _geometries()[size, shape_of(protocol)]
    whole = [int(row[name]) for name in ("slices", "rows", "columns")]
    exact = [float(row[name]) for name in ("pixel_mm", "slice_mm", "thickness_mm")]
    return Grid(plane, whole[0], whole[1], whole[2], exact[0], exact[1], exact[2])


def directions_of(protocol: Protocol, size: str) -> int:
    """How many diffusion directions are written; few in `tiny`, whose files are only counted."""
    return min(protocol.directions, DIRECTIONS_IN_TINY) if size == "tiny" else protocol.directions


@cache
def sequence_of(kind: str) -> str:
    """The class that a kind of series belongs to: a word of the bank's vocabulary, or PD+T2 for both of them."""
    return next(row["sequence"] for row in rows("kinds") if row["kind"] == kind)
