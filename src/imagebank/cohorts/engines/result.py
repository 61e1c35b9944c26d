"""What an engine gives back, and the world it answers in: the seam between the language and everything that shows.

A result holds true numbers and ids: it belongs to the research zone, and nothing of it is for people before
`disclosure` has judged it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from imagebank.cohorts.query.nodes import Cohort, Expression


@dataclass(frozen=True)
class Scope:
    """Whom and what the asker may see; the engine applies it, so that no question can forget it.

    `withdrawn` are patients who may no longer be counted. `patients`, `studies` and `series` are conditions on the
    rows of those tables that a project is held to. `hidden` are tables and columns (`notes`, `patients.sex`) that a
    project may not ask for. `name` says whose scope it is.
    """

    name: str = ""
    withdrawn: frozenset[str] = field(default=frozenset(), repr=False)
    patients: Expression | None = None
    studies: Expression | None = None
    series: Expression | None = None
    hidden: frozenset[str] = frozenset()

    def conditions(self) -> dict[str, Expression]:
        """The conditions, by table."""
        told = {"patients": self.patients, "studies": self.studies, "series": self.series}
        return {table: condition for table, condition in told.items() if condition is not None}


EVERYTHING = Scope()


@dataclass(frozen=True)
class Selection:
    """Every unit in scope with its patient and how many steps it passed, in the order of the units' ids.

    `passed` is one more for units that were kept when one for each patient was chosen, so the cohort itself are the
    units whose `passed` equals `last`. The three are columns of equal length (Arrow arrays or lists).
    """

    units: Any = field(repr=False)
    patients: Any = field(repr=False)
    passed: Any = field(repr=False)
    last: int

    @cached_property
    def _rows(self) -> Any:
        import pyarrow

        columns = {"unit": self.units, "patient": self.patients, "passed": self.passed}
        kinds = {"unit": pyarrow.string(), "patient": pyarrow.string(), "passed": pyarrow.int64()}
        arrays = {name: _plain_array(column, kinds[name]) for name, column in columns.items()}
        return pyarrow.table(arrays)

    def _at(self, stage: int) -> Any:
        import pyarrow.compute as compute

        return self._rows.filter(compute.greater_equal(self._rows["passed"], stage))

    def count(self, stage: int) -> tuple[int, int]:
        """How many units, and of how many patients, passed `stage` steps."""
        import pyarrow.compute as compute

        left = self._at(stage)
        return left.num_rows, compute.count_distinct(left["patient"]).as_py()

    def units_at(self, stage: int) -> frozenset[str]:
        """Ids of the units that passed so many steps."""
        return frozenset(self._at(stage)["unit"].to_pylist())

    def patients_at(self, stage: int) -> frozenset[str]:
        """Pseudonyms of the patients of the units that passed so many steps."""
        return frozenset(self._at(stage)["patient"].to_pylist())


def _plain_array(column: Any, kind: Any) -> Any:
    import pyarrow

    if isinstance(column, list):
        return pyarrow.array(column, kind)
    return column.cast(kind)


@dataclass(frozen=True)
class Stage:
    """One line of the attrition: what was asked, how many units and patients were left. Not for people."""

    name: str
    sentence: str
    units: int
    patients: int


@dataclass(frozen=True)
class AnswerColumn:
    """One column of the table of an answer, for the data dictionary."""

    name: str
    kind: str
    unit: str
    description: str
    sentence: str
    risk: str


@dataclass(frozen=True)
class Sensitivity:
    """How far a `nearest` depends on its window: true numbers, over the units of the cohort.

    `median_gap_days` is of the distances, whatever the side. `after` are units whose nearest row lies after the
    anchor: they would get another row, or none, if only rows before it counted.
    """

    sentence: str
    units: int
    without: int
    after: int
    median_gap_days: float | None


@dataclass(frozen=True)
class Result:
    """The answer to a cohort: true numbers and rows, and everything that says how it came about.

    `table` is an Arrow table in the order of the ids: the ids of the unit (patient, then study and series where the
    unit is one), then the columns of the cohort.
    """

    cohort: Cohort
    digest: str
    engine: str
    version: str
    scope: Scope
    selection: Selection
    attrition: tuple[Stage, ...]
    table: Any = field(repr=False)
    columns: tuple[AnswerColumn, ...]
    sensitivity: tuple[Sensitivity, ...]
    codelists: Mapping[str, str]
    """Hash of each codelist that was used, by its name (or its codes)."""

    @property
    def units(self) -> int:
        """How many units the cohort has."""
        return self.attrition[-1].units

    @property
    def patients(self) -> frozenset[str]:
        """Pseudonyms of the patients of the cohort."""
        return self.selection.patients_at(self.selection.last)


class Engine(Protocol):
    """What can answer cohorts. `name` and `version` (of the tables) are told with every result."""

    name: str
    version: str
    scope: Scope

    def select(self, cohort: Cohort) -> Selection:
        """Every unit with the steps that it passed."""

    def describe(self, cohort: Cohort, members: frozenset[str] | Any, values: tuple[Expression, ...]) -> Any:
        """An Arrow table with the ids of the members and a column `v0`, `v1` ... for each value, by the unit's id."""
