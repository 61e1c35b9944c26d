"""How quickly cohorts are answered, beside the same question written by hand in SQL and in pandas, in the same run.

First the ten questions of examples/cohorts and the profile on a bank of published size (12,547 pretend patients), then
a nearest-to-scan cohort on 1,000,000 studies with 50 million events. DuckDB is held to two threads and 8 GB. Nothing is
asserted; every number is seconds of wall clock.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "cohorts"))

from pretend_bank import bank_of  # noqa: E402

from imagebank.catalogue import publish, schema_of  # noqa: E402
from imagebank.catalogue.snapshots import current_version, open_snapshot  # noqa: E402
from imagebank.catalogue.tables import TABLES  # noqa: E402
from imagebank.cohorts import Disclosure, profile  # noqa: E402
from imagebank.cohorts.engines.asking import ask  # noqa: E402
from imagebank.cohorts.engines.database import Database  # noqa: E402
from imagebank.cohorts.query import from_yaml, read_cohort  # noqa: E402
from imagebank.core.layout import Layout  # noqa: E402
from imagebank.synthetic.register import IMAGED, invent  # noqa: E402

THREADS, MEMORY = 2, "8GB"
REPEATS = 5
WINDOW = 180
INSTRUMENTS = ("MMSE", "MoCA", "HoNOS", "ACE-III", "GAF", "PHQ-9", "GAD-7", "BPRS")
NEAREST = f"""
unit: study
steps:
  - step: MMSE near the scan
    keep: {{exists: {{table: assessments, where: {{name: MMSE}}, within: {WINDOW}}}}}
columns:
  - name: score
    value: {{nearest: {{table: assessments, where: {{name: MMSE}}, within: {WINDOW}}}, take: score}}
  - name: gap
    value: {{nearest: {{table: assessments, where: {{name: MMSE}}, within: {WINDOW}}}, take: gap}}
"""
BY_HAND = f"""
SELECT study, patient, score, gap FROM (
  SELECT s.study, s.patient, a.score, a.assessment_date - s.study_date AS gap,
         row_number() OVER (PARTITION BY s.study ORDER BY abs(a.assessment_date - s.study_date),
                            a.assessment_date > s.study_date, a.score, a.source) AS place
  FROM studies s JOIN assessments a USING (patient)
  WHERE a.name = 'MMSE' AND abs(a.assessment_date - s.study_date) <= {WINDOW}
) WHERE place = 1 ORDER BY study
"""


def timed(work: Callable[[], Any], repeats: int = 1) -> tuple[list[float], Any]:
    """Seconds of each repeat, and what came of the last."""
    seconds, result = [], None
    for _ in range(repeats):
        start = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - start)
    return seconds, result


def say(what: str, seconds: list[float], more: str = "") -> None:
    """Print one line: the first time, and the median of several."""
    first, middle = seconds[0], statistics.median(seconds)
    repeated = f"   median of {len(seconds)}: {middle:8.3f}" if len(seconds) > 1 else ""
    print(f"{what:<44} {first:8.3f}{repeated}   {more}", flush=True)


def held(connection: Any) -> Any:
    """A connection held to two threads and 8 GB."""
    connection.raw_sql(f"SET threads = {THREADS}")
    connection.raw_sql(f"SET memory_limit = '{MEMORY}'")
    return connection


def published_size(folder: Path, patients: int) -> None:
    """The ten questions and the profile on a bank of published size."""
    print(f"\na bank of published size: {patients:,} imaged patients")
    layout = Layout(folder, folder)
    tables = bank_of(invent(1, number) for number in range(patients))
    publish(layout, tables, {})
    print(", ".join(f"{len(rows):,} {name}" for name, rows in tables.items() if rows))
    connection = held(open_snapshot(layout))
    seconds, engine = timed(lambda: Database(connection, version=current_version(layout) or ""))
    say("open", seconds)
    for path in sorted((ROOT / "examples" / "cohorts").glob("*.yaml")):
        cohort = read_cohort(path)
        seconds, selection = timed(lambda cohort=cohort: engine.select(cohort).count(len(cohort.steps)), REPEATS)
        say(f"count: {cohort.name}", seconds, f"{selection[0]:,} of the unit")
    for path in sorted((ROOT / "examples" / "cohorts").glob("*.yaml")):
        cohort = read_cohort(path)
        seconds, result = timed(lambda cohort=cohort: ask(engine, cohort), 2)
        say(f"whole answer: {cohort.name}", seconds, f"{result.units:,} rows")
    seconds, _ = timed(lambda: profile(connection, Disclosure()), 2)
    say("full profile of the bank", seconds)


def make_large(folder: Path, studies: int, events: int) -> Any:
    """Parquet files of a large bank, made by DuckDB, and a connection with a view on each."""
    import ibis
    import pyarrow.parquet as parquet

    connection = held(ibis.duckdb.connect(temp_directory=str(folder / "spill")))
    patients = studies * 17 // 20
    given = {
        "patients": (patients, "printf('p%08d', i)", {}),
        "studies": (studies, f"printf('p%08d', hash(i) % {patients})",
                    {"study": "printf('s%08d', i)", "study_date": "DATE '2008-01-01' + (hash(i, 1) % 5500)::INT"}),
        "assessments": (events, f"printf('p%08d', i * {patients} // {events})",
                        {"assessment_date": "DATE '2008-01-01' + (hash(i, 2) % 5500)::INT",
                         "name": f"{list(INSTRUMENTS)}[1 + (hash(i, 3) % {len(INSTRUMENTS)})::INT]",
                         "score": "(hash(i, 4) % 31)::DOUBLE"}),
    }  # fmt: skip
    for name, record in TABLES.items():
        path = folder / f"{name}.parquet"
        if name in given:
            rows, patient, columns = given[name]
            wanted = {"patient": patient, **columns}
            cells = ", ".join(f"({wanted.get(f.name, dull(f))})::{sql_type(f)} AS {f.name}" for f in schema_of(record))
            connection.raw_sql(
                f"COPY (SELECT {cells} FROM range({rows}) r(i)) TO '{path}' (FORMAT parquet, CODEC zstd)"
            )
        else:
            parquet.write_table(schema_of(record).empty_table(), path)
        connection.read_parquet(path, table_name=name)
    return connection


def dull(field: Any) -> str:
    """What stands in a column that the question does not ask for."""
    return (
        "NULL"
        if field.nullable
        else {"string": "''", "int64": "1", "double": "30", "bool": "false"}.get(str(field.type), "NULL")
    )


def sql_type(field: Any) -> str:
    """The type of a column in DuckDB."""
    kinds = {"string": "VARCHAR", "int64": "BIGINT", "double": "DOUBLE", "bool": "BOOLEAN", "date32[day]": "DATE"}
    return kinds.get(str(field.type), "VARCHAR[]")


def by_pandas(folder: Path) -> Any:
    """The question as an analyst would write it, reading only what it needs."""
    import pandas as pd

    studies = pd.read_parquet(folder / "studies.parquet", columns=["study", "patient", "study_date"])
    scores = pd.read_parquet(
        folder / "assessments.parquet",
        columns=["patient", "assessment_date", "score", "source"],
        filters=[("name", "==", "MMSE")],
    )
    studies["study_date"] = pd.to_datetime(studies["study_date"])
    scores["assessment_date"] = pd.to_datetime(scores["assessment_date"])
    joined = studies.merge(scores, on="patient")
    joined["gap"] = (joined["assessment_date"] - joined["study_date"]).dt.days
    near = joined[joined["gap"].abs() <= WINDOW]
    near = near.assign(distance=near["gap"].abs(), after=near["gap"] > 0)
    order = ["study", "distance", "after", "score", "source"]
    return near.sort_values(order).drop_duplicates("study")[["study", "patient", "score", "gap"]]


def large(folder: Path, studies: int, events: int) -> None:
    """One nearest-to-scan cohort on a large bank, three times over."""
    print(f"\n{studies:,} studies, {events:,} events; the MMSE nearest to each scan within {WINDOW} days")
    seconds, connection = timed(lambda: make_large(folder, studies, events))
    print(f"made in {seconds[0]:.0f} s: {sum(path.stat().st_size for path in folder.glob('*.parquet')) / 1e6:,.0f} MB")
    cohort = from_yaml(NEAREST)
    engine = Database(connection)
    seconds, selection = timed(lambda: engine.select(cohort).count(1), 2)
    say("count", seconds, f"{selection[0]:,} studies of {selection[1]:,} patients")
    seconds, table = timed(
        lambda: connection.to_pyarrow(engine.table_query(replace(cohort, steps=()), None, values(cohort))), 2
    )
    say("nearest of every study: score and gap", seconds, f"{table.num_rows:,} rows")
    seconds, result = timed(lambda: ask(engine, cohort), 2)
    say("whole answer: count, rows, sensitivity", seconds, f"{result.units:,} rows")
    seconds, rows = timed(lambda: connection.raw_sql(BY_HAND).to_arrow_table(), 2)
    say("the same rows, SQL by hand on DuckDB", seconds, f"{rows.num_rows:,} rows")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"most memory so far: {peak:,.0f} MiB")
    seconds, frame = timed(lambda: by_pandas(folder))
    say("the same rows, pandas", seconds, f"{len(frame):,} rows")
    same = result.table["gap"].to_pylist() == rows["gap"].to_pylist() == frame["gap"].tolist()
    print(f"all three give the same days: {'yes' if same else 'NO'}")
    print(f"most memory with pandas: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB")


def values(cohort: Any) -> tuple[Any, ...]:
    """The values of the columns of a cohort."""
    return tuple(column.value for column in cohort.columns)


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patients", type=int, default=IMAGED)
    parser.add_argument("--studies", type=int, default=1_000_000)
    parser.add_argument("--events", type=int, default=50_000_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.patients:
            published_size(Path(folder) / "bank", options.patients)
        if options.studies:
            (Path(folder) / "large").mkdir()
            large(Path(folder) / "large", options.studies, options.events)


if __name__ == "__main__":
    main()
