"""How fast record extracts become tables, and how much memory that takes.

    python benchmarks/records.py [--rows 20000000] [--people 200000] [--form csv]

The extract is made first: three kinds of events of the given people, as CSV, Parquet or JSON lines. Then four things
are timed: a plain read of the same files by DuckDB into Parquet (which judges nothing, and no import can beat), reading
and staging, settling with everybody, and the sorted tables of all people. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb

from imagebank.catalogue.events import EVENT_TABLES
from imagebank.catalogue.streams import Stream, write_stream
from imagebank.records.judging import Rules
from imagebank.records.mapping import load_mapping
from imagebank.records.registry import load_registry
from imagebank.records.settling import Life, StagedPart, settle
from imagebank.records.sources import open_source
from imagebank.records.staging import Room
from imagebank.records.store import Lookups, bring_up_to_date
from imagebank.records.stored_people import read_characteristics
from imagebank.workflows.publishing_events import _load, events_sql

TODAY = date(2026, 1, 1)
KINDS = {
    "diagnoses": """'K' || lpad((hash(i) % {people})::VARCHAR, 7, '0') AS hospital_number,
        DATE '2008-01-01' + (hash(i, 1) % 5800)::INTEGER AS date,
        ['F00.1', 'f001', 'F20.0', 'F32.1', 'G30.1†', 'I10', 'F06.7', 'F31.9 '][1 + (hash(i, 2) % 8)::INTEGER] AS code,
        ['primary', 'secondary'][1 + (hash(i, 3) % 2)::INTEGER] AS role, 'ICD-10' AS code_system""",
    "assessments": """'K' || lpad((hash(i) % {people})::VARCHAR, 7, '0') AS hospital_number,
        DATE '2008-01-01' + (hash(i, 1) % 5800)::INTEGER AS date,
        ['MMSE', 'MoCA', 'mini mental'][1 + (hash(i, 2) % 3)::INTEGER] AS name,
        hash(i, 3) % 32 AS score, 30 AS out_of""",
    "biomarkers": """'K' || lpad((hash(i) % {people})::VARCHAR, 7, '0') AS hospital_number,
        DATE '2008-01-01' + (hash(i, 1) % 5800)::INTEGER AS date,
        ['sodium', 'potassium', 'Hb', 'CRP'][1 + (hash(i, 2) % 4)::INTEGER] AS name,
        round(1 + (hash(i, 3) % 4000) / 37.0, 1) AS value,
        ['mmol/L', 'mmol/L', 'g/L', 'mg/L'][1 + (hash(i, 2) % 4)::INTEGER] AS unit, 1 AS low, 150 AS high""",
}
OPTIONS = {"csv": "FORMAT csv, HEADER", "parquet": "FORMAT parquet", "jsonl": "FORMAT json"}


def make(folder: Path, rows: int, people: int, form: str) -> float:
    """Write the extract; returns its size in megabytes."""
    folder.mkdir()
    with duckdb.connect(config={"threads": 2, "memory_limit": "1GB"}) as database:
        database.execute(
            f"COPY (SELECT 'K' || lpad(i::VARCHAR, 7, '0') AS hospital_number, 'F' || i AS family_name, "
            "'G' AS given_name, '' AS nhs_number, DATE '1930-01-01' + (hash(i) % 25000)::INTEGER AS birth_date, "
            "'female' AS sex "
            f"FROM range({people}) t(i)) TO '{folder}/patients.csv' (FORMAT csv, HEADER)"
        )
        for k, (name, columns) in enumerate(KINDS.items()):
            share = rows // len(KINDS) + (rows % len(KINDS) if k == 0 else 0)
            told = columns.format(people=people)
            database.execute(
                f"COPY (SELECT {told} FROM range({share}) t(i)) TO '{folder}/{name}.{form}' ({OPTIONS[form]})"
            )
    return sum(path.stat().st_size for path in folder.iterdir()) / 1e6


def plain(folder: Path, to: Path, form: str) -> None:
    """What DuckDB alone takes to bring the files into Parquet, without any rule."""
    reader = {"csv": "read_csv('{0}', all_varchar=true)", "parquet": "read_parquet('{0}')", "jsonl": "read_json('{0}')"}
    to.mkdir()
    with duckdb.connect(config={"threads": 2, "memory_limit": "1GB"}) as database:
        for name in KINDS:
            source = reader[form].format(folder / f"{name}.{form}")
            database.execute(f"COPY (SELECT * FROM {source}) TO '{to}/{name}.parquet' (FORMAT parquet)")


def memory_mb() -> float:
    """The highest memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class Watch:
    """Times parts and prints a line for each."""

    def __init__(self, rows: int) -> None:
        self.rows, self.total = rows, 0.0

    def time(self, what: str, do: Callable[[], object]) -> object:
        """Do it, and say how long it took."""
        started, busy = time.perf_counter(), time.process_time()
        made = do()
        seconds, busy = time.perf_counter() - started, time.process_time() - busy
        self.total += seconds
        rate = self.rows / seconds / 1e6
        print(
            f"{what:<36}{seconds:8.1f} s {busy:8.1f} s of processor {rate:6.2f} M rows/s {memory_mb():7.0f} MiB at most"
        )
        return made


def run(folder: Path, rows: int) -> None:
    """Stage, settle and write everything, as an update does it for a bank in which everybody has images."""
    watch, room, mapping = Watch(rows), Room(folder / "staged"), load_mapping("", folder)
    rules = Rules(mapping, load_registry(), TODAY, "benchmark")

    def staging(known: str = "") -> object:
        with open_source("ehr", mapping, room, folder=folder / "extract") as source:
            return bring_up_to_date(source, room, rules, Lookups(), people_known=known)

    stored = watch.time("read and stage", staging)
    people = read_characteristics(room.folder / "people.parquet")
    lives = [Life("ehr", each.person, each.keys, each.birth_date, each.death_date) for each in people]
    parts = [StagedPart(p.target, "ehr", p.what, p.place, stored.folder / p.key, "import") for p in stored.pieces]
    with room.database() as database:
        watch.time("settle with everybody", lambda: settle(database, parts, lives))
        published = [(each.person, f"p{k:07d}", -1 - k % 365) for k, each in enumerate(people)]
        _load(database, "published", ("person", "patient", "offset_days"), published)
        _load(database, "accessions", ("patient", "accession", "study"), [])
        known = {"patient": {each[1] for each in published}, "study": set()}

        def tables() -> int:
            def batches(name: str) -> object:
                return lambda: iter(database.sql(events_sql(name)).to_arrow_reader(100_000))

            return sum(
                write_stream(folder / f"{name}.parquet", EVENT_TABLES[name], Stream(batches(name)), known)
                for name in KINDS
            )

        written = watch.time("sorted tables of all people", tables)
    total = watch.total
    offered, valid = (sum(getattr(p.counted, n) for p in stored.pieces) for n in ("offered", "valid"))
    print(f"{'all of it':<36}{total:8.1f} s; {offered:,} rows offered, {valid:,} valid, {written:,} in the tables")
    watch.time("again, with nothing new", lambda: staging(stored.people_key))


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--people", type=int, default=200_000)
    parser.add_argument("--form", choices=sorted(OPTIONS), default="csv")
    parser.add_argument("--keep", type=Path, help="folder to work in; kept, and its extract used again")
    parser.add_argument("--made", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        if not (folder / "extract").exists():
            folder.mkdir(parents=True, exist_ok=True)
            make_apart(folder, options)
        if options.made:
            make(folder / "extract", options.rows, options.people, options.form)
            return
        size = sum(path.stat().st_size for path in (folder / "extract").iterdir()) / 1e6
        print(f"{options.rows:,} rows of {options.people:,} people as {options.form}, {size:,.0f} MB")
        started = time.perf_counter()
        plain(folder / "extract", folder / "plain", options.form)
        print(f"{'plain read by DuckDB (the limit)':<36}{time.perf_counter() - started:8.1f} s")
        run(folder, options.rows)


def make_apart(folder: Path, options: argparse.Namespace) -> None:
    """Make the extract in a process of its own, whose memory is not counted."""
    code = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1]); from records import make; "
        "make(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5])"
    )
    told = [str(folder / "extract"), str(options.rows), str(options.people), options.form]
    subprocess.run([sys.executable, "-c", code, str(Path(__file__).parent), *told], check=True)


if __name__ == "__main__":
    main()
