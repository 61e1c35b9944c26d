"""A PACS with bad manners: each ends in the right state of the book and a clear word, and a later run completes it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pretend import (
    MR,
    Hurried,
    RudePacs,
    Telling,
    assert_whole,
    bank_of,
    free_port,
    instance,
    rude_bank,
    run,
    status_of,
    study,
)
from pydicom.dataset import Dataset
from pynetdicom import AE

from imagebank.core.files import sync_file
from imagebank.dicom.pacs import arrival
from imagebank.dicom.pacs.guard import World
from imagebank.workflows.acquisition import MEANINGS


def test_a_pacs_with_good_manners_gives_everything_once(tmp_path: Path) -> None:
    pacs = RudePacs(study())
    with rude_bank(tmp_path, pacs) as bank:
        assert run(bank).is_whole
        assert_whole(bank)
        assert run(bank).received == 0
        assert pacs.moves == 1


@pytest.mark.parametrize("retrieve", ["move", "get"])
def test_where_each_is_flushed_it_is_on_the_disk_before_the_pacs_is_answered(
    tmp_path: Path, retrieve: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[Path] = []

    def flush(path: Path) -> None:
        sync_file(path)
        flushed.append(path)

    class Forgetful(RudePacs):
        """Gives the next instance once the one before it was answered, which it may have deleted then."""

        def _send(self, event: Any) -> Iterator[Any]:
            for number, step in enumerate(super()._send(event)):
                answered.append((max(0, number - 1), len(flushed)))
                yield step

    answered: list[tuple[int, int]] = []
    monkeypatch.setattr(arrival, "sync_file", flush)
    pacs, ours = Forgetful(study()), free_port()
    pacs.destinations["IMAGEBANK"] = ours
    with rude_bank(tmp_path, pacs, retrieve=retrieve, receive_port=ours, flush="each") as bank:
        assert run(bank).is_whole
        assert_whole(bank)
    assert answered == [(0, 0), *((number, number) for number in range(6))]


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
        hurried, told = Hurried(), Telling()
        ended = run(bank, world=hurried.world(), progress=told)
        assert (ended.ended, ended.reason) == ("given-up", "failed")
        assert told.notes[0] == "rude: 4 failures in a row (failed): left alone for 30 s, then tried with one echo"
        assert told.notes[1] == "rude: answers again: going on"
        assert hurried.passed > 60, "the circuit was never open"
        states = status_of(bank).states
        assert states["complete"] == 2
        assert states["wanted"] == 5
        rude = False
        assert run(bank).is_whole
        assert dict(status_of(bank).states) == {"complete": 7}


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


def test_an_image_that_comes_after_its_study_was_counted_is_no_reason_to_wait_for_a_third_run(tmp_path: Path) -> None:
    class Late(RudePacs):
        def outgoing(self, query: Dataset) -> list[Dataset]:
            sent = super().outgoing(query)
            if query.StudyInstanceUID == "1.9.1":
                return [each for each in sent if each.InstanceNumber < 2]
            return [*sent, *(each for each, _ in self.headers if each.StudyInstanceUID == "1.9.1")]

    others = [instance(1, study=number) for number in range(2, 5)]
    with rude_bank(tmp_path, Late([*study(3), *others])) as bank:
        assert run(bank).states["wanted"] == 1
        assert run(bank).is_whole
        assert dict(status_of(bank).states) == {"complete": 4}


def test_what_a_pacs_sends_after_it_said_that_it_was_done_is_waited_for(tmp_path: Path) -> None:
    class Hasty(RudePacs):
        """Says that all was sent by C-MOVE, and sends the half of it by another association a moment later."""

        def on_move(self, event: Any) -> Iterator[Any]:
            every = self.outgoing(event.identifier)
            threading.Timer(0.4, self.push, (event.move_destination, every[3:])).start()
            self.push(event.move_destination, every[:3])
            yield "127.0.0.1", self.destinations[event.move_destination]
            yield 0

        def push(self, title: str, instances: list[Dataset]) -> None:
            entity = AE(ae_title=self.title)
            entity.add_requested_context(MR)
            association = entity.associate("127.0.0.1", self.destinations[title], ae_title=title)
            for each in instances:
                association.send_c_store(each)
            association.release()

    pacs, port = Hasty(study()), free_port()
    pacs.destinations["IMAGEBANK"] = port
    with rude_bank(tmp_path, pacs, retrieve="move", receive_port=port) as bank:
        assert run(bank, world=World()).is_whole
        assert_whole(bank)
        assert status_of(bank).tallies["duplicates"] == 0
