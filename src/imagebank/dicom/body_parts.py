"""Which part of the body a series shows: the header's word first, the description's where it is silent or says head.

Only names of the list (`data/body_parts.toml`) come out, never the header's own text.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from unicodedata import combining, normalize

KINDS = ("brain", "part", "other", "phantom", "unknown")


@dataclass(frozen=True)
class BodyPart:
    """A part of the body; `kind` says whether it is the brain, a part of the head, something else, or a phantom."""

    name: str
    kind: str


UNKNOWN_PART = BodyPart("unknown", "unknown")


@cache
def _list() -> tuple[tuple[BodyPart, re.Pattern[str], re.Pattern[str]], ...]:
    text = resources.files("imagebank.dicom").joinpath("data/body_parts.toml").read_text("utf-8")
    return tuple(
        (BodyPart(each["name"], each["kind"]), re.compile(each["header"]), re.compile(each["text"], re.IGNORECASE))
        for each in tomllib.loads(text)["part"]
    )


def part_names() -> tuple[str, ...]:
    """The name of every part that can come out."""
    return (*(part.name for part, _, _ in _list()), UNKNOWN_PART.name)


@lru_cache(maxsize=4096)
def body_part(header: str, text: str) -> BodyPart:
    """The part that BodyPartExamined names, else the description.

    Of a series that the header calls a head, the description may still say that it is a part of it, or a phantom.
    """
    word = re.sub(r"[^A-Z0-9]", "", _plain(header).upper())
    told = next((part for part, pattern, _ in _list() if word and pattern.fullmatch(word)), UNKNOWN_PART)
    if told == UNKNOWN_PART and not header.isascii():
        told = _described(header)
    if told.kind not in ("brain", "unknown"):
        return told
    described = _described(text, told)
    return told if told.kind == "brain" and described.kind == "other" else described


def _described(text: str, otherwise: BodyPart = UNKNOWN_PART) -> BodyPart:
    said = re.sub(r"[_\W]+", " ", _plain(text))
    return next((part for part, _, pattern in _list() if pattern.search(said)), otherwise)


def _plain(text: str) -> str:
    """Without accents: consoles write words with and without them."""
    return text if text.isascii() else "".join(c for c in normalize("NFKD", text) if not combining(c))


def header_part(header: str) -> BodyPart:
    """The part that BodyPartExamined alone names."""
    return body_part(header, "")
