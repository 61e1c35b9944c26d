"""How sure a share is: the exact confidence interval of Clopper and Pearson (Biometrika 1934). Pure."""

from __future__ import annotations

import scipy  # its parts are imported at their first use: they are slow to import

CONFIDENCE = 0.95


def exact_interval(successes: int, trials: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The two-sided interval of a share of `successes` among `trials`; the whole line where nothing was tried."""
    if not 0 <= successes <= trials:
        raise ValueError("there are fewer trials than successes, or less than none")
    tail = (1 - confidence) / 2
    low = float(scipy.stats.beta.ppf(tail, successes, trials - successes + 1)) if successes else 0.0
    high = float(scipy.stats.beta.ppf(1 - tail, successes + 1, trials - successes)) if successes < trials else 1.0
    return low, high
