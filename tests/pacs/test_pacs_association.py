"""Our own association with a PACS: silence, and a peer that hangs up between two questions."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pretend import RudePacs, rude_bank, run, study

from imagebank.core.private import Private
from imagebank.dicom.pacs import dimse, wire
from imagebank.dicom.pacs.book import Book
from imagebank.dicom.pacs.dimse import Dimse, Peer
from imagebank.dicom.pacs.guard import World
from imagebank.dicom.pacs.landing import Landing, Limits
from imagebank.dicom.pacs.model import REASONS, PacsError, Request
from imagebank.dicom.pacs.negotiation import IMPLICIT, VERIFICATION, Agreed
from imagebank.dicom.pacs.receiving import Receiver
from imagebank.dicom.pacs.stream import Stream
from imagebank.dicom.pacs.wire import BadMessage
from imagebank.identities.pseudonyms import Keys

KEYS = Keys(bytes(32), "association")
ASKED = Request("study", Private("1.9.1"))


class Remembering(RudePacs):
    """Knows the associations that it was asked over."""

    def __init__(self) -> None:
        super().__init__(study())
        self.associations: list[Any] = []

    def on_find(self, event: Any) -> Iterator[Any]:
        self.associations.append(event.assoc)
        return super().on_find(event)


def client_of(folder: Path, book: Book, port: int, **more: float) -> Dimse:
    landing = Landing(folder, "pacs", KEYS.uid_map, book, Limits())
    return Dimse(Peer("127.0.0.1", port, RudePacs.title, "BANK", "get", **more), landing)  # type: ignore[arg-type]


def test_an_association_that_the_pacs_ended_meanwhile_is_opened_again(tmp_path: Path) -> None:
    pacs = Remembering()
    with pacs.serving() as port, closing(Book(tmp_path / "book.db")) as book:
        client = client_of(tmp_path, book, port)
        assert len(client.studies(ASKED)) == 1
        assert len(client.studies(ASKED)) == 1
        pacs.associations[-1].abort()
        assert len(client.studies(ASKED)) == 1
        client.close()
    assert pacs.associations[0] is pacs.associations[1] is not pacs.associations[2]


def test_a_port_where_nobody_speaks_dicom_is_told_as_what_it_is(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, closing(Book(tmp_path / "book.db")) as book:

        def answer() -> None:
            peer, _ = listening.accept()
            with peer:
                peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(PacsError, match="not-reached"):
            client_of(tmp_path, book, listening.getsockname()[1]).echo()
        thread.join()


def test_a_silence_is_borne_as_long_as_something_else_shows_that_work_goes_on() -> None:
    here, there = socket.socketpair()
    with here, there:
        here.settimeout(0.05)
        rests = iter([True, True])

        def late() -> None:
            time.sleep(0.12)
            there.sendall(b"cd")

        there.sendall(b"ab")
        thread = threading.Thread(target=late)
        thread.start()
        assert Stream(here, lambda: next(rests, True)).read(4) == b"abcd"
        thread.join()
        with pytest.raises(TimeoutError):
            Stream(here, lambda: False).read(1)


def test_a_byte_now_and_then_is_as_good_as_silence() -> None:
    here, there = socket.socketpair()
    with here, there:
        here.settimeout(0.1)
        done = threading.Event()

        def drip() -> None:
            while not done.wait(0.03):
                there.sendall(b"a")

        thread = threading.Thread(target=drip)
        thread.start()
        with pytest.raises(TimeoutError):
            Stream(here, lambda: True).read(1000)
        done.set()
        thread.join()


def test_what_a_peer_that_hangs_up_left_unsaid_is_not_made_up() -> None:
    here, there = socket.socketpair()
    with here:
        there.sendall(b"ab")
        there.close()
        assert Stream(here, lambda: False).read(4) == b"ab"


@pytest.mark.parametrize("has_data", [False, True])
def test_answers_to_nothing_that_was_asked_are_not_kept(tmp_path: Path, has_data: bool) -> None:
    asked = wire.Command(wire.C_ECHO, 1, VERIFICATION, "", has_data=False)
    unasked = wire.response(asked, wire.SUCCESS)
    if has_data:
        unasked = unasked.replace(wire.NO_DATA_SET.to_bytes(2, "little"), wire.DATA_SET.to_bytes(2, "little"), 1)
    here, there = socket.socketpair()
    with here, there, closing(Book(tmp_path / "book.db")) as book:
        here.settimeout(5)
        landing = Landing(tmp_path, "pushed", KEYS.uid_map, book, Limits())
        agreed = Agreed("SCANNER", {1: (VERIFICATION, IMPLICIT)}, 0)
        receiver = Receiver(here, Stream(here, lambda: False), agreed, landing, None)
        for unit in list(wire.data_units(1, unasked, is_command=True, most=0)) * 3:
            there.sendall(unit)
        there.sendall(wire.release_request())
        if has_data:
            with pytest.raises(BadMessage):
                receiver.serve()
        else:
            assert receiver.serve() == "released"
            assert not receiver.counts


@pytest.mark.parametrize(
    ("refusal", "reason"),
    [
        ((1, 1, 1), "refused"),
        ((1, 1, 3), "calling-refused"),
        ((1, 1, 7), "called-refused"),
        ((2, 3, 2), "busy"),
        ((2, 3, 1), "busy"),
    ],
)
def test_a_refusal_says_which_title_is_wrong_or_that_it_will_pass(
    tmp_path: Path, refusal: tuple[int, int, int], reason: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, closing(Book(tmp_path / "book.db")) as book:

        def answer() -> None:
            peer, _ = listening.accept()
            with peer:
                peer.recv(1 << 16)
                peer.sendall(wire.reject(*refusal))
                peer.recv(1)

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(PacsError) as caught:
            client_of(tmp_path, book, listening.getsockname()[1]).echo()
        thread.join()
    assert caught.value.reason == reason
    assert reason in REASONS


@pytest.mark.parametrize("most", [1, 7, 9, 16, 512, 1030, 0])
def test_no_message_is_larger_than_the_peer_takes(most: int) -> None:
    content = bytes(range(256)) * 8
    units = list(wire.data_units(1, content, is_command=False, most=most))
    assert all(len(unit) - wire.HEADER.size <= max(most or wire.MOST_PDU, wire.FRAGMENT.size + 2) for unit in units)
    pieces = [piece for unit in units for piece in wire.fragments(unit[wire.HEADER.size :])]
    assert b"".join(piece.content for piece in pieces) == content
    assert [piece.is_last for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    assert all(len(piece.content) % 2 == 0 for piece in pieces)


def test_a_retrieval_ends_though_the_pacs_is_silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Deaf(RudePacs):
        def _send(self, event: Any) -> Iterator[Any]:
            self.moves += 1
            over.wait(20)
            yield from super()._send(event)

    monkeypatch.setattr(dimse, "END_SECONDS", 0.1)
    pacs, over = Deaf(study()), threading.Event()
    with rude_bank(tmp_path, pacs, timeout_seconds=20) as bank:
        assert run(bank, stop=lambda: pacs.moves > 0, world=World()).ended == "stopped"
        over.set()
        assert run(bank).is_whole


def test_a_pacs_that_says_pending_for_ever_is_silent_when_nothing_moves() -> None:
    patience = dimse._Patience(0.0)
    patience.see(0, 0, 0)
    patience.see(1, 0, 5)
    with pytest.raises(PacsError, match="silent"):
        patience.see(1, 0, 5)
