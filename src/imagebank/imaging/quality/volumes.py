"""Reads a NIfTI image one volume at a time, so that memory does not grow with the length of a series.

Volumes come as they lie in the file: slices, rows, columns, contiguous. That is the order in which every metric walks
through them; an array in the other order is ten times slower.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Volume = NDArray[np.float32]
Affine = NDArray[np.float64]

UNREADABLE = (OSError, EOFError, ValueError, zlib.error)
"""What reading a damaged image raises; a full disk is no matter here, because nothing is written."""


class NotGrey(ValueError):
    """The image is in colour or complex: no metric has a meaning for it."""


@dataclass(frozen=True)
class Image:
    """The header of an image. `shape` is (slices, rows, columns); `affine` takes (column, row, slice) to RAS mm."""

    path: Path
    shape: tuple[int, int, int]
    volumes: int
    affine: Affine = field(repr=False)
    dtype: np.dtype[Any]
    offset: int
    slope: float
    intercept: float

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Distance of slices, rows and columns."""
        column, row, along = (float(np.linalg.norm(self.affine[:3, axis])) for axis in range(3))
        return (along, row, column)

    def axis_towards(self, direction: int) -> tuple[int, bool]:
        """The axis (0 slices, 1 rows, 2 columns) nearest to right (0), front (1) or up (2), and whether it runs so."""
        cosines = self.affine[:3, :3] / np.maximum(np.linalg.norm(self.affine[:3, :3], axis=0), 1e-9)
        taken = _nearest_axes(np.abs(cosines))
        column = taken[direction]
        return 2 - column, bool(cosines[direction, column] > 0)


def _nearest_axes(cosines: NDArray[np.float64]) -> tuple[int, int, int]:
    """For each direction of the patient the voxel axis next to it, no axis twice: the best of the six ways."""
    ways = ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0))
    return max(ways, key=lambda way: sum(cosines[direction, axis] for direction, axis in enumerate(way)))


def open_image(path: Path) -> Image:
    """The header of a NIfTI image. Raises NotGrey for colours, and one of `UNREADABLE` for what is no image."""
    import nibabel
    from nibabel.filebasedimages import ImageFileError

    try:
        image = nibabel.load(path)
    except ImageFileError:
        raise ValueError("not a NIfTI image") from None
    header = image.header
    dtype = header.get_data_dtype()
    if dtype.fields or dtype.kind not in "iuf":
        raise NotGrey
    columns, rows, slices, *rest = (*image.shape, 1, 1)[: max(len(image.shape), 3)]
    return Image(
        path=path,
        shape=(slices, rows, columns),
        volumes=math.prod(rest),
        affine=np.asarray(image.affine, dtype=np.float64),
        dtype=dtype,
        offset=int(image.dataobj.offset),  # the header's own is set to 0 when nibabel reads it
        slope=float(image.dataobj.slope),
        intercept=float(image.dataobj.inter),
    )


def each_volume(image: Image) -> Iterator[Volume]:
    """The volumes in turn. Raises one of `UNREADABLE` where the file ends early or is damaged."""
    size = math.prod(image.shape) * image.dtype.itemsize
    with _opened(image.path) as file:
        file.read(image.offset)
        for _ in range(image.volumes):
            content = file.read(size)
            if len(content) != size:
                raise EOFError("the image ends early")
            yield _scaled(np.frombuffer(content, image.dtype).reshape(image.shape), image)


def _opened(path: Path) -> Any:
    from isal import igzip

    return igzip.open(path, "rb") if path.suffix == ".gz" else open(path, "rb")


def _scaled(stored: NDArray[Any], image: Image) -> Volume:
    volume = stored.astype(np.float32)
    if image.dtype.kind == "f":
        np.nan_to_num(volume, copy=False, posinf=0.0, neginf=0.0)
    if (image.slope, image.intercept) != (1.0, 0.0):
        volume *= np.float32(image.slope)
        volume += np.float32(image.intercept)
    return volume
