"""What lies beside an image: its sidecar, and the b-values and directions of a diffusion series.

A file that is missing or damaged says nothing; it never stops the measuring.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imagebank.imaging.quality.intensity import COLUMNS, ROWS

PHASE_KEYS = ("PhaseEncodingDirection", "PhaseEncodingAxis")
PHASE_AXES = {"i": COLUMNS, "j": ROWS}
IN_PLANE = {"COL": ROWS, "COLUMN": ROWS, "ROW": COLUMNS}  # DICOM names the direction in which the phase changes
COMPUTED = {"P", "PHASE", "PHASE MAP", "MIP", "MNIP", "MINIP", "PROJECTION IMAGE", "SW_MINIP"}
"""Words of ImageType that mark phases and projections."""


def stem_of(image: Path) -> Path:
    """The path of an image without its endings."""
    return image.with_name(image.name.removesuffix(".gz").removesuffix(".nii"))


def read_sidecar(image: Path) -> Mapping[str, object]:
    """The facts in the JSON beside an image; none where it cannot be read."""
    stem = stem_of(image)
    try:
        found = json.loads(stem.with_name(f"{stem.name}.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def read_gradients(image: Path) -> tuple[list[float], NDArray[np.float64]]:
    """b-values and directions (volume, 3); none where there are none or they cannot be read."""
    stem = stem_of(image)
    try:
        b_values = [float(each) for each in stem.with_name(f"{stem.name}.bval").read_text().split()]
        directions = np.loadtxt(stem.with_name(f"{stem.name}.bvec"), ndmin=2).T
    except (OSError, ValueError):
        return [], np.zeros((0, 3))
    return b_values, np.asarray(directions, dtype=np.float64)


def phase_axis(sidecar: Mapping[str, object]) -> int | None:
    """The axis of phase encoding, as an axis of volumes: 1 for rows, 2 for columns, None when it is not said."""
    told = next((str(sidecar[key]) for key in PHASE_KEYS if sidecar.get(key)), "")
    if told:
        return PHASE_AXES.get(told[0])
    return IN_PLANE.get(str(sidecar.get("InPlanePhaseEncodingDirectionDICOM")))


def is_computed(image: Path, sidecar: Mapping[str, object]) -> bool:
    """Whether an image shows phases or a projection."""
    words = sidecar.get("ImageType")
    told = {str(each).upper() for each in words} if isinstance(words, list) else set()
    return bool(told & COMPUTED) or "_part-phase" in image.name or sidecar.get("Units") == "arbitrary"
