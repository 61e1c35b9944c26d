"""A DICOMweb service that answers badly: nothing is cut, half-landed or hammered, and the word for it is clear."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pretend
import pytest
from pretend import FIRST, Hurried, Telling, assert_whole, bank_of, instance, landed, run, status_of, study
from rude_web import PARTS, RudeWeb, file_of, rude_web

from imagebank.core.private import Private
from imagebank.dicom.pacs import web
from imagebank.dicom.pacs.book import Book
from imagebank.dicom.pacs.landing import Landing, Limits
from imagebank.dicom.pacs.model import Request
from imagebank.identities.pseudonyms import Keys
from imagebank.workflows.acquiring import SourceRun
from imagebank.workflows.acquisition import MEANINGS


def landing_in(folder: Path) -> Landing:
    uids = Keys(bytes(32), "a bank").uid_map
    return Landing(folder / "landing", "web", uids, Book(folder / "book.db"), Limits())


def web_bank(folder: Path, url: str, **settings: Any) -> Path:
    return bank_of(folder, kind="dicomweb", url=url, **settings)


@pytest.mark.parametrize("cap", [2, 6, 12])
def test_a_service_that_gives_fewer_answers_than_asked_for_is_asked_for_the_rest(tmp_path: Path, cap: int) -> None:
    held = [instance(1, study=number) for number in range(1, 13)]
    with rude_web(held, cap=cap) as (url, _):
        client = web.Web(web.Service(url), landing_in(tmp_path))
        assert len(client.studies(Request("patient", Private(FIRST)))) == 12
        client.close()


def test_a_service_that_knows_no_pages_is_not_asked_for_ever(tmp_path: Path) -> None:
    def spoil(self: RudeWeb) -> bool:
        self.query["offset"] = "0"
        return False

    held = [instance(1, study=number) for number in range(1, 6)]
    with rude_web(held, spoiled=spoil) as (url, kind):
        assert run(web_bank(tmp_path, url)).states == {"complete": 5}
    assert sum("/studies?" in each for each in kind.heard) == 2


def test_an_answer_has_a_bound_in_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "MOST_PAGE", 10_000)

    def spoil(self: RudeWeb) -> bool:
        return self.answer(200, b"[" + b" " * 20_000 + b"]")

    with rude_web(study(), spoiled=spoil) as (url, _):
        assert run(web_bank(tmp_path, url)).reason == "too-many-answers"


@pytest.mark.parametrize(
    ("kind", "boundary", "header"),
    [
        ('multipart/related; boundary="a;b, c"; type="application/dicom"', "a;b, c", ""),
        ("Multipart/Related; Boundary=yy ; start=1", "yy", ""),
    ],
)
def test_parts_are_read_however_their_boundary_is_written(
    tmp_path: Path, kind: str, boundary: str, header: str
) -> None:
    def spoil(self: RudeWeb) -> bool:
        return bool(self.wants_files and (self.files(self.held, kind, boundary, header), True))

    with rude_web(study(), spoiled=spoil) as (url, served):
        bank = web_bank(tmp_path, url)
        assert run(bank).is_whole
        assert_whole(bank)
    assert sum("instances" in each for each in served.heard) == 0


def test_half_of_an_instance_never_lands(tmp_path: Path) -> None:
    def spoil(self: RudeWeb) -> bool:
        return bool(self.wants_files and (self.files(self.held, header="Content-Length: 500\r\n"), True))

    with rude_web(study(), spoiled=spoil) as (url, served):
        bank = web_bank(tmp_path, url)
        assert not run(bank).is_whole
        assert landed(bank) == []
        assert [each.reason for each in status_of(bank).incomplete] == ["bad-answer"]
        served.spoiled = None
        assert run(bank).is_whole
        assert_whole(bank)


def test_images_that_come_byte_by_byte_are_not_waited_for(tmp_path: Path) -> None:
    def spoil(self: RudeWeb) -> bool:
        if not self.wants_files:
            return False
        self.send_response(200)
        self.send_header("Content-Type", PARTS)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        with suppress(OSError):  # nobody listens any more
            for _ in range(300):
                self.wfile.write(b"-")
                sent.append(1)
                time.sleep(0.02)
        return True

    sent: list[int] = []
    with rude_web(study(), spoiled=spoil) as (url, served):
        bank = web_bank(tmp_path, url, timeout_seconds=0.1, attempts=1)
        assert not run(bank).is_whole
        assert len(sent) < 300
        assert [each.reason for each in status_of(bank).incomplete] == ["silent"]
        served.spoiled = None
        assert run(bank).is_whole
        assert_whole(bank)


def test_one_instance_without_parts_is_taken(tmp_path: Path) -> None:
    def spoil(self: RudeWeb) -> bool:
        return self.wants_files and self.answer(200, file_of(self.held[0]), "application/dicom")

    with rude_web(study(1), spoiled=spoil) as (url, _):
        assert run(web_bank(tmp_path, url)).is_whole


def test_a_service_that_does_not_know_our_wish_gives_files_as_it_likes(tmp_path: Path) -> None:
    def spoil(self: RudeWeb) -> bool:
        return "transfer-syntax=*" in self.headers["Accept"] and self.answer(406)

    with rude_web(study(), spoiled=spoil) as (url, _):
        assert run(web_bank(tmp_path, url)).is_whole


def spoiled(folder: Path, status: int, told: Telling | None = None, **headers: str) -> tuple[SourceRun, list[str]]:
    """A run whose retrievals are all answered so."""

    def spoil(self: RudeWeb) -> bool:
        return self.wants_files and self.answer(status, **headers)

    with rude_web(study(), spoiled=spoil) as (url, kind):
        bank = web_bank(folder, url)
        ended = run(bank, progress=told or Telling())
    assert [each.reason for each in status_of(bank).incomplete] == list(ended.failed)
    return ended, [each for each in kind.heard if "?" not in each]


def test_a_busy_service_is_left_alone_as_long_as_it_asks_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told, hurried = Telling(), Hurried()
    monkeypatch.setattr(pretend, "Hurried", lambda: hurried)
    ended, files = spoiled(tmp_path, 503, told, Retry_After="120")
    assert hurried.passed > 110
    assert (dict(ended.failed), len(files)) == ({"busy": 1}, 2)
    assert told.notes[0] == "rude: it is busy, and asks to be left alone for 120 s"
    ended, files = spoiled(tmp_path / "other", 429, Retry_After="Wed, 21 Oct 2015 07:28:00 GMT")
    assert (dict(ended.failed), len(files)) == ({"busy": 1}, 2)


@pytest.mark.parametrize(("status", "reason"), [(500, "failed"), (404, "not-found")])
def test_a_service_that_gives_nothing_is_not_asked_for_every_instance(tmp_path: Path, status: int, reason: str) -> None:
    ended, files = spoiled(tmp_path, status)
    assert dict(ended.failed) == {reason: 1}
    assert len(files) <= 2 + 2 * web.IN_VAIN


@pytest.mark.parametrize(("status", "reason"), [(404, "no-service"), (301, "redirected"), (302, "redirected")])
def test_a_wrong_address_is_told_as_what_it_is_after_one_question(tmp_path: Path, status: int, reason: str) -> None:
    def spoil(self: RudeWeb) -> bool:
        return self.answer(status, Location="http://127.0.0.1:9/")

    with rude_web(study(), spoiled=spoil) as (url, kind):
        ended = run(web_bank(tmp_path, url))
    assert (ended.ended, ended.reason) == ("given-up", reason)
    assert "`url`" in MEANINGS[reason]
    assert len(kind.heard) <= 2


def test_a_service_that_says_404_for_nothing_found_is_understood(tmp_path: Path) -> None:
    def spoil(self: RudeWeb) -> bool:
        return self.query.get("PatientID") == "HN0000002" and self.answer(404)

    with rude_web(study(), spoiled=spoil) as (url, _):
        bank = bank_of(tmp_path, "HN0000001", "HN0000002", kind="dicomweb", url=url)
        assert run(bank).is_whole
        assert_whole(bank)


@pytest.mark.parametrize("count", [None, "²", 10**25, -1, "many", 6.0])
def test_a_count_that_is_none_is_put_right_by_the_list(tmp_path: Path, count: object) -> None:
    def spoil(self: RudeWeb) -> bool:
        told = {"0020000E": {"Value": ["1.9.1.1"]}, "00080060": {"Value": ["MR"]}, "00201209": {"Value": [count]}}
        return self.parts[-1] == "series" and self.answer(200, json.dumps([told]).encode())

    with rude_web(study(), spoiled=spoil) as (url, _):
        bank = web_bank(tmp_path, url)
        assert run(bank).is_whole
        assert_whole(bank)


def test_a_value_may_be_null_and_modalities_one_text(tmp_path: Path) -> None:
    def spoil(self: RudeWeb) -> bool:
        if self.parts[-1] != "studies":
            return False
        told = {"0020000D": {"Value": ["1.9.1"]}, "00080061": {"Value": ["SR\\MR"]}}
        nobody = {"0020000D": {"Value": ["1.9.2"]}, "00100020": {"Value": [None]}}
        return self.answer(200, json.dumps([{**told, "00100020": {"Value": ["HN0000001"]}}, nobody]).encode())

    with rude_web(study(), spoiled=spoil) as (url, _):
        bank = web_bank(tmp_path, url)
        assert run(bank).left == {"no-patient-id": 1}
        assert_whole(bank)
