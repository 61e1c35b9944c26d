"""Real files as banked series: zips of instances, as the bank keeps them."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path

import pydicom
import pytest

from imagebank.imaging import SeriesToConvert
from imagebank.imaging.vocabulary import rows_of

DATA = Path(__file__).parents[2].parent / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the folder of real MRI files is not beside the repository")

SERIES = {
    "t1": ("neurolabusc+dcm_qa_xa30/In/5_anat-T1w_acq-tfl", "T1w", "sagittal", "3D"),
    "dwi": ("neurolabusc+dcm_qa_uih/In", "DWI", "axial", "2D"),
    "dwige": ("neurolabusc+dcm_qa_ge/In", "DWI", "axial", "2D"),
    "bold": ("neurolabusc+dcm_qa_xa30/In/7_func-bold_task-fa_run-1", "BOLD", "axial", "2D"),
    "boldecho": ("neurolabusc+dcm_qa_me/In", "BOLD", "axial", "2D"),
    "pd": ("rii-mango+Papaya", "PDw", "axial", "2D"),
    "dual": ("neurolabusc+dcm_qa_pdt2/In", "PDw", "sagittal", "2D"),
    "locgre": ("neurolabusc+dcm_qa_table/In", "localizer", "several", "2D"),
    "b0map": ("neurolabusc+dcm_qa_fmap/In", "fieldmap", "axial", "2D"),
    "mrs": ("neurolabusc+dcm_qa_spec/In", "MRS", "axial", None),
    "asl": ("neurolabusc+dcm_qa_xa30/In/25_asl_2d_tra", "ASL", "axial", "2D"),
    "gremag": ("neurolabusc+dcm_qa_xa30/In/8_gre_field_mapping", "fieldmap", "axial", "2D"),
    "grephase": ("neurolabusc+dcm_qa_xa30/In/9_gre_field_mapping", "fieldmap", "axial", "2D"),
    "adc": ("neurolabusc+dcm_qa_xa30/In/11_DWI_dir80_PA", "ADC", "axial", "2D"),
}
"""Name of a series, its folder, and what the classifier says of it."""


def bank_series(root: Path, name: str, *, change: dict[str, str] | None = None) -> SeriesToConvert:
    """Put one real series into a bank as a zip; `change` sets elements of every instance."""
    folder, sequence, plane, acquisition = SERIES[name]
    zip_path = f"dicom/P1/S1/{name}.zip"
    (root / zip_path).parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(root / zip_path, "w", zipfile.ZIP_STORED) as archive:
        for number, path in enumerate(sorted(p for p in (DATA / folder).rglob("*") if is_dicom(p))):
            archive.writestr(f"2.25.{number}.dcm", instance(path, change))
    return SeriesToConvert(name, zip_path, sequence, plane, acquisition, None, list(SERIES).index(name))


def explained_warnings() -> set[tuple[str, str]]:
    """Code and key of each of the validator's warnings that the documentation explains."""
    return {(row["code"], key) for row in rows_of("validator_warnings") for key in row["keys"].split() or [""]}


def is_dicom(path: Path) -> bool:
    if not path.is_file():
        return False
    with open(path, "rb") as file:
        return file.read(132)[128:] == b"DICM"


def instance(path: Path, change: dict[str, str] | None) -> bytes:
    """The bytes of an instance, changed; group 0, which some files carry against the standard, cannot be written."""
    if not change:
        return path.read_bytes()
    dataset, buffer = pydicom.dcmread(path), BytesIO()
    for tag in [element.tag for element in dataset if element.tag.group == 0]:
        del dataset[tag]
    for keyword, value in change.items():
        setattr(dataset, keyword, value)
    dataset.save_as(buffer)
    return buffer.getvalue()
