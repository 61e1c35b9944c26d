"""Each slice image of an instance by what tells volumes apart: one of a classic image, many of an enhanced one.

One frame says its place, its echo, its b-value, its component and its frame type, whichever way the header says it: in
the root, in the shared functional groups, or in the frame's own.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from imagebank.dicom.fields import Fields, number_of
from imagebank.dicom.pulse import COMPONENT_WORDS, GE_B_VALUE_FLAG, b_value, component

POSITION_DIGITS = 1
"""Slice positions closer than 0.1 mm are one position."""

Orientation = tuple[float, float, float, float, float, float]
Position = tuple[float, float, float]

MACROS = {
    "ImagePositionPatient": "PlanePositionSequence",
    "ImageOrientationPatient": "PlaneOrientationSequence",
    "EffectiveEchoTime": "MREchoSequence",
    "DiffusionBValue": "MRDiffusionSequence",
    "FrameType": "MRImageFrameTypeSequence",
    "ComplexImageComponent": "MRImageFrameTypeSequence",
}
"""The functional group that holds each value of a frame, its place first (PS3.3 C.7.6.16 and C.8.13.5)."""


@dataclass(frozen=True)
class Frame:
    """One slice image; None or empty where nothing says so."""

    orientation: Orientation | None = None
    position: Position | None = None
    echo_time_ms: float | None = None
    b_value: float | None = None
    component: str = ""
    flavour: tuple[str, ...] = ()

    def moved_to(self, position: Position | None) -> Frame:
        """The same frame at another place; quicker than `replace`, because there is one for each of hundreds."""
        moved = object.__new__(Frame)
        moved.__dict__.update(self.__dict__, position=position)
        return moved


def read_frames(fields: Fields) -> tuple[Frame, ...]:
    """The frames of an instance: one of a classic image."""
    words = fields.words("ImageType")
    if not fields.frames:
        return (_classic(fields, words),)
    whole = component(fields, words)
    known: dict[tuple[tuple[str, ...], ...], Frame] = {}
    return tuple([_framed(row, known, words, whole) for row in fields.rows(MACROS)])


def _framed(
    row: tuple[tuple[str, ...], ...],
    known: dict[tuple[tuple[str, ...], ...], Frame],
    words: tuple[str, ...],
    whole: str,
) -> Frame:
    """The frame of a row; of those that differ in nothing but their place all else is worked out once."""
    others = row[1:]
    alike = known.get(others)
    if alike is None:
        alike = known[others] = _enhanced(dict(zip(MACROS, row, strict=True)), words, whole)
    return alike.moved_to(position_of(row[0]))


def common_flavours(frames: Sequence[Frame]) -> tuple[str, ...]:
    """The words of the frame type that at least half of the frames carry, in the order of the alphabet."""
    counts: Counter[str] = Counter()
    for flavour, times in Counter(frame.flavour for frame in frames).items():
        counts.update(dict.fromkeys(flavour, times))
    return tuple(word for word, times in sorted(counts.items()) if 2 * times >= len(frames))


def _classic(fields: Fields, words: tuple[str, ...]) -> Frame:
    return Frame(
        orientation=orientation_of(fields.values("ImageOrientationPatient")),
        position=position_of(fields.values("ImagePositionPatient")),
        echo_time_ms=_echo(fields.positive("EchoTime", "EffectiveEchoTime")),
        b_value=b_value(fields),
        component=component(fields, words),
        flavour=tuple(dict.fromkeys((*words, *fields.words("FrameType")))),
    )


def _enhanced(told: dict[str, tuple[str, ...]], words: tuple[str, ...], whole: str) -> Frame:
    flavour = tuple(word.upper() for word in told["FrameType"] if word) or words
    weighting = _number(told["DiffusionBValue"])
    return Frame(
        orientation=orientation_of(told["ImageOrientationPatient"]),
        position=position_of(told["ImagePositionPatient"]),
        echo_time_ms=_echo(_number(told["EffectiveEchoTime"])),
        b_value=None if weighting is None else weighting % GE_B_VALUE_FLAG,
        component=_component(told["ComplexImageComponent"], flavour, whole),
        flavour=flavour,
    )


def _component(told: tuple[str, ...], flavour: tuple[str, ...], whole: str) -> str:
    named = [COMPONENT_WORDS[word.upper()] for word in (*told, *flavour) if word.upper() in COMPONENT_WORDS]
    return next((each for each in named if each != "magnitude"), named[0] if named else whole)


def _number(texts: Sequence[str]) -> float | None:
    return next((number for number in map(number_of, texts) if number is not None and number >= 0), None)


def _echo(milliseconds: float | None) -> float | None:
    return round(milliseconds, 1) if milliseconds else None


def orientation_of(texts: tuple[str, ...]) -> Orientation | None:
    """Six direction cosines to two digits, or None when they are not two unit vectors at a right angle."""
    numbers = [number for number in map(number_of, texts) if number is not None]
    if len(numbers) != 6 or len(texts) != 6:
        return None
    row, column = numbers[:3], numbers[3:]
    unit = all(abs(math.hypot(*vector) - 1) < 0.05 for vector in (row, column))
    square = abs(sum(a * b for a, b in zip(row, column, strict=True))) < 0.05
    return tuple(round(number, 2) + 0.0 for number in numbers) if unit and square else None  # type: ignore[return-value]


def position_of(texts: tuple[str, ...]) -> Position | None:
    """A place in millimetres to a tenth, or None when it is no place."""
    if len(texts) != 3:
        return None
    x, y, z = map(_rounded, texts)
    return None if x is None or y is None or z is None else (x, y, z)


@lru_cache(maxsize=4096)
def _rounded(text: str) -> float | None:
    """A coordinate to a tenth; most are those of the frame before."""
    number = number_of(text)
    return None if number is None else round(number, POSITION_DIGITS) + 0.0
