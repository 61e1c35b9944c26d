"""The smallest instance that may be banked, for tests to plant things in."""

from __future__ import annotations

from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

SECRET = "Featherstonehaugh"


def image(sop_class: str = "1.2.840.10008.5.1.4.1.1.4") -> FileDataset:
    """An image of four pixels with its UIDs, and a secret in its preamble."""
    dataset = FileDataset("", {}, preamble=SECRET.encode().ljust(128, b"\0"), file_meta=FileMetaDataset())
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID, dataset.SOPInstanceUID = sop_class, "1.2.3"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.4", "1.2.5"
    dataset.Rows = dataset.Columns = 2
    dataset.BitsAllocated, dataset.PixelData = 16, bytes(8)
    dataset["PixelData"].VR = "OW"
    return dataset
