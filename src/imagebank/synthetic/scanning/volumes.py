"""What a series is made of: volumes, each painted once, and frames, each one image.

The order of frames is the order of instance numbers: volume by volume, slice by slice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from imagebank.synthetic.scanning.placing import Placement, Vector, place
from imagebank.synthetic.scanning.protocols import (
    B_VALUE,
    VOLUMES_OF_BOLD,
    Protocol,
    directions_of,
    grid_of,
)
from imagebank.synthetic.scanning.scan import Scan
from imagebank.synthetic.visits import Grid, Physics

CUT_MM = (0.0, 0.0, -42.0)  # how far a badly placed stack lies too low
EXCITED_SHARE = 0.95  # of the repetition time, in which the slices are excited one after another


@dataclass(frozen=True)
class Volume:
    """One stack of slices under one physics. `echo` and `time` count from 1; `component` is M or P."""

    grid: Grid
    physics: Physics
    echo: int = 1
    time: int = 1
    component: str = "M"


@dataclass(frozen=True)
class Frame:
    """One image: its place in the series and in space. `volume` and `slice` count from 0, `instance` from 1."""

    instance: int
    volume: int
    slice: int
    placement: Placement
    milliseconds: float  # from the start of its volume to the excitation of this slice


@lru_cache(maxsize=256)
def _volumes(protocol: Protocol, size: str, field_t: float, agent: bool) -> tuple[Volume, ...]:
    base = Physics(
        protocol.technique, protocol.tr_ms, protocol.te_ms, protocol.ti_ms, protocol.flip_deg, field_t, agent=agent
    )
    planes = ("axial", "sagittal", "coronal") if protocol.plane == "several" else (protocol.plane,)
    grids = [grid_of(protocol, size, plane) for plane in planes]
    match protocol.kind:
        case "PD+T2":
            return (Volume(grids[0], base), Volume(grids[0], replace(base, echo_ms=protocol.te2_ms), echo=2))
        case "fieldmap":
            phase = replace(base, technique="fieldmap-phase", echo_ms=protocol.te2_ms)
            return (Volume(grids[0], base), Volume(grids[0], phase, echo=2, component="P"))
        case "BOLD":
            return tuple(Volume(grids[0], base, time=time) for time in range(1, VOLUMES_OF_BOLD[size] + 1))
        case "DWI":
            weighted = [
                replace(base, b_value=B_VALUE, direction=each) for each in directions(directions_of(protocol, size))
            ]
            return tuple(Volume(grids[0], each, time=time) for time, each in enumerate([base, *weighted], start=1))
        case "trace":
            return (Volume(grids[0], replace(base, b_value=B_VALUE)),)
        case "SWI-phase":
            return (Volume(grids[0], base, component="P"),)
    return tuple(Volume(grid, base) for grid in grids)


def volumes_of(scan: Scan) -> tuple[Volume, ...]:
    """The volumes of a series, where they really lie."""
    found = _volumes(scan.protocol, scan.size, scan.machine.field_t, scan.ordered.agent)
    if scan.ordered.fault == "cut-field-of-view":
        return tuple(replace(each, grid=replace(each.grid, centre_mm=CUT_MM)) for each in found)
    return found


def frames_of(scan: Scan, volumes: tuple[Volume, ...]) -> list[Frame]:
    """Every image of a series, also those that will be missing."""
    found: list[Frame] = []
    for number, volume in enumerate(volumes):
        times = excitations_ms(scan, volume.grid.slices)
        for index in range(volume.grid.slices):
            placement = place(scan.pose, volume.grid, index)
            found.append(Frame(len(found) + 1, number, index, placement, times[index]))
    return found


def kept_slices(scan: Scan, grid: Grid) -> tuple[int, ...]:
    """The slices that exist: those of the plan, or all but the one that was lost."""
    every = range(grid.slices)
    if scan.ordered.slices:
        return tuple(index for index in every if index in scan.ordered.slices)
    if scan.ordered.fault == "missing-slice" and grid.slices > 1:
        return tuple(index for index in every if index != grid.slices // 2)
    return tuple(every)


def excitations_ms(scan: Scan, slices: int) -> tuple[float, ...]:
    """When each slice is excited after the volume began; interleaved, as the maker does it. 3D: all at once."""
    if scan.protocol.acquisition == "3D":
        return (0.0,) * slices
    even_first = scan.machine.maker != "siemens" or slices % 2 == 1
    halves = (range(0, slices, 2), range(1, slices, 2))
    order = [*halves[0], *halves[1]] if even_first else [*halves[1], *halves[0]]
    step = scan.protocol.tr_ms * (1.0 if scan.machine.maker == "ge" else EXCITED_SHARE) / slices
    times = dict(zip(order, (round(2 * k * step) / 2 for k in range(slices)), strict=True))
    return tuple(times[index] for index in range(slices))


def directions(count: int) -> tuple[Vector, ...]:
    """Unit vectors of a diffusion scheme: three axes, six diagonals, or a dozen of an icosahedron's corners."""
    half, golden = 0.5**0.5, (1 + 5**0.5) / 2
    short, long = 1 / (1 + golden**2) ** 0.5, golden / (1 + golden**2) ** 0.5
    axes = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    diagonals = tuple(each for sign in (1, -1) for each in _turns((half, sign * half, 0.0)))
    corners = tuple(each for sign in (1, -1) for each in _turns((short, sign * long, 0.0)))
    return {0: (), 3: axes, 6: diagonals, 12: (*corners, *diagonals)}[count]


def _turns(v: Vector) -> tuple[Vector, Vector, Vector]:
    x, y, z = v
    return ((x, y, z), (z, x, y), (y, z, x))
