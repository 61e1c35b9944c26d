"""What a series shows, on real files of several vendors and their labels."""

from __future__ import annotations

import csv
import warnings
from collections import Counter, defaultdict
from pathlib import Path

import pydicom
import pytest

from imagebank.dicom.acquisition import read_acquisition
from imagebank.dicom.classify import Classification, classify
from imagebank.dicom.rules import CONFIDENT

DATA = Path(__file__).parents[2].parent / "shared" / "data"


def real_series() -> dict[str, list[pydicom.Dataset]]:
    series = defaultdict(list)
    with open(DATA / "manifest.csv") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for row in csv.DictReader(file):
            try:
                dataset = pydicom.dcmread(DATA / row["path"], stop_before_pixels=True)
            except (pydicom.errors.InvalidDicomError, EOFError):
                continue
            series[row["series_instance_uid"]].append(dataset)
    return series


def accepted_labels() -> dict[str, set[str]]:
    """Right answers of each series whose label is not uncertain."""
    accepted: dict[str, set[str]] = defaultdict(set)
    uncertain = set()
    with open(DATA / "labels.csv") as file:
        for row in csv.DictReader(file):
            accepted[row["uid_in_set"]] |= set(row["accept_labels"].split("|"))
            if row["label_confidence"] == "uncertain":
                uncertain.add(row["uid_in_set"])
    return {uid: labels for uid, labels in accepted.items() if uid not in uncertain}


@pytest.mark.skipif(not DATA.is_dir(), reason="the folder of real MRI files is not beside the repository")
def test_real_series_of_several_vendors_are_told_apart() -> None:
    accepted = accepted_labels()
    answers: dict[str, Classification] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for uid, datasets in real_series().items():
            if uid in accepted:
                answers[uid] = classify([read_acquisition(dataset) for dataset in datasets])
    confusion = Counter(("|".join(sorted(accepted[uid])), answer.sequence) for uid, answer in answers.items())
    print("\n".join(f"{times:3d}  {label:32s} {shown}" for (label, shown), times in sorted(confusion.items())))
    wrong = [answer.rule for uid, answer in answers.items() if answer.sequence not in accepted[uid]]
    assert len(answers) > 70
    assert len(wrong) / len(answers) <= 0.02
    assert [a.rule for uid, a in answers.items() if a.sequence not in accepted[uid] and a.confidence >= CONFIDENT] == []
