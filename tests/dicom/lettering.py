"""Texts drawn into images as consoles and workstations draw them, in the typefaces that Pillow ships."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

TEXTS = ("SMITH^JOHN 1944", "DOE JANE", "O'SHAUGHNESSY S", "K1234567", "29/02/1944", "NHS 999 000 0018", "Mrs Okonkwo")
TRIES = 40  # for a place with dark ground
DARK = 0.15  # of the range: mean brightness of dark ground
SMALLEST = 9  # at this size Pillow's fixed letters are used, whose words touch


@dataclass(frozen=True)
class Style:
    """Size in pixels, smoothed edges or not, brightness as a share of the image's range, and whether on dark ground."""

    size: int
    smooth: bool
    level: float
    on_dark: bool = False


@dataclass(frozen=True)
class Written:
    """An image with text in it, and where: top, left, bottom, right."""

    image: NDArray[Any]
    box: tuple[int, int, int, int]


def write_text(image: NDArray[Any], text: str, style: Style, chance: Random) -> Written | None:
    """The image with a text at a random place; None where it does not fit."""
    fixed = style.size == SMALLEST
    font = ImageFont.load_default_imagefont() if fixed else ImageFont.load_default(style.size)
    canvas = Image.new("L", (image.shape[1], image.shape[0]))
    pen = ImageDraw.Draw(canvas)
    pen.fontmode = "L" if style.smooth else "1"
    left, top, right, bottom = pen.textbbox((0, 0), text, font=font)
    if right > image.shape[1] - 4 or bottom > image.shape[0] - 4:
        return None
    low, high = float(image.min()), float(np.partition(image, image.size - 9, axis=None)[-9])
    places = _places(image.shape, int(right), int(bottom), chance)
    if style.on_dark:
        limit = low + DARK * (high - low)
        places = (at for at in places if image[at[1] : at[1] + int(bottom), at[0] : at[0] + int(right)].mean() < limit)
    place = next(iter(places), None)
    if place is None:
        return None
    pen.text(place, text, fill=255, font=font)
    ink = np.asarray(canvas) / 255.0
    drawn = (image * (1 - ink) + (low + style.level * (high - low)) * ink).round().astype(image.dtype)
    x, y = place
    return Written(drawn, (int(y + top), int(x + left), int(y + bottom), int(x + right)))


def _places(shape: tuple[int, ...], width: int, height: int, chance: Random) -> Iterator[tuple[int, int]]:
    for _ in range(TRIES):
        yield chance.randint(1, shape[1] - width - 2), chance.randint(1, shape[0] - height - 2)
