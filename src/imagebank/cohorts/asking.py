"""A bank as a researcher has it: open it, ask it, see how the answer comes about.

    bank = Bank("my-bank")
    answer = bank.ask(question)

Asking an old version of the tables never brings back who has left the bank since.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from imagebank.catalogue.snapshots import current_version
from imagebank.cohorts.engines.asking import ask, check_scope
from imagebank.cohorts.engines.connecting import DUCKDB, connect
from imagebank.cohorts.engines.database import Database
from imagebank.cohorts.engines.result import EVERYTHING, Result, Scope
from imagebank.cohorts.query.nodes import Cohort
from imagebank.cohorts.query.questions import Question, as_cohort
from imagebank.cohorts.query.sentences import sentence
from imagebank.core.config import Bank as Opened
from imagebank.core.config import open_bank
from imagebank.core.errors import BankError

LEFT = "who has left the bank since"
"""What stands in a query that is shown for the pseudonyms of those who are in old tables and no longer in the bank."""


@dataclass(frozen=True)
class Explained:
    """How a cohort is answered: the sentence, the plan of the steps, and the SQL, which only reads."""

    sentence: str
    plan: tuple[str, ...]
    sql: str


class Bank:
    """The tables of a bank, ready to be asked. `engine` is duckdb, or the URL of a PostgreSQL or Spark."""

    def __init__(
        self, root: str | Path, *, version: str | None = None, engine: str = DUCKDB, scope: Scope = EVERYTHING
    ) -> None:
        """Open a bank. Raises BankError when there is none, or nothing has been published."""
        self.opened: Opened = open_bank(Path(root))
        self.version = version or _newest(self.opened)
        wanted = replace(scope, withdrawn=scope.withdrawn | self._gone())
        self._connection = connect(engine, self.opened.layout, self.version)
        self.engine = Database(self._connection, wanted, version=self.version)

    def _gone(self) -> frozenset[str]:
        """Who is in the asked version and no longer in the newest one."""
        newest = _newest(self.opened)
        if self.version == newest:
            return frozenset()
        asked, now = (_patients(self.opened, version) for version in (self.version, newest))
        return asked - now

    def ask(self, question: Question | Cohort) -> Result:
        """The answer, in true numbers: for the research zone, not to be shown as it is."""
        return ask(self.engine, as_cohort(question))

    def _nameless(self) -> Database:
        """The engine as it may be shown: its queries do not say who has left."""
        scope = self.engine.scope
        left = frozenset({LEFT}) if self.version != _newest(self.opened) else frozenset[str]()
        return Database(self._connection, replace(scope, withdrawn=left), version=self.version)

    def explain(self, question: Question | Cohort) -> Explained:
        """How a question would be answered, without an answer."""
        import ibis

        cohort = as_cohort(question)
        check_scope(cohort, self.engine.scope)
        query = self._nameless().selection_query(cohort)
        sql = str(ibis.to_sql(query, dialect=self.engine.dialect))
        return Explained(sentence(cohort), plan_of(cohort), sql)


def plan_of(cohort: Cohort) -> tuple[str, ...]:
    """What is done in which order, in words."""
    from imagebank.cohorts.query.sentences import one_for_each, say

    frame = cohort.unit.table
    lines = [f"take every {cohort.unit} in scope"]
    lines += [f"keep: {step.name}: {say(step.keep, frame)}" for step in cohort.steps]
    if cohort.one_per:
        lines.append(f"keep {one_for_each(cohort.one_per, cohort.unit)}")
    lines += [f"column {column.name}: {column.description or say(column.value, frame)}" for column in cohort.columns]
    return tuple(lines)


def _newest(opened: Opened) -> str:
    version = current_version(opened.layout)
    if version is None:
        raise BankError("The bank has no snapshot yet.", "run `imagebank update` first")
    return version


def _patients(opened: Opened, version: str) -> frozenset[str]:
    import pyarrow.parquet as parquet

    path = opened.layout.snapshot(version) / "patients.parquet"
    if not path.is_file():
        raise BankError(f"The bank has no version {version} of its tables.", "the folder `tables` lists the versions")
    column: Any = parquet.read_table(path, columns=["patient"])["patient"]
    return frozenset(column.to_pylist())
