"""How well burned-in text is found, and how often anatomy is taken for it: recall by style, false alarms, time a frame.

Text of four sizes, crisp and smooth, bright, dimmer and black, is drawn at random places into frames of real MR series
(the folder of real files beside the project) or, without them, into painted heads.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pydicom

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "dicom"))

from lettering import TEXTS, Style, write_text  # noqa: E402

from imagebank.dicom.burned_in import Box, find_text  # noqa: E402
from imagebank.synthetic.anatomy import grain, head_of, paint  # noqa: E402
from imagebank.synthetic.visits import Anatomy, Grid, Physics  # noqa: E402

FRAMES_A_SERIES = 6
SMALLEST_MATRIX = 96
Z = 1.96


def real_frames(data: Path) -> Iterator[np.ndarray[Any, Any]]:
    """Some frames of every MR series whose pixels can be decoded."""
    with open(data / "manifest.csv", newline="", encoding="utf-8") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: (row["series_instance_uid"], row["path"]))
    for _, series in itertools.groupby(rows, key=lambda row: row["series_instance_uid"]):
        for row in list(series)[:FRAMES_A_SERIES]:
            if row["label"] not in ("non-image", "non-MR", "MRS"):
                yield from _frames_of(data / row["path"])


def _frames_of(path: Path) -> Iterator[np.ndarray[Any, Any]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        instance = pydicom.dcmread(path, force=True)
        if instance.get("Modality") != "MR" or instance.get("SamplesPerPixel", 1) != 1:
            return
        if instance.file_meta.TransferSyntaxUID.is_encapsulated:
            return
        pixels = instance.pixel_array
    stack = pixels if pixels.ndim == 3 else pixels[None]
    for index in sorted({int(at) for at in np.linspace(0, len(stack) - 1, FRAMES_A_SERIES)}):
        yield stack[index]


def painted_frames() -> Iterator[np.ndarray[Any, Any]]:
    """Slices of a painted head with grain, in three contrasts."""
    head = head_of(Anatomy(7, "female", 74.0, 1390.0, 1020.0, 48.0, 2.9, 2.8, 9.0))
    techniques = (
        Physics("mprage", 2300, 3, inversion_ms=900, flip_deg=9),
        Physics("spin-echo", 5000, 100),
        Physics("inversion-recovery", 9000, 120, inversion_ms=2500),
    )
    chance = Random(5)
    for each in techniques:
        yield from grain(paint(head, each, Grid("axial", 24, 192, 192, 1.2, 5.0)), sigma=9.0, chance=chance)


def interval(hits: int, of: int) -> str:
    """A share with its 95 % Wilson interval."""
    if not of:
        return "-"
    share, z2 = hits / of, Z * Z
    middle, half = share + z2 / (2 * of), Z * np.sqrt(share * (1 - share) / of + z2 / (4 * of * of))
    return f"{share:6.1%} ({(middle - half) / (1 + z2 / of):.1%} to {(middle + half) / (1 + z2 / of):.1%}, n={of})"


def recall(frames: list[np.ndarray[Any, Any]], style: Style) -> tuple[int, int]:
    """Texts found of texts drawn."""
    chance, found, drawn = Random(11), 0, 0
    for frame in frames:
        written = write_text(frame, chance.choice(TEXTS), style, chance)
        if written is not None:
            drawn += 1
            found += any(box.touches(Box(*written.box)) for box in find_text(written.image))
    return found, drawn


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    data = parser.parse_args().data
    frames = list(real_frames(data) if (data / "manifest.csv").is_file() else painted_frames())
    large = [frame for frame in frames if min(frame.shape) >= SMALLEST_MATRIX]
    start = time.process_time()
    alarms = sum(bool(find_text(frame)) for frame in frames)
    spent = (time.process_time() - start) / max(1, sum(frame.size for frame in frames)) * 65536
    print(f"false alarms: {interval(alarms, len(frames))} of frames without text")
    print(f"time: {1000 * spent:.2f} ms CPU for 256 x 256 pixels")
    for smooth, on_dark, level in itertools.product((False, True), (True, False), (1.0, 0.7)):
        for size in (9, 11, 14, 20):
            style = Style(size, smooth, level, on_dark)
            ground = "dark ground" if on_dark else "anywhere"
            kind = "smooth" if smooth else "crisp"
            print(f"recall, {kind}, {size:2d} pixels, {level:.0%} bright, {ground}: {interval(*recall(large, style))}")


if __name__ == "__main__":
    main()
