"""What a pretend hospital holds and what was planted in it, read from its answers alone.

Every count names its unit. A planted thing is shown with the share that was asked for beside the one that came out.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow.compute as compute

from imagebank.synthetic.register import IMAGED
from imagebank.synthetic.truth import QUESTIONS, read_answers, read_table
from imagebank.synthetic.truth.questions import ETHNIC_GROUPS, block_of
from imagebank.synthetic.visits import SERIES_KINDS

Answer = dict[str, Any]
MOST_DEPRIVED = 3  # deciles up to this one are the three most deprived tenths
DISEASES = {"Alzheimer's disease": ("F00", "G30"), "mild cognitive impairment": ("F06.7",), "schizophrenia": ("F20",)}
NON_WHITE = ("Mixed", "Asian", "Black", "Other")
MOST_GROUPS = 14  # of one question, before they are shown together


def describe(answers: Path) -> str:
    """The whole description, as text. Raises SourceError where the folder holds no answers."""
    people, links = read_answers(answers, "people"), read_answers(answers, "links")
    in_scanner = {row["person_key"] for row in links}
    imaged = [row for row in people if row["person_key"] in in_scanner]
    parts = [
        _heading(answers),
        _section("The patients of the plan, without traps and strangers", _plan(answers, imaged, links)),
        _section("Everybody", _counts(answers, people, imaged, links)),
        _section("People who lay in a scanner, by ethnic group", _groups(imaged, "ethnic_category", _ethnic_group)),
        _section("The same, by block of the main diagnosis", _groups(imaged, "main_diagnosis", _block)),
        _section("The same, by some main diagnoses", _groups(imaged, "main_diagnosis", _disease)),
        _section("Studies by what stands against the link", _by(links, "trap", "study", empty="nothing")),
        _section("Series by right outcome", _by_column(answers, "series", "expected", "series")),
        _section("Series by what they show", _by_column(answers, "series", "sequence", "series")),
        _section("Files by reason", _by_column(answers, "files", "reason", "file", empty="none")),
        _section("Marked pieces of text", _by_column(answers, "spans", "kind", "span")),
        _section("Identifying texts, one a place", _by_column(answers, "identifiers", "kind", "identifier")),
        _section("People by clinical picture", _by(people, "condition", "patient")),
        _section("Reference questions", _questions(answers)),
        _section("Planted", _rates(answers)),
    ]
    return "\n".join(part for part in parts if part)


def _heading(answers: Path) -> str:
    path = answers / "manifest.json"
    made_from = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    told = ", ".join(f"{name} {value}" for name, value in sorted(made_from.items()) if name not in ("records", "rows"))
    return f"A pretend hospital: everybody in it is invented.{f' Made from {told}.' if told else ''}\n"


def _section(title: str, rows: Iterable[Sequence[str]]) -> str:
    """A title and rows in columns; nothing where there are no rows."""
    table = [list(row) for row in rows]
    if not table:
        return ""
    widths = [max(len(row[k]) for row in table) for k in range(len(table[0]))]
    lines = (
        "  ".join(_padded(cell, width, k) for k, (cell, width) in enumerate(zip(row, widths, strict=True)))
        for row in table
    )
    return f"{title}\n" + "".join(f"  {line.rstrip()}\n" for line in lines)


def _padded(cell: str, width: int, position: int) -> str:
    """Names to the left, numbers and shares to the right, units to the left."""
    is_number = position and cell[:1].isdigit()
    return cell.rjust(width) if is_number else cell.ljust(width)


def _plan(answers: Path, imaged: list[Answer], links: list[Answer]) -> Iterator[tuple[str, ...]]:
    """The figures that are published of such a bank, each in its unit."""
    people = [row for row in imaged if int(row["person_key"]) < IMAGED]
    keys = {row["person_key"] for row in people}
    studies = sorted((row for row in links if row["person_key"] in keys), key=lambda row: row["date"])
    first = {row["person_key"]: row for row in reversed(studies)}
    uids = {row["study_uid"] for row in studies}
    series = [
        row for row in read_answers(answers, "series") if row["study_uid"] in uids and row["kind"] in SERIES_KINDS
    ]
    ages, days = [int(row["age_years"]) for row in studies], [row["date"].year for row in studies]
    codes = [row["main_diagnosis"] for row in people]
    rows: tuple[tuple[str, int, str], ...] = (
        ("patients", len(people), "patient"),
        ("studies", len(studies), "study"),
        ("series", len(series), "series"),
        ("scanners", len({row["scanner"] for row in studies}), "scanner"),
        ("first year", min(days, default=0), "year"),
        ("last year", max(days, default=0), "year"),
        ("youngest", min(ages, default=0), "age in years"),
        ("oldest", max(ages, default=0), "age in years"),
        ("women", sum(row["sex"] == "female" for row in people), "patient"),
        ("non-White, of all", sum(_ethnic_group(row["ethnic_category"]) in NON_WHITE for row in people), "patient"),
        ("high deprivation at the first study", sum(map(_is_deprived, first.values())), "patient"),
        *((name, sum(_block(code) == name for code in codes), "patient") for name in ("F00-F09", "F20-F29", "F30-F39")),
        *((name, sum(_disease(code) == name for code in codes), "patient") for name in DISEASES),
    )
    yield from ((name, str(count) if unit == "year" else f"{count:,}", unit) for name, count, unit in rows)


def _counts(
    answers: Path, people: list[Answer], imaged: list[Answer], links: list[Answer]
) -> Iterator[tuple[str, ...]]:
    rows = (
        ("people", len(people), "patient"),
        ("people in the records", sum(row["in_records"] == "yes" for row in people), "patient"),
        ("registrations", _rows(answers, "registrations"), "registration"),
        ("people who lay in a scanner", len(imaged), "patient"),
        ("of them women", sum(row["sex"] == "female" for row in imaged), "patient"),
        ("of them in the three most deprived tenths", sum(map(_is_deprived, imaged)), "patient"),
        ("of them opted out", sum(bool(row["opt_outs"]) for row in imaged), "patient"),
        ("studies", len(links), "study"),
        ("studies that the rules can link", sum(row["linkable"] == "yes" for row in links), "study"),
        ("series", _rows(answers, "series"), "series"),
        ("machines", len({row["scanner"] for row in links}), "scanner"),
        ("files", _rows(answers, "files"), "file"),
        ("people followed for dementia from their first study", _rows(answers, "survival"), "patient"),
    )
    yield from ((name, f"{count:,}", unit) for name, count, unit in rows)
    if links:
        days, ages = (
            sorted(row["date"] for row in links),
            sorted(int(row["age_years"]) for row in links if row["age_years"] is not None),
        )
        yield "days of studies", f"{days[0]} to {days[-1]}", "study"
        yield "ages at studies, in years", f"{ages[0]} to {ages[-1]}", "study"


def _is_deprived(row: Answer) -> bool:
    return row["deprivation_decile"] is not None and row["deprivation_decile"] <= MOST_DEPRIVED


def _groups(rows: list[Answer], column: str, group: Callable[[str], str]) -> Iterator[tuple[str, ...]]:
    """People by the group of what a column says of them."""
    counted = Counter(group(row[column]) for row in rows)
    yield from ((name, f"{count:,}", "patient") for name, count in sorted(counted.items()))


def _ethnic_group(category: str) -> str:
    return ETHNIC_GROUPS.get(category[:1], "not known")


def _block(code: str) -> str:
    return block_of(code) if code else "none"


def _disease(code: str) -> str:
    return next((name for name, codes in DISEASES.items() if code.startswith(codes)), "any other, or none")


def _by(rows: list[Answer], column: str, unit: str, *, empty: str = "") -> Iterator[tuple[str, ...]]:
    counted = Counter(row[column] or empty for row in rows)
    yield from ((name, f"{count:,}", unit) for name, count in _largest_first(counted))


def _rows(answers: Path, name: str) -> int:
    return int(read_table(answers, name, columns=()).num_rows)


def _by_column(answers: Path, name: str, column: str, unit: str, *, empty: str = "") -> Iterator[tuple[str, ...]]:
    """The same for a table that may be too large to be walked in Python."""
    found = compute.value_counts(read_table(answers, name, columns=(column,))[column]).to_pylist()
    counted = Counter({each["values"] or empty: each["counts"] for each in found})
    yield from ((name, f"{count:,}", unit) for name, count in _largest_first(counted))


def _largest_first(counted: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counted.items(), key=lambda each: (-each[1], each[0]))


def _questions(answers: Path) -> Iterator[tuple[str, ...]]:
    """In the order in which they are defined; one line where a question has very many groups."""
    rows = read_answers(answers, "questions")
    for question in QUESTIONS:
        groups = [row for row in rows if row["question"] == question.id]
        if len(groups) > MOST_GROUPS:
            total = sum(row["value"] for row in groups)
            groups = [{"group": f"{len(groups)} groups together", "value": total}]
        yield from ((question.id, row["group"], f"{row['value']:,}", question.unit) for row in groups)


def _rates(answers: Path) -> Iterator[tuple[str, ...]]:
    for row in read_answers(answers, "rates"):
        share = f"{row['planted'] / row['of']:.2%}" if row["of"] else "none could"
        asked = "no rate asked for" if row["configured"] is None else f"asked {row['configured']:.2%}"
        yield row["kind"], f"{row['planted']:,}", f"of {row['of']:,}", row["unit"], share, asked
