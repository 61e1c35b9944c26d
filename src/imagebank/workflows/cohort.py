"""cohort: a question from a file, asked of a bank; numbers that may be shown, and the rows for the research zone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from imagebank.cohorts.answers.answer import SafeAnswer, safe_answer, safe_attrition
from imagebank.cohorts.answers.flow import SafeStage
from imagebank.cohorts.answers.methods import methods
from imagebank.cohorts.answers.writing import Heading, write_answer
from imagebank.cohorts.asking import Bank, Explained
from imagebank.cohorts.disclosure import Disclosure
from imagebank.cohorts.engines.connecting import DUCKDB
from imagebank.cohorts.engines.result import Result
from imagebank.cohorts.guard import open_guard
from imagebank.cohorts.projects import scope_of
from imagebank.cohorts.query.nodes import Cohort
from imagebank.cohorts.query.reading import read_cohort
from imagebank.cohorts.query.sentences import UNITS, sentence
from imagebank.cohorts.saved import Saved, load_cohort, save_cohort
from imagebank.core.config import open_bank
from imagebank.core.errors import SourceError
from imagebank.core.files import atomic_file


@dataclass(frozen=True)
class Answer:
    """What is shown of an answer; `page` is where the whole of it was written, if anywhere."""

    name: str
    sentence: str
    unit: str
    stages: tuple[SafeStage, ...]
    notes: tuple[str, ...]
    page: Path | None = None


@dataclass(frozen=True)
class Wanted:
    """Where an answer goes besides the screen: true rows to `table`, the page and the figures to `output`."""

    table: Path | None = None
    output: Path | None = None


def ask_bank(
    root: Path,
    file: Path,
    *,
    wanted: Wanted = Wanted(),
    project: str = "",
    engine: str = DUCKDB,
    version: str | None = None,
    exact: bool = False,
) -> Answer:
    """The answer to the question in a file, as it may be shown to a project. `exact` is for stewards only."""
    cohort = cohort_of(root, file)
    if wanted.table is not None and wanted.table.suffix not in (".parquet", ".csv"):
        raise SourceError("The rows of a cohort are written as .parquet or .csv.", "name the file so")
    bank = Bank(root, version=version, engine=engine, scope=scope_of(open_bank(root).layout, project))
    settings = bank.opened.config.disclosure
    rule = Disclosure(minimum=settings.minimum, round_to=settings.round_to, exact=exact, zeros=False)
    named = replace(cohort, name=cohort.name or file.stem)
    result = replace(bank.ask(cohort), cohort=named)
    answer, page = None, None
    with open_guard(bank.opened.layout.answers, project, rule) as guard:
        if wanted.output is None:
            stages = safe_attrition(result, rule, guard)
        else:
            answer = safe_answer(bank.engine, result, rule, guard)
            stages = answer.stages
    if answer is not None and wanted.output is not None:  # only what is remembered for certain is written
        page = _written(bank, result, answer, wanted.output)
    if wanted.table is not None:
        write_rows(result, wanted.table)
    asked = cohort.question or sentence(cohort)
    return Answer(named.name, asked, UNITS[cohort.unit], stages, _notes(result, wanted.table), page)


def _written(bank: Bank, result: Result, answer: SafeAnswer, output: Path) -> Path:
    """The page of the whole answer."""
    settings, cohort, rule = bank.opened.config.bank, result.cohort, answer.safe.rule
    heading = Heading(settings.name, result.version, cohort.question or sentence(cohort), settings.pretend)
    return write_answer(output, answer, heading, methods(result, answer.nearest, rule, settings.name), rule)


def _notes(result: Result, table: Path | None) -> tuple[str, ...]:
    lists = ", ".join(f"{name} {digest[:8]}" for name, digest in result.codelists.items())
    told = f"question {result.digest[:16]}, tables {result.version}, {result.engine}"
    notes = [f"{told}, codelists: {lists}" if lists else told]
    if table is not None:
        notes.append(f"the rows are {table}, its columns {dictionary_of(table)}: they belong to the research zone")
    return tuple(notes)


def dictionary_of(table: Path) -> Path:
    """Where the columns of a table of rows are explained."""
    return table.with_name(f"{table.stem}.columns.csv")


def write_rows(result: Result, path: Path) -> None:
    """Write the rows of an answer, and beside them what each column means."""
    import pyarrow.csv as csv
    import pyarrow.parquet as parquet

    with atomic_file(path) as file:
        (parquet.write_table if path.suffix == ".parquet" else csv.write_csv)(result.table, file)
    with atomic_file(dictionary_of(path)) as file:
        csv.write_csv(_dictionary(result), file)


def _dictionary(result: Result) -> Any:
    import pyarrow

    names = ("name", "kind", "unit", "description", "sentence", "risk")
    return pyarrow.table({name: [getattr(each, name) for each in result.columns] for name in names})


def explain_to(
    root: Path, file: Path, *, project: str = "", engine: str = DUCKDB, version: str | None = None
) -> Explained:
    """How the question in a file would be answered to a project."""
    scope = scope_of(open_bank(root).layout, project)
    return Bank(root, version=version, engine=engine, scope=scope).explain(cohort_of(root, file))


def cohort_of(root: Path, file: Path) -> Cohort:
    """The question in a file, or the saved one of that name: `NAME`, or `NAME@v0002` for an old version."""
    if file.exists() or file.suffix in (".yaml", ".yml", ".json"):
        return read_cohort(file)
    name, _, version = str(file).partition("@")
    return load_cohort(open_bank(root).layout, name, version)


def save(root: Path, file: Path) -> Saved:
    """Keep the question in a file in the bank, as a new version if it is not the newest one already."""
    return save_cohort(open_bank(root).layout, read_cohort(file))
