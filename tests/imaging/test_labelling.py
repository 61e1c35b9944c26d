"""Labelled blood: a BIDS name only when everything that BIDS requires is known, and then all of it is written."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from real import DATA, bank_series, needs_data

from imagebank.core.layout import Layout
from imagebank.imaging import ConvertTask, Participant, Session, convert, convert_study, write_dataset_files
from imagebank.imaging.labelling import (
    LABELLING,
    REQUIRED,
    context_table,
    derived_facts,
    facts_missing,
    read_volume_types,
)
from imagebank.imaging.model import Conversion

VALIDATOR = Path(sys.executable).with_name("bids-validator-deno")
SERIES = DATA / "neurolabusc+dcm_qa_xa30/In/25_asl_2d_tra"
VOLUMES = ("m0scan", "label", "control", "label", "control", "label", "control")
KNOWN = frozenset({*REQUIRED, "LabelingDuration", "M0Type"})


@pytest.mark.parametrize(("labelling", "fact"), LABELLING.items())
def test_nothing_is_missing_when_all_is_known(labelling: str, fact: str) -> None:
    assert facts_missing(VOLUMES, 7, labelling, {*REQUIRED, fact}) == ()


@pytest.mark.parametrize("name", sorted({*REQUIRED, "LabelingDuration"}))
def test_each_required_fact_is_missed(name: str) -> None:
    assert facts_missing(VOLUMES, 7, "PCASL", KNOWN - {name}) == (name,)


def test_what_is_required_depends_on_the_type_of_labelling() -> None:
    assert facts_missing(VOLUMES, 7, "PASL", KNOWN) == ("BolusCutOffFlag",)
    assert facts_missing(VOLUMES, 7, "CASL", {*REQUIRED, "BolusCutOffFlag"}) == ("LabelingDuration",)
    assert facts_missing(VOLUMES, 7, "VSASL", KNOWN) == ("ArterialSpinLabelingType",)


def test_the_kind_of_every_volume_and_the_calibration_are_missed() -> None:
    assert facts_missing((), 7, "PCASL", KNOWN - {"M0Type"}) == ("aslcontext", "M0Type")
    assert facts_missing(VOLUMES[1:], 6, "PCASL", KNOWN - {"M0Type"}) == ("M0Type",)
    assert facts_missing(VOLUMES[1:], 6, "PCASL", KNOWN) == ()


def test_the_kinds_of_the_volumes_tell_pairs_and_calibration() -> None:
    assert derived_facts(VOLUMES) == {"M0Type": "Included", "TotalAcquiredPairs": 3}
    assert derived_facts(("deltam", "deltam")) == {"TotalAcquiredPairs": 2}
    assert context_table(("control", "label")) == "volume_type\ncontrol\nlabel\n"


@needs_data
def test_the_kinds_are_read_from_the_instances_in_the_order_of_their_numbers() -> None:
    assert read_volume_types(sorted(SERIES.iterdir(), reverse=True)) == VOLUMES


@needs_data
def test_nothing_is_claimed_of_instances_without_kinds() -> None:
    assert read_volume_types((DATA / "neurolabusc+dcm_qa_xa30/In/7_func-bold_task-fa_run-1").iterdir()) == ()
    assert read_volume_types((DATA / "rii-mango+Papaya/tests/data/dicom").iterdir()) == ()


@needs_data
def test_a_series_of_which_all_is_known_is_valid_bids(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No header of the shared files tells all, so the two facts that are missing are put in."""
    real = convert.convert_folder

    def told(*places: Path, **names: Any) -> Conversion:
        made = real(*places, **names)
        more: dict[str, Any] = {"BackgroundSuppression": False, "RepetitionTimePreparation": 4.8}
        return replace(made, images=tuple(replace(each, sidecar={**each.sidecar, **more}) for each in made.images))

    monkeypatch.setattr(convert, "convert_folder", told)
    result = convert_study(ConvertTask(tmp_path, "P1", "01", None, (bank_series(tmp_path, "asl"),)))
    layout = Layout(root=tmp_path, vault=tmp_path / "vault")
    perf = layout.bids_session("P1", "01") / "perf"
    assert sorted(path.name for path in perf.iterdir()) == [
        "sub-P1_ses-01_rec-dis2dnorm_dir-AP_run-01_asl.json",
        "sub-P1_ses-01_rec-dis2dnorm_dir-AP_run-01_asl.nii.gz",
        "sub-P1_ses-01_rec-dis2dnorm_dir-AP_run-01_aslcontext.tsv",
    ]
    write_dataset_files(layout, [Participant("P1", "female", 40.0)], [Session("P1", "01", None, images=result.images)])
    run = subprocess.run([VALIDATOR, layout.bids, "--format", "json"], capture_output=True, text=True, check=False)
    issues = json.loads(run.stdout)["issues"]["issues"]
    assert [(each["code"], each["location"]) for each in issues if each["severity"] == "error"] == []
