"""From staged events to accepted ones: whose they are, whether they fit into a life, which of two rows is the newest.

These rules need everybody and every row at once, so they run anew whenever people or events changed: a row of somebody
whose birth date was corrected is judged by the corrected one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from imagebank.records.days import GRACE_DAYS, Forms
from imagebank.records.plans import Plan, plan_of
from imagebank.records.registry import load_registry
from imagebank.records.shaping import quoted
from imagebank.records.staging import refused_file, valid_file
from imagebank.records.targets import EVENTS

EVENT_NAMES = tuple(each.name for each in EVENTS)


@dataclass(frozen=True)
class StagedPart:
    """A staged file: its table, where it came from, and the bank's label of its import."""

    target: str
    source: str
    what: str
    place: int
    path: Path
    imported: str


@dataclass(frozen=True)
class Life:
    """The keys by which a source calls a person, and the days between which events can lie."""

    source: str
    person: str = field(repr=False)
    keys: tuple[str, ...] = field(repr=False)
    birth: date | None = field(repr=False, default=None)
    death: date | None = field(repr=False, default=None)


def settle(database: Any, parts: Sequence[StagedPart], lives: Iterable[Life]) -> None:
    """Make, in a DuckDB, a view `judged_TABLE` of every event table: staged rows, each with a person or a reason."""
    _load_lives(database, lives)
    for target in EVENT_NAMES:
        mine = [part for part in parts if part.target == target]
        there = [part for part in mine if valid_file(part.path).is_file()]
        _view_staged(database, target, there)
        _find_replaced(database, target, there)
        database.execute(f"CREATE OR REPLACE TEMP VIEW judged_{target} AS {judged(target)}")


def _load_lives(database: Any, lives: Iterable[Life]) -> None:
    """One row for each key: what events call a person goes before another's hospital number, and that before a former
    number of a third."""
    import pyarrow as pa

    ranked: tuple[dict[tuple[str, str], tuple[str, date | None, date | None]], ...] = ({}, {}, {})
    for life in lives:
        told = (life.person, life.birth, life.death)
        for place, key in enumerate(life.keys):
            ranked[min(place, 2)].setdefault((life.source, key), told)
    called, numbers, former = ranked
    rows = [(source, key, *told) for (source, key), told in {**former, **numbers, **called}.items()]
    kinds = [("source", pa.string()), ("key", pa.string()), ("person", pa.string())]
    schema = pa.schema([*kinds, ("birth", pa.date32()), ("death", pa.date32())])
    columns = zip(*rows, strict=True) if rows else ([] for _ in schema)
    table = pa.table([pa.array(list(c), f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)
    database.register("told_lives", table)
    database.execute("CREATE OR REPLACE TEMP TABLE lives AS SELECT * FROM told_lives")
    database.unregister("told_lives")


def _view_staged(database: Any, target: str, parts: Sequence[StagedPart]) -> None:
    """All staged rows of a table, each with its source, place and import."""
    rows = ", ".join(
        f"({', '.join(map(quoted, (*map(str, _files(p)), p.source, p.what, p.imported)))}, {p.place}, {k})"
        for k, p in enumerate(parts)
    )
    if not rows:
        database.execute(f"CREATE OR REPLACE TEMP VIEW staged_{target} AS {_no_rows(target)}")
        return
    database.execute(
        f"CREATE OR REPLACE TEMP TABLE parts_{target} AS SELECT * FROM (VALUES {rows}) "  # noqa: S608
        "AS told(file, refused, source, what, imported, place, part)"
    )
    database.execute(
        f"CREATE OR REPLACE TEMP VIEW staged_{target} AS SELECT s.* EXCLUDE (filename), "  # noqa: S608
        f"p.source, p.what, p.place, p.part, p.imported FROM {_read(valid_file(part.path) for part in parts)} s "
        f"JOIN parts_{target} p ON p.file = s.filename"
    )


def _files(part: StagedPart) -> tuple[Path, Path]:
    return valid_file(part.path), refused_file(part.path)


def _read(paths: Iterable[Path]) -> str:
    return f"read_parquet([{', '.join(quoted(str(path)) for path in paths)}], filename = true)"


def _no_rows(target: str) -> str:
    """A table with every staged column and no row."""
    kept = _plan(target).kept
    typed = [("who", "VARCHAR"), ("number", "BIGINT"), *((each.name, each.type) for each in kept)]
    typed += [(name, "VARCHAR") for name in ("repairs", "id", "updated")]
    typed += [("gone", "BOOLEAN"), ("source", "VARCHAR"), ("what", "VARCHAR")]
    typed += [("place", "BIGINT"), ("part", "BIGINT")]
    columns = ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in (*typed, ("imported", "VARCHAR")))
    return f"SELECT {columns} WHERE false"


def _find_replaced(database: Any, target: str, parts: Sequence[StagedPart]) -> None:
    """Rows of which the source has a newer one with the same id: the last changed, the last imported, the last one.

    A newer row that was refused replaces older ones too: the source says that they are not right any more.
    """
    rows = f"SELECT source, place, id, updated, part, number FROM staged_{target} WHERE id <> ''"  # noqa: S608
    if parts:
        rows += (
            f" UNION ALL SELECT p.source, p.place, r.id, r.updated, p.part, r.number "  # noqa: S608
            f"FROM {_read(refused_file(part.path) for part in parts)} r "
            f"JOIN parts_{target} p ON p.refused = r.filename WHERE r.id <> ''"
        )
    database.execute(
        f"CREATE OR REPLACE TEMP TABLE replaced_{target} AS WITH told AS ({rows}), "  # noqa: S608
        "twice AS (SELECT source, place, id FROM told GROUP BY ALL HAVING count(*) > 1), "
        "ranked AS (SELECT part, number, row_number() OVER (PARTITION BY source, place, id ORDER BY "
        "try_cast(updated AS DOUBLE) DESC NULLS LAST, updated DESC, part DESC, number DESC) AS rank FROM told "
        "SEMI JOIN twice USING (source, place, id)) SELECT part, number FROM ranked WHERE rank > 1"
    )


def judged(target: str) -> str:
    """SQL: every staged row with the person it is about, or the reason why it is refused."""
    day = day_of(target)
    late = f"s.{day} > l.death"
    return (
        "SELECT s.* EXCLUDE (repairs), l.person, CASE WHEN s.gone THEN 'withdrawn' "  # noqa: S608
        "WHEN r.part IS NOT NULL THEN 'replaced' WHEN l.person IS NULL THEN 'nobody-has-this-hospital-number' "
        f"WHEN s.{day} < l.birth THEN 'before-birth' "
        f"WHEN s.{day} > l.death + {GRACE_DAYS[target]} THEN 'after-death' ELSE '' END AS reason, "
        f"concat_ws(' ', nullif(s.repairs, ''), CASE WHEN {late} THEN 'after-death' END) AS repairs "
        f"FROM staged_{target} s LEFT JOIN lives l ON l.source = s.source AND l.key = s.who "
        f"LEFT JOIN replaced_{target} r ON r.part = s.part AND r.number = s.number"
    )


@cache
def _plan(target: str) -> Plan:
    return plan_of(target, load_registry(), Forms())


def day_of(target: str) -> str:
    """The column that dates the rows of a table."""
    return _plan(target).day


def contacts(database: Any) -> dict[str, date]:
    """The day of the last recorded event of each person, and never one after the death."""
    each = []
    for target in EVENT_NAMES:
        names = [name for name, *_ in database.sql(f"DESCRIBE judged_{target}").fetchall()]
        day = day_of(target)
        last = f"greatest({day}, coalesce(end_date, {day}))" if "end_date" in names else day
        each.append(f"SELECT person, max({last}) AS last FROM judged_{target} WHERE reason = '' GROUP BY person")  # noqa: S608
    return dict(
        database.sql(
            f"WITH told AS ({' UNION ALL '.join(each)}), "  # noqa: S608
            "ends AS (SELECT person, min(death) AS death FROM lives GROUP BY person) "
            "SELECT person, least(max(last), any_value(death)) FROM told JOIN ends USING (person) GROUP BY person"
        ).fetchall()
    )


def refused_by_life(database: Any, target: str) -> list[tuple[str, str, int, str]]:
    """Source, place, number and reason of rows that do not fit into a life, with the withdrawn and replaced ones."""
    return database.sql(  # type: ignore[no-any-return]
        f"SELECT source, what, number, reason FROM judged_{target} WHERE reason <> '' ORDER BY ALL"  # noqa: S608
    ).fetchall()
