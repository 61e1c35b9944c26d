"""When dementia begins, and when people die: the two true laws of time in the pretend hospital.

**Dementia.** Among the people at risk (see `prognosis`) the time T from the first scan
follows a Weibull proportional-hazards law with

    hazard(t) = hazard0(t) * exp(AGE_LOG_HAZARD * (age - 75) + BRAIN_LOG_HAZARD * (brain - 76))

where `age` is in years and `brain` is the true brain volume in percent of the intracranial volume, both at the first
scan. Follow-up ends at the last contact or death, which do not depend on T. The scale of hazard0 is set so that the
number of people who convert is exact; it is the same for everybody.

**Death** follows Gompertz' law with a multiplier by condition, in round figures of English life tables: 0.4 % a year at
53, 5 % at 80.
"""

from __future__ import annotations

import math

AGE_LOG_HAZARD = 0.05  # per year of age
BRAIN_LOG_HAZARD = -0.25  # per point of brain volume in percent of the intracranial volume
AGE_CENTRE, BRAIN_CENTRE = 75.0, 76.0
WEIBULL_SHAPE = 1.3
GOMPERTZ_LEVEL, GOMPERTZ_SLOPE = -10.65, 0.096  # of the log hazard a year, at birth and per year of age


def log_hazard(age_years: float, brain_percent: float) -> float:
    """The linear predictor of dementia at the first scan."""
    return AGE_LOG_HAZARD * (age_years - AGE_CENTRE) + BRAIN_LOG_HAZARD * (brain_percent - BRAIN_CENTRE)


def unscaled_time(chance: float, predictor: float) -> float:
    """A Weibull time of scale 1; `chance` lies between 0 and 1."""
    return float((-math.log(1 - chance) / math.exp(predictor)) ** (1 / WEIBULL_SHAPE))


def common_scale(times: list[float], follow_up: list[float], events: int) -> float:
    """The scale at which exactly so many people have their event within their follow-up (in the unit of it)."""
    needed = sorted(end / time for time, end in zip(times, follow_up, strict=True))
    return math.sqrt(needed[-events] * needed[-events - 1])


def years_to_death(chance: float, age_years: float, multiplier: float) -> float:
    """Years that remain at an age, by Gompertz' law; `chance` lies between 0 and 1."""
    level = multiplier * math.exp(GOMPERTZ_LEVEL + GOMPERTZ_SLOPE * age_years)
    return math.log1p(GOMPERTZ_SLOPE * -math.log(1 - chance) / level) / GOMPERTZ_SLOPE
