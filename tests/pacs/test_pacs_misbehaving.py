"""A PACS with bad manners: each ends in the right state of the book and a clear word, and a later run completes it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from pretend import FIRST, Hurried, RudePacs, bank_of, instance, landed, rude_bank, run, status_of
from pydicom.dataset import Dataset

from imagebank.core.private import Private
from imagebank.dicom.pacs.model import Request
from imagebank.workflows.acquiring import Ask
from imagebank.workflows.acquisition import MEANINGS


def study(count: int = 6) -> list[Dataset]:
    return [instance(number) for number in range(count)]


def assert_whole(bank: Path, count: int = 6) -> None:
    told = status_of(bank)
    assert dict(told.states) == {"complete": 1}
    assert (told.expected, told.received, len(landed(bank))) == (count, count, count)
    assert told.incomplete == ()


def test_a_pacs_with_good_manners_gives_everything_once(tmp_path: Path) -> None:
    pacs = RudePacs(study())
    with rude_bank(tmp_path, pacs) as bank:
        assert run(bank).is_whole
        assert_whole(bank)
        assert run(bank).received == 0
        assert pacs.moves == 1


def test_success_with_half_of_the_images_is_not_believed(tmp_path: Path) -> None:
    class Half(RudePacs):
        def outgoing(self, query: Dataset) -> list[Dataset]:
            sent = super().outgoing(query)
            return sent[: max(1, len(sent) // 2)] if greedy else sent

    greedy = True
    with rude_bank(tmp_path, Half(study())) as bank:
        run(bank)
        told = status_of(bank)
        assert dict(told.states) == {"wanted": 1}
        assert told.received < told.expected
        assert [each.reason for each in told.incomplete] == ["missing"]
        greedy = False
        assert run(bank).is_whole
        assert_whole(bank)


def test_an_association_dropped_in_the_middle_is_gone_on_with(tmp_path: Path) -> None:
    class Dropping(RudePacs):
        def _send(self, event: Any) -> Iterator[Any]:
            for number, step in enumerate(super()._send(event)):
                if number == 3 and self.moves <= drops:
                    event.assoc.abort()
                    return
                yield step

    drops = 1
    with rude_bank(tmp_path, Dropping(study())) as bank:
        assert run(bank).is_whole
        assert_whole(bank)
    assert status_of(bank).tallies["duplicates"] <= 3


def test_an_association_that_always_drops_says_so_and_a_later_run_completes(tmp_path: Path) -> None:
    class Dropping(RudePacs):
        def _send(self, event: Any) -> Iterator[Any]:
            if rude:
                event.assoc.abort()
                return
            yield from super()._send(event)

    rude = True
    with rude_bank(tmp_path, Dropping(study())) as bank:
        ended = run(bank)
        assert not ended.is_whole
        assert [each.reason for each in status_of(bank).incomplete] == ["aborted"]
        rude = False
        assert run(bank).is_whole
        assert_whole(bank)


def test_duplicates_are_counted_once(tmp_path: Path) -> None:
    class Twice(RudePacs):
        def outgoing(self, query: Dataset) -> list[Dataset]:
            return [each for one in super().outgoing(query) for each in (one, one)]

    with rude_bank(tmp_path, Twice(study())) as bank:
        assert run(bank).is_whole
        assert_whole(bank)
        assert status_of(bank).tallies["duplicates"] == 6


def test_studies_of_other_people_are_turned_away(tmp_path: Path) -> None:
    strangers = [instance(number, study=2, patient="HN9999999") for number in range(3)]

    class Generous(RudePacs):
        def outgoing(self, query: Dataset) -> list[Dataset]:
            return [*super().outgoing(query), *strangers]

    with rude_bank(tmp_path, Generous([*study(), *strangers])) as bank:
        run(bank)
        assert_whole(bank)
        assert status_of(bank).tallies["unrequested"] == 3


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


def test_a_pacs_that_stalls_is_hung_up_on(tmp_path: Path) -> None:
    class Stalling(RudePacs):
        def _send(self, event: Any) -> Iterator[Any]:
            if rude:
                time.sleep(2)
            yield from super()._send(event)

    rude = True
    with rude_bank(tmp_path, Stalling(study(2)), timeout_seconds=0.5, attempts=1) as bank:
        run(bank)
        assert [each.reason for each in status_of(bank).incomplete] == ["silent"]
        rude = False
        assert run(bank).is_whole
        assert_whole(bank, 2)


def test_a_pacs_that_refuses_after_some_studies_opens_the_circuit_and_is_gone_on_with(tmp_path: Path) -> None:
    class Tired(RudePacs):
        def _send(self, event: Any) -> Iterator[Any]:
            if rude and self.moves >= 2:
                yield 1
                yield 0xA702, None
            else:
                yield from super()._send(event)

    rude = True
    pacs = Tired([instance(1, study=number) for number in range(1, 8)])
    with rude_bank(tmp_path, pacs) as bank:
        hurried = Hurried()
        ended = run(bank, world=hurried.world())
        assert (ended.ended, ended.reason) == ("given-up", "failed")
        assert hurried.passed > 60, "the circuit was never open"
        states = status_of(bank).states
        assert states["complete"] == 2
        assert states["wanted"] == 5
        rude = False
        assert run(bank).is_whole
        assert dict(status_of(bank).states) == {"complete": 7}


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


def test_an_unknown_destination_is_told_as_what_it_is(tmp_path: Path) -> None:
    with rude_bank(tmp_path, RudePacs(study()), retrieve="move", receive_port=0) as bank:
        ended = run(bank)
    assert (ended.ended, ended.reason) == ("given-up", "destination-unknown")
    assert "title" in MEANINGS[ended.reason]


def test_a_pacs_that_is_not_there_is_told_as_what_it_is(tmp_path: Path) -> None:
    with RudePacs(study()).serving() as port:
        pass
    ended = run(bank_of(tmp_path, port=port))
    assert (ended.ended, ended.reason) == ("given-up", "not-reached")


def test_late_images_are_picked_up_by_the_next_run(tmp_path: Path) -> None:
    pacs = RudePacs(study(3))
    with rude_bank(tmp_path, pacs) as bank:
        assert run(bank).is_whole
        pacs.add(instance(77))
        assert run(bank).is_whole
        assert_whole(bank, 4)


def test_a_study_is_complete_only_when_a_later_count_agrees(tmp_path: Path) -> None:
    hurried = Hurried()
    with rude_bank(tmp_path, RudePacs(study(3)), settle_minutes=60) as bank:
        for minutes, state in ((0, "agreed"), (30, "agreed"), (31, "complete")):
            hurried.passed += minutes * 60
            run(bank, world=hurried.world())
            assert dict(status_of(bank).states) == {state: 1}
