"""Five pretend scanners of three makers, and what each runs for a routine brain examination.

The numbers are those of ordinary clinical protocols; times are in ms, lengths in mm, angles in degrees.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from imagebank.synthetic.brain import Grid
from imagebank.synthetic.people import table

SEQUENCES = ("localizer", "T1w", "T2w", "FLAIR", "DWI")
B_VALUE = 1000  # s/mm2


@dataclass(frozen=True)
class Scanner:
    """One physical machine."""

    name: str
    manufacturer: str
    model: str
    station: str
    serial: str
    field_strength: str
    frequency: str
    software: str
    institution: str
    institution_address: str
    department: str
    charset: str
    syntax: str


@dataclass(frozen=True)
class Protocol:
    """One series of the examination: physics, geometry and the words that describe it."""

    scanner: str
    sequence: str
    description: str
    protocol: str
    acquisition: str
    plane: str
    slices: int
    rows: int
    columns: int
    pixel: float
    spacing: float
    thickness: float
    tr: float
    te: float
    ti: float | None
    flip: float
    etl: int
    bandwidth: float
    scanning_sequence: str
    sequence_variant: str
    scan_options: str
    sequence_name: str
    image_type: str
    directions: int

    def grid(self, plane: str, slices: int) -> Grid:
        """Where a stack of this protocol is sampled."""
        return Grid(plane, slices, self.rows, self.columns, self.pixel, self.spacing)


@cache
def scanners() -> tuple[Scanner, ...]:
    """Every pretend scanner."""
    return tuple(Scanner(*row.values()) for row in table("scanners"))


@cache
def _protocols() -> dict[tuple[str, str], Protocol]:
    rows = [_protocol(row) for row in table("protocols")]
    return {(each.scanner, each.sequence): each for each in rows}


def protocol_of(scanner: Scanner, sequence: str) -> Protocol:
    """What a scanner runs for a sequence."""
    return _protocols()[scanner.name, sequence]


def _protocol(row: dict[str, str]) -> Protocol:
    whole = {name: int(row[name]) for name in ("slices", "rows", "columns", "etl", "directions")}
    exact = {name: float(row[name]) for name in ("pixel", "spacing", "thickness", "tr", "te", "flip", "bandwidth")}
    inversion = float(row["ti"]) if row["ti"] else None
    return Protocol(**{**row, **whole, **exact, "ti": inversion})  # type: ignore[arg-type]
