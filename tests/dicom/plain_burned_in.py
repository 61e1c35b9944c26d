"""The search for burned-in text as it reads best: whole masks instead of places, every piece of ink looked at.

The plain twin of `imagebank.dicom.burned_in`: slower, and what it finds is what must be found.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from imagebank.dicom import burned_in
from imagebank.dicom.burned_in import (
    BLOCK,
    FEWEST_STEPS,
    FEWEST_STROKES,
    HEIGHTS,
    LEVELS_TRIED,
    MOST_INK,
    MOST_STEPS,
    SHARP_EDGE,
    STEEP,
    STEEP_FLAT,
    THICKEST,
    Box,
)


@dataclass(frozen=True)
class _Steps:
    """A frame and how its brightness changes along its rows."""

    image: NDArray[Any]
    size: NDArray[Any]
    up: NDArray[np.bool_]
    span: int

    def steep(self, share: float) -> NDArray[np.bool_]:
        """Where a row steps by a share of the range."""
        return np.asarray(self.size >= self.size.dtype.type(max(1, round(share * self.span))))

    def steep_down(self, share: float) -> NDArray[np.bool_]:
        """Where a column does."""
        size = np.maximum(self.image[1:], self.image[:-1]) - np.minimum(self.image[1:], self.image[:-1])
        return np.asarray(size >= size.dtype.type(max(1, round(share * self.span))))


def find_text_plainly(frame: NDArray[Any]) -> tuple[Box, ...]:
    """The boxes of all lines of text in one grey frame (rows, columns), in order; none where there is no text."""
    image = burned_in._unsigned(frame)
    span = burned_in._range(image)
    if not span:
        return ()
    left, right = image[:, :-1], image[:, 1:]
    steps = _Steps(image, np.maximum(left, right) - np.minimum(left, right), right > left, span)
    found: list[Box] = []
    for share, inks in ((STEEP_FLAT, _flat_inks), (STEEP, _soft_inks)):
        steep = steps.steep(share)
        for ink in inks(steps, steep):
            found += burned_in._lines(_glyphs(ink, steps.steep_down(share), steep))
    return tuple(sorted(burned_in._merged([burned_in._grown(box, image.shape) for box in found])))


def _flat_inks(steps: _Steps, steep: NDArray[np.bool_]) -> Iterator[NDArray[np.bool_]]:
    """Where the ink could be that is one brightness to the unit: beside a step, and the same as the pixel below."""
    image = steps.image
    same = image[:-1] == image[1:]
    bright_right = steep & steps.up
    for bright in (True, False):
        on_right = (bright_right if bright else steep & ~steps.up)[:-1] & same[:, 1:]
        on_left = (steep & ~steps.up if bright else bright_right)[:-1] & same[:, :-1]
        ink = np.concatenate((image[:-1, 1:][on_right], image[:-1, :-1][on_left]))
        if len(ink) < FEWEST_STEPS // 2:
            continue
        levels, counts = np.unique(ink, return_counts=True)
        for index in np.argsort(counts)[::-1][:LEVELS_TRIED]:
            here = image == levels[index]
            if counts[index] >= FEWEST_STEPS // 2 and np.count_nonzero(here) <= MOST_INK * image.size:
                yield here


def _soft_inks(steps: _Steps, steep: NDArray[np.bool_]) -> Iterator[NDArray[np.bool_]]:
    """Where smoothed ink could be: about as bright, or as dark, as the far side of most steps."""
    image, limit = steps.image, STEEP * steps.span
    if not 2 * FEWEST_STROKES <= np.count_nonzero(steep) <= MOST_STEPS * image.size:
        return
    up, down = steep & steps.up, steep & ~steps.up
    left, right = image[:, :-1][steep], image[:, 1:][steep]
    bright, dark = float(np.median(np.maximum(left, right))), float(np.median(np.minimum(left, right)))
    if _strokes(up, down) >= FEWEST_STROKES:
        yield image >= bright - limit / 2
        yield image >= (bright + dark) / 2
    if _strokes(down, up) >= FEWEST_STROKES:
        yield image <= dark + limit / 2
        yield image <= (bright + dark) / 2


def _strokes(enter: NDArray[np.bool_], leave: NDArray[np.bool_]) -> int:
    """How often rows step into something thin and out of it again, in the window of four blocks where it is most."""
    thin = np.zeros_like(enter)
    for width in range(1, THICKEST + 1):
        thin[:, :-width] |= enter[:, :-width] & leave[:, width:]
    tops, lefts = (range(0, size, block) for size, block in zip(thin.shape, BLOCK, strict=True))
    windows = (thin[top : top + 2 * BLOCK[0], left : left + 2 * BLOCK[1]] for top in tops for left in lefts)
    return max((int(np.count_nonzero(each)) for each in windows), default=0)


def _glyphs(ink: NDArray[np.bool_], steep_down: NDArray[np.bool_], steep_across: NDArray[np.bool_]) -> list[Any]:
    """The pieces of ink that could be letters: thin, with a sharp outline, of a readable size."""

    pieces, count = ndimage.label(ink, structure=np.ones((3, 3), dtype=int))
    area = np.bincount(pieces.ravel(), minlength=count + 1)
    edges, sharp = _outline(pieces, steep_down, steep_across, count)
    stroke = 2 * area / np.maximum(edges, 1)
    good = (area >= HEIGHTS[0]) & (sharp >= SHARP_EDGE * edges) & (stroke <= HEIGHTS[1] / 3)
    good[0] = False
    places = ndimage.find_objects((np.cumsum(good) * good)[pieces])  # noise has thousands of pieces, few of them good
    found = []
    for number, (rows, columns) in zip(np.flatnonzero(good), places, strict=True):
        box = Box(rows.start, columns.start, rows.stop, columns.stop)
        if letters := burned_in._letters(box, int(area[number]), int(edges[number]), float(stroke[number])):
            found.append(burned_in._Glyph(box, letters, int(area[number])))
    return found


def _outline(
    pieces: NDArray[Any], steep_down: NDArray[np.bool_], steep_across: NDArray[np.bool_], count: int
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Length of each piece's outline in pixel edges, and how much of it is steep."""
    edges, sharp = np.zeros(count + 1, dtype=int), np.zeros(count + 1, dtype=int)
    for one, two, steep in (
        (pieces[:-1], pieces[1:], steep_down),
        (pieces[:, :-1], pieces[:, 1:], steep_across),
    ):
        border = one != two
        for side in (one, two):
            edges += np.bincount(side[border], minlength=count + 1)
            sharp += np.bincount(side[border & steep], minlength=count + 1)
    return edges, sharp
