"""What people said of single images, and how far they agree with each other and with the verdict. Pure.

Ratings are kept as they came; of several by one person on one image the last one counts. Agreement is Cohen's kappa
with the interval that his large-sample standard error gives (Cohen 1960, Educ Psychol Meas 20:37).
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from imagebank.core.errors import SourceError
from imagebank.imaging.quality.verdict import CAUTION, UNUSABLE, USABLE

GRADES = (USABLE, CAUTION, UNUSABLE)
COLUMNS = ("rated_at", "rater", "image", "rating", "note")
SHEET_COLUMNS = ("image", "mosaic", "shows", "rating", "note")
RATER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
LONGEST_NOTE = 500
FEWEST_FOR_INTERVAL = 10  # images; with fewer, a large-sample interval means nothing
NORMAL_95 = 1.959964
VERDICT = "the verdict"  # the machine's, among the names of raters


@dataclass(frozen=True)
class Rating:
    """One opinion of one person on one image; `rated_at` is ISO 8601 in UTC."""

    rated_at: str
    rater: str
    image: str
    rating: str
    note: str


@dataclass(frozen=True)
class Agreement:
    """Agreement of two raters on the images that both rated; kappa is None where it is not defined."""

    first: str
    second: str
    images: int
    same: int
    kappa: float | None
    low: float | None
    high: float | None


def check_rater(rater: str) -> None:
    """Raise SourceError for a name that cannot stand in the file."""
    if not RATER.fullmatch(rater) or rater == VERDICT:
        raise SourceError("That is no name of a rater.", "use initials or a user name: letters, digits, . _ and -")


def parse_sheet(text: str, *, rater: str, rated_at: str, images: Iterable[str]) -> list[Rating]:
    """The ratings of a sheet that a person filled in; lines without a rating are left out.

    Raises SourceError that names the line of a rating that is none, or of an image that the bank does not have.
    """
    check_rater(rater)
    known = set(images)
    rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    if not {"image", "rating"} <= set(rows.fieldnames or ()):
        raise SourceError("The sheet lacks its columns image and rating.", "write a new one with --sheet")
    found = []
    for row in rows:
        rating = (row["rating"] or "").strip().lower()
        if not rating:
            continue
        if rating not in GRADES:
            raise SourceError(f"Line {rows.line_num} of the sheet has no such rating.", f"use {', '.join(GRADES)}")
        if row["image"] not in known:
            raise SourceError(f"Line {rows.line_num} of the sheet names no image of this bank.", "write a new sheet")
        note = " ".join((row.get("note") or "").split())[:LONGEST_NOTE]
        found.append(Rating(rated_at, rater, row["image"], rating, note))
    return found


def parse_ratings(text: str) -> list[Rating]:
    """The ratings of the bank's file, in the order in which they came. Raises SourceError for a damaged line."""
    rows = csv.reader(io.StringIO(text))
    if tuple(next(rows, COLUMNS)) != COLUMNS:
        raise SourceError("quality-ratings.csv has other columns than it should.", "restore it from a backup")
    found = []
    for row in rows:
        if len(row) != len(COLUMNS) or row[3] not in GRADES:
            raise SourceError(f"quality-ratings.csv is damaged in line {rows.line_num}.", "restore it from a backup")
        found.append(Rating(*row))
    return found


def ratings_csv(ratings: Iterable[Rating], *, head: bool) -> str:
    """Ratings as lines of the file; `head` for the first ones. A note that a spreadsheet would run is disarmed."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    if head:
        writer.writerow(COLUMNS)
    for each in ratings:
        note = f"'{each.note}" if each.note[:1] in ("=", "+", "-", "@") else each.note
        writer.writerow((each.rated_at, each.rater, each.image, each.rating, note))
    return out.getvalue()


def latest(ratings: Iterable[Rating]) -> dict[str, dict[str, str]]:
    """The last rating of each image, by rater."""
    found: dict[str, dict[str, str]] = {}
    for each in ratings:
        found.setdefault(each.rater, {})[each.image] = each.rating
    return found


def agreements(ratings: Iterable[Rating], verdicts: Mapping[str, str]) -> list[Agreement]:
    """Agreement of each pair of raters, and of each rater with the verdict where it says more than nothing."""
    by_rater = latest(ratings)
    machine = {image: verdict for image, verdict in verdicts.items() if verdict in GRADES}
    pairs = [(first, second, by_rater[first], by_rater[second]) for first, second in combinations(sorted(by_rater), 2)]
    pairs += [(rater, VERDICT, by_rater[rater], machine) for rater in sorted(by_rater)]
    return [_agreement(first, second, one, other) for first, second, one, other in pairs]


def _agreement(first: str, second: str, one: Mapping[str, str], other: Mapping[str, str]) -> Agreement:
    shared = sorted(one.keys() & other.keys())
    pairs = [(one[image], other[image]) for image in shared]
    return Agreement(first, second, len(pairs), sum(a == b for a, b in pairs), *kappa(pairs))


def kappa(pairs: Sequence[tuple[str, str]]) -> tuple[float | None, float | None, float | None]:
    """Cohen's kappa and its 95 % interval; None where chance alone would agree always, or there is too little."""
    count = len(pairs)
    if not count:
        return None, None, None
    observed = sum(a == b for a, b in pairs) / count
    chance = sum(
        (sum(a == grade for a, _ in pairs) / count) * (sum(b == grade for _, b in pairs) / count) for grade in GRADES
    )
    if chance >= 1:
        return None, None, None
    value = (observed - chance) / (1 - chance)
    if count < FEWEST_FOR_INTERVAL:
        return value, None, None
    half = NORMAL_95 * math.sqrt(observed * (1 - observed) / count) / (1 - chance)
    return value, max(-1.0, value - half), min(1.0, value + half)
