"""The rules on single values, each a pure function of the distinct texts that a source writes.

A table has millions of rows and few distinct codes, names and days. So the engine asks these functions once for each
distinct text and joins the answers to the rows: one home for each rule, at the speed of a join.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from imagebank.records.code_systems import may_be_code, normalise_code, normalise_system
from imagebank.records.days import Forms, parse_day
from imagebank.records.numerals import Numeral, parse_number
from imagebank.records.registry import OTHER, Registry, name_key

ROLES = {
    "primary": "primary",
    "1": "primary",
    "main": "primary",
    "p": "primary",
    "principal": "primary",
} | dict.fromkeys(("secondary", "2", "s", "comorbid", "additional", "other"), "secondary")
STATES = {
    **dict.fromkeys(("present", "yes", "true", "1", "y", "positive", "affirmed"), "present"),
    **dict.fromkeys(("absent", "no", "false", "0", "n", "negative", "negated"), "absent"),
    **dict.fromkeys(("past", "historical", "previous"), "past"),
}
KINDS_OF_CARE = {
    **dict.fromkeys(("inpatient", "ip", "ward", "admission"), "inpatient"),
    **dict.fromkeys(("outpatient", "op", "clinic"), "outpatient"),
    **dict.fromkeys(("community", "home", "domiciliary"), "community"),
}
YES, NO = ("true", "yes", "y", "1", "t", "-1"), ("", "false", "no", "n", "0", "f")
_ITEM = re.compile(r"(.+?) item ?#?(\w+)", re.IGNORECASE)
Answer = tuple[object, ...]
DAY = (("day", "DATE"),)


@dataclass(frozen=True)
class Look:
    """A rule on the values of some columns. The answer: its outputs, then a refusal and repairs, empty where none."""

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[tuple[str, str], ...]  # name and SQL type
    rule: Callable[..., Answer]
    unless: str = ""  # SQL: rows that need no answer, such as plain numbers
    binding: bool = True  # whether its refusal refuses the row

    @property
    def is_day(self) -> bool:
        """Whether the answer is a day."""
        return self.outputs == DAY


def day_look(column: str, forms: Forms, *, required: bool = False) -> Look:
    """A column of days."""
    rule = partial(_day, forms=forms, required=required)
    return Look(f"day_{column}", (column,), DAY, rule, binding=required)


def _day(text: str, *, forms: Forms, required: bool) -> Answer:
    found = parse_day(text, forms)
    missing = "no-date" if required and not text.strip() else ""
    return found.day, found.refused or missing, found.repairs


def code_look() -> Look:
    """A diagnosis code with its system."""
    outputs = (("code", "VARCHAR"), ("system", "VARCHAR"), ("block", "VARCHAR"))
    return Look("code", ("code", "code_system"), outputs, _code)


def _code(written: str, system: str) -> Answer:
    found = normalise_code(written, system)
    return found.code, found.system, found.block, found.refused, " ".join(found.repairs)


def drug_code_look() -> Look:
    """The code of a drug, where there is one, and its system, by a name that is known."""

    def rule(code: str, system: str) -> Answer:
        kept = code.strip() if may_be_code(code.strip()) else ""
        return kept, normalise_system(system) if kept and system.strip() else "", "", ""

    outputs = (("code", "VARCHAR"), ("system", "VARCHAR"))
    return Look("drug_code", ("code", "code_system"), outputs, rule)


def word_look(column: str, words: dict[str, str], unknown: str, repair: str) -> Look:
    """A column with few words; any other is `unknown`, and told as a repair where something stood there."""

    def rule(text: str) -> Answer:
        found = words.get(text.strip().casefold())
        return found or unknown, "", "" if found or not text.strip() else repair

    return Look(f"word_{column}", (column,), (("word", "VARCHAR"),), rule)


def name_look(column: str, kind: str, registry: Registry, *, unknown: str | None, repair: str = "") -> Look:
    """A column of names that the registry knows; one that it does not is refused, or `unknown` with a repair."""

    def rule(text: str) -> Answer:
        found = registry.name(kind, text) or registry.name(kind, last_words(text, kind, registry))
        if found:
            return found, "", "" if found == text.strip() or kind in QUIET else "name-rewritten"
        refused = "not-in-registry" if unknown is None else ""
        return unknown or "", refused, repair if unknown is not None and text.strip() else ""

    return Look(f"name_{column}", (column,), (("name", "VARCHAR"),), rule)


QUIET = ("units", "routes", "frequencies")  # another spelling of these is no news


def last_words(text: str, kind: str, registry: Registry) -> str:
    """The longest end of a prescription (`5 mg oral OD`) that the registry knows as a frequency."""
    if kind != "frequencies":
        return ""
    words = text.split()
    return next((end for k in range(1, len(words)) if registry.name(kind, end := " ".join(words[k:]))), "")


def drug_look(registry: Registry) -> Look:
    """A drug with its class; one that the registry does not know is `other`."""

    def rule(text: str) -> Answer:
        found = registry.name("drugs", text) or registry.name("drugs", _without_strength(text))
        if not found:
            return OTHER, OTHER, "" if text.strip() else "not-in-registry", "unknown-drug" if text.strip() else ""
        return found, registry.drug_classes[found], "", "" if found == text.strip() else "name-rewritten"

    return Look("drug", ("drug",), (("drug", "VARCHAR"), ("drug_class", "VARCHAR")), rule)


def _without_strength(text: str) -> str:
    """`Donepezil 10 mg tablets` without what follows the name."""
    return re.split(r"\s+\d|\s+(?:tablets?|capsules?|solution|patch|injection)\b", text.strip(), maxsplit=1)[0]


def service_look(registry: Registry) -> Look:
    """A team by its kind of service; a ward of whose name nothing is known is inpatient."""

    def rule(team: str, kind: str) -> Answer:
        found = registry.service(team)
        if found == OTHER and KINDS_OF_CARE.get(kind.strip().casefold()) == "inpatient":
            return "inpatient", "", ""
        return found, "", "unknown-service" if found == OTHER and team.strip() else ""

    return Look("service", ("team", "kind"), (("service", "VARCHAR"),), rule)


def instrument_look(registry: Registry) -> Look:
    """An instrument with the bounds of its score."""

    def rule(text: str, version: str) -> Answer:
        found = registry.name("assessments", text)
        if not found:
            return "", "", None, None, "not-in-registry", ""
        told, written = registry.told.assessments[found], text.strip()
        spellings = (found, *told.also)
        kept = version.strip() if plain_version(version, spellings) else ""
        return found, kept, told.lowest, told.out_of, "", "" if found == written else "name-rewritten"

    outputs = (("name", "VARCHAR"), ("version", "VARCHAR"), ("lowest", "DOUBLE"), ("highest", "DOUBLE"))
    return Look("instrument", ("name", "version"), outputs, rule)


VERSION_WORDS = frozenset(
    [
        "version",
        "form",
        "rev",
        "revised",
        "short",
        "long",
        "brief",
        "full",
        "english",
        "welsh",
        "uk",
        "us",
        "older",
        "adults",
        "adult",
        "oa",
        "ld",
        "ca",
        "secure",
        "self",
        "proxy",
        "carer",
    ]
)
_PLAIN_VERSION = re.compile(r"v?\d[\d.]{0,7}[a-z+]?|[a-z]|[ivx]{1,4}")


def plain_version(version: str, spellings: Iterable[str] = ()) -> bool:
    """Whether a text says no more than a version can: numbers, single letters, and words of versions or of the name."""
    words = re.split(r"[\s/()-]+", version.strip().casefold())
    known = VERSION_WORDS.union(*(re.split(r"[\s/()-]+", each.casefold()) for each in spellings))
    return 0 < len(version.strip()) <= 24 and all(_PLAIN_VERSION.fullmatch(word) or word in known for word in words)


def item_look(registry: Registry) -> Look:
    """An item of an instrument: its number, the highest score, and what stands for unknown."""

    def rule(name: str, item: str) -> Answer:
        both = _ITEM.fullmatch(name.strip()) if not item.strip() else None
        name, item = (both[1], both[2]) if both else (name, item)
        found = registry.name("assessments", name)
        item = re.sub(r"^(?:item|q|question)\s*", "", item.strip(), flags=re.IGNORECASE)
        if not found or not re.fullmatch(r"\d{1,3}[A-Za-z]?|[A-Za-z]\d{0,2}", item):
            return "", "", None, None, "not-in-registry", ""
        told = registry.told.assessments[found]
        highest = told.out_of if told.item_max is None else told.item_max
        return found, item, highest, told.unknown_item, "", "" if found == name.strip() else "name-rewritten"

    outputs = (("name", "VARCHAR"), ("item", "VARCHAR"), ("highest", "DOUBLE"), ("unknown", "DOUBLE"))
    return Look("item", ("name", "item"), outputs, rule)


def measure_look(registry: Registry) -> Look:
    """A measurement in a unit: the registry's unit, the factor to it, and what is plausible."""

    def rule(name: str, unit: str) -> Answer:
        found = registry.name("biomarkers", name)
        if not found:
            return "", "", "", None, None, None, "not-in-registry", ""
        told = registry.told.biomarkers[found]
        others = {name_unit(each): factor for each, factor in told.units.items()} | {name_unit(told.unit): 1.0}
        factor = others.get(name_unit(unit)) if unit.strip() else 1.0
        repairs = [] if found == name.strip() else ["name-rewritten"]
        if told.unit and not unit.strip():
            repairs.append("unit-from-registry")
        elif factor not in (1.0, None):
            repairs.append("unit-converted")
        low, high = told.plausible or (None, None)
        refused = "" if factor else "unknown-unit"
        return found, told.kind, told.unit, factor, low, high, refused, " ".join(repairs)

    outputs = (("name", "VARCHAR"), ("kind", "VARCHAR"), ("unit", "VARCHAR"))
    numbers = (("factor", "DOUBLE"), ("lowest", "DOUBLE"), ("highest", "DOUBLE"))
    return Look("measure", ("name", "unit"), (*outputs, *numbers), rule)


def name_unit(unit: str) -> str:
    """A unit without blanks and capitals, with one sign for micro."""
    return re.sub(r"\s", "", unit).casefold().replace("μ", "u").replace("µ", "u")


def value_look(registry: Registry) -> Look:
    """A value: a number with or without a bound, or a word that the registry allows as a result."""

    def rule(name: str, value: str) -> Answer:
        text = value.strip()
        if not text:
            return None, "", "", "no-value", ""
        match = _BOUND.fullmatch(text)
        number = parse_number(match[2]) if match else Numeral()
        if match and number.number is not None:
            return number.number, match[1].replace("=", ""), "", "", number.repairs
        found = registry.name("biomarkers", name)
        results = registry.told.biomarkers[found].results if found else ()
        word = {name_key(each): each for each in results}.get(name_key(text))
        return None, "", word or "", "" if word else "not-a-number", ""

    outputs = (("number", "DOUBLE"), ("bound", "VARCHAR"), ("result", "VARCHAR"))
    return Look("value", ("name", "value"), outputs, rule, unless="isfinite(try_cast(r.value AS DOUBLE))")


_BOUND = re.compile(r"([<>]?=?)\s*(.+)", re.DOTALL)


def number_look(column: str, parse: Callable[[str], Numeral] = parse_number) -> Look:
    """A column of numbers: what of it is not written plainly. Whether a row needs a number is for its plan to say."""

    def rule(text: str) -> Answer:
        found = parse(text)
        return found.number, found.out_of, "", found.repairs

    unless = f"r.{column} = '' OR isfinite(try_cast(r.{column} AS DOUBLE))"
    return Look(f"number_{column}", (column,), (("number", "DOUBLE"), ("out_of", "DOUBLE")), rule, unless=unless)


def finding_look(registry: Registry) -> Look:
    """A finding with the highest grade of its scale."""

    def rule(text: str) -> Answer:
        found = registry.name("findings", text)
        if not found:
            return "", None, "not-in-registry", ""
        return found, registry.told.findings[found].grade_max, "", "" if found == text.strip() else "name-rewritten"

    return Look("finding", ("name",), (("name", "VARCHAR"), ("highest", "DOUBLE")), rule)
