"""How large the true parts of a head are, in ml: a function of sex, age, size, condition and time.

Assumptions, in round figures of published normal values:

- Intracranial volume: women 1,370, men 1,550, standard deviation 110; nine tenths of it at six, all at eighteen.
- Brain: 84 % of it up to 20, then 0.09 points less a year, and 0.14 more a year after 60; personal standard deviation 2
  points. A condition takes its `brain_points`; a dementia also takes `atrophy_per_year` from four years before it began
  where it began before the first scan, or from the first scan on where it began later.
- Ventricles: 15 ml at 20, growing 2.1 % a year, times e to the power 0.25 z, and 12 % more for each point of brain lost
  to disease. Hippocampi: 3.3 ml right, 3 % less left, 0.5 % less a year after 50, 5 % less for each point lost to
  disease. White-matter lesions: 0.25 ml at 45, growing 6 % a year, times e to the power 0.8 z
  and the condition's factor.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from imagebank.synthetic.register.chances import limited
from imagebank.synthetic.register.clinical import Condition
from imagebank.synthetic.visits import Anatomy

BRAIN_SD = 2.0  # points of percent
PRODROME_YEARS = 4.0  # in which a dementia is already seen in the brain


@dataclass(frozen=True)
class Head:
    """What is personal and lasting: standard scores of size, brain, ventricles, hippocampi and lesions, and a shape."""

    shape: int
    sex: str
    size_z: float
    brain_z: float
    ventricle_z: float
    hippocampus_z: float
    lesion_z: float


def normal_brain_percent(age_years: float) -> float:
    """Brain volume in percent of the intracranial volume of an ordinary person of an age."""
    return 84.0 - 0.09 * max(0.0, age_years - 20) - 0.14 * max(0.0, age_years - 60)


def brain_percent_at_risk(age_years: float, brain_z: float) -> float:
    """That of a person at risk of dementia, at the first scan: what the hazard of dementia depends on."""
    return round(normal_brain_percent(age_years) + BRAIN_SD * brain_z, 3)


def points_lost(condition: Condition, years_ill: float) -> float:
    """Points of brain that disease has taken after so many years of it."""
    return condition.atrophy_per_year * limited(years_ill, 0.0, 14.0) - condition.brain_points


def anatomy(head: Head, condition: Condition, age_years: float, lost: float) -> Anatomy:
    """The volumes of a head at an age, when disease has taken `lost` points of brain."""
    size = _intracranial_ml(head, age_years)
    percent = limited(normal_brain_percent(age_years) + BRAIN_SD * head.brain_z - lost, 52.0, 89.0)
    ventricles = 15.0 * math.exp(0.021 * (max(age_years, 10) - 20) + 0.25 * head.ventricle_z) * size / 1450
    ventricles *= condition.ventricle_factor * (1 + 0.12 * max(0.0, lost))
    hippocampus = 3.3 * (size / 1450) ** 0.5 * (1 + 0.07 * head.hippocampus_z)
    hippocampus *= limited((1 - 0.005 * max(0.0, age_years - 50)) * (1 - 0.05 * max(0.0, lost)), 0.35, 1.0)
    lesions = 0.25 * math.exp(0.06 * (age_years - 45) + 0.8 * head.lesion_z) * condition.lesion_factor
    return Anatomy(
        shape=head.shape,
        sex=head.sex,
        age_years=round(age_years, 3),
        intracranial_ml=round(size, 1),
        brain_ml=round(size * percent / 100, 1),
        ventricles_ml=round(min(ventricles, size * (0.97 - percent / 100)), 1),
        hippocampus_left_ml=round(0.97 * hippocampus, 2),
        hippocampus_right_ml=round(hippocampus, 2),
        lesion_ml=round(min(lesions, 90.0), 2),
    )


def _intracranial_ml(head: Head, age_years: float) -> float:
    """Full size from 18 on."""
    grown = (1370.0 if head.sex == "female" else 1550.0) + 110.0 * limited(head.size_z, -3, 3)
    return grown * limited(0.9 + 0.1 * (age_years - 6) / 12, 0.85, 1.0)
