"""Painted heads as NIfTI images with the zip of their series: sound ones, and ones with a planted fault."""

from __future__ import annotations

import io
import zipfile
from functools import cache
from pathlib import Path
from random import Random

import nibabel
import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage

from imagebank.imaging.quality import Measured, QualityResult, QualityTask, assess_image
from imagebank.synthetic.anatomy import bias, grain, head_of, paint, spoil
from imagebank.synthetic.visits import Anatomy, Grid, Physics

GRID = Grid("axial", 22, 64, 64, 3.6, 7.0)
T2 = Physics("spin-echo", 4830, 98)
AFFINE = np.array([[-3.6, 0, 0, 115], [0, -3.6, 0, 115], [0, 0, 7.0, -73], [0, 0, 0, 1.0]])
"""Of arrays (column, row, slice) that were painted left, back and up."""

Volume = NDArray[np.int32]


@cache
def head(number: int) -> Volume:
    """A person's head without noise, (slice, row, column)."""
    anatomy = Anatomy(number, "female" if number % 2 else "male", 50 + number, 1350 + 12 * number, 1080, 30, 3, 3, 4)
    return paint(head_of(anatomy, "small"), T2, GRID)


def scanned(number: int, fault: str = "", volume: Volume | None = None) -> Volume:
    """What the scanner stores of a head, spoilt or not."""
    chance = Random(number)
    painted = head(number) if volume is None else volume
    spoilt = spoil(painted, fault, chance).volume if fault else painted
    return grain(bias(spoilt, GRID, chance), sigma=9.0, chance=chance)


def save(path: Path, volume: NDArray[np.generic], affine: NDArray[np.float64] = AFFINE) -> None:
    """Write (slice, row, column) or (volume, slice, row, column) as NIfTI."""
    path.parent.mkdir(parents=True, exist_ok=True)
    order = (2, 1, 0) if volume.ndim == 3 else (3, 2, 1, 0)
    nibabel.save(nibabel.Nifti1Image(np.ascontiguousarray(volume.transpose(order)).astype(np.int16), affine), path)


def instance(place_mm: float, number: int, **changes: object) -> Dataset:
    """The header of one axial slice."""
    header = Dataset()
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    header.file_meta.MediaStorageSOPClassUID = header.SOPClassUID = MRImageStorage
    header.file_meta.MediaStorageSOPInstanceUID = header.SOPInstanceUID = f"2.25.{number + 1}"
    header.ImagePositionPatient = [-100.0, -100.0, place_mm]
    header.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    header.PatientPosition, header.SoftwareVersions = "HFS", "syngo MR B17"
    header.Rows, header.Columns, header.AcquisitionMatrix = 64, 64, [64, 0, 0, 32]
    for name, value in changes.items():
        setattr(header, name, value)
    return header


def save_zip(path: Path, headers: list[Dataset]) -> Path:
    """Write headers as the bank's zip of a series."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for number, header in enumerate(headers):
            written = io.BytesIO()
            pydicom.dcmwrite(written, header, enforce_file_format=True)
            archive.writestr(f"{number:04d}.dcm", written.getvalue())
    return path


def assess(root: Path, name: str, sequence: str = "T2w", acquisition: str | None = "2D") -> QualityResult:
    """Measure `name`.nii.gz with `name`.zip below `root`."""
    return assess_image(QualityTask(root, f"{name}.nii.gz", f"{name}.zip", f"{name}.png", sequence, acquisition))


def measured(name: str, result: QualityResult, sequence: str = "T2w", scanner: str = "a") -> Measured:
    """A result as the verdict sees it."""
    return Measured(name, sequence, "2D", scanner, result.software, result.values, result.absent)
