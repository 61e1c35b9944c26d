"""The words of the field: symptoms, diagnoses, drugs, scores, staff and places, each read once from `data/`."""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True)
class Term:
    """Something that is meant: canonical name, group of things that exclude or imply it, and how people say it.

    `forms` are nouns or gerunds that can follow "no", "denies" and "some"; `adjectives` can follow "is"; `implies` are
    groups of symptoms that nobody denies of whom this diagnosis was made.
    """

    name: str
    group: str
    themes: frozenset[str]
    forms: tuple[str, ...]
    adjectives: tuple[str, ...] = ()
    implies: tuple[str, ...] = ()


def read(name: str) -> str:
    """The text of one of the data files."""
    return resources.files("imagebank.synthetic.text").joinpath("data", name).read_text(encoding="utf-8")


@cache
def lines(name: str) -> tuple[str, ...]:
    """The lines of one of the text files."""
    return tuple(read(f"{name}.txt").splitlines())


@cache
def rows(name: str) -> tuple[dict[str, str], ...]:
    """The rows of one of the CSV files; read, never changed."""
    return tuple(csv.DictReader(read(f"{name}.csv").splitlines()))


def split(text: str) -> tuple[str, ...]:
    """The parts between bars."""
    return tuple(part for part in text.split("|") if part)


@cache
def symptoms() -> dict[str, Term]:
    """Every symptom by its canonical name."""
    return {
        row["name"]: Term(
            row["name"],
            row["group"],
            frozenset(split(row["themes"])),
            split(row["forms"]),
            split(row["adjectives"]),
        )
        for row in rows("symptoms")
    }


def symptom(name: str) -> Term:
    """The symptom of that name in any case, or one that is only ever called that."""
    return symptoms().get(name.lower()) or Term(name, name.lower(), frozenset(), (name,))


@cache
def diagnoses() -> dict[str, Term]:
    """Every diagnosis by its canonical name."""
    return {
        row["name"]: Term(
            row["name"],
            row["name"],
            frozenset(split(row["themes"])),
            split(row["forms"]),
            implies=split(row["implies"]),
        )
        for row in rows("diagnoses")
    }


@cache
def _diagnosis_codes() -> dict[str, str]:
    return {code: row["name"] for row in rows("diagnoses") for code in split(row["codes"])}


def diagnosis(code: str) -> Term | None:
    """What an ICD-10 code is called: by its four characters, else by its three; None when we have no word."""
    codes = _diagnosis_codes()
    name = codes.get(code[:5]) or codes.get(code[:3])
    return diagnoses()[name] if name else None


@cache
def theme_of(code: str) -> str:
    """What a code is mostly about, such as cognitive or psychosis; general when unknown."""
    found = diagnosis(code)
    return min(found.themes) if found else "general"


@cache
def drug_forms(name: str) -> tuple[str, ...]:
    """What a drug is called."""
    return next((split(row["forms"]) for row in rows("drugs") if row["name"] == name.lower()), (name,))


@cache
def score_names(name: str) -> tuple[str, ...]:
    """What an instrument is called."""
    return next((split(row["forms"]) for row in rows("score_names") if row["name"].lower() == name.lower()), (name,))


@cache
def score_forms(name: str, use: str) -> tuple[str, ...]:
    """How a score of an instrument is written, with {n}, {s} and {t} for name, score and maximum.

    `use` is noun (after "a" or "had"), said (after "she") or line (any, for a line of its own).
    """
    return tuple(
        row["form"]
        for row in rows("score_forms")
        if (row["instruments"] == "*" or name in split(row["instruments"])) and use in (row["use"], "line")
    )


@cache
def sequence_words(kind: str) -> tuple[str, ...]:
    """What radiologists call a kind of series; nothing for those that they do not name."""
    return next((split(row["forms"]) for row in rows("sequence_words") if row["kind"] == kind), ())


@cache
def staff(role: str) -> tuple[tuple[str, str], ...]:
    """Names and abbreviations of everybody who has a role."""
    return tuple((row["name"], row["abbreviation"]) for row in rows("staff") if row["role"] == role)


@cache
def institutions(kind: str) -> tuple[str, ...]:
    """The invented places of a kind."""
    return tuple(row["name"] for row in rows("institutions") if row["kind"] == kind)


@cache
def by_theme() -> dict[str, tuple[Term, ...]]:
    """The symptoms that are asked about, by theme."""
    found: dict[str, list[Term]] = defaultdict(list)
    for each in symptoms().values():
        for theme in each.themes:
            found[theme].append(each)
    return {theme: tuple(terms) for theme, terms in found.items()}
