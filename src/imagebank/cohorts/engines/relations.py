"""Relations in ibis: the rows of a table with everything that a question asks of them, as one query.

What hangs off the rows is computed apart, once for each owner and anchor, and joined. The nearest row is found by a
join, a window and a total order; neither `arg_min` nor an ASOF join, which pick at random between ties.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from imagebank.cohorts.engines.expressions import days, name_of, ordered, tie_order, total, worth
from imagebank.cohorts.engines.orders import anchored_rows, column_order, ties_of
from imagebank.cohorts.engines.scoping import ScopedTables
from imagebank.cohorts.query.nodes import (
    Column,
    Expression,
    Gap,
    OwnDate,
    Pick,
    Reduce,
    Rows,
    Window,
    parts_of,
)
from imagebank.cohorts.query.schema import LINKS, Schema

EMPTY = {"exists": False, "count": 0, "different": 0}
"""What a reduction of no rows at all is; the others are then not known."""


@dataclass(frozen=True)
class Asked:
    """A relation, and the name of the column that holds each expression that was computed on the way.

    `start` is the same before anything was joined to it, from which owners are read: a shorter query.
    """

    relation: Any
    names: Mapping[Expression, str]
    start: Asked | None = None

    def worth(self, value: Expression) -> Any:
        """The ibis expression of a value."""
        return worth(value, self.relation, {each: self.relation[name] for each, name in self.names.items()})

    def where(self, condition: Expression | None) -> Asked:
        """Only the rows that a condition holds for."""
        if condition is None:
            return self
        return Asked(self.relation.filter(self.worth(condition)), self.names)


Keys = Sequence[tuple[Any, str]]
"""What names an owner among the asking rows, and the column that holds it among the owned."""


class Relations:
    """Makes relations of the tables of one database."""

    def __init__(self, tables: ScopedTables, schema: Schema) -> None:
        self._tables, self._schema, self._made = tables, schema, 0

    def asked(self, frame: str, values: Sequence[Expression], keep: Iterable[str] = (), only: Any = None) -> Asked:
        """The rows of a table with what the values need; `keep` names more of its columns, `only` a relation of ids."""
        needed = list(_nodes(values))
        columns = {(each.table, each.name) for each in needed if isinstance(each, Column)}
        columns |= {(frame, name) for name in keep}
        dated = self._schema.date_of(frame)
        wants_date = any(isinstance(each, OwnDate) or _anchored(each) for each in needed)
        if dated and wants_date:
            columns.add(dated)
        columns |= {(frame, self._link(frame, each.rows)) for each in needed if isinstance(each, Reduce | Pick)}
        relation = self._with_parents(frame, columns, only)
        names: dict[Expression, str] = {OwnDate(): name_of(*dated)} if dated and dated in columns else {}
        return self._with_aggregates(frame, Asked(relation, names), needed)

    def _link(self, frame: str, rows: Rows) -> str:
        return self._schema.link(frame, rows.table, rows.of)

    def _with_parents(self, frame: str, columns: set[tuple[str, str]], only: Any) -> Any:
        """The rows with their own columns and those of the tables to which each of them belongs."""
        wanted = set(columns)
        steps: list[tuple[str, str]] = []
        for table in sorted({table for table, _ in columns} - {frame}):
            start = frame
            for step in self._schema.path(frame, table) or ():
                wanted |= {(start, self._schema.parents(start)[step]), (step, self._schema.id_of(step))}
                steps.append((start, step))
                start = step
        relation = self._renamed(frame, wanted, only)
        for start, step in dict.fromkeys(steps):
            other = self._renamed(step, wanted)
            mine, theirs = name_of(start, self._schema.parents(start)[step]), name_of(step, self._schema.id_of(step))
            relation = relation.left_join(other, relation[mine] == other[theirs])
        return relation

    def _renamed(self, table: str, wanted: set[tuple[str, str]], only: Any = None) -> Any:
        source = self._tables.table(table)
        if only is not None:
            source = source.semi_join(only, source[self._schema.id_of(table)] == only.unit)
        names = sorted({name for owner, name in wanted if owner == table} or {self._schema.columns(table)[0].name})
        return source.select(**{name_of(table, name): source[name] for name in names})

    def _with_aggregates(self, frame: str, asked: Asked, needed: Sequence[Expression]) -> Asked:
        """With every aggregate that is asked of the rows; an anchor may itself be one, and then comes first."""
        for group in _groups(needed):
            asked = (
                self._reduced(frame, asked, group)
                if isinstance(group[0], Reduce)
                else self._picked(frame, asked, group)
            )
        return asked

    def _reduced(self, frame: str, asked: Asked, group: Sequence[Expression]) -> Asked:
        """Reductions of the rows of one table in one window; each may have a condition of its own."""
        some = [each for each in group if isinstance(each, Reduce)]
        rows = some[0].rows
        wheres = list(dict.fromkeys(each.rows.where for each in some))
        values = [each.value for each in some if each.value is not None]
        hanging = self._hanging(rows, [each for each in wheres if each is not None] + values)
        if len(wheres) == 1:
            hanging = hanging.where(wheres[0])
        joined, keys = self._joined(frame, asked, hanging, rows, measured=False)
        names = {each: f"a{self._next()}" for each in some}
        held = {each: f"w{self._next()}" for each in wheres if each is not None and len(wheres) > 1}
        taken = {each: f"v{self._next()}" for each in dict.fromkeys(values)}
        computed = {name: joined.worth(each) for each, name in (held | taken).items()}
        relation = joined.relation.mutate(**computed) if computed else joined.relation
        totals = {
            names[each]: total(each.how, relation, _name(taken, each.value), _name(held, each.rows.where))
            for each in some
        }
        grouped = relation.group_by([name for _, name in keys]).aggregate(**totals)
        return _attached(asked, grouped, keys, names)

    def _picked(self, frame: str, asked: Asked, group: Sequence[Expression]) -> Asked:
        """Values of the one row that goes first."""
        some = [each for each in group if isinstance(each, Pick)]
        pick, rows = some[0], some[0].rows
        hanging = self._hanging(rows, [*filter(None, [rows.where]), *(each.value for each in some)], every=True)
        hanging = hanging.where(rows.where)
        day = hanging.relation[hanging.names[OwnDate()]]
        hanging = replace(hanging, relation=hanging.relation.filter(day.notnull()))
        joined, keys = self._joined(frame, asked, hanging, anchored_rows(pick), measured=True)
        best = self._first(pick, joined, [name for _, name in keys])
        names = {each: f"a{self._next()}" for each in some}
        chosen = best.relation.select(
            *(name for _, name in keys), **{names[each]: best.worth(each.value) for each in some}
        )
        return _attached(asked, chosen, keys, names)

    def _hanging(self, rows: Rows, values: Sequence[Expression], *, every: bool = False) -> Asked:
        """The rows of a table with what is asked of them, their date, and where needed all their columns."""
        keep = set(column_order(rows.table, self._schema)) if every else set()
        end = self._schema.end_of(rows.table)
        keep |= {end} if rows.window and rows.window.overlapping else set()
        keep |= {each.name for each in self._schema.columns(rows.table)} & set(LINKS)
        dated = [OwnDate()] if self._schema.date_of(rows.table) else []
        return self.asked(rows.table, [*values, *dated], keep)

    def _joined(self, frame: str, asked: Asked, hanging: Asked, rows: Rows, *, measured: bool) -> tuple[Asked, Keys]:
        """The rows with their owners, within the window; and what names an owner, there and among the asking rows.

        Without a window the owner is the link alone. With one it is the link and the anchor: whoever shares both sees
        the same rows.
        """
        link = self._link(frame, rows)
        mine, theirs = name_of(frame, link), name_of(rows.table, link)
        number = self._next()
        if rows.window is None:
            owned = hanging.relation.mutate(**{f"k{number}": hanging.relation[theirs]})
            return replace(hanging, relation=owned), [(asked.relation[mine], f"k{number}")]
        named = rows.window.anchor or OwnDate()
        anchor, owned_by = asked.worth(named), (asked.start or asked) if not _depth(named) else asked
        whose = {f"k{number}": owned_by.relation[mine], f"d{number}": owned_by.worth(named)}
        owners = owned_by.relation.select(**whose).distinct()
        gap = days(owners[f"d{number}"], hanging.relation[hanging.names[OwnDate()]])
        inside = self._windowed(rows, owners[f"d{number}"], hanging.relation, gap)
        relation = owners.inner_join(hanging.relation, [owners[f"k{number}"] == hanging.relation[theirs], *inside])
        joined = Asked(relation, hanging.names)
        if measured:
            gap = days(relation[f"d{number}"], relation[hanging.names[OwnDate()]])
            joined = Asked(relation.mutate(**{f"g{number}": gap}), {**hanging.names, Gap(): f"g{number}"})
        return joined, [(asked.relation[mine], f"k{number}"), (anchor, f"d{number}")]

    def _windowed(self, rows: Rows, anchor: Any, hanging: Any, gap: Any) -> list[Any]:
        """What must hold of a row and its owner for the row to lie in the window."""
        window = rows.window or Window()
        tests, end = ([gap.notnull()] if window.first is None or window.overlapping else []), gap
        if window.overlapping:
            import ibis

            left = days(anchor, hanging[name_of(rows.table, self._schema.end_of(rows.table))])
            end = left.isnull().ifelse(ibis.null("int64"), ibis.greatest(left, gap))
        if window.last is not None:
            tests.append(gap <= window.last)
        if window.first is not None:
            tests.append((end.isnull() | (end >= window.first)) if window.overlapping else gap >= window.first)
        return tests

    def _first(self, pick: Pick, joined: Asked, keys: list[str]) -> Asked:
        """The one row of each owner that goes before all others.

        No column is named twice: ibis would keep the first place and the last direction.
        """
        import ibis

        dated = (self._schema.date_of(pick.rows.table) or ("", ""))[1]
        relation = joined.relation
        gap = relation[joined.names[Gap()]] if Gap() in joined.names else None
        day = relation[joined.names[OwnDate()]]
        start = ordered(gap.abs() if pick.how == "nearest" and gap is not None else day, pick.how == "last")
        ties, said = [], {dated} if pick.how != "nearest" else set[str]()
        for tie in ties_of(pick, self._schema):
            if tie.column not in said:
                ties.append(tie_order(tie, relation, pick.rows.table, gap))
                said |= {tie.column} - {""}
        left = [name for name in column_order(pick.rows.table, self._schema) if name not in said]
        columns = [ordered(relation[name_of(pick.rows.table, name)]) for name in left]
        place = ibis.row_number().over(group_by=keys, order_by=[start, *ties, *columns])
        ranked = relation.mutate(place=place)
        return replace(joined, relation=ranked.filter(ranked.place == 0).drop("place"))

    def _next(self) -> int:
        self._made += 1
        return self._made


def _nodes(values: Iterable[Expression]) -> Iterator[Expression]:
    """Every node that is asked of the same row, each before those that it needs, once."""
    seen: dict[Expression, None] = {}
    left = list(values)
    while left:
        node = left.pop()
        seen[node] = None
        left += [part for part in parts_of(node) if part not in seen]
    yield from seen


def _anchored(node: Expression) -> bool:
    """Whether an aggregate looks at the asking row's own date."""
    if isinstance(node, Pick):
        rows = anchored_rows(node)
        return rows.window is not None and rows.window.anchor is None
    return isinstance(node, Reduce) and node.rows.window is not None and node.rows.window.anchor is None


def _groups(needed: Sequence[Expression]) -> list[list[Expression]]:
    """Aggregates that share one query, in an order in which anchors come before what is anchored at them."""
    groups: dict[Any, list[Expression]] = {}
    for each in sorted((each for each in needed if isinstance(each, Reduce | Pick)), key=_depth):
        rows = each.rows
        key: Any = (
            (Pick, each.how, anchored_rows(each), each.ties)
            if isinstance(each, Pick)
            else (rows.table, rows.window, rows.of)
        )
        groups.setdefault((key, _depth(each)), []).append(each)
    return list(groups.values())


def _depth(node: Expression) -> int:
    """How many aggregates lie one in the anchor of another."""
    below = max((_depth(part) for part in parts_of(node)), default=0)
    return below + isinstance(node, Reduce | Pick)


def _name(names: Mapping[Expression, str], value: Expression | None) -> str | None:
    return None if value is None else names.get(value)


def _attached(asked: Asked, grouped: Any, keys: Keys, names: Mapping[Any, str]) -> Asked:
    """The asking rows with the results of their owners; who owns nothing has none, no, or 0."""
    sides = [(mine, grouped[name]) for mine, name in keys]  # pairs: of `==` ibis would look for both sides in one table
    joined = asked.relation.left_join(grouped, sides)
    empty = {name: EMPTY.get(each.how) for each, name in names.items()}
    found = {name: joined[name] if value is None else joined[name].fill_null(value) for name, value in empty.items()}
    relation = joined.select(*asked.relation.columns, **found)
    return Asked(relation, {**asked.names, **names}, asked.start or asked)
