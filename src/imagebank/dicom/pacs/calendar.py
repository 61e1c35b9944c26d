"""When a source may be asked: windows of the week in its own time zone, with bank holidays. Pure; time is handed in.

A window that ends before it begins goes on to the next morning, and belongs to the day on which it began. On a bank
holiday the windows named `holiday` count, or where there are none those of Sunday.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from imagebank.dicom.pacs.bank_holidays import BankHolidays

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOLIDAY = "holiday"
FULL_DAY = 24 * 60
WINDOW = re.compile(r"(?:(\w{3,7})(?:-(\w{3}))? )?(\d\d):(\d\d)-(\d\d):(\d\d)")
HORIZON = timedelta(days=15)  # longer than any pause that windows of a week and their holidays can make


@dataclass(frozen=True)
class Window:
    """Minutes of the day, on some days of the week; `last` may lie on the next day."""

    days: frozenset[str]
    first: int
    last: int


@dataclass(frozen=True)
class Calendar:
    """The hours of one source. Without windows it is always open."""

    windows: tuple[Window, ...]
    zone: ZoneInfo
    holidays: BankHolidays

    def local(self, moment: datetime) -> datetime:
        """A moment as the clocks of the source show it."""
        return moment.astimezone(self.zone)

    def is_open(self, moment: datetime) -> bool:
        """Whether the source may be asked now."""
        if not self.windows:
            return True
        local = self.local(moment)
        minute = local.hour * 60 + local.minute
        yesterday = local.date() - timedelta(days=1)
        return self._holds(local.date(), minute) or self._holds(yesterday, minute + FULL_DAY)

    def _holds(self, day: date, minute: int) -> bool:
        name = self._name(day)
        return any(name in each.days and each.first <= minute < each.last for each in self.windows)

    def _name(self, day: date) -> str:
        if day not in self.holidays:
            return DAYS[day.weekday()]
        return HOLIDAY if any(HOLIDAY in each.days for each in self.windows) else DAYS[6]

    def opens_at(self, moment: datetime) -> datetime | None:
        """The next minute at which the source may be asked; None where none comes within two weeks."""
        at, end = moment, moment + HORIZON
        while at < end:
            if self.is_open(at):
                return at
            at = at.replace(second=0, microsecond=0) + timedelta(minutes=1)
        return None


def calendar_of(hours: Sequence[str], zone: str, holidays: Sequence[str]) -> Calendar:
    """A calendar from the settings. Raises ValueError for hours that do not exist or an unknown time zone."""
    try:
        place = ZoneInfo(zone)
    except (KeyError, OSError, ValueError):
        raise ValueError("the time zone is not known") from None
    return Calendar(tuple(_window(each) for each in hours), place, BankHolidays(holidays))


def _window(text: str) -> Window:
    match = WINDOW.fullmatch(text.lower())
    if not match:
        raise ValueError("hours are written mon-fri 19:00-06:00")
    first, last = (int(match[i]) * 60 + int(match[i + 1]) for i in (3, 5))
    if max(first, last) > FULL_DAY or max(int(match[4]), int(match[6])) > 59:
        raise ValueError("a day has the hours 00:00 to 24:00")
    return Window(_days(match[1], match[2]), first, last if last > first else last + FULL_DAY)


def _days(first: str | None, last: str | None) -> frozenset[str]:
    if first is None:
        return frozenset((*DAYS, HOLIDAY))
    if first == HOLIDAY:
        return frozenset((HOLIDAY,))
    start, end = DAYS.index(first), DAYS.index(last or first)
    return frozenset(DAYS[(start + i) % 7] for i in range((end - start) % 7 + 1))
