"""The judgement on shaped rows, as one query: the first refusal of a row, its repairs, and what is kept of it. Pure."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import date

from imagebank.records.looks import NO, YES, Answer, Look
from imagebank.records.mapping import Mapping, Place
from imagebank.records.plans import Plan
from imagebank.records.registry import Registry
from imagebank.records.shaping import quoted

VERSION = "3"  # of all rules on rows; another one reads every source anew
TIMES = ("", " %H:%M", " %H:%M:%S")  # of day, that may stand behind a day in a declared form


@dataclass(frozen=True)
class Rules:
    """What a part is judged by."""

    mapping: Mapping
    registry: Registry
    today: date
    secret: str = field(repr=False, default="")  # of the keyed hash that hides accession numbers

    @property
    def digest(self) -> str:
        """The hash of all that decides what becomes of a row, but for the day of the import."""
        told = [VERSION, self.mapping.digest, self.registry.digest, self.secret]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def belonging(place: Place, registry: Registry) -> tuple[Look, ...]:
    """A rule on which rows are of this table at all, where the mapping says that the registry decides."""
    kind = place.known_as or place.not_known_as
    if not kind:
        return ()
    wanted = bool(place.known_as)

    def rule(text: str) -> Answer:
        return (registry.name(kind, text) is not None) == wanted, "", ""

    column = "name" if "name" in place.target.names else "kind"
    return (Look("belonging", (column,), (("here", "BOOLEAN"),), rule),)


def judged_sql(plan: Plan, place: Place, rules: Rules) -> str:
    """SQL that judges the shaped rows.

    Of a row that was taken back nothing but its id need be there: it is valid, and takes older ones with it.
    """
    who = "upper(regexp_replace(r.hospital_number, '\\s+', '', 'g'))"
    binding = [f"nullif({each.name}.refused, '')" for each in plan.looks if each.binding]
    gone = f"lower(r.withdrawn) IN ({', '.join(map(quoted, YES))})"
    unclear = (
        f"CASE WHEN lower(r.withdrawn) NOT IN ({', '.join(map(quoted, (*YES, *NO)))}) THEN 'unclear-withdrawal' END"
    )
    first = f"CASE WHEN {who} = '' THEN 'no-hospital-number' END"
    reason = f"CASE WHEN {gone} THEN '' ELSE coalesce({', '.join([unclear, first, *binding, *plan.refusals])}, '') END"
    noted = [f"nullif(coalesce({each.name}.repairs, ''), '')" for each in plan.looks]
    repairs = f"concat_ws(' ', {', '.join([*noted, *plan.repairs])})"
    kept = ", ".join(f"CAST({_hidden(each.name, each.sql, rules)} AS {each.type}) AS {each.name}" for each in plan.kept)
    shown = ", ".join(f"'{name}', r.{name}" for name in place.target.names if name != "text")
    which = belonging(place, rules.registry)
    joins = " ".join(_join(each) for each in (*plan.looks, *which))
    here = "".join(f" WHERE belonging.here OR ({gone} AND r.{each.inputs[0]} = '')" for each in which)
    return (
        f"SELECT {who} AS who, r.number AS number, {kept}, {reason} AS reason, {repairs} AS repairs, r.id AS id, "  # noqa: S608
        f"{_moment('r.updated', place.dates)} AS updated, {gone} AS gone, {_due(plan)} AS due, "
        f"CASE WHEN {reason} <> '' THEN json_object({shown})::VARCHAR END AS content FROM r {joins}{here}"
    )


def _due(plan: Plan) -> str:
    """The next day on which the row would be judged otherwise: what is still to come then lies behind."""
    days = [f"CASE WHEN {each.name}.day > $today THEN {each.name}.day END" for each in plan.looks if each.is_day]
    return f"least({', '.join(days)})"


def _moment(text: str, forms: tuple[str, ...]) -> str:
    """A moment in a form whose texts sort as the moments do; what is none stays as it is."""
    told = [f"try_cast({text} AS TIMESTAMP)"]
    if forms:
        every = ", ".join(quoted(f"{form}{time}") for form in forms for time in TIMES)
        told.insert(0, f"try_strptime({text}, [{every}])")
    return f"coalesce(strftime(coalesce({', '.join(told)}), '%Y-%m-%d %H:%M:%S.%f'), {text})"


def _hidden(name: str, sql: str, rules: Rules) -> str:
    """An accession number leads to a person, so only its keyed hash is staged."""
    if name != "accession_number":
        return sql
    return f"CASE WHEN {sql} <> '' THEN sha256({quoted(rules.secret)} || {sql}) ELSE '' END"


def _join(look: Look) -> str:
    on = " AND ".join(f"{look.name}.in_{name} = r.{name}" for name in look.inputs)
    return f"LEFT JOIN {look.name} ON {on}"
