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

from imagebank.dicom.pieces import Mask, pieces_of

STEEP = 0.30  # of the range of brightness: letters step from paper to ink within a pixel, anatomy rarely does
STEEP_FLAT = 0.08  # enough where the ink has one brightness to the unit, which no anatomy has
FEWEST_STEPS = 24  # three small letters have more
FEWEST_STROKES = 16  # rows of three small letters cross more
BLOCK = (16, 64)  # rows and columns; two by two of these hold the first letters of any line that is as thin
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
    """A frame and how its brightness changes from each pixel to the next of its row; by nothing from the last."""

    image: NDArray[Any]
    size: NDArray[Any]
    span: int

    def steep(self, share: float) -> Mask:
        """Where a row steps by a share of the range."""
        return np.asarray(self.size >= self._least(share))

    def steep_down(self, share: float) -> Mask:
        """Where a column does."""
        size = np.maximum(self.image[1:], self.image[:-1]) - np.minimum(self.image[1:], self.image[:-1])
        return np.asarray(size >= self._least(share))

    def _least(self, share: float) -> Any:
        return self.size.dtype.type(max(1, round(share * self.span)))


def find_text(frame: NDArray[Any]) -> tuple[Box, ...]:
    """The boxes of all lines of text in one grey frame (rows, columns), in order; none where there is no text."""
    image = np.ascontiguousarray(_unsigned(frame))
    span = _range(image)
    if not span:
        return ()
    steps = _Steps(image, _sizes(image), span)
    found: list[Box] = []
    for share, inks in ((STEEP_FLAT, _flat_inks), (STEEP, _soft_inks)):
        steep, down = steps.steep(share), None
        for ink in inks(steps, steep):
            down = steps.steep_down(share) if down is None else down
            found += _lines(_glyphs(ink, down, steep))
    return tuple(sorted(_merged([_grown(box, image.shape) for box in found]))) if found else ()


def _sizes(image: NDArray[Any]) -> NDArray[Any]:
    """The steps along rows: of the frame as one long row, which is quicker, less those from a row to the next."""
    pixels = image.ravel()
    size = np.empty_like(pixels)
    np.subtract(np.maximum(pixels[1:], pixels[:-1]), np.minimum(pixels[1:], pixels[:-1]), out=size[:-1])
    size = size.reshape(image.shape)
    size[:, -1] = 0
    return size


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


def _flat_inks(steps: _Steps, steep: Mask) -> Iterator[Mask]:
    """Where the ink could be that is one brightness to the unit: beside a step, and the same as the pixel below."""
    image, pixels = steps.image, steps.image.ravel()
    same, beside = (image[:-1] == image[1:]).ravel(), steep[:-1].ravel()
    touched = beside.copy()
    touched[1:] |= beside[:-1]
    here = np.flatnonzero(touched & same)
    if not _repeats(pixels[here], FEWEST_STEPS // 4):  # a pixel stands beside two steps at most
        return
    left, right = here[beside[here]], here[beside[here - 1]]  # of the step; none goes beyond the end of a row
    ink = np.concatenate((pixels[left], pixels[right]))
    ground = np.concatenate((pixels[left + 1], pixels[right - 1]))
    for one in (ink[ink > ground], ink[ink < ground]):
        for level in _common(one):
            mask = image == level
            if np.count_nonzero(mask) <= MOST_INK * image.size:
                yield mask


def _common(ink: NDArray[Any]) -> NDArray[Any]:
    """The brightnesses that stand most often, of those that stand often enough."""
    often = FEWEST_STEPS // 2
    if not _repeats(ink, often):
        return ink[:0]
    levels, counts = np.unique(ink, return_counts=True)
    most = np.argsort(counts)[::-1][:LEVELS_TRIED]
    return np.asarray(levels[most[counts[most] >= often]])


def _repeats(ink: NDArray[Any], times: int) -> bool:
    """Whether any brightness stands so often: in noise none does, and to sort is quicker than to count."""
    ink = np.sort(ink)
    return bool((ink[times - 1 :] == ink[: max(0, len(ink) - times + 1)]).any())


def _soft_inks(steps: _Steps, steep: Mask) -> Iterator[Mask]:
    """Where smoothed ink could be: about as bright, or as dark, as the far side of most steps."""
    image, limit = steps.image, STEEP * steps.span
    if not 2 * FEWEST_STROKES <= np.count_nonzero(steep) <= MOST_STEPS * image.size:
        return
    pixels, at = image.ravel(), np.flatnonzero(steep)
    left, right = pixels[at], pixels[at + 1]
    bright, dark = float(np.median(np.maximum(left, right))), float(np.median(np.minimum(left, right)))
    up, down = at[left < right], at[left > right]
    if _strokes(up, down, image.shape) >= FEWEST_STROKES:
        yield image >= bright - limit / 2
        yield image >= (bright + dark) / 2
    if _strokes(down, up, image.shape) >= FEWEST_STROKES:
        yield image <= dark + limit / 2
        yield image <= (bright + dark) / 2


def _strokes(enter: NDArray[np.intp], leave: NDArray[np.intp], shape: tuple[int, ...]) -> int:
    """How often rows step into something thin and out of it again, where they do so most; places go from row to row.

    Letters stand together. The rim of a head is as thin, but runs through the whole frame.
    """
    if not len(leave):
        return 0
    following = leave[np.minimum(np.searchsorted(leave, enter), len(leave) - 1)]
    row, column = np.divmod(enter, shape[1])
    thin = (following > enter) & (following - enter <= THICKEST) & (following // shape[1] == row)
    down, across = shape[0] // BLOCK[0] + 2, shape[1] // BLOCK[1] + 2  # with an empty one behind the last
    block = row[thin] // BLOCK[0] * across + column[thin] // BLOCK[1]
    count = np.bincount(block, minlength=down * across).reshape(down, across)
    pairs = count[:-1] + count[1:]
    return int((pairs[:, :-1] + pairs[:, 1:]).max())


def _glyphs(ink: Mask, steep_down: Mask, steep_across: Mask) -> list[_Glyph]:
    """The pieces of ink that could be letters: thin, with a sharp outline, of a readable size."""
    pieces = pieces_of(ink, steep_down, steep_across)
    area, edges, sharp = pieces.area, pieces.edges, pieces.sharp
    stroke = 2 * area / np.maximum(edges, 1)
    good = (area >= HEIGHTS[0]) & (sharp >= SHARP_EDGE * edges) & (stroke <= HEIGHTS[1] / 3)
    good[0] = False
    found = []
    for number, *corners in pieces.boxes(good):
        box = Box(*corners)
        if letters := _letters(box, int(area[number]), int(edges[number]), float(stroke[number])):
            found.append(_Glyph(box, letters, int(area[number])))
    return found


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
