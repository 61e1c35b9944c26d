"""Looks for values in bytes: all of them at once, in every form of `forms`. Pure.

Laws: a form of eight bytes or more is found wherever it stands; a shorter one only outside pixels and where no letter
or digit touches it, since random pixels hold every short text; digits inside a keyed UID are chance, not a leak.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import ahocorasick

from imagebank.proof.forms import LEAST_BYTES, forms_of

LONG_BYTES = 8
KEYED_UID = re.compile(r"2\.25\.\d{30,39}")


@dataclass(frozen=True, order=True)
class Needle:
    """A value that must not be found, what kind of value it is, and where it stood. The value does not print."""

    kind: str
    place: str
    value: str | bytes = field(repr=False)

    def forms(self) -> frozenset[bytes]:
        """The bytes to look for; a value of bytes has only itself."""
        return frozenset({self.value.lower()}) if isinstance(self.value, bytes) else forms_of(self.value)


@dataclass(frozen=True)
class _Form:
    needle: Needle
    length: int
    digits: bool
    word: bool  # whether a letter or digit that touches it makes it part of something else


class Searcher:
    """A search for many values in one pass over each content."""

    def __init__(self, needles: Iterable[Needle]) -> None:
        self._automaton: Any = ahocorasick.Automaton()
        forms: dict[str, list[_Form]] = {}
        for needle in needles:
            for form in needle.forms():
                forms.setdefault(form.decode("latin-1"), []).append(_described(needle, form))
        for text, told in forms.items():
            self._automaton.add_word(text, (text, told))
        self._empty = not forms
        if forms:
            self._automaton.make_automaton()

    def search(self, content: bytes, *, pixels: tuple[int, int] = (0, 0)) -> frozenset[Needle]:
        """The needles that a content holds; `pixels` are the first byte of the pixels and the one after the last."""
        if self._empty:
            return frozenset()
        text = content.lower().decode("latin-1")
        keyed = [match.span() for match in KEYED_UID.finditer(text)]
        found = set()
        for last, (form, told) in self._automaton.iter(text):
            start, end = last - len(form) + 1, last + 1
            found |= {each.needle for each in told if _counts(each, text, start, end, pixels, keyed)}
        return frozenset(found)


def _described(needle: Needle, form: bytes) -> _Form:
    digits = form.isdigit()
    return _Form(needle, len(form), digits, word=not isinstance(needle.value, bytes) and len(form) < LONG_BYTES)


def _counts(
    form: _Form, text: str, start: int, end: int, pixels: tuple[int, int], keyed: list[tuple[int, int]]
) -> bool:
    if form.length < LONG_BYTES and start < pixels[1] and end > pixels[0]:
        return False
    if form.digits and form.length < 2 * LONG_BYTES and any(a <= start and end <= b for a, b in keyed):
        return False
    before, after = text[start - 1 : start], text[end : end + 1]
    if form.digits and (before.isdecimal() or (before == "." and form.length <= LONG_BYTES)):
        return False  # the middle of a longer number; what follows may be a time of day
    tag_follows = text[end + 1 : end + 2] == "\0"  # the first byte of a tag may look like a letter
    return not (form.word and (_touches(before) or (_touches(after) and not tag_follows)))


def _touches(letter: str) -> bool:
    return letter.isascii() and letter.isalnum()


def pixel_span(content: bytes) -> tuple[int, int]:
    """Where the pixels of a little endian file lie: the last pixel element, its header included."""
    starts = [content.rfind(mark) for mark in (b"\xe0\x7f\x10\x00OW", b"\xe0\x7f\x10\x00OB", b"\xe0\x7f\x10\x00")]
    start = next((each for each in starts if each >= 0), -1)
    if start < 0:
        return 0, 0
    explicit = content[start + 4 : start + 6] in (b"OW", b"OB")
    length = int.from_bytes(content[start + 8 : start + 12] if explicit else content[start + 4 : start + 8], "little")
    end = start + (12 if explicit else 8) + length
    return start, min(end, len(content))  # of undefined length: to the end


__all__ = ["KEYED_UID", "LEAST_BYTES", "LONG_BYTES", "Needle", "Searcher", "pixel_span"]
