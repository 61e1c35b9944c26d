"""The package's own data files of the DICOM rules, as text. Reads nothing else."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cache
from importlib.resources import files


@cache
def read_data(name: str) -> str:
    """The text of a file of the folder `data`."""
    return (files("imagebank.dicom") / "data" / name).read_text(encoding="utf-8")


def read_rows(name: str) -> Iterator[dict[str, str]]:
    """The rows of a CSV file of the folder `data`; lines that begin with # are comments."""
    return iter(csv.DictReader(line for line in read_data(name).splitlines() if not line.startswith("#")))


def read_words(text: str) -> frozenset[str]:
    """The words of a word list; lines that begin with # are comments and those with ~ are patterns."""
    lines = (line for line in text.splitlines() if not line.startswith(("#", "~")))
    return frozenset(word for line in lines for word in line.split())
