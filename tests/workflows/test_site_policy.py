"""A bank with a policy of its own: used for every instance, checked before any work, and a change banks again."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path

import pydicom
import pytest

from imagebank.core.errors import ConfigError
from imagebank.core.progress import Silent
from imagebank.dicom.policy import load_policy
from imagebank.workflows.update import update

SITE = 'extends = "default"\nname = "our-site"\n[options]\nclean_descriptors = false\n'


def with_policy(bank: Path, text: str) -> Path:
    """Name a site's policy in the settings of a bank."""
    (bank / "site.toml").write_text(text)
    config = bank / "bank.toml"
    config.write_text(config.read_text().replace('file = ""', 'file = "site.toml"'))
    return bank


def first_instances(bank: Path) -> list[pydicom.Dataset]:
    """One instance of each banked series, without its pixels."""
    found = []
    for path in sorted(bank.glob("dicom/*/*/*.zip")):
        with zipfile.ZipFile(path) as archive:
            content = archive.read(archive.namelist()[0])
        found.append(pydicom.dcmread(BytesIO(content), stop_before_pixels=True))
    return found


def test_a_change_of_policy_banks_every_series_again_under_it(own_bank: Path) -> None:
    before = first_instances(own_bank)
    assert any(each.get("SeriesDescription") for each in before)
    with_policy(own_bank, SITE)
    assert update(own_bank, environ={}, progress=Silent()).anything_new
    after = first_instances(own_bank)
    digest = load_policy(own_bank / "site.toml").digest
    assert len(after) == len(before)
    assert {each.DeidentificationMethod for each in after} == {f"imagebank policy our-site 1 {digest}"}
    assert not any("SeriesDescription" in each for each in after)
    assert [each.SOPInstanceUID for each in after] == [each.SOPInstanceUID for each in before]
    assert not update(own_bank, environ={}, progress=Silent()).anything_new


def test_a_policy_below_the_floor_stops_the_update_before_anything_is_done(own_bank: Path) -> None:
    before = {path: path.read_bytes() for path in own_bank.glob("dicom/*/*/*.zip")}
    with_policy(own_bank, SITE + '[keep.words]\nkeywords = "PatientAddress"\n')
    with pytest.raises(ConfigError, match="PatientAddress"):
        update(own_bank, environ={}, progress=Silent())
    assert {path: path.read_bytes() for path in own_bank.glob("dicom/*/*/*.zip")} == before


def test_a_bank_without_the_section_uses_the_default_policy(own_bank: Path) -> None:
    config = own_bank / "bank.toml"
    head, _, rest = config.read_text().partition("[policy]")
    config.write_text(head + rest.partition("\n\n")[2])
    assert "[policy]" not in config.read_text()
    assert not update(own_bank, environ={}, progress=Silent()).anything_new
