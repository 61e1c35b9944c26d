"""Attacks on de-identified files: what somebody could try who has the files, public knowledge, and not the key.

Each takes a release (the files of several patients) and gives its answer, or None where it has none that it would
believe. An attack that can never succeed proves nothing: the tests show each of them succeeding on a weakened release.
"""

from __future__ import annotations

import base64
import hashlib
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from pydicom.dataset import Dataset

from imagebank.identities.pseudonyms import letters

MAKERS_CONSTANTS = (date(1900, 1, 1), date(1970, 1, 1), date(1980, 1, 1), date(2000, 1, 1), date(1858, 11, 17))
LEAST_SHARE = 0.5  # of the witnesses that must agree before an attack believes itself
DATE_IN_DIGITS = re.compile(r"(?=((?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])))")
CALENDARS = (
    *((date(1970, 1, 1), 86_400), (date(1970, 1, 1), 1)),
    *((date(1899, 12, 30), 1), (date(1858, 11, 17), 1)),
)
WINDOW = range(-365, 0)


@dataclass(frozen=True)
class Shown:
    """What the attacker sees of one file, and, for the judge alone, whose it truly is."""

    dataset: Dataset
    truth: str


def day_of(text: object) -> date | None:
    """The day that a text begins with."""
    digits = re.sub(r"\D", "", str(text or ""))[:8]
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None


def moved_day(dataset: Dataset) -> date:
    """The study date that a file shows, which must have one."""
    day = day_of(dataset.StudyDate)
    assert day
    return day


def dated(files: Iterable[Dataset]) -> list[Dataset]:
    """The files that show a study date: the others give nothing to subtract from."""
    return [each for each in files if day_of(each.get("StudyDate"))]


def values(dataset: Dataset, above: str = "") -> Iterator[tuple[str, str, str]]:
    """Place, VR and text of every value but the pixels, at every depth."""
    for element in dataset:
        place = f"{above}{element.tag}"
        if element.VR == "SQ":
            for item in element.value:
                yield from values(item, f"{place}/")
        elif element.tag != 0x7FE00010:
            many = element.value if element.VM > 1 else [element.value]
            yield from ((place, element.VR, str(each)) for each in many)


def agreed(guesses: Iterable[int], witnesses: int) -> int | None:
    """The guess that at least half of the witnesses make."""
    counted = Counter(guesses).most_common(1)
    return counted[0][0] if counted and counted[0][1] >= max(2, LEAST_SHARE * witnesses) else None


def offset_from_uids(files: list[Dataset]) -> int | None:
    """Makers build UIDs from the time of the scan: a date in a UID beside the moved date is the offset."""
    return agreed((g for each in files for g in set(_by_uids(each))), len(files))


def _by_uids(dataset: Dataset) -> Iterator[int]:
    for _, vr, text in values(dataset):
        if vr == "UI":
            days = filter(None, map(day_of, DATE_IN_DIGITS.findall(text)))
            yield from ((moved_day(dataset) - day).days for day in days)


def offset_from_constants(files: list[Dataset]) -> int | None:
    """A clock that was never set tells a known day: moved, it is the offset."""
    guesses = []
    for dataset in files:
        days = filter(None, (day_of(text) for _, vr, text in values(dataset) if vr in ("DA", "DT")))
        guesses += [(day - known).days for day in days for known in MAKERS_CONSTANTS if (day - known).days in WINDOW]
    return agreed(guesses, len(files))


def offset_from_numbers(files: list[Dataset]) -> int | None:
    """A number may be a date: eight digits, seconds since 1970, days of the Julian or another calendar."""
    return agreed((g for each in files for g in set(_by_numbers(each))), len(files))


def _by_numbers(dataset: Dataset) -> Iterator[int]:
    for _, vr, text in values(dataset):
        if vr not in ("IS", "DS", "SL", "UL", "FL", "FD", "SV", "UV", "LO", "SH", "CS", "TM"):
            continue
        for day in filter(None, _as_days(text)):
            if (moved_day(dataset) - day).days in WINDOW:
                yield (moved_day(dataset) - day).days


def _as_days(text: str) -> Iterator[date | None]:
    yield day_of(text) if re.fullmatch(r"\d{8}", text) else None
    try:
        number = float(text)
    except ValueError:
        return
    for start, unit in (
        (date(1970, 1, 1), 86_400),
        (date(1970, 1, 1), 1),
        (date(1899, 12, 30), 1),
        (date(1858, 11, 17), 1),
    ):
        days = number / unit
        if 10_000 < days < 70_000:
            yield start + timedelta(int(days))


def offset_from_birthday(files: list[Dataset], birth: date) -> int | None:
    """The birthday is known: a birth date that was moved with the others is the offset."""
    days = filter(None, (day_of(each.get("PatientBirthDate")) for each in files))
    return agreed(((day - birth).days for day in days), len(files))


def offsets_that_fit_ages(files: list[Dataset], birth: date) -> set[int]:
    """Every offset under which all ages at scan are right for somebody born that day."""
    return {offset for offset in WINDOW if all(_age_fits(each, birth, offset) for each in files)}


def _age_fits(dataset: Dataset, birth: date, offset: int) -> bool:
    match = re.fullmatch(r"(\d+)([DWMY])", str(dataset.get("PatientAge") or ""))
    if not match:
        return True
    days = (moved_day(dataset) - timedelta(offset) - birth).days
    unit = {"D": 1, "W": 7, "M": 30.4375, "Y": 365.25}[match[2]]
    slack = 2 if match[2] == "Y" else 0
    return int(match[1]) * unit - slack <= days < (int(match[1]) + 1) * unit + slack


def offsets_that_fit_weekdays(days: Iterable[date], window: range = WINDOW) -> set[int]:
    """Every offset under which no scan was made at a weekend."""
    told = list(days)
    return {offset for offset in window if all((day - timedelta(offset)).weekday() < 5 for day in told)}


def offset_from_file_times(paths: list[Path], files: list[Dataset]) -> int | None:
    """A file is written soon after the scan: its time beside the moved date is the offset."""
    guesses = []
    for path, dataset in zip(paths, files, strict=True):
        written = datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
        guesses.append((moved_day(dataset) - written).days)
    return agreed(guesses, len(files))


def linked_patients(one: list[Shown], other: list[Shown], kinds: Callable[[str, str], bool]) -> set[str]:
    """Patients whom a value links that only they have in either release; `kinds` chooses values by place and VR."""
    return {truth for truth in _unique(one, kinds).items() & _unique(other, kinds).items() for truth in [truth[1]]}


def _unique(release: list[Shown], kinds: Callable[[str, str], bool]) -> dict[tuple[str, str], str]:
    owners: dict[tuple[str, str], set[str]] = defaultdict(set)
    for each in release:
        for place, vr, text in values(each.dataset):
            if text and kinds(place, vr):
                owners[(place, text)].add(each.truth)
    return {value: next(iter(truths)) for value, truths in owners.items() if len(truths) == 1}


def linked_by_pixels(one: list[Shown], other: list[Shown]) -> set[str]:
    """Patients whose very pixels are in both releases."""
    sides = [{hashlib.sha256(each.dataset.PixelData).digest(): each.truth for each in side} for side in (one, other)]
    return {truth for pixels, truth in sides[0].items() if pixels in sides[1]}


def brute_forced(shown: set[str], candidates: Iterable[str]) -> set[str]:
    """The candidates one of whose unkeyed digests, in any usual writing, is among the ids that a release shows."""
    found = set()
    for candidate in candidates:
        for form in {candidate, candidate.replace(" ", ""), candidate.upper()}:
            if any(text in shown for text in _writings(form)):
                found.add(candidate)
    return found


def _writings(text: str) -> Iterator[str]:
    for name in ("md5", "sha1", "sha256", "sha512", "blake2b", "blake2s"):
        digest = hashlib.new(name, text.encode()).digest()
        for length in (8, 12, 13, 16, 20, 26, 32):
            yield digest.hex()[:length]
            yield letters(digest[:length], 13)
            yield letters(digest, 12)
            yield base64.b32encode(digest).decode().lower()[:length]
        yield f"2.25.{int.from_bytes(digest[:16])}"
    yield str(zlib.crc32(text.encode()))


def ids_of(release: list[Shown]) -> set[str]:
    """Every id that a release shows: pseudonyms, UIDs, stations, and whatever else is short text."""
    return {text for each in release for _, vr, text in values(each.dataset) if vr in ("LO", "SH", "PN", "UI")}
