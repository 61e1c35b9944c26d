"""A small picture of an image: its middle axial, coronal and sagittal section, side by side, as PNG. Pure.

Sections are shown as radiologists see them: the patient's right on the left of the picture, the face up or to the left,
the head up. The same image gives the same bytes: no time, no name and no text is in the file.
"""

from __future__ import annotations

import numpy as np
import scipy  # its parts are imported at their first use: they are slow to import
from numpy.typing import NDArray

from imagebank.core.png import png
from imagebank.imaging.quality.head import Volume
from imagebank.imaging.quality.volumes import Image

TILE_PX = 112
GAP_PX = 2
WINDOW = (1.0, 99.5)  # percentiles that become black and white
RIGHT, FRONT, UP = 0, 1, 2
VIEWS = ((UP, FRONT, RIGHT), (FRONT, UP, RIGHT), (RIGHT, UP, FRONT))
"""Each view: across which direction it is cut, which one runs up the picture, and which one runs to its left."""


def mosaic(volume: Volume, image: Image) -> bytes:
    """The picture of one volume."""
    low, high = np.percentile(volume[:: max(1, len(volume) // 24)], WINDOW)
    tiles = [_tile(volume, image, view) for view in VIEWS]
    gap = np.full((TILE_PX, GAP_PX), low, dtype=np.float32)
    row = np.concatenate([tiles[0], gap, tiles[1], gap, tiles[2]], axis=1)
    grey = np.clip((row - low) / max(float(high - low), 1e-9), 0, 1)
    return png(np.asarray(np.rint(255 * grey), dtype=np.uint8))


def _tile(volume: Volume, image: Image, view: tuple[int, int, int]) -> NDArray[np.float32]:
    """The middle section across a direction, in millimetres that are square, in the middle of a square tile."""
    across, up, left = (image.axis_towards(direction)[0] for direction in view)
    section = np.take(volume, volume.shape[across] // 2, axis=across)
    section = section if up < left else section.T
    if image.axis_towards(view[1])[1]:
        section = section[::-1]
    if image.axis_towards(view[2])[1]:
        section = section[:, ::-1]
    height_mm, width_mm = volume.shape[up] * image.spacing_mm[up], volume.shape[left] * image.spacing_mm[left]
    return _fitted(section, height_mm, width_mm)


def _fitted(section: NDArray[np.float32], height_mm: float, width_mm: float) -> NDArray[np.float32]:
    scale = TILE_PX / max(height_mm, width_mm, 1e-6)
    wanted = [max(1, min(TILE_PX, round(length * scale))) for length in (height_mm, width_mm)]
    steps = [have / want for have, want in zip(section.shape, wanted, strict=True)]
    smooth = scipy.ndimage.uniform_filter(section, [max(1, int(step)) for step in steps])
    places = [(np.arange(want) + 0.5) * step - 0.5 for want, step in zip(wanted, steps, strict=True)]
    grid = np.meshgrid(*places, indexing="ij")
    small = scipy.ndimage.map_coordinates(smooth, grid, order=1, mode="nearest")
    tile = np.full((TILE_PX, TILE_PX), float(section.min()), dtype=np.float32)
    top, side = ((TILE_PX - want) // 2 for want in wanted)
    tile[top : top + wanted[0], side : side + wanted[1]] = small
    return tile
