"""Runs dcm2niix on one series and reads what it made.

What it prints is read for known messages and then thrown away, because it names what it finds; it works in a folder of
its own, with an empty environment and without the user's defaults file, within bounds of time and memory. What it made
is ordered by content, because dcm2niix meets files in the order of the disk.
"""

from __future__ import annotations

import errno
import json
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from imagebank.core.files import sha256
from imagebank.imaging import geometry
from imagebank.imaging.messages import doubt, failure, reasons
from imagebank.imaging.model import Conversion, Converted
from imagebank.imaging.sidecar import HEADER_BYTES, clean_sidecar, clock_seconds, count_volumes, image_bytes, shape
from imagebank.imaging.vocabulary import stable_label

STEM = "image"
TIMEOUT_S = 1800
"""A series takes seconds; the largest functional and diffusion series minutes. Half an hour means that it hangs."""

MEMORY_FLOOR_BYTES = 2 << 30
MEMORY_PER_BYTE = 16
"""Memory it may use: this floor, and so many bytes for each byte of the series, which may be compressed."""

MESSAGE_BYTES = 1 << 20

LOW_DISK_BYTES = 64 << 20
"""An image cut short on a disk with less room than this was cut by the disk, not by the converter."""

TABLE_SUFFIXES = (".bval", ".bvec")
OPTIONS = ("-g", "i", "-z", "n", "-b", "y", "-ba", "y", "-w", "2")
"""Ignore the defaults file, do not compress, write an anonymised sidecar, and never overwrite."""

BOUNDED = 'ulimit -v "$0" && exec "$@"'
"""For the shell that starts it: a limit set between fork and exec is not safe in a worker that has threads."""


class ConversionFailed(Exception):
    """The converter made nothing of a series; `reason` is a code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def converter_version() -> str:
    """The version of dcm2niix that is installed, which every dataset and every result names."""
    return version("dcm2niix")


def convert_folder(
    dicom: Path,
    output: Path,
    *,
    stem: str = STEM,
    timeout_s: float = TIMEOUT_S,
    memory_bytes: int | None = None,
    series_bytes: int | None = None,
) -> Conversion:
    """Convert the instances of one series into images whose names begin with `stem`. Raises ConversionFailed.

    It may use `memory_bytes`; by default as much as the size of the series allows, which is `series_bytes` if known.
    """
    output.mkdir(parents=True, exist_ok=True)
    bound = memory_bytes or memory_bound(folder_bytes(dicom) if series_bytes is None else series_bytes)
    status, said = _run([*OPTIONS, "-f", stem, "-o", str(output), str(dicom)], output, timeout_s, bound)
    images = _in_order(list(_images(output, stem)))
    if status < 0 or not images:
        raise ConversionFailed(failure(said, status))
    return Conversion(tuple(images), doubt(said, status), reasons(said, "note"))


def memory_bound(series_bytes: int) -> int:
    """How much memory a series of this size may take."""
    return MEMORY_FLOOR_BYTES + MEMORY_PER_BYTE * series_bytes


def folder_bytes(folder: Path) -> int:
    """The size of the files that lie in a folder."""
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())


def _run(arguments: list[str], output: Path, timeout_s: float, memory_bytes: int) -> tuple[int, str]:
    """Exit status and what was printed. A pipe is read, because waiting without one polls, for up to 50 ms in vain."""
    import dcm2niix

    try:
        done = subprocess.run(
            ["/bin/sh", "-c", BOUNDED, str(memory_bytes // 1024), dcm2niix.bin, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={"HOME": str(output), "LC_ALL": "C"},
            cwd=output,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ConversionFailed("converter-timeout") from None
    return done.returncode, done.stdout[:MESSAGE_BYTES].decode("utf-8", errors="replace")


def _images(output: Path, stem: str) -> Iterator[Converted]:
    for nifti in output.glob(f"{stem}*.nii"):
        with open(nifti, "rb") as file:
            header = file.read(HEADER_BYTES)
        _check_length(nifti, image_bytes(header))
        tables = tuple(path for suffix in TABLE_SUFFIXES if (path := nifti.with_suffix(suffix)).is_file())
        found = _sidecar(nifti.with_suffix(".json"))
        rows = geometry.affine(header)
        yield Converted(
            nifti=nifti,
            label=stable_label(nifti.stem.removeprefix(stem).strip("_")),
            volumes=count_volumes(header),
            b_values=_count_b_values(tables),
            sidecar=clean_sidecar(found),
            tables=tables,
            shape=shape(header),
            plane=geometry.slice_plane(rows),
            direction=geometry.phase_way(rows, found.get("PhaseEncodingDirection")),
            clock_s=clock_seconds(found),
        )


def _check_length(nifti: Path, expected: int) -> None:
    """Raise when an image was cut short: the disk is full (OSError), or the converter broke off (ConversionFailed)."""
    if nifti.stat().st_size >= expected:
        return
    if shutil.disk_usage(nifti.parent).free < max(expected, LOW_DISK_BYTES):
        raise OSError(errno.ENOSPC, "no space left for a converted image")
    raise ConversionFailed("nifti-incomplete")


def _sidecar(path: Path) -> dict[str, object]:
    """The sidecar as the converter wrote it; an image whose sidecar cannot be read is kept without one."""
    try:
        found = json.loads(path.read_bytes().decode("utf-8", errors="replace"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _count_b_values(tables: tuple[Path, ...]) -> int:
    """How many b-values there are; none unless each has a direction."""
    if len(tables) != len(TABLE_SUFFIXES):
        return 0
    values, *directions = ([len(line.split()) for line in path.read_text().splitlines() if line] for path in tables)
    return values[0] if len(values) == 1 and directions == [values * 3] else 0


def _in_order(images: list[Converted]) -> list[Converted]:
    """By echo time and label; only images that agree in both are compared by content, which costs a reading."""
    counts = Counter(_place(image) for image in images)
    return sorted(images, key=lambda image: (*_place(image), sha256(image.nifti) if counts[_place(image)] > 1 else ""))


def _place(image: Converted) -> tuple[float, str]:
    echo_time = image.sidecar.get("EchoTime")
    return (echo_time if isinstance(echo_time, int | float) else 0.0, image.label)
