"""OAuth2: tokens that end, token services that are slow, down or talk nonsense. Secrets go to checked hosts only."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from pretend import Hurried, bank_of, study
from rude_web import RudeWeb, rude_web

from imagebank.core.progress import Silent
from imagebank.dicom.pacs.web import Service, _is_secure
from imagebank.dicom.pacs.web_access import Access
from imagebank.workflows.acquiring import SourceRun, acquire

ENVIRON = {"BANK_SECRET": "s3cret"}
BASIC = "Basic " + b64encode(b"bank:s3cret").decode()


class TokenWeb(RudeWeb):
    """Gives token1, token2 and so on; the newest one is valid, but for the requests of `ends_at`."""

    given: list[str]
    ends_at: tuple[int, ...] = ()
    told: Any = None  # instead of a token
    status = 200
    wants_basic = False

    def spoiled(self) -> bool:
        if self.command == "POST":
            form, basic = parse_qs(self.body), self.headers.get("Authorization", "")
            knows = basic == BASIC if self.wants_basic else form.get("client_secret") == ["s3cret"]
            if not knows or self.status != 200:
                return self.answer(401 if not knows else self.status, b"{}")
            self.given.append(f"token{len(self.given)}")
            told = {"access_token": self.given[-1], "scope": form.get("scope")} if self.told is None else self.told
            return self.answer(200, json.dumps(told).encode() if not isinstance(told, bytes) else told)
        ended = len(self.heard) in self.ends_at
        valid = self.headers.get("Authorization") == f"Bearer {(self.given or ['none'])[-1]}" and not ended
        return not valid and self.answer(401)


def fetched(folder: Path, **manners: Any) -> tuple[SourceRun, Any]:
    kind = type("Kind", (TokenWeb,), {"given": [], **manners})
    with rude_web(study(), kind=kind) as (url, served):
        access = {"token_url": f"{url}/token", "client_id": "bank", "client_secret_variable": "BANK_SECRET"}
        bank = bank_of(folder, kind="dicomweb", url=url, token_scope="images", **access)
        return acquire(bank, environ=ENVIRON, progress=Silent(), world=Hurried().world())[0], served


def test_a_token_that_ends_in_the_middle_is_renewed_once(tmp_path: Path) -> None:
    ended, served = fetched(tmp_path, ends_at=(5,))
    assert ended.is_whole
    assert served.given == ["token0", "token1"]


@pytest.mark.parametrize("life", [{}, {"expires_in": None}, {"expires_in": "soon"}, {"expires_in": "3600"}])
def test_a_token_whose_end_is_not_told_is_used(tmp_path: Path, life: dict[str, Any]) -> None:
    ended, served = fetched(tmp_path, told={"access_token": "token0", **life})
    assert ended.is_whole
    assert len(served.given) == 1


def test_a_token_service_may_want_the_secret_in_a_header(tmp_path: Path) -> None:
    assert fetched(tmp_path, wants_basic=True)[0].is_whole


@pytest.mark.parametrize("told", [b"<html>", [], {"access_token": None}, {"access_token": "a\nb"}, {"error": "x"}])
def test_nonsense_is_no_token(tmp_path: Path, told: Any) -> None:
    ended, _ = fetched(tmp_path, told=told)
    assert (ended.ended, ended.reason) == ("given-up", "no-token")


@pytest.mark.parametrize(("status", "reason"), [(400, "token-refused"), (403, "token-refused"), (503, "no-token")])
def test_a_token_that_is_not_given_is_told_apart_from_one_that_is_refused(
    tmp_path: Path, status: int, reason: str
) -> None:
    ended, served = fetched(tmp_path, status=status)
    assert ended.reason == reason
    assert len(served.heard) <= 3


def test_the_certificate_of_a_token_service_is_checked_too() -> None:
    assert _is_secure(Service("http://pacs", Access(token_url="https://tokens")))
    assert not _is_secure(Service("http://pacs"))
