"""Values that nothing else in the world holds, one for each place where they are hidden. Pure.

A canary that is found afterwards says by itself where it was planted. The same seed gives the same canaries.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from imagebank.proof.search import Needle

CONSONANTS = "BCDFGHJKLMNPQRSTVWXZ"
FIRST_DAY = date(1993, 1, 4)
DAYS_APART = 7  # offsets that are no multiple of it never turn one canary into another
LETTERS = {
    "latin": "ÀÇÉÎÑÖÜßåæçéíðñøþý",
    "greek": "ΑΒΓΔΕΖΗΘΛΞΠΣΦΨΩαβγδεζ",
    "cyrillic": "БГДЖЗИЛПФЦЧШЩЭЮЯбгджзил",
    "japanese": "亜伊宇江尾香木久家湖差市寿世曽田千津手都",
    "katakana": "ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄ",
    "korean": "김이박최정강조윤장임한오서신권황안송류전",
    "chinese": "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗",
}
Value = str | list[Any] | bytes


@dataclass(frozen=True)
class Plant:
    """A canary in its place: what kind of hiding place it is, how deep in sequences, and what to look for."""

    kind: str
    place: str
    depth: int
    value: str | bytes = field(repr=False)

    @property
    def needle(self) -> Needle:
        """What to search for; each plant has a needle of its own."""
        return Needle(self.kind, self.place, self.value)


class Canaries:
    """Makes canaries one after another."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._count = 0
        self.days: set[date] = set()

    def raw(self, length: int) -> bytes:
        """Bytes that compress to nothing and occur nowhere else."""
        self._count += 1
        return hashlib.shake_128(f"{self._seed}:{self._count}".encode()).digest(length)

    def word(self, length: int = 9) -> str:
        """Capitals without a vowel, which no vocabulary holds."""
        return "".join(CONSONANTS[each % len(CONSONANTS)] for each in self.raw(length))

    def letters(self, script: str, length: int = 7) -> str:
        """A word of another script."""
        alphabet = LETTERS[script]
        return "".join(alphabet[each % len(alphabet)] for each in self.raw(length))

    def digits(self, length: int = 10) -> str:
        """A number that does not begin with 0."""
        more = "".join(str(each % 10) for each in self.raw(length - 1))
        return "123456789"[self.raw(1)[0] % 9] + more

    def day(self) -> date:
        """A day of the years in which there is MRI, a whole number of weeks from every other."""
        self._count += 1
        day = FIRST_DAY + timedelta(DAYS_APART * (self._count % 1_600))
        self.days.add(day)
        return day

    def uid(self) -> str:
        """A UID under a root that is not DICOM's."""
        return f"1.2.826.0.1.{self.digits(9)}.{self.digits(14)}"

    def of_vr(self, vr: str) -> tuple[Value, str | bytes]:
        """A value for an element of a VR, and what to look for."""
        text = self._text(vr)
        if text:
            return text, text[:8] if vr == "DT" else text
        if vr in _PACKED:
            code, count = _PACKED[vr]
            size = struct.calcsize(code)
            numbers = [_tame(self.raw(size), code) for _ in range(count)]
            if vr == "AT":  # written as two halves
                return numbers, struct.pack("<8H", *(half for n in numbers for half in (int(n) >> 16, int(n) & 0xFFFF)))
            return numbers, struct.pack(f"<{count}{code}", *numbers)
        content = self.raw(16)
        return content, content

    def _text(self, vr: str) -> str:
        match vr:
            case "AS":
                return f"{self.digits(3)}W"
            case "DA":
                return f"{self.day():%Y%m%d}"
            case "DT":
                return f"{self.day():%Y%m%d}101112.{self.digits(6)}"
            case "TM":
                return f"101112.{self.digits(6)}"
            case "IS":
                return f"1{self.digits(9)}"
            case "DS":
                return f"{self.digits(5)}.{self.digits(8)}"
            case "UI":
                return self.uid()
            case "PN":
                return f"{self.word()}^{self.word(7)}"
            case "AE" | "CS" | "LO" | "LT" | "SH" | "ST" | "UC" | "UR" | "UT":
                return self.word()
            case _:
                return ""


_PACKED = {
    "US": ("H", 8),
    "SS": ("h", 8),
    "UL": ("I", 4),
    "SL": ("i", 4),
    "UV": ("Q", 2),
    "SV": ("q", 2),
    "FL": ("f", 4),
    "FD": ("d", 2),
    "AT": ("I", 4),
}


def _tame(content: bytes, code: str) -> Any:
    """A number from random bytes that is no NaN and survives a round trip."""
    if code in "fd":
        content = content[:-1] + b"\x40"
    return struct.unpack(f"<{code}", content)[0]
