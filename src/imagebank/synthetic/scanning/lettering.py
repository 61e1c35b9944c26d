"""Text that is part of the image: a small font of 3 by 5 dots, as screens and consoles burn it in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagebank.synthetic.scanning.letters import plain_letters
from imagebank.synthetic.scanning.tables import text

WIDTH, HEIGHT = 3, 5
DOTS_PER_LINE = 64  # rows of an image for which one dot is one pixel; larger images get larger letters


@dataclass(frozen=True)
class Burned:
    """A line that is drawn in an image: its text and its box, as first row, first column, last row, last column."""

    text: str
    box: tuple[int, int, int, int]


@cache
def _glyphs() -> dict[str, NDArray[np.bool_]]:
    found = {}
    for line in text("font_3x5.txt").splitlines():
        letter, *drawn = line.split(" ")
        found[letter] = np.array([[dot == "#" for dot in row] for row in drawn])
    return found


def burn(image: NDArray[Any], lines: tuple[str, ...], value: int) -> tuple[Burned, ...]:
    """Draw lines of text into every image of a stack (..., rows, columns), top left; what does not fit is cut off."""
    rows, columns = image.shape[-2:]
    scale = max(1, min(rows, columns) // DOTS_PER_LINE)
    told = []
    for number, line in enumerate(lines):
        top = scale * (1 + number * (HEIGHT + 1))
        fitting = line[: (columns // scale - 1) // (WIDTH + 1)]
        if top + HEIGHT * scale > rows or not fitting:
            break
        dots = np.kron(_dots(plain_letters(fitting).upper()), np.ones((scale, scale), dtype=bool)).astype(bool)
        bottom, right = top + dots.shape[0], scale + dots.shape[1]
        image[..., top:bottom, scale:right][..., dots] = value
        told.append(Burned(fitting, (top, scale, bottom - 1, right - 1)))
    return tuple(told)


def _dots(line: str) -> NDArray[np.bool_]:
    """The dots of one line; a letter without a shape is a gap."""
    dots = np.zeros((HEIGHT, len(line) * (WIDTH + 1) - 1), dtype=bool)
    for index, letter in enumerate(line):
        if letter in _glyphs():
            dots[:, index * (WIDTH + 1) : index * (WIDTH + 1) + WIDTH] = _glyphs()[letter]
    return dots
