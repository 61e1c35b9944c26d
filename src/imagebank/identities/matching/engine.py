"""Splink at work: trains the weights and scores pairs, on DuckDB in memory or on Spark.

Laws: no identifier leaves memory and nothing is printed or logged; rows go in sorted and one thread works, so that the
same rows give the same weights and scores on any machine, in any order.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import logging
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from imagebank.core.errors import ConfigError
from imagebank.identities.matching.comparisons import (
    CANDIDATES,
    COLUMNS,
    COMPARISONS,
    SESSIONS,
    SWAPPED,
    Comparison,
    levels_of,
)
from imagebank.identities.matching.rows import Row
from imagebank.identities.matching.weights import Chance, Weights, blend, settled

SEED = 1
PAIRS_FOR_CHANCE = 2_000_000  # random pairs that tell how often two people agree
WEIGHT_DECIMALS = 3  # of a bit: far above what the order of sums can change
NEVER = -1e3  # a weight that no pair has
_TABLES = itertools.count()  # a Spark session keeps its tables, so each needs a name of its own


@dataclass(frozen=True)
class Pair:
    """Two owners that may be one person: the weight in bits, without the prior, and the level of each comparison."""

    left: int
    right: int
    weight: float
    levels: tuple[int, ...] = field(default=(), repr=False)


def train(left: Sequence[Row], right: Sequence[Row], shipped: Weights, *, url: str = "") -> Weights:
    """Weights from the data at hand: chances of two people from random pairs, of one by expectation maximisation.

    A level that was never seen keeps its shipped chance, and a rare one does not fall far below it (`blend`).
    """
    with _silence():
        linker = _linker(left, right, shipped, url, blank=True)
        linker.training.estimate_u_using_random_sampling(max_pairs=PAIRS_FOR_CHANCE, seed=SEED)
        for columns in SESSIONS:
            rule = " and ".join(f"l.{column} = r.{column}" for column in columns)
            linker.training.estimate_parameters_using_expectation_maximisation(
                rule, estimate_without_term_frequencies=True
            )
        model = linker.misc.save_model_to_json()
    return blend(Weights(_trained(model), trained=True).laid_over(shipped), shipped, len({row.owner for row in left}))


def _trained(model: dict[str, Any]) -> dict[str, dict[str, Chance]]:
    """The chances of the levels for which both were found."""
    chances: dict[str, dict[str, Chance]] = {}
    for told in model["comparisons"]:
        name = told["output_column_name"]
        for level in told["comparison_levels"]:
            same, other = level.get("m_probability"), level.get("u_probability")
            if same is not None and other is not None:
                label = level["label_for_charts"]
                chances.setdefault(name, {})[label] = settled(name, label, same, other)
    return chances


def score(left: Sequence[Row], right: Sequence[Row] | None, weights: Weights, *, url: str = "") -> list[Pair]:
    """Every pair of owners that is worth a look, each with its best rows; without `right`, pairs within `left`."""
    if not left or right == []:
        return []
    with _silence():
        linker = _linker(left, right, weights, url)
        predicted = linker.inference.predict(threshold_match_weight=NEVER, warning_mode="never")
        names = [f"gamma_{each.name}" for each in COMPARISONS]
        table = predicted.as_pyarrow_table().select(["unique_id_l", "unique_id_r", "match_weight", *names])
    return _best_of_owners(table, names)


def _best_of_owners(table: pa.Table, names: Sequence[str]) -> list[Pair]:
    """One pair of rows for each pair of owners: the heaviest, of equals the one with the strongest levels."""
    best: dict[tuple[int, int], Pair] = {}
    columns = [table.column(name).to_pylist() for name in ("unique_id_l", "unique_id_r", "match_weight", *names)]
    for left, right, weight, *levels in zip(*columns, strict=True):
        one, other = int(left.split(".")[0]), int(right.split(".")[0])
        if one == other and left[-1] == right[-1]:
            continue
        pair = Pair(one, other, round(weight, WEIGHT_DECIMALS), tuple(levels))
        known = best.get((pair.left, pair.right))
        if known is None or (pair.weight, pair.levels) > (known.weight, known.levels):
            best[pair.left, pair.right] = pair
    return [best[key] for key in sorted(best)]


def _linker(
    left: Sequence[Row], right: Sequence[Row] | None, weights: Weights, url: str, *, blank: bool = False
) -> Any:
    from splink import Linker, SettingsCreator

    api, dialect = _backend(url)
    comparisons = [_comparison(each, weights, dialect, blank=blank) for each in COMPARISONS]
    settings = SettingsCreator(
        link_type="link_only" if right is not None else "dedupe_only",
        comparisons=comparisons,
        blocking_rules_to_generate_predictions=[*(_equal(columns) for columns in CANDIDATES), SWAPPED],
        probability_two_random_records_match=0.5,  # the prior is added by whoever decides
        retain_matching_columns=True,
        retain_intermediate_calculation_columns=True,
    )
    tables = [_table(rows, mark) for rows, mark in ((left, "a"), (right, "b")) if rows is not None]
    registered = [
        api.register(table, dataset_display_name=mark, table_name=f"people_{mark}_{next(_TABLES)}")
        for table, mark in zip(tables, "ab", strict=False)
    ]
    return Linker(registered if len(registered) > 1 else registered[0], settings)


def _equal(columns: Sequence[str]) -> str:
    return " and ".join(f"l.{column} = r.{column}" for column in columns)


def _comparison(comparison: Comparison, weights: Weights, dialect: str, *, blank: bool) -> dict[str, Any]:
    levels = list(levels_of(comparison, dialect))
    if not blank:
        for level in levels[1:]:
            chance = weights.chances[comparison.name][level["label_for_charts"]]
            level |= {"m_probability": chance.same, "u_probability": chance.other}
    return {"output_column_name": comparison.name, "comparison_levels": levels}


def _table(rows: Sequence[Row], mark: str) -> pa.Table:
    """The rows, sorted by owner and value: the order in which they came does not matter."""
    ordered = sorted(dict.fromkeys(rows), key=lambda row: (row.owner, tuple(v or "" for v in row.values())))
    values = list(zip(*(row.values() for row in ordered), strict=True)) or [()] * len(COLUMNS)
    ids = [f"{row.owner}.{number}.{mark}" for number, row in enumerate(ordered)]
    texts = {name: pa.array(column, pa.string()) for name, column in zip(COLUMNS, values, strict=True)}
    return pa.table({"unique_id": pa.array(ids, pa.string()), **texts})


def _backend(url: str) -> tuple[Any, str]:
    """Splink's door to an engine, and its dialect."""
    if url:
        try:
            from pyspark.sql import SparkSession
        except ImportError:
            told = "People are to be compared on Spark, but pyspark is not installed."
            raise ConfigError(told, "install imagebank[spark], or leave [linkage] engine_url empty") from None
        from splink import SparkAPI
        from splink.backends.spark import similarity_jar_location

        quiet = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false"}
        if url.startswith("local"):  # nobody else on the network may listen
            quiet |= dict.fromkeys(("spark.driver.host", "spark.driver.bindAddress"), "127.0.0.1")
        builder = SparkSession.builder.master(url).config("spark.jars", similarity_jar_location())
        for name, value in quiet.items():
            builder = builder.config(name, value)
        session = builder.getOrCreate()
        session.sparkContext.setLogLevel("OFF")  # what Spark logs may hold names
        # "persist" keeps steps in memory: the other ways write names to a folder that nobody empties
        return SparkAPI(spark_session=session, break_lineage_method="persist"), "spark"
    import duckdb
    from splink import DuckDBAPI

    connection = duckdb.connect(":memory:", config={"threads": 1, "temp_directory": ""})
    return DuckDBAPI(connection=connection), "duckdb"


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Let no library print or log: what they say may hold names."""
    loggers = [logging.getLogger(name) for name in ("splink", "py4j")]
    before = [(logger, logger.level, logger.propagate) for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
        logger.propagate = False
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level, propagate in before:
            logger.setLevel(level)
            logger.propagate = propagate
