"""From rows of a source to staged events: shaped, normalised, and told apart into valid and refused.

Staged files lie in the identifiable zone, beside the vault: they name people by hospital number, but hold no name,
address or text. One file a part (a file of the source, or one reading of a database), named by the hash of everything
that it depends on, so that a part is staged once.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from imagebank.core.errors import SourceError
from imagebank.core.files import disk_errors, temporary_beside, write_text
from imagebank.records.days import Forms
from imagebank.records.judging import Rules, belonging, judged_sql
from imagebank.records.looks import Answer, Look
from imagebank.records.mapping import Place
from imagebank.records.plans import Plan, plan_of
from imagebank.records.rows import NUMBER_COLUMN, Rows
from imagebank.records.shaping import matched, shape_sql, trimmed

REMEMBERED = 200_000  # answers of one rule that are kept from portion to portion
MOST_DISTINCT = 1_000_000  # of one rule in one portion: codes are few, so this is no column of codes


@dataclass(frozen=True)
class Room:
    """What the engine may use: memory, threads, a folder of its own for what does not fit."""

    folder: Path
    memory_mb: int = 700
    threads: int = 2

    @contextmanager
    def database(self) -> Iterator[Any]:
        """A DuckDB in memory that spills into the folder."""
        import duckdb

        spill = self.folder / "spill"
        settings = {"memory_limit": f"{self.memory_mb}MB", "threads": self.threads, "temp_directory": str(spill)}
        connection = duckdb.connect(config=settings)
        try:
            connection.execute("SET preserve_insertion_order = false")
            with disk_errors():
                yield connection
        finally:
            connection.close()


@dataclass(frozen=True)
class Counted:
    """What became of the rows of a part."""

    offered: int = 0
    valid: int = 0
    repaired: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    repairs: dict[str, int] = field(default_factory=dict)
    fingerprint: str = ""  # of all rows in any order, where the part has no content of its own
    due: str = ""  # the next day on which some row would be judged otherwise, ISO 8601; empty where there is none

    def holds(self, today: date) -> bool:
        """Whether the rows would be judged the same on a day."""
        return not self.due or today.isoformat() < self.due


def stage(room: Room, place: Place, rows: Iterable[Rows], to: Path, rules: Rules, what: str) -> Counted:
    """Stage the rows of a part as `to`.parquet, .refused.parquet and .json, the last one when all is written."""
    plan = plan_of(place.target.name, rules.registry, Forms(place.dates, rules.today))
    with room.database() as database, _Writers(to) as writers:
        job = _Job(database, place, plan, rules, writers, what)
        with ThreadPoolExecutor(max_workers=1) as behind:  # the next portion is read while this one is judged
            waiting = None
            for portion in rows:
                if waiting:
                    waiting.result()
                waiting = behind.submit(job.take, portion)
            if waiting:
                waiting.result()
    counted = job.counted()
    write_text(to.with_suffix(".json"), json.dumps(counted.__dict__, sort_keys=True))
    return counted


def read_counted(to: Path) -> Counted | None:
    """What became of a part that was staged; None where it was not."""
    try:
        return Counted(**json.loads(to.with_suffix(".json").read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


class _Writers:
    """Two Parquet files that appear together, or not at all."""

    def __init__(self, to: Path) -> None:
        self._paths = {"valid": valid_file(to), "refused": refused_file(to)}
        self._open: dict[str, Any] = {}

    def __enter__(self) -> _Writers:
        next(iter(self._paths.values())).parent.mkdir(parents=True, exist_ok=True)
        return self

    def write(self, name: str, table: Any) -> None:
        from pyarrow import parquet

        if name not in self._open:
            path = temporary_beside(self._paths[name])
            self._open[name] = parquet.ParquetWriter(path, table.schema, compression="zstd", compression_level=1)
        if table.num_rows:
            self._open[name].write_table(table)

    def __exit__(self, kind: object, *_: object) -> None:
        for name, writer in self._open.items():
            writer.close()
            temporary = temporary_beside(self._paths[name])
            if kind:
                temporary.unlink(missing_ok=True)
            else:
                temporary.replace(self._paths[name])


def valid_file(path: Path) -> Path:
    """Where the valid rows of a staged part lie."""
    return path.with_name(f"{path.name}.parquet")


def refused_file(path: Path) -> Path:
    """Where its refused rows lie."""
    return path.with_name(f"{path.name}.refused.parquet")


class _Job:
    """One part under way."""

    def __init__(self, database: Any, place: Place, plan: Plan, rules: Rules, writers: _Writers, what: str) -> None:
        self._database, self._place, self._plan, self._rules = database, place, plan, rules
        self._writers, self._what = writers, what
        self._known: dict[str, dict[tuple[str, ...], Answer]] = {}
        self._tally: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._repairs: Counter[str] = Counter()
        self._sum = 0
        self._due: date | None = None

    def counted(self) -> Counted:
        """What became of all rows so far."""
        told = dict(sorted(self._refused.items())), dict(sorted(self._repairs.items()))
        fingerprint = f"{self._sum % 2**128:032x}"
        due = self._due.isoformat() if self._due else ""
        return Counted(self._tally["offered"], self._tally["valid"], self._tally["repaired"], *told, fingerprint, due)

    def take(self, portion: Rows) -> None:
        """Judge a portion and write what came of it."""
        database = self._database
        names = [name for name in portion.table.schema.names if name != NUMBER_COLUMN]
        if not names and not portion.offered:
            return
        found = matched(self._place, names, self._what)
        database.register("portion", trimmed(portion.table, found))
        database.execute(f"CREATE OR REPLACE TEMP TABLE r AS {shape_sql(self._place, found, self._rules.mapping)}")
        database.unregister("portion")
        columns = ", ".join(self._place.target.names)
        added = database.sql(f"SELECT sum(hash({columns})::HUGEINT) FROM r").fetchall()[0][0]  # noqa: S608
        self._sum += added or 0
        looks = (*self._plan.looks, *belonging(self._place, self._rules.registry))
        for look in looks:
            self._answer(look)
        sql = judged_sql(self._plan, self._place, self._rules)
        database.execute(
            f"CREATE OR REPLACE TEMP TABLE judged AS {sql}", {"today": self._rules.today} if "$today" in sql else {}
        )
        next_due = database.sql("SELECT min(due) FROM judged").fetchall()[0][0]
        self._due = min(filter(None, (self._due, next_due)), default=None)
        self._write(portion)

    def _write(self, portion: Rows) -> None:
        kept = ", ".join(each.name for each in self._plan.kept)
        valid = self._database.sql(
            f"SELECT who, number, {kept}, repairs, id, updated, gone FROM judged WHERE reason = ''"  # noqa: S608
        ).to_arrow_table()
        self._writers.write("valid", valid)
        refused = self._database.sql(
            "SELECT number, reason, content, id, updated FROM judged WHERE reason <> ''"
        ).to_arrow_table()
        refused = _with_unread(refused, portion.refused)
        self._writers.write("refused", refused)
        self._count(valid, refused)

    def _count(self, valid: Any, refused: Any) -> None:
        from pyarrow import compute

        self._tally["offered"] += valid.num_rows + refused.num_rows
        self._tally["valid"] += valid.num_rows
        for name, counter, column in (("repairs", self._repairs, valid), ("reason", self._refused, refused)):
            for each in compute.value_counts(column[name]).to_pylist():
                if name == "repairs" and each["values"]:
                    self._tally["repaired"] += each["counts"]
                for code in each["values"].split():
                    counter[code] += each["counts"]

    def _answer(self, look: Look) -> None:
        """Ask a rule about the distinct texts of the portion, and make a table of its answers."""
        import pyarrow as pa

        inputs = ", ".join(look.inputs)
        where = f" WHERE NOT coalesce({look.unless}, false)" if look.unless else ""
        asked = self._database.execute(f"SELECT DISTINCT {inputs} FROM r{where}").fetchall()  # noqa: S608
        if len(asked) > MOST_DISTINCT:
            raise SourceError(
                f"{self._what}: the column for `{look.inputs[0]}` holds a different text in nearly every row.",
                "it looks like another column: check the mapping with imagebank records check",
            )
        known = self._known.setdefault(look.name, {})
        if len(known) > REMEMBERED:
            known.clear()
        for each in asked:
            if each not in known:
                known[each] = look.rule(*each)
        schema = pa.schema([*((name, pa.string()) for name in look.inputs), *_answer_fields(look)])
        rows = [(*each, *known[each]) for each in asked]
        columns = zip(*rows, strict=True) if rows else ([] for _ in schema)
        table = pa.table(
            [pa.array(list(c), f.type) for c, f in zip(columns, schema, strict=True)], schema=_input_names(schema, look)
        )
        self._database.register(f"said_{look.name}", table)
        self._database.execute(f"CREATE OR REPLACE TEMP TABLE {look.name} AS SELECT * FROM said_{look.name}")  # noqa: S608
        self._database.unregister(f"said_{look.name}")


def _input_names(schema: Any, look: Look) -> Any:
    """The inputs under names that no output has."""
    import pyarrow as pa

    names = [f"in_{name}" if k < len(look.inputs) else name for k, name in enumerate(schema.names)]
    return pa.schema([pa.field(name, each.type) for name, each in zip(names, schema, strict=True)])


def _answer_fields(look: Look) -> list[Any]:
    import pyarrow as pa

    kinds = {"VARCHAR": pa.string(), "DOUBLE": pa.float64(), "DATE": pa.date32(), "BOOLEAN": pa.bool_()}
    told = [(name, kinds[kind]) for name, kind in look.outputs]
    return [*told, ("refused", pa.string()), ("repairs", pa.string())]


def _with_unread(refused: Any, unread: tuple[tuple[int, str], ...]) -> Any:
    """The refused rows with those that could not even be shaped."""
    import pyarrow as pa

    if not unread:
        return refused
    rows = [{"number": number, "reason": reason} for number, reason in unread]
    return pa.concat_tables([refused, pa.Table.from_pylist(rows, schema=refused.schema)])
