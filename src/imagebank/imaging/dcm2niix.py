"""Runs dcm2niix on one series and reads what it made.

Its output is never read or logged, because it names what it finds; it works in a folder of its own, with an empty
environment and without the user's defaults file, and is stopped when it takes too long. What it made is ordered by
content, because dcm2niix meets files in the order of the disk.
"""

from __future__ import annotations

import errno
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from imagebank.core.files import sha256
from imagebank.imaging.model import Converted
from imagebank.imaging.sidecar import HEADER_BYTES, clean_sidecar, count_volumes, image_bytes

STEM = "image"
TIMEOUT_S = 1800
"""A series takes seconds; the largest functional and diffusion series minutes. Half an hour means that it hangs."""

LOW_DISK_BYTES = 64 << 20
"""An image cut short on a disk with less room than this was cut by the disk, not by the converter."""

TABLE_SUFFIXES = (".bval", ".bvec")
OPTIONS = ("-g", "i", "-z", "n", "-b", "y", "-ba", "y", "-w", "2", "-f", STEM)
"""Ignore the defaults file, do not compress, write an anonymised sidecar, and never overwrite."""


class ConversionFailed(Exception):
    """The converter made nothing of a series; `reason` is a code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def convert_folder(dicom: Path, output: Path, *, timeout_s: float = TIMEOUT_S) -> tuple[Converted, ...]:
    """Convert the instances of one series into images in a new folder. Raises ConversionFailed."""
    output.mkdir(parents=True)
    status = _run(dicom, output, timeout_s)
    images = sorted(_images(output, complete=status == 0), key=_order)
    if status < 0 or not images:
        raise ConversionFailed("converter-crashed" if status < 0 else "converter-made-nothing")
    return tuple(images)


def _run(dicom: Path, output: Path, timeout_s: float) -> int:
    import dcm2niix

    try:
        return subprocess.run(
            [dcm2niix.bin, *OPTIONS, "-o", str(output), str(dicom)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"HOME": str(output), "LC_ALL": "C"},
            cwd=output,
            timeout=timeout_s,
            check=False,
        ).returncode
    except subprocess.TimeoutExpired:
        raise ConversionFailed("converter-timeout") from None


def _images(output: Path, *, complete: bool) -> Iterator[Converted]:
    for nifti in output.glob(f"{STEM}*.nii"):
        with open(nifti, "rb") as file:
            header = file.read(HEADER_BYTES)
        _check_length(nifti, image_bytes(header))
        tables = tuple(path for suffix in TABLE_SUFFIXES if (path := nifti.with_suffix(suffix)).is_file())
        yield Converted(
            nifti=nifti,
            label=nifti.stem.removeprefix(STEM).strip("_"),
            volumes=count_volumes(header),
            b_values=_count_b_values(tables),
            sidecar=_sidecar(nifti.with_suffix(".json")),
            tables=tables,
            complete=complete,
        )


def _check_length(nifti: Path, expected: int) -> None:
    """Raise when an image was cut short: the disk is full (OSError), or the converter broke off (ConversionFailed)."""
    if nifti.stat().st_size >= expected:
        return
    if shutil.disk_usage(nifti.parent).free < max(expected, LOW_DISK_BYTES):
        raise OSError(errno.ENOSPC, "no space left for a converted image")
    raise ConversionFailed("nifti-incomplete")


def _sidecar(path: Path) -> dict[str, object]:
    """The cleaned sidecar; an image whose sidecar cannot be read is kept without one."""
    try:
        found = json.loads(path.read_bytes().decode("utf-8", errors="replace"))
    except (OSError, ValueError):
        return {}
    return clean_sidecar(found) if isinstance(found, dict) else {}


def _count_b_values(tables: tuple[Path, ...]) -> int:
    """How many b-values there are; none unless each has a direction."""
    if len(tables) != len(TABLE_SUFFIXES):
        return 0
    values, *directions = ([len(line.split()) for line in path.read_text().splitlines() if line] for path in tables)
    return values[0] if len(values) == 1 and directions == [values * 3] else 0


def _order(image: Converted) -> tuple[float, str, str]:
    echo_time = image.sidecar.get("EchoTime")
    return (echo_time if isinstance(echo_time, int | float) else 0.0, image.label, sha256(image.nifti))
