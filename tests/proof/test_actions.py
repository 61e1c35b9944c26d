"""The scorer: each action is seen to hold on what we write, and to fail on an output that is spoilt on purpose."""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset

from conftest import imagebank
from imagebank.proof.actions import (
    ACTIONS,
    Check,
    Pair,
    check_elements,
    check_equal,
    check_ids,
    check_intervals,
    day_of,
    texts_at,
)
from imagebank.proof.scores import scores_of
from imagebank.synthetic import Hospital
from small_hospital import trimmed


def dataset(day: str, number: int) -> Dataset:
    item = Dataset()
    item.ReferencedSOPInstanceUID = "1.2.3.1"
    item.PatientName = "Reed^Ann"
    made = Dataset()
    made.SOPClassUID, made.Modality = "1.2.840.10008.5.1.4.1.1.4", "MR"
    made.SOPInstanceUID, made.StudyInstanceUID, made.SeriesInstanceUID = f"1.2.3.{number}", "1.2.4", "1.2.5"
    made.PatientID, made.PatientName, made.StudyDate = "K1", "Reed^Ann", day
    made.EchoTime = "3.1"
    made.ReferencedImageSequence = [item]
    made.PixelData = bytes([number]) * 8
    return made


def cleaned(original: Dataset) -> Dataset:
    """What a right output looks like."""
    made = copy.deepcopy(original)
    for place in (made, *made.ReferencedImageSequence):
        for keyword in ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "ReferencedSOPInstanceUID"):
            if keyword in place:
                setattr(place, keyword, f"2.25.9{place[keyword].value.replace('.', '')}")
    made.PatientID = made.PatientName = "pseudonym"
    made.StudyDate = f"{int(original.StudyDate) - 1}"
    del made.ReferencedImageSequence[0].PatientName
    return made


def pairs(spoil: Callable[[Dataset], None] | None = None) -> list[Pair]:
    told = (("Reed", "(0010,0010)"), ("Reed", "(0008,1140)/(0010,0010)"))
    made = []
    for number, day in ((1, "20200110"), (2, "20200215")):
        original = dataset(day, number)
        output = cleaned(original)
        if spoil and number == 2:
            spoil(output)
        made.append(Pair("K1", original, output, -1, told))
    return made


def checked(spoil: Callable[[Dataset], None] | None = None) -> list[Check]:
    made = pairs(spoil)
    return [*(c for pair in made for c in check_elements(pair)), *check_ids(made), *check_intervals(made)]


def failing(checks: list[Check]) -> set[str]:
    return {check.action for check in checks if not check.held}


def test_a_right_output_holds_in_every_action() -> None:
    assert failing(checked()) == set()
    of_others = {"pixels_hidden", "stable_over_runs", "stable_over_workers", "date_blanked"}
    assert {check.action for check in checked()} == set(ACTIONS) - of_others


def item_of(output: Dataset) -> Dataset:
    return output.ReferencedImageSequence[0]


SPOILT: dict[str, tuple[str, Callable[[Dataset], None]]] = {
    "a needed tag is gone": ("tag_retained", lambda d: d.__delattr__("EchoTime")),
    "an id is empty": ("text_notnull", lambda d: setattr(d, "PatientID", "")),
    "a number is another": ("text_retained", lambda d: setattr(d, "EchoTime", "3.2")),
    "the name is there": ("text_removed", lambda d: setattr(d, "PatientName", "Reed^Ann")),
    "the name is there in a sequence": ("nested_coverage", lambda d: setattr(item_of(d), "PatientName", "Reed")),
    "a date did not move": ("date_shifted", lambda d: setattr(d, "StudyDate", "20200215")),
    "a date moved by another offset": ("intervals_exact", lambda d: setattr(d, "StudyDate", "20200213")),
    "a UID stayed": ("uid_changed", lambda d: setattr(d, "StudyInstanceUID", "1.2.4")),
    "a UID became two": ("uid_consistent", lambda d: setattr(d, "StudyInstanceUID", "2.25.77")),
    "a patient became two": ("patid_consistent", lambda d: setattr(d, "PatientID", "somebody")),
    "a pixel changed": ("pixels_retained", lambda d: setattr(d, "PixelData", bytes(8))),
    "a reference leads nowhere": (
        "references_resolve",
        lambda d: setattr(item_of(d), "ReferencedSOPInstanceUID", "2.25.1"),
    ),
}


@pytest.mark.parametrize("name", SPOILT)
def test_an_output_that_is_spoilt_fails_its_action(name: str) -> None:
    action, spoil = SPOILT[name]
    assert action in failing(checked(spoil))


@pytest.mark.parametrize(("after", "held"), [("", True), ("19390109", False)])
def test_a_date_before_there_was_mri_is_told_as_blanked_and_not_as_moved(after: str, held: bool) -> None:
    original, output = dataset("19390110", 1), dataset("19390110", 1)
    output.StudyDate = after
    told = [check for check in check_elements(Pair("K1", original, output, -1)) if check.place == "StudyDate"]
    assert [check.held for check in told if check.action == "date_blanked"] == [held]
    assert "date_shifted" not in {check.action for check in told}


def test_two_runs_that_differ_fail() -> None:
    told = list(check_equal("stable_over_runs", {"a": "1", "b": "2"}, {"a": "1", "b": "3", "c": "4"}))
    assert Counter(check.held for check in told) == {True: 1, False: 2}


def test_scores_count_checks_and_name_where_they_failed() -> None:
    checks = [Check("tag_retained", "EchoTime", held) for held in (True, True, False)]
    score = scores_of(checks)[0]
    assert (score.action, score.checks, score.held, score.failed_at) == ("tag_retained", 3, 2, ("EchoTime",))
    assert score.low < score.share < score.high
    assert len(scores_of([])) == len(ACTIONS)


def test_texts_are_found_by_their_path() -> None:
    from pydicom.tag import Tag

    made = dataset("20200101", 1)
    assert texts_at(made, [Tag(0x00081140), Tag(0x00100010)]) == ["Reed^Ann"]
    assert texts_at(made, [Tag(0x00100010), Tag(0x00100010)]) == []
    assert day_of(made, "SeriesDate") is None


@pytest.fixture(scope="module")
def small_hospital(hospital: Hospital, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trimmed(hospital, tmp_path_factory.mktemp("small") / "hospital")


def test_every_action_holds_on_the_pretend_hospital(small_hospital: Path, tmp_path: Path) -> None:
    ran = imagebank("score", small_hospital, "--json", tmp_path / "scores.json")
    assert ran.code == 0, ran.out + ran.err
    told = json.loads((tmp_path / "scores.json").read_text())["actions"]
    assert [each["action"] for each in told] == list(ACTIONS)
    assert all(each["held"] == each["checks"] > 0 for each in told), ran.out


def test_what_is_no_hospital_is_refused(tmp_path: Path) -> None:
    ran = imagebank("score", tmp_path)
    assert ran.code == 4
    assert "no pretend hospital" in ran.err


def test_an_original_is_never_its_own_output(small_hospital: Path) -> None:
    """The scorer itself: with the originals as outputs most actions fail."""
    path = next(each for each in sorted((small_hospital / "pacs").rglob("*.dcm")) if "oddities" not in each.parts)
    original = pydicom.dcmread(path)
    name = str(original.PatientName).split("^")[0]
    pair = Pair("x", original, original, -30, ((name, "(0010,0010)"),))
    assert failing(list(check_elements(pair))) >= {"uid_changed", "date_shifted", "text_removed"}
