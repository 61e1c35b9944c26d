"""The words that names are made of: what BIDS calls each sequence, and what the converter and the scanner append.

All of it is data (`data/*.csv`), read once. A sequence that is not in the table has no BIDS name: an extended
classification is safe to use before the table knows it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources

UNKNOWN = "unknown-kind"


@dataclass(frozen=True)
class Sequence:
    """What BIDS has for a sequence: a datatype and suffix, or the reason code why it has none."""

    sequence: str
    datatype: str
    suffix: str
    reason: str
    why: str


@dataclass(frozen=True)
class OutputLabel:
    """What one part of a label means: `echo`, `part`, `stack`, or `computed` for what nobody acquired."""

    meaning: str
    value: str = ""


COMPUTED = OutputLabel("computed")


@cache
def sequences() -> dict[str, Sequence]:
    """Every known sequence by name."""
    return {row["sequence"]: Sequence(**row) for row in rows_of("sequences")}


def sequence_of(name: str) -> Sequence:
    """What BIDS has for a sequence; one that is not in the table is of unknown kind."""
    return sequences().get(name) or Sequence(name, "", "", UNKNOWN, "")


def read_label(label: str) -> tuple[OutputLabel, ...]:
    """The parts of what the converter appended to a name, such as `e2_ph`; what is not known counts as computed."""
    return tuple(_read_token(token) for token in label.split("_") if token)


def stable_label(label: str) -> str:
    """A label without the letters that the converter appends in the order of the disk to tell equal names apart."""
    return "_".join(_without_letter(token) for token in label.split("_") if not re.fullmatch("[a-z]?", token))


def reconstruction(image_type: Iterable[str]) -> str:
    """The reconstruction that the words of ImageType name, such as `dis2dnorm`; in the order of the table."""
    words = {word.upper() for word in image_type}
    return "".join(dict.fromkeys(row["label"] for row in rows_of("reconstructions") if row["word"] in words))


@cache
def rows_of(name: str) -> tuple[dict[str, str], ...]:
    """The rows of one of the package's tables."""
    text = resources.files("imagebank.imaging").joinpath(f"data/{name}.csv").read_text("utf-8")
    return tuple(csv.DictReader(text.splitlines()))


def _read_token(token: str) -> OutputLabel:
    for tried in dict.fromkeys((token, _without_letter(token))):
        for row in rows_of("output_labels"):
            found = re.fullmatch(row["label"], tried)
            if found:
                return OutputLabel(row["meaning"], row["value"] or "".join(found.groups()))
    return COMPUTED


def _without_letter(token: str) -> str:
    known = any(re.fullmatch(row["label"], token) for row in rows_of("output_labels"))
    return token if known else re.sub(r"(?<=..)[a-z]$", "", token)
