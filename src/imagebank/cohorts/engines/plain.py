"""The tiny engine, written to be read: one row after another, no cleverness. It judges the fast one.

`value` says what an expression is worth in one row; None is "not known", for truth as for everything else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from statistics import fmean
from typing import Any

from imagebank.cohorts.engines.orders import anchored_rows, column_order, ids_of, ties_of
from imagebank.cohorts.engines.plain_values import all_of, days, opposite, place, tie_place, worth
from imagebank.cohorts.engines.result import EVERYTHING, Scope, Selection
from imagebank.cohorts.query import nodes
from imagebank.cohorts.query.nodes import Cohort, Expression, Pick, Reduce, Rows, Window
from imagebank.cohorts.query.schema import BANK, Schema

Row = Any
Tables = Mapping[str, Sequence[Row]]
REDUCED: dict[str, Callable[[list[Any]], Any]] = {"sum": sum, "mean": fmean, "least": min, "greatest": max}


class Plain:
    """Answers from lists of records."""

    name = "plain Python"

    def __init__(self, tables: Tables, scope: Scope = EVERYTHING, schema: Schema = BANK, version: str = "") -> None:
        self.scope, self.version = scope, version
        self._schema, self._tables = schema, {name: list(tables.get(name, ())) for name in schema.tables}
        self._hanging: dict[tuple[str, str], dict[str | None, list[Row]]] = {}
        self._by_id: dict[str, dict[str, Row]] = {}
        self._tables = self._in_scope()

    def _in_scope(self) -> dict[str, list[Row]]:
        """Without the withdrawn, then without what the project does not reach and all that hangs off it."""
        kept = {name: [row for row in rows if not self._is_withdrawn(row)] for name, rows in self._tables.items()}
        self._tables = kept
        for table, condition in self.scope.conditions().items():
            column = self._schema.id_of(table)
            reached = {getattr(row, column) for row in kept[table] if self.value(condition, row, table)}
            kept = {
                name: [row for row in rows if getattr(row, column, None) in {*reached, None}]
                for name, rows in kept.items()
            }
        self._hanging, self._by_id = {}, {}
        return kept

    def _is_withdrawn(self, row: Row) -> bool:
        return getattr(row, "patient", None) in self.scope.withdrawn

    def select(self, cohort: Cohort) -> Selection:
        """Every unit with the steps that it passed."""
        frame = cohort.unit.table
        id_of = self._schema.id_of(frame)
        rows = sorted(self._tables[frame], key=lambda row: str(getattr(row, id_of)))
        passed = {getattr(row, id_of): self._passed(cohort, row, frame) for row in rows}
        last = len(cohort.steps)
        if cohort.one_per:
            last += 1
            left = [row for row in rows if passed[getattr(row, id_of)] == len(cohort.steps)]
            for row in self._one_for_each(cohort.one_per, left, frame):
                passed[getattr(row, id_of)] = last
        return Selection(list(passed), [row.patient for row in rows], list(passed.values()), last)

    def _passed(self, cohort: Cohort, row: Row, frame: str) -> int:
        for number, step in enumerate(cohort.steps):
            if self.value(step.keep, row, frame) is not True:
                return number
        return len(cohort.steps)

    def _one_for_each(self, rule: nodes.OnePer, rows: Iterable[Row], frame: str) -> list[Row]:
        groups = defaultdict(list)
        for row in rows:
            groups[getattr(row, rule.unit.value)].append(row)
        id_of = self._schema.id_of(frame)

        def rank(row: Row) -> tuple[Any, ...]:
            order = (place(self.value(each.value, row, frame), each.descending) for each in rule.order)
            return (*order, getattr(row, id_of))

        return [min(group, key=rank) for group in groups.values()]

    def describe(self, cohort: Cohort, members: Iterable[str], values: tuple[Expression, ...]) -> list[dict[str, Any]]:
        """The ids of the members, and the values `v0`, `v1` ... of each, by the unit's id."""
        frame, wanted = cohort.unit.table, set(members)
        id_of = self._schema.id_of(frame)
        rows = sorted(
            (row for row in self._tables[frame] if getattr(row, id_of) in wanted), key=lambda r: getattr(r, id_of)
        )
        return [
            {name: getattr(row, name) for name in ids_of(cohort.unit)}
            | {f"v{place}": self.value(value, row, frame) for place, value in enumerate(values)}
            for row in rows
        ]

    def value(self, value: Expression, row: Row, frame: str, gap: int | None = None) -> Any:
        """What an expression is worth in a row of `frame`; `gap` is the days from the anchor where rows are picked."""

        def of(part: Expression) -> Any:
            return self.value(part, row, frame, gap)

        match value:
            case nodes.Literal(literal):
                return literal
            case nodes.Column(table, name):
                return getattr(self._up(row, frame, table), name, None)
            case nodes.OwnDate():
                return self._date(row, frame)
            case nodes.Gap():
                return gap
            case nodes.AllOf(parts):
                return all_of([of(part) for part in parts])
            case nodes.AnyOf(parts):
                return opposite(all_of([opposite(of(part)) for part in parts]))
            case nodes.Between(inner, low, high):
                return all_of([of(nodes.Compare("<=", low, inner)), of(nodes.Compare("<=", inner, high))])
            case nodes.Not(part):
                return opposite(of(part))
            case nodes.Known(part):
                return of(part) is not None
            case nodes.Choose(cases, otherwise):
                chosen = next((then for when, then in cases if of(when) is True), otherwise)
                return None if chosen is None else of(chosen)
            case nodes.Earliest(parts):
                return min((day for part in parts if (day := of(part)) is not None), default=None)
            case Reduce() | Pick():
                return self._aggregate(value, row, frame)
            case _:
                return worth(value, [of(part) for part in nodes.parts_of(value)])

    def _up(self, row: Row, frame: str, table: str) -> Row | None:
        """The one row of another table to which a row belongs."""
        for step in self._schema.path(frame, table) or ():
            if row is None:
                return None
            row, frame = self._with_id(step).get(getattr(row, self._schema.parents(frame)[step])), step
        return row

    def _with_id(self, table: str) -> dict[str, Row]:
        if table not in self._by_id:
            id_of = self._schema.id_of(table)
            self._by_id[table] = {getattr(row, id_of): row for row in self._tables[table]}
        return self._by_id[table]

    def _date(self, row: Row, frame: str) -> date | None:
        place = self._schema.date_of(frame)
        return getattr(self._up(row, frame, place[0]), place[1], None) if place else None

    def _aggregate(self, value: Reduce | Pick, row: Row, frame: str) -> Any:
        if isinstance(value, Reduce):
            return self._reduced(value, self._rows(value.rows, row, frame))
        anchor, table = self._anchor(value.rows.window, row, frame), value.rows.table
        found = self._rows(anchored_rows(value), row, frame)
        dated = [each for each in found if self._date(each, table) is not None]
        if not dated:
            return None
        best = min(dated, key=lambda each: self._rank(value, each, anchor))
        return self.value(value.value, best, table, days(anchor, self._date(best, table)))

    def _rows(self, rows: Rows, row: Row, frame: str) -> list[Row]:
        """The rows of another table that hang off a row, that the condition holds for and that lie in the window."""
        link = self._schema.link(frame, rows.table, rows.of)
        anchor = self._anchor(rows.window, row, frame)
        return [
            each
            for each in self._hung(rows.table, link).get(getattr(row, link), ())
            if (rows.where is None or self.value(rows.where, each, rows.table) is True)
            and (rows.window is None or self._lies_in(each, rows.table, rows.window, anchor))
        ]

    def _hung(self, table: str, link: str) -> dict[str | None, list[Row]]:
        if (table, link) not in self._hanging:
            by_link = self._hanging[table, link] = defaultdict(list)
            for each in self._tables[table]:
                by_link[getattr(each, link)].append(each)
            by_link.pop(None, None)
        return self._hanging[table, link]

    def _anchor(self, window: Window | None, row: Row, frame: str) -> date | None:
        return self.value((window and window.anchor) or nodes.OwnDate(), row, frame)  # type: ignore[no-any-return]

    def _lies_in(self, row: Row, table: str, window: Window, anchor: date | None) -> bool:
        gap = days(anchor, self._date(row, table))
        if gap is None:
            return False
        end = gap
        if window.overlapping:
            left = days(anchor, getattr(row, self._schema.end_of(table)))
            end = gap if left is not None and left < gap else left  # type: ignore[assignment]
        starts_in_time = window.last is None or gap <= window.last
        return starts_in_time and (window.first is None or end is None or end >= window.first)

    def _rank(self, pick: Pick, row: Row, anchor: date | None) -> tuple[Any, ...]:
        """Smaller goes first."""
        table = pick.rows.table
        day = self._date(row, table)
        gap = days(anchor, day)
        first = place(abs(gap or 0)) if pick.how == "nearest" else place(day, pick.how == "last")
        ties = [tie_place(tie, row, gap) for tie in ties_of(pick, self._schema)]
        return (first, *ties, *(place(getattr(row, name)) for name in column_order(table, self._schema)))

    def _reduced(self, value: Reduce, rows: Sequence[Row]) -> Any:
        if value.how == "exists":
            return bool(rows)
        if value.how == "count" or value.value is None:
            return len(rows)
        found = [worth for row in rows if (worth := self.value(value.value, row, value.rows.table)) is not None]
        if value.how == "different":
            return len(set(found))
        return REDUCED[value.how](found) if found else None
