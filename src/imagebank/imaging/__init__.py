"""Imaging: from the de-identified DICOM of a study to NIfTI images under BIDS names.

`bids` decides the names of a whole session at once and `sidecar` decides which facts an image may carry; both are pure.
`dcm2niix` and `convert` act: they run the converter, write one session folder and put it in its place in one move.
`dataset` writes the files that make the folder a BIDS dataset. What BIDS has no certain name for is kept as well, under
`derivatives/unsorted`.
"""

from imagebank.imaging.convert import convert_study
from imagebank.imaging.dataset import Participant, Session, write_dataset_files
from imagebank.imaging.model import ConvertedSeries, ConvertResult, ConvertTask, SeriesToConvert

__all__ = [
    "ConvertResult",
    "ConvertTask",
    "ConvertedSeries",
    "Participant",
    "SeriesToConvert",
    "Session",
    "convert_study",
    "write_dataset_files",
]
