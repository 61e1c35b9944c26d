"""Where the head lies in the field of view: what is cut off, and whether it lies as the header says. Pure.

A head ends above in a closed dome and below in a neck, which runs out of the field of view. Where the "lower" end is
closed and the "upper" one is not, the header has the patient upside down. Left and right cannot be told apart in this
way: a head is too symmetric.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from imagebank.imaging.quality.head import Head, Mask
from imagebank.imaging.quality.model import Absent, Reading
from imagebank.imaging.quality.volumes import Image

RIGHT, FRONT, UP = 0, 1, 2
CLOSED = 0.12  # section of an end that the head does not reach, as a share of the widest: noise at the edge
FEWEST_BLOCKS = 5  # along an axis, for its ends to mean something
MOST_PARTIAL_MM = 100.0  # a stack shorter than this shows neither end of a head
SHORT = Absent("too-few-slices")


def coverage_mm(image: Image) -> float:
    """Length of the field of view along the feet-to-head axis, all voxel axes together."""
    edges = np.abs(image.affine[UP, :3]) * np.array(image.shape[::-1])
    return float(edges.max())


def placement(image: Image, head: Head, *, stack: bool) -> dict[str, Reading]:
    """How much of the head is cut at the top and at the sides, and whether it is upside down.

    In a 2D `stack` the first and the last slice are where the protocol puts them, and do not count as sides.
    """
    if not head.found:
        return dict.fromkeys(("cut_top", "cut_sides", "upside_down"), Absent("no-head"))
    below, above = _ends(head.head, image, UP)
    long_enough = coverage_mm(image) >= MOST_PARTIAL_MM and head.head.shape[image.axis_towards(UP)[0]] >= FEWEST_BLOCKS
    sides = [end for direction in (RIGHT, FRONT) for end in _side(head.head, image, direction, stack=stack)]
    return {
        "cut_top": above if long_enough else SHORT,
        "cut_sides": max(sides) if sides else SHORT,
        "upside_down": _upside_down(below, above) if long_enough else SHORT,
    }


def _upside_down(below: float, above: float) -> float:
    return max(0.0, above - below) if below < CLOSED else 0.0


def _side(mask: Mask, image: Image, direction: int, *, stack: bool) -> tuple[float, ...]:
    axis, _ = image.axis_towards(direction)
    if mask.shape[axis] < FEWEST_BLOCKS or (stack and axis == 0):
        return ()
    return _ends(mask, image, direction)


def _ends(mask: Mask, image: Image, direction: int) -> tuple[float, float]:
    """Sections of the two faces of an axis, the one from which it runs first; as shares of the widest section."""
    axis, upwards = image.axis_towards(direction)
    sections = sections_along(mask, axis)
    widest = float(sections.max()) or 1.0
    first, last = float(sections[0]) / widest, float(sections[-1]) / widest
    return (first, last) if upwards else (last, first)


def sections_along(mask: Mask, axis: int) -> NDArray[np.int64]:
    """How many blocks of the mask lie in each section across an axis."""
    others = tuple(each for each in range(3) if each != axis)
    return np.asarray(mask.sum(axis=others))
