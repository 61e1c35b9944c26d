"""On which days the pretend scanners run: years that grow, a lockdown, quiet months, weekends and bank holidays.

Weights are data (`years.csv`, `months.csv`) and assumptions: Saturdays have a twelfth and Sundays a fiftieth of a
working day, Christmas Day, Boxing Day and New Year's Day none, and April to June 2020 a quarter of the rest of 2020.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, timedelta
from functools import cache
from itertools import accumulate

from imagebank.synthetic.register.tables import table

FIRST_DAY = date(2008, 1, 2)
LAST_DAY = date(2022, 12, 30)
RECORDS_END = date(2023, 12, 31)
WEEKDAY_WEIGHTS = (1.0, 1.0, 1.0, 1.0, 0.95, 0.08, 0.02)
CLOSED = {(12, 25), (12, 26), (1, 1)}
LOCKDOWN_MONTHS, LOCKDOWN_SHARE = (4, 5, 6), 0.25


@cache
def weights() -> tuple[float, ...]:
    """How many scans to expect on each day from the first to the last, in no unit."""
    years = {int(row["year"]): float(row["volume"]) for row in table("years")}
    months = {int(row["month"]): float(row["weight"]) for row in table("months")}
    days = (FIRST_DAY + timedelta(k) for k in range((LAST_DAY - FIRST_DAY).days + 1))
    return tuple(_weight(day, years[day.year], months[day.month]) for day in days)


def _weight(day: date, volume: float, month: float) -> float:
    if (day.month, day.day) in CLOSED:
        return 0.0
    lockdown = day.year == 2020 and day.month in LOCKDOWN_MONTHS
    return volume * month * WEEKDAY_WEIGHTS[day.weekday()] * (LOCKDOWN_SHARE if lockdown else 1)


@cache
def running_weights() -> tuple[float, ...]:
    """The weights of the days, added up."""
    return tuple(accumulate(weights()))


def scan_day(point: float, *, start: date = FIRST_DAY, end: date = LAST_DAY) -> date:
    """The day on which a share `point` (0 to 1) of the scans between two days has been made."""
    sums = running_weights()
    before = sums[(start - FIRST_DAY).days - 1] if start > FIRST_DAY else 0.0
    wanted = before + point * (sums[(end - FIRST_DAY).days] - before)
    return FIRST_DAY + timedelta(min(bisect_right(sums, wanted), (end - FIRST_DAY).days))


def next_working_day(day: date) -> date:
    """That day, or the next weekday on which the scanners run; the one before the last day if none is left."""
    while day.weekday() >= 5 or (day.month, day.day) in CLOSED:
        day += timedelta(1)
    return min(day, LAST_DAY)
