"""The same cohorts on PostgreSQL and on Spark: the same rows as in plain Python, ties included."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from engines_made import told
from hypothesis import HealthCheck, Phase, given, settings
from random_cohorts import banks, cohorts

from imagebank.catalogue import current_version, publish
from imagebank.cohorts.engines.asking import ask
from imagebank.cohorts.engines.connecting import connect
from imagebank.cohorts.engines.database import Database
from imagebank.cohorts.engines.plain import Plain
from imagebank.cohorts.query import Cohort, read_cohort
from imagebank.core.errors import BankError, ConfigError
from imagebank.core.layout import Layout
from postgres import Postgres, postgres

__all__ = ["postgres"]

EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "cohorts").glob("*.yaml"))
GENERATED = settings(
    deadline=None, derandomize=True, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)
Tables = dict[str, list[Any]]


@pytest.fixture(scope="module")
def tables() -> Tables:
    """The largest of some random banks."""
    found: list[Tables] = []
    settings(GENERATED, max_examples=40)(given(banks())(lambda bank: found.append(bank)))()
    return max(found, key=lambda each: sum(map(len, each.values())))


@pytest.fixture(scope="module")
def layout(tables: Tables, tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """A bank that published them."""
    folder = tmp_path_factory.mktemp("bank")
    publish(Layout(folder, folder), tables, {})
    return Layout(folder, folder)


@pytest.fixture(scope="module")
def on_postgres(postgres: Postgres, layout: Layout) -> Database:
    return Database(connect(postgres.new_database(), layout, current_version(layout) or ""))


@pytest.fixture(scope="module")
def on_spark(layout: Layout) -> Iterator[Database]:
    pytest.importorskip("pyspark", reason="Spark is not installed: pip install 'imagebank[spark]'")
    if not shutil.which("java"):
        pytest.skip("Spark needs Java: apt-get install default-jre-headless")
    connection = connect("spark:local[1]", layout, current_version(layout) or "")
    yield Database(connection)
    connection.disconnect()


def agree(engine: Database, tables: Tables, cohort: Cohort) -> None:
    assert told(ask(engine, cohort)) == told(ask(Plain(tables), cohort))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_worked_question_has_the_same_rows_on_postgresql(on_postgres: Database, tables: Tables, path: Path) -> None:
    assert on_postgres.name == "PostgreSQL"
    agree(on_postgres, tables, read_cohort(path))


def test_random_cohorts_have_the_same_rows_on_postgresql(on_postgres: Database, tables: Tables) -> None:
    settings(GENERATED, max_examples=25)(given(cohorts())(lambda cohort: agree(on_postgres, tables, cohort)))()


def test_a_version_is_loaded_into_postgresql_once(postgres: Postgres, layout: Layout, tables: Tables) -> None:
    url, version = postgres.new_database(), current_version(layout) or ""
    for _ in range(2):
        assert connect(url, layout, version).table("patients").count().execute() == len(tables["patients"])


@pytest.mark.parametrize("path", [each for each in EXAMPLES if "nearest" in each.stem or "prognosis" in each.stem])
def test_a_worked_question_has_the_same_rows_on_spark(on_spark: Database, tables: Tables, path: Path) -> None:
    assert on_spark.name == "Spark"
    agree(on_spark, tables, read_cohort(path))


def test_random_cohorts_have_the_same_rows_on_spark(on_spark: Database, tables: Tables) -> None:
    settings(GENERATED, max_examples=5)(given(cohorts())(lambda cohort: agree(on_spark, tables, cohort)))()


def test_an_engine_that_nobody_knows_is_refused(layout: Layout) -> None:
    with pytest.raises(ConfigError, match="not understood"):
        connect("oracle://somewhere", layout, current_version(layout) or "")


def test_a_server_that_does_not_answer_is_named_without_its_url(layout: Layout, tmp_path: Path) -> None:
    with pytest.raises(BankError) as raised:
        connect(f"postgresql://me:secret@/bank?host={tmp_path}", layout, current_version(layout) or "")
    assert "secret" not in raised.value.what + raised.value.advice
