"""Ages by the calendar: whoever is called 50 has had that birthday. Pure."""

from __future__ import annotations

from datetime import date


def age_in_years(birth: date, day: date) -> float:
    """Age on a day in years, cut (not rounded) to a tenth of the way to the next birthday.

    So `>= 50` holds from the fiftieth birthday on. Who was born on 29 February turns on 1 March in other years.
    Negative before birth.
    """
    years = day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
    last, following = _birthday(birth, birth.year + years), _birthday(birth, birth.year + years + 1)
    return years + (day - last).days * 10 // (following - last).days / 10


def _birthday(birth: date, year: int) -> date:
    try:
        return birth.replace(year=year)
    except ValueError:
        return date(year, 3, 1)
