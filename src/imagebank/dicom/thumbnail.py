"""A look into a banked series: one volume of its pixels, and a small PNG of its middle slice."""

from __future__ import annotations

import io
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pydicom

from imagebank.core.png import png
from imagebank.dicom.frames import orientation_of, position_of
from imagebank.dicom.geometry import normal_of

Array = np.ndarray[Any, np.dtype[Any]]

MOST_INSTANCES = 24
MOST_FRAMES = 64
MOST_MOMENTS = 400
SIDE = 96
"""Pixels of a thumbnail's longer side."""

WINDOW = (1.0, 99.0)  # percentiles that become black and white


def read_volume(archive: Path) -> Array:
    """Some slices of a banked series in their order in space, as (slices, rows, columns).

    Raises ValueError where no pixel can be decoded.
    """
    slices: list[tuple[float, Array]] = []
    with zipfile.ZipFile(archive) as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        names = sorted(file.namelist())
        for name in names[:: max(1, len(names) // MOST_INSTANCES)]:
            slices += _slices(file.read(name))
    if not slices:
        raise ValueError("no instance has pixels that can be decoded")
    shape = slices[0][1].shape
    same = [(place, pixels) for place, pixels in slices if pixels.shape == shape]
    return np.stack([pixels for _, pixels in sorted(same, key=lambda each: each[0])])


def read_run(archive: Path) -> Array | None:
    """The same place of a banked run at some moments, as (moments, slices, rows, columns); None where it has one."""
    places: dict[tuple[float, tuple[int, ...]], list[Array]] = {}
    with zipfile.ZipFile(archive) as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in sorted(file.namelist())[:MOST_MOMENTS]:
            dataset = pydicom.dcmread(io.BytesIO(file.read(name)))
            pixels = _pixels(dataset)
            if pixels is not None:
                place = 0.0 if pixels.ndim == 3 else _place(dataset)
                places.setdefault((place, pixels.shape), []).append(pixels)
    longest = max(places.values(), key=len, default=[])
    if len(longest) < 2:
        return None
    run = np.stack(longest)
    return run if run.ndim == 4 else run[:, None]


def _pixels(dataset: pydicom.Dataset) -> Array | None:
    """The pixels of an instance in grey; None where they cannot be decoded."""
    try:
        pixels = np.asarray(dataset.pixel_array, dtype=np.float32)
    except Exception:  # decoders raise whatever they like; here it only means that there is nothing to show
        return None
    return pixels.mean(axis=-1) if dataset.get("SamplesPerPixel", 1) != 1 else pixels


def _slices(content: bytes) -> list[tuple[float, Array]]:
    dataset = pydicom.dcmread(io.BytesIO(content))
    pixels = _pixels(dataset)
    if pixels is None:
        return []
    if pixels.ndim == 3:
        chosen = pixels[:: max(1, len(pixels) // MOST_FRAMES)]
        return [(float(place), each) for place, each in enumerate(chosen)]
    return [(_place(dataset), pixels)]


def _place(dataset: pydicom.Dataset) -> float:
    """How far along its normal a slice lies."""
    orientation = orientation_of(tuple(map(str, dataset.get("ImageOrientationPatient") or ())))
    position = position_of(tuple(map(str, dataset.get("ImagePositionPatient") or ())))
    if orientation is None or position is None:
        return 0.0
    return sum(a * b for a, b in zip(normal_of(orientation), position, strict=True))


def thumbnail(volume: Array) -> bytes:
    """The middle slice as a small grey PNG."""
    middle = volume[len(volume) // 2]
    step = max(1, -(-max(middle.shape) // SIDE))
    small = middle[::step, ::step]
    low, high = np.percentile(middle, WINDOW)
    scaled = np.clip((small - low) / (high - low if high > low else 1.0), 0, 1)
    return png((255 * scaled).astype(np.uint8))
