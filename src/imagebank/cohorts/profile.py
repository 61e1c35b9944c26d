"""The profile of a bank: its Table 1, made of numbers that may be shown.

Counting is done by `counting`, protection by `disclosure` and `safe`, the wording by `people` and `images`; nothing
after this point sees a true count.
"""

from __future__ import annotations

from typing import Any

from imagebank.cohorts.counting import count_facts
from imagebank.cohorts.disclosure import Disclosure, rounded
from imagebank.cohorts.facts import Facts
from imagebank.cohorts.images import image_sections
from imagebank.cohorts.model import Measure, Profile
from imagebank.cohorts.people import people_sections
from imagebank.cohorts.safe import Safe, safe_counts, year_step

BYTE_UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")


def profile(connection: Any, disclosure: Disclosure) -> Profile:
    """The profile of the tables behind an ibis connection."""
    return profile_of(count_facts(connection), disclosure)


def profile_of(facts: Facts, disclosure: Disclosure) -> Profile:
    """The profile that facts give under a disclosure rule. Pure."""
    safe = safe_counts(facts, disclosure)
    return Profile(
        headline=_headline(facts, safe, disclosure),
        sections=(*people_sections(facts, safe, disclosure), *image_sections(facts, safe, disclosure)),
        disclosure=disclosure,
    )


def _headline(facts: Facts, safe: Safe, rule: Disclosure) -> tuple[Measure, ...]:
    years = [
        key[2]
        for key, shown in safe.items()
        if key[0] == "scanner_year" and isinstance(key[2], int) and shown.value is not None
    ]
    span = f"{min(years)}–{max(years) + year_step(facts, rule) - 1}" if years else "–"
    return (
        Measure("patients", safe[("patients",)].text),
        Measure("MR studies", safe[("studies",)].text),
        Measure("MR series", safe[("series",)].text),
        Measure("images (DICOM instances)", _instances(facts, rule)),
        Measure("on disk", _size(facts, rule)),
        Measure("scanners", f"{len(facts.scanners):,}"),
        Measure("years (shifted dates)", span),
    )


def _instances(facts: Facts, rule: Disclosure) -> str:
    found = facts.counts["whole"][("instances",)]
    if rule.exact:
        return f"{found.count:,}"
    return "few" if 0 < found.patients < rule.minimum else f"{rounded(found.count, rule.round_to):,}"


def _size(facts: Facts, rule: Disclosure) -> str:
    """The size of all series, to two figures, in decimal units."""
    found = facts.counts["whole"][("bytes",)]
    if not rule.exact and 0 < found.patients < rule.minimum:
        return "few"
    size, unit = float(found.count), 0
    while size >= 1000 and unit < len(BYTE_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{float(f'{size:.2g}'):g} {BYTE_UNITS[unit]}"
