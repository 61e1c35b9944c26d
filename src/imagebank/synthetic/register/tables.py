"""The register's own data files, and the machines that the whole pretend hospital shares. Read, never changed."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from importlib import resources
from itertools import accumulate
from random import Random
from typing import TypeVar

Row = dict[str, str]
T = TypeVar("T")


@cache
def table(name: str) -> tuple[Row, ...]:
    """The rows of one of the register's data files."""
    return _rows("imagebank.synthetic.register", name)


@cache
def machines() -> tuple[Row, ...]:
    """The five scanners: where each stood, and from when to when."""
    return _rows("imagebank.synthetic", "machines")


def _rows(package: str, name: str) -> tuple[Row, ...]:
    text = resources.files(package).joinpath("data", f"{name}.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


@cache
def grouped(name: str, *columns: str) -> dict[tuple[str, ...], tuple[Row, ...]]:
    """The rows of a data file by the values of some of its columns, in the order of the file."""
    found: dict[tuple[str, ...], list[Row]] = {}
    for row in table(name):
        found.setdefault(tuple(row[column] for column in columns), []).append(row)
    return {key: tuple(rows) for key, rows in found.items()}


def words(text: str) -> tuple[str, ...]:
    """The entries of a cell, which are set apart by bars."""
    return tuple(text.split("|")) if text else ()


def weighted(chance: Random, choices: Sequence[T], running: Sequence[float]) -> T:
    """One of the choices; `running` are their weights, added up."""
    return chance.choices(choices, cum_weights=running)[0]


def running_sums(rows: Iterable[Row], weight: Callable[[Row], float]) -> tuple[float, ...]:
    """The weights of rows, added up."""
    return tuple(accumulate(weight(row) for row in rows))
