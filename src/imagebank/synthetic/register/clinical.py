"""The clinical pictures of the pretend hospital: how many imaged patients have each, at what age, under which codes.

`conditions.csv` holds one row a picture. The counts add up to the published marginals; the rest are assumptions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from imagebank.synthetic.register.tables import Row, table, words

AGE_POINTS = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.999, 1.0)
DEMENTIA = "dementia"
AT_RISK_AGES = (50.02, 55.0, 61.0, 70.0, 77.0, 84.0, 92.0, 95.0)
"""Ages at the first scan of people who had no dementia then and are followed for it."""


@dataclass(frozen=True)
class Condition:
    """A clinical picture.

    Counts are of imaged patients at full size: all, those whose dementia began after the first scan (`converted`),
    those who were at risk of it and stayed free (`stayed`), women, people in non-White categories, and people in
    deciles 1 to 3. `ages` are quantiles at `AGE_POINTS` of the others; the ages of those at risk
    are their own. `brain_points`, `ventricle_factor` and `lesion_factor` say
    what the picture does to the head; `pairs` maps an asterisk code to its dagger code.
    """

    name: str
    family: str
    patients: int
    converted: int
    stayed: int
    female: int
    non_white: int
    deprived: int
    register_weight: float
    ages: tuple[float, ...]
    mortality: float
    atrophy_per_year: float
    brain_points: float
    ventricle_factor: float
    lesion_factor: float
    mmse: float
    decline_per_year: float
    codes: tuple[str, ...]
    pairs: dict[str, str]
    comorbid: tuple[str, ...]
    earlier: tuple[str, ...]
    impression: str

    @property
    def direct(self) -> int:
        """Imaged patients who had the picture at their first scan and were not at risk of dementia."""
        return self.patients - self.converted - self.stayed

    @property
    def is_dementia(self) -> bool:
        """Whether the picture is a dementia."""
        return self.family == DEMENTIA


@cache
def conditions() -> tuple[Condition, ...]:
    """Every clinical picture."""
    return tuple(_condition(row) for row in table("conditions"))


@cache
def condition(name: str) -> Condition:
    """The picture of a name."""
    return next(each for each in conditions() if each.name == name)


def _condition(row: Row) -> Condition:
    cells: dict[str, object] = {"name": row["condition"], "family": row["family"], "impression": row["impression"]}
    cells |= {name: words(row[name]) for name in ("codes", "comorbid", "earlier")}
    cells |= {name: int(row[name]) for name in _WHOLE}
    cells |= {name: float(row[name]) for name in _EXACT}
    cells["pairs"] = dict(pair.split(":") for pair in words(row["pairs"]))
    cells["ages"] = tuple(float(each) for each in words(row["ages"]))
    return Condition(**cells)  # type: ignore[arg-type]


_WHOLE = ("patients", "converted", "stayed", "female", "non_white", "deprived")
_EXACT = (
    "register_weight",
    "mortality",
    "atrophy_per_year",
    "brain_points",
    "ventricle_factor",
    "lesion_factor",
    "mmse",
    "decline_per_year",
)


def age_at(point: float, ages: tuple[float, ...]) -> float:
    """The age below which a share `point` of people lies, between quantiles on a straight line."""
    for k in range(1, len(AGE_POINTS)):
        if point <= AGE_POINTS[k]:
            low, high = AGE_POINTS[k - 1], AGE_POINTS[k]
            return ages[k - 1] + (point - low) / (high - low) * (ages[k] - ages[k - 1])
    return ages[-1]
