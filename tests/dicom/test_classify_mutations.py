"""A header that loses an attribute may lose its answer; it never gets another confident one.

Every attribute that the resolver reads is dropped in turn, from headers of real scanners and of every kind of series
that the pretend hospital's machines write in each of their eras.
"""

from __future__ import annotations

import csv
import warnings
from collections import defaultdict
from pathlib import Path

import pydicom
import pytest
from mutations import name_of, read_tags, without
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from scanned import write_all

from imagebank.dicom.acquisition import read_acquisition
from imagebank.dicom.classify import Classification, classify
from imagebank.dicom.rules import CONFIDENT

DATA = Path(__file__).parents[2].parent / "shared" / "data"
SEQUENCE_OF = {"STIR": "T2w", "SWI-mIP": "derived", "SWI-phase": "SWI", "trace": "derived-DWI", "FA": "derived-DWI"}
SEQUENCE_OF |= {"TOF": "MRA", "TOF-MIP": "derived-MRA", "MPR": "derived"}

MOST_FRAMES = 6
TOLD_BY_ONE_FORM_ALONE = (
    "BOLD",
    "SWI",
    "SWI-phase",
    "TOF",
    "SWI-mIP",
    "MPR",
    "TOF-MIP",
    "trace",
    "ADC",
    "FA",
    "fieldmap",
)

Series = dict[str, list[Dataset]]


def shows(datasets: list[Dataset]) -> Classification:
    return classify([read_acquisition(dataset) for dataset in datasets])


def flips(datasets: list[Dataset], patch: pytest.MonkeyPatch) -> list[str]:
    """The attributes whose loss gives another confident answer.

    Body Part Examined alone may say that a series is no head; without it the weighting that the runners-up named is
    the right answer.
    """
    whole = shows(datasets)
    named = {told.split(" (")[0] for told in whole.runners_up} if whole.sequence == "other" else set()
    found = []
    for tag in sorted(read_tags(datasets, patch)):
        answer = shows([without(dataset, tag) for dataset in datasets])
        if answer.confidence >= CONFIDENT and answer.sequence not in {whole.sequence, *named}:
            found.append(f"{name_of(tag)}: {whole.sequence} ({whole.rule}) became {answer.sequence} ({answer.rule})")
    return found


@pytest.fixture(scope="module")
def pretend(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Dataset]]:
    """One series of every kind from every machine and era, by kind, machine and year."""
    found: Series = {}
    for written in write_all(tmp_path_factory.mktemp("eras")):
        for each in written.files.series:
            place = f"{each.kind} {written.images.name}"
            found[place] = [pydicom.dcmread(written.images / path, stop_before_pixels=True) for path in each.paths]
    return found


def real() -> Series:
    """The first and last instance of every real series."""
    series: Series = defaultdict(list)
    with open(DATA / "manifest.csv") as file:
        for row in csv.DictReader(file):
            try:
                dataset = pydicom.dcmread(DATA / row["path"], stop_before_pixels=True)
            except (pydicom.errors.InvalidDicomError, EOFError):
                continue
            series[row["series_instance_uid"]].append(thinned(dataset))
    return {uid: [found[0], found[-1]] for uid, found in series.items()}


def thinned(dataset: Dataset) -> Dataset:
    """An enhanced header with a few of its frames: each dropped attribute is looked for in every one of them."""
    frames = dataset.get("PerFrameFunctionalGroupsSequence")
    if frames and len(frames) > MOST_FRAMES:
        step = -(-len(frames) // MOST_FRAMES)
        dataset.PerFrameFunctionalGroupsSequence = Sequence(frames[::step])
    return dataset


def test_every_kind_of_every_machine_is_right_or_unknown(pretend: Series) -> None:
    wrong, unknown = [], 0
    for place, datasets in pretend.items():
        kind = place.split()[0]
        true = SEQUENCE_OF.get(kind, kind.removesuffix("-2D").removesuffix("-3D"))
        answer = shows(datasets)
        unknown += answer.sequence == "unknown"
        if answer.sequence not in (true, "unknown"):
            wrong.append(f"{place}: {answer.sequence} by {answer.rule}")
    assert wrong == []
    assert unknown / len(pretend) < 0.05


def test_no_lost_attribute_of_a_pretend_header_makes_another_confident_answer(
    pretend: Series, monkeypatch: pytest.MonkeyPatch
) -> None:
    latest = {(place.split()[0], place.split()[1].rsplit("-", 1)[0]): place for place in sorted(pretend)}
    found = {place: flips(pretend[place], monkeypatch) for place in latest.values() if "ge-15" not in place}
    assert {place: told for place, told in found.items() if told} == {}


def test_every_kind_is_described_alike_by_classic_and_enhanced_headers(pretend: Series) -> None:
    """The same protocol of the same machine, before and after it learned to write enhanced images."""
    compared = 0
    for place, datasets in pretend.items():
        later = pretend.get(place.replace("philips-15-2016", "philips-15-2018")) if "philips-15-2016" in place else None
        if later and place.split()[0] not in TOLD_BY_ONE_FORM_ALONE:
            assert resolved(datasets) == resolved(later), place
            compared += 1
    assert compared >= 10


def resolved(datasets: list[Dataset]) -> dict[str, object]:
    """What the resolver makes of a series, without what only one of the two kinds of header can say."""
    facts = [read_acquisition(each) for each in datasets]
    answer = classify(facts)
    frames = [frame for each in facts for frame in each.slice_frames]
    return {
        "times": {(f.repetition_time_ms, f.flip_angle_deg) for f in facts},
        "inversion": {f.inversion_time_ms for f in facts if f.scanning_sequence != ("GR",)},
        "echoes": {echo for f in facts for echo in f.echo_times_ms},
        "places": len({(frame.orientation, frame.position) for frame in frames}),
        "frames": len(frames),
        "weights": {frame.b_value or 0.0 for frame in frames},
        "components": {frame.component for frame in frames},
        "type": {f.acquisition_type for f in facts},
        "shape": {(f.rows, f.columns, f.row_spacing_mm) for f in facts},
        "answer": (answer.sequence, answer.plane, answer.dimension, answer.coverage),
        "volumes": [(v.sequence, v.component, v.echo_time_ms, v.slices, v.volumes) for v in answer.volumes],
    }


@pytest.mark.skipif(not DATA.is_dir(), reason="the folder of real MRI files is not beside the repository")
def test_no_lost_attribute_of_a_real_header_makes_another_confident_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = {uid: flips(datasets, monkeypatch) for uid, datasets in real().items()}
    assert len(found) > 70
    assert {uid: told for uid, told in found.items() if told} == {}
