"""Text burned into the pixels of an MR image: found by the shape of letters, without any learned weights. Pure.

Letters are small, thin, of one brightness, far brighter or darker than what is around them, and stand in lines. A frame
is first passed by a cheap count of steep steps, which nearly all images of patients fail at once; only the others are
cut into connected pieces. Errs towards finding: what looks like a line of letters is called one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

STEEP = 0.30  # of the range of brightness: letters step from paper to ink within a pixel, anatomy rarely does
STEEP_FLAT = 0.08  # enough where the ink has one brightness to the unit, which no anatomy has
FEWEST_STEPS = 24  # three small letters have more
FEWEST_STROKES = 16  # rows of three small letters cross more
THICKEST = 4  # pixels of a stroke that is looked for row by row
MOST_STEPS = 0.12  # of all pixels: where more are steep, the frame is noise and holds nothing that could be read
MOST_INK = 0.2  # of all pixels: more of one brightness is ground
FEWEST_LETTERS = 4  # in a line: a short name, or the year of birth
HEIGHTS = (5, 64)  # pixels of a letter; smaller cannot be read
LEVELS_TRIED = 3  # brightnesses of ink in one frame
WIDEST = 15  # times its height: a word whose letters touch
TANGLED = 4.5  # outline of such a word, times its width; a curved line has half of that
SHARP_EDGE = 0.6  # of a letter's outline that must be steep
MARGIN = 2  # pixels around what was found, since smoothed letters have soft edges


@dataclass(frozen=True, order=True)
class Box:
    """Rows and columns that a line of text takes, ends excluded."""

    top: int
    left: int
    bottom: int
    right: int

    def touches(self, other: Box) -> bool:
        """Whether two boxes overlap or meet."""
        rows = self.top <= other.bottom and other.top <= self.bottom
        return rows and self.left <= other.right and other.left <= self.right

    def joined(self, other: Box) -> Box:
        """The smallest box around both."""
        low = min(self.top, other.top), min(self.left, other.left)
        return Box(*low, max(self.bottom, other.bottom), max(self.right, other.right))


@dataclass(frozen=True)
class _Glyph:
    """A letter, or several that touch: where, how many, and of how many pixels."""

    box: Box
    letters: int
    area: int

    @property
    def height(self) -> int:
        return self.box.bottom - self.box.top


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


def find_text(frame: NDArray[Any]) -> tuple[Box, ...]:
    """The boxes of all lines of text in one grey frame (rows, columns), in order; none where there is no text."""
    image = _unsigned(frame)
    span = _range(image)
    if not span:
        return ()
    left, right = image[:, :-1], image[:, 1:]
    steps = _Steps(image, np.maximum(left, right) - np.minimum(left, right), right > left, span)
    found: list[Box] = []
    for share, inks in ((STEEP_FLAT, _flat_inks), (STEEP, _soft_inks)):
        steep = steps.steep(share)
        for ink in inks(steps, steep):
            found += _lines(_glyphs(ink, steps.steep_down(share), steep))
    return tuple(sorted(_merged([_grown(box, image.shape) for box in found])))


def _unsigned(frame: NDArray[Any]) -> NDArray[Any]:
    """The frame in unsigned numbers of the same order, so that small types do for their differences."""
    if frame.dtype.kind == "u" and frame.dtype.itemsize <= 2:
        return frame.astype(frame.dtype.newbyteorder("="), copy=False)
    if frame.dtype.kind == "i" and frame.dtype.itemsize == 2:
        return frame.astype(np.int16, copy=False).view(np.uint16) ^ np.uint16(1 << 15)
    return (frame.astype(np.int64) - int(frame.min(initial=0))).astype(np.uint32)


def _range(image: NDArray[Any]) -> int:
    """Brightest less darkest, but for spikes in a few rows."""
    if min(image.shape) < HEIGHTS[0]:
        return 0
    brightest = np.sort(image.max(axis=1))[-HEIGHTS[0]]
    return max(0, int(brightest) - int(image.min()))


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
    """How often a row steps into something thin and out of it again."""
    thin = np.zeros_like(enter)
    for width in range(1, THICKEST + 1):
        thin[:, :-width] |= enter[:, :-width] & leave[:, width:]
    return int(np.count_nonzero(thin))


def _glyphs(ink: NDArray[np.bool_], steep_down: NDArray[np.bool_], steep_across: NDArray[np.bool_]) -> list[_Glyph]:
    """The pieces of ink that could be letters: thin, with a sharp outline, of a readable size."""
    from scipy import ndimage

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
        if letters := _letters(box, int(area[number]), int(edges[number]), float(stroke[number])):
            found.append(_Glyph(box, letters, int(area[number])))
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


def _letters(box: Box, area: int, edges: int, stroke: float) -> int:
    """How many letters a thin piece of ink may be: 0 where it is none."""
    height, width = box.bottom - box.top, box.right - box.left
    if not HEIGHTS[0] <= height <= HEIGHTS[1] or width > WIDEST * height:
        return 0
    if stroke > max(2.0, height / 3) or area < height:
        return 0
    if width <= 1.8 * height:
        return 1
    return round(width / height) if edges >= TANGLED * width and area >= 0.2 * height * width else 0


def _lines(glyphs: list[_Glyph]) -> list[Box]:
    """Boxes of runs of letters of like height, side by side."""
    rest = sorted(glyphs, key=lambda glyph: (glyph.box.left, glyph.box.top))
    found = []
    while rest:
        line = [rest.pop(0)]
        for glyph in list(rest):
            if _follows(line[-1], glyph):
                line.append(glyph)
                rest.remove(glyph)
        if sum(glyph.letters for glyph in line) >= FEWEST_LETTERS and _is_text(line):
            box = line[0].box
            for glyph in line[1:]:
                box = box.joined(glyph.box)
            found.append(box)
    return found


def _follows(last: _Glyph, glyph: _Glyph) -> bool:
    small, large = sorted((last.height, glyph.height))
    overlap = min(last.box.bottom, glyph.box.bottom) - max(last.box.top, glyph.box.top)
    gap = glyph.box.left - last.box.right
    slack = max(1, small // 4)
    level = abs(last.box.bottom - glyph.box.bottom) <= slack or abs(last.box.top - glyph.box.top) <= slack
    return level and overlap >= 0.6 * small and large <= 1.9 * small and -1 <= gap <= 1.2 * large


def _is_text(line: list[_Glyph]) -> bool:
    """Letters differ in shape, and those of one width in ink; a row of ticks or teeth does not."""
    shapes = {(glyph.height, glyph.box.right - glyph.box.left, glyph.area) for glyph in line}
    return len(shapes) > 1 or any(glyph.letters > 1 for glyph in line)


def _grown(box: Box, shape: tuple[int, ...]) -> Box:
    top, left = max(0, box.top - MARGIN), max(0, box.left - MARGIN)
    return Box(top, left, min(shape[0], box.bottom + MARGIN), min(shape[1], box.right + MARGIN))


def _merged(boxes: list[Box]) -> list[Box]:
    """Boxes that touch become one."""
    done: list[Box] = []
    for box in boxes:
        while near := next((other for other in done if other.touches(box)), None):
            done.remove(near)
            box = box.joined(near)
        done.append(box)
    return done
