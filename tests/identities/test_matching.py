"""The model: rows in any order give the same scores, a plain twin reckons the same, and nothing is said aloud."""

from __future__ import annotations

import logging
import math
import random
import shutil
from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import duckdb
import pytest
import sqlglot
from claimed import Claimed, claimed_hospital

from imagebank.core.config import LinkageSettings
from imagebank.core.private import Private
from imagebank.identities.guards import Rules
from imagebank.identities.linkage import identity_of
from imagebank.identities.matching.comparisons import COLUMNS, COMPARISONS, ELSE, EXACT, Comparison, label_of, levels_of
from imagebank.identities.matching.engine import Pair, score, train
from imagebank.identities.matching.rows import Row, first_rows, rows_of_claims, rows_of_people
from imagebank.identities.matching.weights import Weights
from imagebank.identities.merging import persons_of
from imagebank.identities.model import Claim
from imagebank.synthetic.register import DEFAULT_RATES
from imagebank.workflows.linking import identities_of, link_claims
from imagebank.workflows.merging import merge_entrants
from imagebank.workflows.weighing import evidence_for

RATES = DEFAULT_RATES.having(filed_under_another=0.0)


@pytest.fixture(scope="module")
def claimed() -> Claimed:
    return claimed_hospital(250, RATES)


@pytest.fixture(scope="module")
def sides(claimed: Claimed) -> tuple[list[Row], list[Row]]:
    claims = sorted({identity_of(told[0].claim) for told in claimed.studies.values()}, key=lambda each: each.patient_id)
    people = persons_of(claimed.entrants, {name: name for name in claimed.person_of})
    return rows_of_claims(claims), rows_of_people(people)


@pytest.fixture(scope="module")
def trained(sides: tuple[list[Row], list[Row]]) -> Weights:
    return train(first_rows(sides[0]), first_rows(sides[1]), Weights.shipped())


def claims_of(claimed: Claimed) -> dict[str, frozenset[Claim]]:
    return {uid: frozenset(each.claim for each in told) for uid, told in claimed.studies.items()}


def test_rows_in_any_order_give_the_same_scores_and_the_same_weights(
    sides: tuple[list[Row], list[Row]], trained: Weights
) -> None:
    left, right = (list(side) for side in sides)
    weights = trained
    pairs = score(left, right, weights)
    chance = random.Random(1)
    chance.shuffle(left)
    chance.shuffle(right)
    again = train(sorted(first_rows(sides[0]), key=lambda r: -r.owner), first_rows(sides[1])[::-1], Weights.shipped())
    assert again == weights
    assert again.digest == weights.digest
    assert score(left, right, again) == pairs
    assert len(pairs) > len({row.owner for row in left}) * 0.8


def test_the_weight_of_a_pair_is_the_sum_that_a_plain_twin_reckons(sides: tuple[list[Row], list[Row]]) -> None:
    left, right = sides
    weights = Weights.shipped()
    seen = _frequencies([*dict.fromkeys(left), *dict.fromkeys(right)])
    owned = [_by_owner(side) for side in sides]
    for pair in score(left, right, weights):
        labels = {each.name: label_of(each, gamma) for each, gamma in zip(COMPARISONS, pair.levels, strict=True)}
        both = [(a, b) for a in owned[0][pair.left] for b in owned[1][pair.right] if is_so(a, b, labels)]
        assert any(abs(weigh_slowly(a, labels, weights, seen) - pair.weight) < 0.002 for a, _ in both)


def is_so(one: Row, other: Row, labels: dict[str, str]) -> bool:
    """Whether two rows can have these levels: equal values where the same, an empty one where not known."""
    for name, label in labels.items():
        values = [getattr(each, name) or None for each in (one, other)]
        found = "not known" if None in values else EXACT if values[0] == values[1] else label
        if found != label or (label == EXACT and values[0] != values[1]):
            return False
    return True


def weigh_slowly(one: Row, labels: dict[str, str], weights: Weights, seen: dict[str, Counter[str]]) -> float:
    """The twin: level by level, and for rare names the share of rows that have them instead of the usual chance."""
    total = 0.0
    for name, label in labels.items():
        if label == "not known":
            continue
        chance = weights.chances[name][label]
        total += chance.bits
        if label == EXACT and name in seen:
            total += math.log2(chance.other / (seen[name][getattr(one, name)] / seen[name].total()))
    return total


def _by_owner(rows: Sequence[Row]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for row in rows:
        found.setdefault(row.owner, []).append(row)
    return found


def _frequencies(rows: Sequence[Row]) -> dict[str, Counter[str]]:
    return {name: Counter(getattr(r, name) for r in rows if getattr(r, name)) for name in ("given", "family")}


def test_the_model_says_nothing_aloud_and_leaves_no_file(
    sides: tuple[list[Row], list[Row]], capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with caplog.at_level(logging.DEBUG):
        train(first_rows(sides[0]), first_rows(sides[1]), Weights.shipped())
        score(*sides, Weights.shipped())
    told = capfd.readouterr()
    assert told.out + told.err == ""
    assert "splink" not in {record.name.split(".")[0] for record in caplog.records}
    assert list(tmp_path.iterdir()) == []


def test_rows_and_pairs_print_nobody(sides: tuple[list[Row], list[Row]]) -> None:
    row = Row(0, "Rosalind", "Quartermaine", date(1950, 3, 22), "female", "SE58AZ", "K1000001", "9434765919")
    assert not any(text in repr(row) for text in ("Rosalind", "Quartermaine", "1950", "SE58AZ", "K1000001", "943"))
    assert "levels" not in repr(Pair(0, 0, 1.0, (1, 2)))


def test_trained_weights_keep_errors_that_were_never_seen_possible(trained: Weights) -> None:
    for name, levels in trained.chances.items():
        assert set(levels) == set(Weights.shipped().chances[name])
        assert all(0 < each.same < 1 and 0 < each.other < 1 for each in levels.values())
        assert levels[EXACT].bits > 0 > levels[ELSE].bits


@pytest.mark.parametrize("train_from", [100, 10_000], ids=["trained", "shipped"])
def test_a_hospital_is_linked_to_the_right_people(claimed: Claimed, train_from: int) -> None:
    claims = claims_of(claimed)
    merged = merge_entrants(claimed.entrants, accept_test_numbers=True)
    people = persons_of(claimed.entrants, merged.person_of)
    settings = LinkageSettings(accept_test_numbers=True, train_from=train_from)
    evidence, weights = evidence_for(identities_of(claims), people, settings)
    assert weights.trained == (train_from == 100)
    links = link_claims(claims, people, evidence, Rules(), accept_test_numbers=True)
    seen = {uid: told[0] for uid, told in claimed.studies.items() if not told[0].trap.startswith(("filed", "twin-"))}
    assert {uid for uid in seen if links[uid].person} == {uid for uid, told in seen.items() if told.linkable}
    assert all(claimed.person_of[links[uid].person or ""] == told.person for uid, told in seen.items() if told.linkable)


def test_a_claim_without_anything_gives_a_row_that_matches_nobody() -> None:
    assert score(rows_of_claims([Claim()]), rows_of_claims([Claim(), Claim(Private("K1"))]), Weights.shipped()) == []


# --- Spark -----------------------------------------------------------------------------------------------------------

SPELLINGS = ["ROSALIND", "ROSALYND", "ROSE", "ROSALINDA", "DNILASOR", "SMITH", "SMYTHE", "SMITHJONES", ""]
DAYS = [date(1950, 3, 2), date(1950, 2, 3), date(1950, 1, 1), date(1950, 3, 12), date(1951, 3, 2), None]


def mixed_rows() -> list[Row]:
    """Rows whose pairs meet every level of every comparison."""
    chance = random.Random(1)
    pick = chance.choice
    numbers, postcodes = ["K1234", "K1243", "K9", ""], ["SE58AF", "SE59ZZ", "N11AA", ""]
    return [
        Row(k, pick(SPELLINGS), pick(SPELLINGS), pick(DAYS), pick(["male", "female", ""]), pick(postcodes),
            pick(numbers), pick(["9434765919", "9434765991", "4857773456", ""]))
        for k in range(150)
    ]  # fmt: skip


@pytest.mark.parametrize("comparison", COMPARISONS, ids=lambda each: each.name)
def test_the_conditions_for_spark_mean_what_those_for_duckdb_mean(comparison: Comparison) -> None:
    """Read by another parser of Spark's language and translated, they find the same level in every pair of values."""
    told = {
        dialect: [each["sql_condition"] for each in levels_of(comparison, dialect)] for dialect in ("duckdb", "spark")
    }
    translated = [
        each if each == "ELSE" else sqlglot.transpile(each, read="spark", write="duckdb")[0] for each in told["spark"]
    ]
    assert translated[-1] == "ELSE"
    with duckdb.connect() as database:
        database.execute("CREATE MACRO jaro_winkler(a, b) AS jaro_winkler_similarity(a, b)")  # of Splink's library
        for side in "lr":
            texts = ", ".join(f"{name}_{side} VARCHAR" for name in COLUMNS)
            database.execute(f"CREATE TABLE {side} ({texts})")
            marks = ", ".join("?" * len(COLUMNS))
            database.executemany(f"INSERT INTO {side} VALUES ({marks})", [row.values() for row in mixed_rows()])
        cases = [
            "CASE " + " ".join(f"WHEN {each} THEN {k}" for k, each in enumerate(some[:-1])) + " ELSE -1 END"
            for some in (told["duckdb"], translated)
        ]
        found = database.sql(f"SELECT {cases[0]}, {cases[1]} FROM l, r").fetchall()
    assert all(one == other for one, other in found)
    assert len({one for one, _ in found}) == len(told["duckdb"])


def test_spark_gives_the_scores_of_duckdb(sides: tuple[list[Row], list[Row]]) -> None:
    pytest.importorskip("pyspark", reason="Spark is not installed: pip install 'imagebank[spark]'")
    if not shutil.which("java"):
        pytest.skip("Spark needs Java: apt-get install default-jre-headless")
    left, right = ([row for row in rows if row.owner < 40] for rows in sides)
    weights = Weights.shipped()
    assert score(left, right, weights, url="local[1]") == score(left, right, weights)
