"""Where pretend people live, and how they are rung up.

Areas differ in who lives there (`areas.csv`) and in how deprived their neighbourhoods are (`lsoas.csv`). LSOA codes
E01999xxx, streets and the second halves of postcodes are invented: no real postcode ends in a letter of `CIKMOV`.
Telephone numbers lie in the ranges that Ofcom keeps for drama.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from random import Random

from imagebank.synthetic.model import Home
from imagebank.synthetic.register.chances import pick, whole
from imagebank.synthetic.register.slots import UNSTATED, WHITE
from imagebank.synthetic.register.tables import Row, grouped, running_sums, table, weighted

HIGH_DEPRIVATION = (1, 2, 3)
"""Deciles of the index of multiple deprivation that count as high deprivation."""

LEFT_OUT_LETTERS = "CIKMOV"  # never in the second half of a real postcode
LETTERS = "ABDEFGHJLNPQRSTUWXYZ"
NO_LSOA = 0.05  # of people outside the deprived deciles: the postcode was not found
COLUMN_OF_CATEGORY = {
    **dict.fromkeys("ABC", "white"),
    **dict.fromkeys("DEFG", "mixed"),
    **dict.fromkeys("MNP", "black"),
    **dict.fromkeys("HJKL", "asian"),
    **dict.fromkeys("RS", "other"),
}


def area_of(chance: Random, category: str) -> str:
    """The part of town in which somebody of an ethnic category lives."""
    column = COLUMN_OF_CATEGORY.get(category, "unstated")
    return weighted(chance, _areas(), _running(column))


@cache
def _areas() -> tuple[str, ...]:
    return tuple(row["area"] for row in table("areas"))


@cache
def _running(column: str) -> tuple[float, ...]:
    return running_sums(table("areas"), lambda row: float(row[column]))


@cache
def site_near(area: str) -> str:
    """The nearest hospital with a scanner."""
    return next(row["site"] for row in table("areas") if row["area"] == area)


@cache
def _neighbourhoods(area: str, deprived: bool) -> tuple[Row, ...]:
    rows = grouped("lsoas", "area")[area,]
    return tuple(row for row in rows if (int(row["decile"]) in HIGH_DEPRIVATION) == deprived)


def home(chance: Random, area: str, *, deprived: bool, since: date) -> Home:
    """An address in an area, in a neighbourhood of high deprivation or of none."""
    place = pick(chance, _neighbourhoods(area, deprived))
    flat = f"Flat {whole(chance, 2, 48)}, " if chance.random() < 0.3 else ""
    known = deprived or chance.random() >= NO_LSOA
    return Home(
        since=since,
        house=f"{flat}{whole(chance, 3, 260)}",
        street=pick(chance, table("streets"))["street"],
        district=place["district"],
        postcode=f"{place['outward']} {whole(chance, 1, 9)}{pick(chance, LETTERS)}{pick(chance, LEFT_OUT_LETTERS)}",
        lsoa=place["lsoa"] if known else "",
        decile=int(place["decile"]) if known else None,
    )


def telephone(chance: Random) -> str:
    """A number of a drama range: London, mobile, or no place at all."""
    digits = f"{int(chance.random() * 1000):03d}"
    return pick(chance, (f"020 7946 0{digits}", f"07700 900{digits}", f"07700 900{digits}", f"01632 960{digits}"))


@cache
def _categories(group: str) -> tuple[tuple[str, ...], tuple[float, ...]]:
    if group == WHITE:
        return ("A", "B", "C"), (74.0, 80.0, 100.0)
    if group == UNSTATED:
        return ("Z", "99"), (57.0, 100.0)
    shares = {"N": 25, "M": 23, "P": 9, "H": 8, "J": 4, "K": 4, "L": 6, "R": 4, "S": 8, "D": 4, "E": 2, "F": 1, "G": 2}
    total, running = 0.0, []
    for share_of in shares.values():
        total += share_of
        running.append(total)
    return tuple(shares), tuple(running)


def ethnic_category(chance: Random, group: str) -> str:
    """A category of the 2001 census codes (16+1) within non-white, white or unstated."""
    return weighted(chance, *_categories(group))
