"""Which part of the body a series shows: the header's word first, the description's where it is silent or says head.

The one list of such words, for the index, which leaves files out by it, and for the classification. Only names of the
list (`data/body_parts.toml`) come out, never the header's own text.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
from unicodedata import combining, normalize

from imagebank.dicom.data_files import read_data

BODY_PARTS = "body_parts.toml"


@dataclass(frozen=True)
class BodyPart:
    """A part of the body; `kind` says whether it is the brain, a part of the head, something else, or a phantom.

    What a header calls by the name of one that is `excluded` never enters the bank.
    """

    name: str
    kind: str
    excluded: bool = False


UNKNOWN_PART = BodyPart("unknown", "unknown")


@cache
def _list() -> tuple[tuple[BodyPart, re.Pattern[str], re.Pattern[str]], ...]:
    return tuple(
        (
            BodyPart(each["name"], each["kind"], each.get("excluded", False)),
            re.compile(each["header"]),
            re.compile(each["text"], re.IGNORECASE),
        )
        for each in tomllib.loads(read_data(BODY_PARTS))["part"]
    )


def part_names() -> tuple[str, ...]:
    """The name of every part that can come out."""
    return (*(part.name for part, _, _ in _list()), UNKNOWN_PART.name)


@lru_cache(maxsize=4096)
def body_part(header: str, text: str) -> BodyPart:
    """The part that BodyPartExamined names, else the description.

    Of a series that the header calls a head, the description may still say that it is a part of it, or a phantom.
    """
    told = header_part(header)
    if told.kind not in ("brain", "unknown"):
        return told
    described = next(iter(_parts_in(text)), told)
    return told if told.kind == "brain" and described.kind == "other" else described


@lru_cache(maxsize=1024)
def header_part(header: str) -> BodyPart:
    """The part that BodyPartExamined alone names; of several the head, so that no brain is left out."""
    word = re.sub(r"[^A-Z0-9]", "", _plain(header).upper())
    told = next((part for part, pattern, _ in _list() if word and pattern.fullmatch(word)), None)
    found = [told] if told else _parts_in(header)
    return min(found, key=lambda part: part.kind == "other", default=UNKNOWN_PART)


def _parts_in(text: str) -> list[BodyPart]:
    """The parts that a text names, in the order of the list."""
    said = re.sub(r"[_\W]+", " ", _plain(text))
    return [part for part, _, pattern in _list() if pattern.search(said)]


def _plain(text: str) -> str:
    """Without accents: consoles write words with and without them."""
    return text if text.isascii() else "".join(c for c in normalize("NFKD", text) if not combining(c))
