"""The smallest MR image that the index takes, with whatever a test says of it."""

from __future__ import annotations

import io
from typing import Any

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from imagebank.dicom.headers import FileFacts, facts_of

MR_IMAGE = "1.2.840.10008.5.1.4.1.1.4"
SMALLEST: dict[str, Any] = {
    "SOPClassUID": MR_IMAGE,
    "SOPInstanceUID": "1.2.3",
    "StudyInstanceUID": "1.2",
    "SeriesInstanceUID": "1.2.9",
    "Modality": "MR",
    "PhotometricInterpretation": "MONOCHROME2",
    "Rows": 2,
    "Columns": 2,
    "BitsAllocated": 16,
}


def facts(**told: object) -> FileFacts:
    """What the index learns of it; `told` are values by keyword."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    for keyword, value in {**SMALLEST, **told}.items():
        setattr(dataset, keyword, value)
    content = io.BytesIO()
    dataset.save_as(content, enforce_file_format=True)
    return facts_of(content.getvalue())
