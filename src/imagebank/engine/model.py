"""The nouns of the ledger: they are its rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from imagebank.core.digests import DIGEST_BYTES

NEVER_READ = bytes(DIGEST_BYTES)  # stands for the content of a file that could not be opened


class Outcome(StrEnum):
    """Where every file ends: in exactly one of these."""

    BANKED = "banked"
    EXCLUDED = "excluded"
    UNLINKED = "unlinked"
    QUARANTINED = "quarantined"


@dataclass(frozen=True)
class Lot:
    """The files of one item (a series, or the loose files of a folder) that share an outcome and a reason."""

    item: str
    source: str
    outcome: Outcome
    reason: str
    files: int
    size: int  # bytes
    digests: bytes = field(repr=False)  # 16 bytes a file, sorted
    is_series: bool = True
    scanner: str = ""


@dataclass(frozen=True)
class Entry:
    """The last result of one step on one item: what it was made from (`key`), what it said, what it wrote."""

    step: str
    item: str
    key: str
    reason: str = ""  # empty when the step succeeded, else a code
    facts: dict[str, Any] = field(default_factory=dict)
    files: tuple[tuple[str, str], ...] = ()  # (path in the bank, SHA-256)


@dataclass(frozen=True)
class Attempt:
    """What one execution of a step cost; not when it was: beside a moved study date that would tell the offset."""

    step: str
    item: str
    version: str
    seconds: float
    peak_mb: float
    reason: str
