"""The step that measures one image: NIfTI, sidecar and the headers of its series in, numbers and a small picture out.

Runs in a worker process. What cannot be read is no failure of the step: it is the reason why metrics have no value. The
same image gives the same numbers on any worker.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imagebank.core.files import disk_errors, hide_time, sha256, write_bytes
from imagebank.imaging.quality import positions
from imagebank.imaging.quality.beside import is_computed, phase_axis, read_gradients, read_sidecar
from imagebank.imaging.quality.head import Head, Volume, find_head
from imagebank.imaging.quality.intensity import Way, intensity
from imagebank.imaging.quality.model import Absent, QualityResult, QualityTask, Reading, metrics, tidy
from imagebank.imaging.quality.mosaics import mosaic
from imagebank.imaging.quality.placement import coverage_mm, placement
from imagebank.imaging.quality.positions import SeriesHeaders, read_headers
from imagebank.imaging.quality.series import DIFFUSION, OVER_TIME, diffusion, follow, over_time
from imagebank.imaging.quality.stacking import stacking
from imagebank.imaging.quality.volumes import UNREADABLE, Image, NotGrey, each_volume, open_image

VERSION = "1"
"""Raised whenever the same image would give other numbers or another picture."""


def assess_image(task: QualityTask) -> QualityResult:
    """Measure one image and write its mosaic. Raises DiskFull."""
    path = task.root / task.image
    headers = _headers(task.root / task.zip_path)
    readings: dict[str, Reading] = dict(_of_headers(headers))
    picture = b""
    try:
        image = open_image(path)
        measured, picture = _of_image(image, task, packed=headers is not None and headers.mosaic)
        readings |= measured
    except NotGrey:
        readings |= _rest(readings, "colour")
    except UNREADABLE:
        readings |= _rest(readings, "unreadable")
    readings |= _rest(readings, "not-for-this-sequence")
    return _result(tidy(readings), headers.software if headers else "", _keep(task.root / task.mosaic, picture))


def _headers(path: Path) -> SeriesHeaders | None:
    try:
        return read_headers(path)
    except positions.UNREADABLE:
        return None


def _of_headers(headers: SeriesHeaders | None) -> dict[str, Reading]:
    if headers is None:
        names = ("missing_slices", "duplicate_slices", "spacing_spread", "shear_deg", "feet_first", "interpolation")
        return dict.fromkeys(names, Absent("unreadable"))
    silent = Absent("header-silent")
    told = headers.acquired_pixels and headers.stored_pixels and not headers.mosaic
    return {
        **stacking(headers.slices, mosaic=headers.mosaic),
        "feet_first": float(headers.patient_position.startswith("FF")) if headers.patient_position else silent,
        "interpolation": headers.stored_pixels / headers.acquired_pixels if told else silent,
    }


def _of_image(image: Image, task: QualityTask, *, packed: bool) -> tuple[dict[str, Reading], bytes]:
    """Everything that the voxels say: of one volume, and of all in their order."""
    b_values, directions = read_gradients(image.path)
    sidecar = read_sidecar(image.path)
    chosen = _chosen(image, task.sequence, b_values)
    volume = next(volume for place, volume in enumerate(each_volume(image)) if place == chosen)
    head = find_head(volume, image.spacing_mm)
    way = Way(task.sequence, task.acquisition, phase_axis(sidecar))
    readings: dict[str, Reading] = {
        **(_lost_in_mosaic(volume) if packed else {}),
        "slices": float(image.shape[0]),
        "coverage_mm": coverage_mm(image),
        "padding_share": float(np.mean(volume == 0)),
        "volumes": float(image.volumes),
    }
    picture = mosaic(volume, image)
    if is_computed(image.path, sidecar):
        return readings | _rest(readings, "computed"), picture
    readings |= placement(image, head, stack=task.acquisition != "3D")
    readings |= intensity(volume, head, way)
    del volume
    return readings | _of_series(image, task.sequence, head, b_values, directions), picture


def _lost_in_mosaic(volume: Volume) -> dict[str, Reading]:
    """Slices of a mosaic that are black between others: its headers could not say that they are missing."""
    held = np.flatnonzero(volume.any(axis=(1, 2)))
    return {"missing_slices": float(held[-1] - held[0] + 1 - len(held)) if len(held) else Absent("no-head")}


def _of_series(
    image: Image, sequence: str, head: Head, b_values: list[float], directions: NDArray[np.float64]
) -> dict[str, Reading]:
    if sequence not in ("BOLD", "DWI"):
        return dict.fromkeys((*OVER_TIME, *DIFFUSION), Absent("not-for-this-sequence"))
    if image.volumes < 2:
        return dict.fromkeys(OVER_TIME if sequence == "BOLD" else DIFFUSION, Absent("too-few-volumes"))
    mask = head.whole(head.head)
    course = follow((head.cropped(volume) for volume in each_volume(image)), mask)
    return over_time(course) if sequence == "BOLD" else diffusion(course, b_values, directions)


def _chosen(image: Image, sequence: str, b_values: list[float]) -> int:
    """The volume that stands for all: the least weighted, of a time series the middle one, else the first."""
    if len(b_values) == image.volumes:
        return int(np.argmin(b_values))
    return image.volumes // 2 if sequence == "BOLD" else 0


def _rest(readings: dict[str, Reading], reason: str) -> dict[str, Reading]:
    return {name: Absent(reason) for name in metrics() if name not in readings}


def _keep(path: Path, picture: bytes) -> str:
    """Write the picture, if there is one, and return its digest."""
    with disk_errors():
        if not picture:
            path.unlink(missing_ok=True)
            return ""
        write_bytes(path, picture)
        digest = sha256(path)
        hide_time(path, digest)
    return digest


def _result(readings: dict[str, Reading], software: str, mosaic_sha256: str) -> QualityResult:
    ordered = {name: readings[name] for name in metrics()}
    return QualityResult(
        values={name: value for name, value in ordered.items() if not isinstance(value, Absent)},
        absent={name: value.reason for name, value in ordered.items() if isinstance(value, Absent)},
        software=software,
        mosaic_sha256=mosaic_sha256,
    )
