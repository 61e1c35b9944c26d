"""A cohort in Python, step by step, and the tables that its values come from.

    from imagebank import Bank, assessments, diagnoses, series, studies

    mmse = assessments.where(assessments.name == "MMSE").within(days=180)
    dementia = diagnoses.where(diagnoses.code.in_codelist("dementia"))
    question = (
        studies.cohort("dementia-prognosis")
        .keep("3D T1w", series.where(series.sequence == "T1w", series.dimension == "3D").exist())
        .keep("aged 50 or over", studies.age_years >= 50)
        .keep("MMSE near the scan", mmse.exist())
        .keep("no dementia yet", ~dementia.within(last=91).exist())
        .one_per_patient("first")
        .column("mmse", mmse.nearest("score"))
        .time_to("dementia", dementia.within(first=92))
    )
    answer = Bank("my-bank").ask(question)

A question is immutable: every method gives a new one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imagebank.cohorts.query import nodes
from imagebank.cohorts.query.building import Hanging, Value, node_of
from imagebank.cohorts.query.checking import check
from imagebank.cohorts.query.codelists import Codelist, read_codelist
from imagebank.cohorts.query.codelists import codelist as made_codelist
from imagebank.cohorts.query.nodes import Cohort, Output, Rows, Step, Unit
from imagebank.cohorts.query.schema import BANK, QueryError, one_row
from imagebank.cohorts.query.shorthand import age_at as plain_age_at
from imagebank.cohorts.query.shorthand import one_per, quality_of, time_to


@dataclass(frozen=True)
class Question:
    """A cohort while it is built; `value` is the finished cohort, checked."""

    value: Cohort

    def keep(self, name: str, condition: Value) -> Question:
        """One step of the attrition: go on with those that the condition holds for."""
        return self._with(steps=(*self.value.steps, Step(name, node_of(condition))))

    def one_per_patient(
        self, rule: str = "first", *, nearest_to: Value | None = None, images: Value | None = None
    ) -> Question:
        """Keep one for each patient: the `first`, the `last`, the one of `best quality`, or the nearest to a date.

        `images` is a condition on the images that are judged: `quality.sequence == "T1w"`.
        """
        if nearest_to is not None:
            rule = "nearest"
        of = nearest_to if nearest_to is not None else images
        frame = self.value.unit.table
        return self._with(one_per=one_per(rule, frame, of=None if of is None else of.node))

    def column(self, name: str, value: Any, *, unit: str = "", description: str = "") -> Question:
        """One column of the answer; unit and description go into its data dictionary."""
        return self._with(columns=(*self.value.columns, Output(name, node_of(value), unit, description)))

    def time_to(self, name: str, event: Hanging, *, censors: Iterable[Value] = ()) -> Question:
        """Two columns: days to the first such event or to the end of follow-up, and whether it was the event.

        Follow-up ends with the last contact or death, or with the earliest of `censors`.
        """
        ends = [each.node for each in censors]
        days, seen = time_to(event.chosen, censors=ends) if ends else time_to(event.chosen)
        columns = (
            Output(f"{name}_days", days, "day", f"Days to {name}, or to the end of follow-up."),
            Output(f"{name}_seen", seen, "", f"Whether the time ended with {name}."),
        )
        return self._with(columns=(*self.value.columns, *columns))

    def by(self, *groups: str) -> Question:
        """Show the answer in groups, by columns."""
        return self._with(groups=groups)

    def _with(self, **changes: Any) -> Question:
        return Question(check(replace(self.value, **changes)))


class Table(Hanging):
    """A table of the bank. Its columns are attributes; a method of the same name goes before, then use `column`."""

    def __init__(self, table: str) -> None:
        super().__init__(Rows(table))

    if not TYPE_CHECKING:  # the stub names every column, so that type checkers find a typing error

        def __getattr__(self, name: str) -> Value:
            """A column, as a value."""
            if name.startswith("__"):
                raise AttributeError(name)
            return self.column(name)

    def __dir__(self) -> Iterable[str]:
        """The columns too, for completion."""
        return [*super().__dir__(), *(each.name for each in BANK.columns(self.chosen.table))]

    def column(self, name: str) -> Value:
        """A column by its name."""
        BANK.column(self.chosen.table, name)
        return Value(nodes.Column(self.chosen.table, name))

    def date(self) -> Value:
        """The date of a row: of the scan, of the event."""
        place = BANK.date_of(self.chosen.table)
        if place is None:
            raise QueryError(f"A {one_row(self.chosen.table)} has no date of its own.", "name another date")
        return Value(nodes.Column(*place))

    def cohort(self, name: str = "", *, question: str = "") -> Question:
        """Begin a cohort: all rows, until steps keep fewer. `question` says in words what is asked."""
        unit = next((each for each in Unit if each.table == self.chosen.table), None)
        if unit is None:
            raise QueryError(
                f"A cohort cannot count the rows of {self.chosen.table}.", "count patients, studies or series"
            )
        return Question(Cohort(name, unit, question=question))

    def age_at(self, day: Value) -> Value:
        """Age on a day, in years, from the age at the scan."""
        return Value(plain_age_at(day.node, self.chosen.table))

    def image_quality(self, images: Value | None = None) -> Value:
        """The mean verdict on the images: 1 all usable, 0.5 with caution, 0 unusable."""
        return Value(quality_of(self.chosen.table, None if images is None else images.node))


def codelist(*codes: str, exclude: Iterable[str] = (), name: str = "", file: str | Path | None = None) -> Codelist:
    """A codelist of codes (`F00` and all below) and blocks (`F00-F09`), or of a CSV file."""
    return read_codelist(Path(file)) if file is not None else made_codelist(codes, exclude, name)


def earliest(*days: Value) -> Value:
    """The earliest of several dates; missing ones do not count."""
    return Value(nodes.Earliest(tuple(each.node for each in days)))


def choose(*cases: tuple[Value, Any], otherwise: Any = None) -> Value:
    """The value of the first case whose condition holds: `choose((age < 65, "young"), otherwise="old")`."""
    pairs = tuple((when.node, node_of(then)) for when, then in cases)
    return Value(nodes.Choose(pairs, None if otherwise is None else node_of(otherwise)))


def as_cohort(question: Question | Cohort) -> Cohort:
    """The cohort of a question, checked."""
    return check(question.value if isinstance(question, Question) else question)


TABLES: dict[str, Table] = {name: Table(name) for name in BANK.tables}
"""Every table of the bank, to build questions from."""
