"""What is decided about a person before anything is told: the place that they fill in the plan of the hospital."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

IMAGED = 12_547
"""People with images at full size; their numbers are below this."""

FIRST_REGISTERED = 20_000
"""The number of the first person on the register without images."""

FIRST_TRAP = 50_000
"""The number of the first person of the odd examinations."""


@dataclass(frozen=True)
class Slot:
    """A place in the plan.

    `entry` is the day of the first scan, or of first contact where there is none, and `age_years` the age on it.
    `group` of ethnic categories is non-white, white or unstated. `at_risk` says that the person
    had no dementia at entry and is followed for it. `scans` are (day, number of series).
    """

    number: int
    condition: str
    sex: str
    group: str
    deprived: bool
    entry: date
    age_years: float
    brain_z: float
    at_risk: bool
    dementia_day: date | None
    last_contact: date
    death: date | None
    scans: tuple[tuple[date, int], ...] = ()


NON_WHITE, WHITE, UNSTATED = "non-white", "white", "unstated"
