"""The nouns of the index: an offered file as a folder lists it, as the index saw it, and as it is found again.

They hold no database: the rules that plan what becomes of a file know only these.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from imagebank.core.private import Private
from imagebank.identities.model import Claim


@dataclass(frozen=True)
class Listed:
    """A file as a folder listing shows it; the name in the bytes of the file system."""

    name: bytes = field(repr=False)
    size: int
    modified: int  # nanoseconds


@dataclass(frozen=True)
class Header:
    """What the files of a series agree on, under the bank's own ids. Texts here are safe but for the claim."""

    study: str
    claim: Claim
    scanner: str
    manufacturer: str
    model: str
    field_strength_t: float | None


@dataclass(frozen=True)
class Indexed:
    """One file as the index saw it. Series and instance are empty where the file has none."""

    listed: Listed
    digest: bytes
    verdict: str
    series: str = ""
    instance: bytes = b""
    header: Header | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Whereabout:
    """One known file of a series, ready to be judged and read."""

    source: str
    path: Private
    size: int
    digest: bytes
    verdict: str
    instance: bytes
    expired: str = ""  # the outcome after which the landing zone let go of the file; empty where it did not
