"""Bank holidays: days that a person wrote down, and those of a country or a part of it (ISO 3166), each year anew.

The library `holidays` knows them, with the days that stand in for one that falls on a weekend. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from functools import lru_cache

CODE = re.compile(r"([A-Za-z]{2,3})(?:-([A-Za-z0-9]{1,4}))?")
YEAR = 2000  # any year: to see whether a code is known


class BankHolidays:
    """Days that are asked for with `in`."""

    def __init__(self, told: Iterable[str]) -> None:
        """Dates as 2026-12-25 and codes as GB-ENG. Raises ValueError for days and codes that do not exist."""
        written = [(each, CODE.fullmatch(each)) for each in told]
        self._days = frozenset(date.fromisoformat(each) for each, code in written if not code)
        self._places = [(code[1].upper(), (code[2] or "").upper()) for _, code in written if code]
        for place in self._places:
            _days_of(*place, YEAR)

    def __contains__(self, day: date) -> bool:
        return day in self._days or any(day in _days_of(*place, day.year) for place in self._places)


@lru_cache(maxsize=256)
def _days_of(country: str, part: str, year: int) -> frozenset[date]:
    """The bank holidays of a place in a year. Raises ValueError for an unknown place."""
    from holidays import country_holidays, list_supported_countries

    try:
        return frozenset(country_holidays(country, subdiv=part or None, years=year))
    except NotImplementedError:  # of the library, for a place that it does not know
        parts = list_supported_countries(include_aliases=True).get(country)
    known = f"{country} has the parts {', '.join(parts)}" if parts else "codes are those of ISO 3166, as GB-ENG"
    raise ValueError(f"bank holidays of `{country}{part and '-'}{part}` are not known; {known}") from None
