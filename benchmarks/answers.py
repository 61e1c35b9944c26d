"""How long an answer takes to be made safe, on a bank of published size (12,547 pretend patients).

Each question of examples/cohorts is answered three ways: the rows alone, the steps in safe numbers, and the whole
answer (Table 1, the numbers of figures, methods), each of these once with an empty memory and once with one that holds
as many sets as `--remembered` says. Then writing page and figures. Every number is seconds of wall clock, the median of
the repeats.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "cohorts"))

import numpy as np  # noqa: E402
from engines_made import duckdb_of  # noqa: E402
from pretend_bank import bank_of  # noqa: E402

from imagebank.cohorts.answers.answer import safe_answer, safe_attrition  # noqa: E402
from imagebank.cohorts.answers.methods import methods  # noqa: E402
from imagebank.cohorts.answers.writing import Heading, write_answer  # noqa: E402
from imagebank.cohorts.disclosure import Disclosure  # noqa: E402
from imagebank.cohorts.engines.asking import ask  # noqa: E402
from imagebank.cohorts.engines.database import Database  # noqa: E402
from imagebank.cohorts.engines.result import Result  # noqa: E402
from imagebank.cohorts.guard import open_guard  # noqa: E402
from imagebank.cohorts.guard.ruling import Earlier  # noqa: E402
from imagebank.cohorts.query import read_cohort  # noqa: E402
from imagebank.cohorts.query.sentences import UNITS  # noqa: E402
from imagebank.synthetic.register import IMAGED, invent  # noqa: E402

RULE = Disclosure(zeros=False)
HEADING = Heading("bank", "v", "question", synthetic=True)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and what came of it."""
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def fill(folder: Path, sets: int, patients: list[str]) -> None:
    """A memory of so many sets of every size, as if each had been told; they are not compared with each other."""
    rng = np.random.default_rng(1)
    with open_guard(folder, "", RULE) as guard:
        marks = guard.sketcher.marks(patients, patients)
        for unit in UNITS.values():
            guard._told(unit)
            for size in rng.integers(10, len(patients), sets):
                rows = np.sort(rng.choice(len(patients), size, replace=False))
                guard._remember(unit, Earlier(marks.of_patients(rows), 5 * round(int(size) / 5)), None)


def answer_in(folder: Path, engine: Database, result: Result, *, whole: bool) -> Any:
    """A safe answer with the memory in a folder, which stays as it was."""
    with open_guard(folder, "", RULE) as guard:
        found = safe_answer(engine, result, RULE, guard) if whole else safe_attrition(result, RULE, guard)
        guard._connection.execute("ROLLBACK")
        guard._connection.execute("BEGIN")
    return found


def main() -> None:
    """Print a line for each question."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=IMAGED)
    parser.add_argument("--remembered", type=int, default=3000)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    tables = bank_of(invent(1, number) for number in range(options.patients))
    engine = Database(duckdb_of(tables))
    names = [each.patient for each in tables["patients"]]
    with tempfile.TemporaryDirectory() as scratch:
        empty, full, page = (Path(scratch) / name for name in ("empty", "full", "page"))
        fill(full, options.remembered, names)
        print(f"{len(names):,} patients, {len(tables['studies']):,} studies; full: {options.remembered:,} sets a unit")
        print(f"{'question':34}{'rows':>8}{'steps':>8}{'full':>8}{'whole':>8}{'full':>8}{'written':>9}")
        for path in sorted((ROOT / "examples" / "cohorts").glob("*.yaml")):
            seconds = [once(engine, path, empty, full, page) for _ in range(options.repeats)]
            cells = [statistics.median(column) for column in zip(*seconds, strict=True)]
            print(f"{path.stem:34}" + "".join(f"{cell:8.2f}" for cell in cells))


def once(engine: Database, path: Path, empty: Path, full: Path, page: Path) -> list[float]:
    """The seconds of each way."""
    rows, result = timed(lambda: ask(engine, read_cohort(path)))
    found = [rows]
    for whole in (False, True):
        for folder in (empty, full):
            seconds, answer = timed(lambda f=folder, w=whole: answer_in(f, engine, result, whole=w))
            found.append(seconds)
    text = methods(result, answer.nearest, RULE, "bank")
    return [*found, timed(lambda: write_answer(page, answer, HEADING, text, RULE))[0]]


if __name__ == "__main__":
    main()
