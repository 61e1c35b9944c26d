"""What describes the folder of mosaics as a BIDS derivative. Pure."""

from __future__ import annotations

from imagebank import __version__
from imagebank.imaging.dataset import BIDS_VERSION
from imagebank.imaging.sidecar import sidecar_text

DESCRIPTION = {
    "Name": "Image quality",
    "BIDSVersion": BIDS_VERSION,
    "DatasetType": "derivative",
    "GeneratedBy": [{"Name": "imagebank", "Version": __version__}],
}

README = """# Image quality

One small picture of each NIfTI image: its middle axial, coronal and sagittal section, the patient's right on the left.
The numbers and verdicts are in the table `quality` of the bank.

Faces can be recognised in these pictures as far as they can in the images.
"""


def dataset_files() -> dict[str, str]:
    """The files by their names."""
    return {"dataset_description.json": sidecar_text(DESCRIPTION), "README.md": README}
