"""What a person says that the series of a protocol signature show: a file in the bank, which goes before every rule.

`signatures.csv` is only ever added to: one line a decision, the last one of a signature counts, so that the file is its
own history. A line that says what the rules said confirms them, another one corrects them.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from imagebank.core.errors import ConfigError
from imagebank.core.files import read_text, write_text
from imagebank.dicom.rules import SEQUENCES
from imagebank.dicom.signatures import SIGNATURE_DIGITS

CURATION_FILE = "signatures.csv"
CURATION_COLUMNS = ("signature", "sequence", "by", "on", "note")
CURATED = "curated"
"""The name that stands for a rule where a person decided."""

_SIGNATURE = re.compile(f"[0-9a-f]{{{SIGNATURE_DIGITS}}}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Decision:
    """One line: what the series of a signature show, who said so, and when."""

    signature: str
    sequence: str
    by: str
    on: str
    note: str = ""


@dataclass(frozen=True)
class Curation:
    """All decisions in their order, those that count, and the digest of the file."""

    decisions: tuple[Decision, ...] = ()
    digest: str = ""
    current: Mapping[str, Decision] = field(default_factory=dict)

    def sequence_of(self, signature: str) -> str:
        """What a person said of a signature; empty when nobody did."""
        found = self.current.get(signature)
        return found.sequence if found else ""


def read_curation(bank: Path) -> Curation:
    """The decisions of a bank; none where there is no file. Raises ConfigError for a line that makes no sense."""
    path = bank / CURATION_FILE
    return parse_curation(read_text(path, "save it as CSV in UTF-8")) if path.is_file() else Curation()


def parse_curation(text: str) -> Curation:
    """The decisions in the text of a file. Raises ConfigError, which names the line and what it may say."""
    reader = csv.DictReader(io.StringIO(text))
    if tuple(reader.fieldnames or ()) != CURATION_COLUMNS:
        raise ConfigError(
            f"{CURATION_FILE} does not begin with its line of columns.",
            f"write `{','.join(CURATION_COLUMNS)}` as its first line",
        )
    decisions = tuple(_decision(row, reader.line_num) for row in reader)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Curation(decisions, digest, {each.signature: each for each in decisions})


def _decision(row: Mapping[str, str | None], line: int) -> Decision:
    told = Decision(*((row.get(name) or "").strip() for name in CURATION_COLUMNS))
    if not _SIGNATURE.fullmatch(told.signature):
        raise ConfigError(
            f"Line {line} of {CURATION_FILE} names no signature.",
            f"a signature has {SIGNATURE_DIGITS} hexadecimal digits, as `imagebank signatures` prints it",
        )
    if told.sequence not in SEQUENCES:
        raise ConfigError(
            f"Line {line} of {CURATION_FILE} names an unknown sequence.", f"one of: {', '.join(SEQUENCES)}"
        )
    if not told.by or not _DAY.fullmatch(told.on):
        raise ConfigError(
            f"Line {line} of {CURATION_FILE} does not say who decided, and when.",
            "write a name or initials under `by`, and a day such as 2026-01-31 under `on`",
        )
    return told


def add_decisions(bank: Path, new: tuple[Decision, ...]) -> Curation:
    """Add lines to the file of a bank. Raises ConfigError for one that makes no sense; then nothing is written."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CURATION_COLUMNS)
    for each in (*read_curation(bank).decisions, *new):
        writer.writerow([each.signature, each.sequence, each.by, each.on, each.note])
    curation = parse_curation(text.getvalue())
    write_text(bank / CURATION_FILE, text.getvalue())
    return curation
