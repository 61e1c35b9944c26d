"""What the converter makes of de-identified files is what it makes of the originals: images, gradients, sidecars.

The fields and the exceptions, each with its reason, stand in utility_contract.toml; the documentation prints them.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from conftest import DATA
from conversions import Converted, Files, both_ways, image_series

CONTRACT = tomllib.loads((Path(__file__).parent / "utility_contract.toml").read_text("utf-8"))
EQUAL = frozenset(CONTRACT["equal"].split())
NOT_COMPARED = frozenset(CONTRACT["not_compared"])
EXCEPTIONS: list[dict[str, Any]] = CONTRACT["exception"]
WANTED = """
EchoTime RepetitionTime InversionTime FlipAngle SliceTiming PhaseEncodingDirection TotalReadoutTime EffectiveEchoSpacing
MultibandAccelerationFactor ParallelReductionFactorInPlane EchoTrainLength PartialFourier PixelBandwidth DwellTime
Manufacturer ManufacturersModelName MagneticFieldStrength ImageType ScanningSequence SequenceVariant MRAcquisitionType
SliceThickness SpacingBetweenSlices AcquisitionMatrixPE BaseResolution ReconMatrixPE
"""

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the real MRI files are not beside the repository")


def excepted(name: str) -> frozenset[str]:
    """The fields that may differ in a series."""
    return frozenset(field for each in EXCEPTIONS if name.startswith(each["where"]) for field in each["fields"].split())


def differing(before: Converted, after: Converted) -> set[str]:
    """The compared fields that differ between two sidecars."""
    told = {*before.sidecar, *after.sidecar} - NOT_COMPARED
    return {field for field in told if before.sidecar.get(field) != after.sidecar.get(field)}


@pytest.mark.parametrize(("name", "files"), [pytest.param(n, f, id=n[:60]) for n, f in image_series()])
def test_a_series_converts_as_its_original_does(name: str, files: Files, tmp_path: Path) -> None:
    before, after, refused = both_ways(files, tmp_path)
    assert refused == ()
    assert [image.looks for image in after] == [image.looks for image in before]
    found = {field for pair in zip(before, after, strict=True) for field in differing(*pair)}
    assert found == {field for field in excepted(name) if any(field in image.sidecar for image in before)}
    assert {field for image in before for field in image.sidecar} <= EQUAL | NOT_COMPARED


def test_every_acquisition_field_that_analyses_need_is_in_the_contract() -> None:
    assert frozenset(WANTED.split()) <= EQUAL
    assert not EQUAL & NOT_COMPARED


def test_every_exception_has_a_series_and_a_reason() -> None:
    names = [name for name, _ in image_series()]
    for each in EXCEPTIONS:
        assert each["reason"]
        assert frozenset(each["fields"].split()) <= EQUAL
        assert any(name.startswith(each["where"]) for name in names)
