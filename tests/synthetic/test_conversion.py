"""dcm2niix turns the pretend series into volumes, as it does with those of real scanners."""

from __future__ import annotations

import subprocess
from pathlib import Path

import nibabel
import numpy as np
import pytest
from dcm2niix import bin as converter

from imagebank.synthetic.examination import write_series
from imagebank.synthetic.people import invent_person
from imagebank.synthetic.scanners import Scanner, protocol_of, scanners
from imagebank.synthetic.studies import plan_study


@pytest.mark.parametrize("sequence", ["T1w", "T2w", "FLAIR", "DWI", "localizer"])
@pytest.mark.parametrize("scanner", scanners(), ids=lambda scanner: scanner.name)
def test_every_sequence_of_every_scanner_converts_with_its_geometry(
    scanner: Scanner, sequence: str, tmp_path: Path
) -> None:
    person = invent_person(1, 3)
    study = plan_study(1, person, "3-1", person.first_contact, scanner, sequences=(sequence,))
    write_series(tmp_path / "in", study, study.series[0], seed=1)
    out = tmp_path / "out"
    out.mkdir()
    command = [converter, "-z", "n", "-b", "n", "-f", "x", "-o", str(out), str(tmp_path / "in")]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    protocol = protocol_of(scanner, sequence)
    if sequence == "localizer":
        assert len(list(out.glob("x*.nii"))) >= 1
        return
    image = nibabel.load(out / "x.nii")
    assert sorted(image.shape[:3]) == sorted((protocol.rows, protocol.columns, protocol.slices))
    assert np.allclose(sorted(image.header.get_zooms()[:3]), sorted((protocol.pixel, protocol.pixel, protocol.spacing)))
    assert np.linalg.det(image.affine[:3, :3]) != 0
    if sequence == "DWI":
        b_values = np.loadtxt(out / "x.bval")
        vectors = np.loadtxt(out / "x.bvec")
        assert list(b_values) == [0] + [1000] * protocol.directions
        assert np.allclose(np.linalg.norm(vectors[:, 1:], axis=0), 1, atol=1e-3)
        assert image.shape[3] == protocol.directions + 1


def test_the_brain_lies_the_right_way_round(tmp_path: Path) -> None:
    """The face is in front of and below the brain, whatever the plane."""
    person = invent_person(1, 3)
    study = plan_study(1, person, "3-1", person.first_contact, scanners()[1], sequences=("T1w",))
    write_series(tmp_path / "in", study, study.series[0], seed=1)
    command = [converter, "-z", "n", "-b", "n", "-f", "x", "-o", str(tmp_path), str(tmp_path / "in")]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    image = nibabel.as_closest_canonical(nibabel.load(tmp_path / "x.nii"))
    data = image.get_fdata() > 120
    low = data[:, :, : data.shape[2] // 6]
    middle = data.shape[1] // 2
    assert low[:, middle:].sum() > 2 * low[:, :middle].sum()
