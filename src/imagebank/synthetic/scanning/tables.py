"""The tables of this package: machines, software, protocols, geometry, descriptions, agents, the font."""

from __future__ import annotations

import csv
import io
from functools import cache
from importlib.resources import files


@cache
def rows(name: str) -> tuple[dict[str, str], ...]:
    """Every row of a table, as text by column."""
    return tuple(csv.DictReader(io.StringIO(text(f"{name}.csv")), strict=True))


@cache
def text(name: str) -> str:
    """A file of the data folder."""
    return files("imagebank.synthetic.scanning").joinpath("data", name).read_text("utf-8")


@cache
def machines() -> tuple[dict[str, str], ...]:
    """The scanners that the whole pretend hospital knows: maker, field, site, first and last day."""
    content = files("imagebank.synthetic").joinpath("data", "machines.csv").read_text("utf-8")
    return tuple(csv.DictReader(io.StringIO(content), strict=True))
