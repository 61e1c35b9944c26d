"""A PACS that answers questions badly: each ends in the right state and a clear word, and a later run completes it."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from pretend import (
    FIRST,
    RudePacs,
    assert_whole,
    bank_of,
    free_port,
    instance,
    landed,
    rude_bank,
    run,
    status_of,
    study,
)
from pydicom.dataset import Dataset

from imagebank.core.private import Private
from imagebank.dicom.pacs.model import Request
from imagebank.workflows.acquiring import Ask


def test_an_answer_about_somebody_else_is_left(tmp_path: Path) -> None:
    class Confused(RudePacs):
        def matching(self, query: Dataset) -> Iterator[Any]:
            anybody = deepcopy(query)
            anybody.PatientID = ""
            return super().matching(anybody)

    pacs = Confused([*study(), instance(1, study=2, patient="HN9999999")])
    with rude_bank(tmp_path, pacs) as bank:
        assert run(bank).left == {"other-patient": 1}
        assert_whole(bank)


def test_an_answer_about_somebody_else_takes_nothing_from_a_study_that_is_complete(tmp_path: Path) -> None:
    class Confused(RudePacs):
        def matching(self, query: Dataset) -> Iterator[Any]:
            return super().matching(Dataset() if confused and query.get("PatientID") else query)

    confused = False
    with rude_bank(tmp_path, Confused(study()), FIRST, "HN0000002") as bank:
        assert run(bank).is_whole
        confused = True
        assert run(bank, Ask(requests=(Request("patient", Private("X"), frozenset((Private("X"),))),))).left
        assert dict(status_of(bank).states) == {"complete": 1}


@pytest.mark.parametrize(("by", "value"), [("accession", "A1"), ("day", "20200304"), ("study", "1.9.1")])
def test_a_pacs_that_ignores_what_it_is_asked_for_is_not_taken_at_its_word(tmp_path: Path, by: str, value: str) -> None:
    class Deaf(RudePacs):
        def matching(self, query: Dataset) -> Iterator[Any]:
            return super().matching(Dataset() if query.QueryRetrieveLevel == "STUDY" else query)

    stranger = instance(1, study=2, patient="HN9999999", StudyDate="20210101")
    with rude_bank(tmp_path, Deaf([*study(), stranger])) as bank:
        assert run(bank, Ask(requests=(Request(by, Private(value)),))).left == {"not-asked": 1}
        assert_whole(bank)


@pytest.mark.parametrize("counted", [4, 9, None])
def test_a_wrong_count_is_put_right_by_the_list_of_instances(tmp_path: Path, counted: int | None) -> None:
    class Miscounting(RudePacs):
        def answers(self, query: Dataset) -> Iterator[Dataset]:
            for answer in super().answers(query):
                if query.QueryRetrieveLevel == "SERIES":
                    answer.NumberOfSeriesRelatedInstances = counted
                yield answer

    with rude_bank(tmp_path, Miscounting(study())) as bank:
        run(bank)
        assert_whole(bank)
        run(bank)
        assert_whole(bank)


def test_ten_thousand_answers_are_taken_or_refused_but_never_cut(tmp_path: Path) -> None:
    class Huge(RudePacs):
        def answers(self, query: Dataset) -> Iterator[Dataset]:
            if query.QueryRetrieveLevel != "STUDY":
                yield from super().answers(query)
                return
            for number in range(many):
                answer = Dataset()
                answer.QueryRetrieveLevel, answer.PatientID = "STUDY", "HN9999999"
                answer.StudyInstanceUID = f"1.9.{number}"
                yield answer

    many = 10_000
    with rude_bank(tmp_path, Huge(study()), answers=2000) as bank:
        ended = run(bank)
        assert (ended.ended, ended.reason) == ("given-up", "too-many-answers")
        many = 1500
        assert run(bank).left == {"other-patient": 1500}


def test_names_outside_ascii_harm_nothing(tmp_path: Path) -> None:
    named = {"SpecificCharacterSet": "ISO_IR 192", "StudyDescription": "Schädel 頭部", "SeriesDescription": "Größe"}
    with rude_bank(tmp_path, RudePacs([instance(1, PatientName="Müller^Jürgen", **named)])) as bank:
        assert run(bank).is_whole
        assert_whole(bank, 1)


def test_an_empty_patient_id_is_left_until_there_is_one(tmp_path: Path) -> None:
    held = study(2)
    for each in held:
        each.PatientID = ""
    ask = Ask(requests=(Request("accession", Private("A1")),))
    with rude_bank(tmp_path, RudePacs(held)) as bank:
        assert run(bank, ask).left == {"no-patient-id": 1}
        assert status_of(bank).left == {"no-patient-id": 1}
        for each in held:
            each.PatientID = FIRST
        assert run(bank, ask).is_whole
        assert_whole(bank, 2)


def test_several_studies_on_one_accession_are_all_fetched_where_they_show_one_person(tmp_path: Path) -> None:
    held = [instance(1, study=1), instance(1, study=2)]
    for each in held:
        each.AccessionNumber = "SAME"
    ask = Ask(requests=(Request("accession", Private("SAME")),))
    with rude_bank(tmp_path, RudePacs(held)) as bank:
        assert run(bank, ask).is_whole
        assert dict(status_of(bank).states) == {"complete": 2}
        held[1].PatientID = "HN0000002"
    with RudePacs(held).serving() as port:
        other = bank_of(tmp_path / "other", port=port)
        assert run(other, ask).left == {"several-patients": 2}
        assert landed(other) == []


def test_a_copied_study_that_shares_the_uids_of_its_images_is_complete_too(tmp_path: Path) -> None:
    held = [instance(number, study=number % 2 + 1) for number in range(4)]
    for number, each in enumerate(held):
        each.SOPInstanceUID = each.file_meta.MediaStorageSOPInstanceUID = f"1.9.9.{number // 2}"
    pacs = RudePacs(held)
    with rude_bank(tmp_path, pacs) as bank:
        assert run(bank).is_whole
        assert dict(status_of(bank).states) == {"complete": 2}
        assert run(bank).received == 0
    assert len(landed(bank)) == 4
    assert status_of(bank).tallies["duplicates"] == 0


@pytest.mark.parametrize("counted", [6, 9, None])
def test_a_pacs_without_a_level_of_images_gives_what_it_has_and_what_stays_open_is_told(
    tmp_path: Path, counted: int | None
) -> None:
    class Levelless(RudePacs):
        def on_find(self, event: Any) -> Iterator[Any]:
            if event.identifier.QueryRetrieveLevel == "IMAGE" and levelless:
                yield 0xA900, None
                return
            yield from super().on_find(event)

        def answers(self, query: Dataset) -> Iterator[Dataset]:
            for answer in super().answers(query):
                if query.QueryRetrieveLevel == "SERIES":
                    answer.NumberOfSeriesRelatedInstances = counted
                yield answer

        def outgoing(self, query: Dataset) -> list[Dataset]:
            return super().outgoing(query)[:most]

    levelless, most = True, 4
    with rude_bank(tmp_path, Levelless(study())) as bank:
        run(bank)
        assert [(each.received, each.reason) for each in status_of(bank).incomplete] == [(4, "unlisted")]
        most = 6
        run(bank)
        assert (len(landed(bank)), status_of(bank).states["complete"]) == {6: (6, 1), 9: (6, 0), None: (4, 0)}[counted]
        levelless = False
        assert run(bank).is_whole
        assert_whole(bank)


def test_a_number_outside_ascii_is_asked_for_as_itself_and_never_as_a_pattern(tmp_path: Path) -> None:
    pacs = RudePacs([instance(1, patient="Ω1", SpecificCharacterSet="ISO_IR 192"), instance(1, study=2, patient="x1")])
    with rude_bank(tmp_path, pacs, "Ω1") as bank:
        ended = run(bank)
    assert (ended.states, ended.left) == ({"complete": 1}, {})


@pytest.mark.parametrize("retrieve", ["get", "move"])
def test_private_instances_of_scanners_are_taken(tmp_path: Path, retrieve: str) -> None:
    spectrum = instance(1, SOPClassUID="1.3.12.2.1107.5.9.1")
    spectrum.file_meta.MediaStorageSOPClassUID = spectrum.SOPClassUID
    pacs, port = RudePacs([spectrum, instance(2)]), free_port()
    pacs.destinations["IMAGEBANK"] = port
    with rude_bank(tmp_path, pacs, retrieve=retrieve, receive_port=port) as bank:
        assert run(bank).is_whole
        assert_whole(bank, 2)
