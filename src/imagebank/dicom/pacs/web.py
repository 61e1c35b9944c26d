"""A PACS asked over DICOMweb: QIDO-RS for questions, WADO-RS for whole series or single instances.

Redirects are not followed and no proxy of the environment is used: what names patients goes to the named host only.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import quote

import httpx

from imagebank.core.logs import quiet_libraries
from imagebank.core.private import NOBODY, Private
from imagebank.dicom.pacs.batch import batch
from imagebank.dicom.pacs.landing import Landing
from imagebank.dicom.pacs.model import Fetched, PacsError, Request, SeriesAnswer, Stopped, StudyAnswer
from imagebank.dicom.pacs.multipart import BadMultipart, Multipart, boundary_of

quiet_libraries()

ASKED = "ask a PACS"
PAGE = 1000  # answers of one QIDO-RS request
ACCEPT_FILES = 'multipart/related; type="application/dicom"; transfer-syntax=*'
TAGS = {
    "PatientID": "00100020",
    "AccessionNumber": "00080050",
    "StudyInstanceUID": "0020000D",
    "StudyDate": "00080020",
    "StudyDescription": "00081030",
    "ModalitiesInStudy": "00080061",
    "NumberOfStudyRelatedInstances": "00201208",
    "SeriesInstanceUID": "0020000E",
    "Modality": "00080060",
    "BodyPartExamined": "00180015",
    "SeriesDescription": "0008103E",
    "NumberOfSeriesRelatedInstances": "00201209",
    "SOPInstanceUID": "00080018",
}
KEYS = {"patient": "PatientID", "accession": "AccessionNumber", "study": "StudyInstanceUID", "day": "StudyDate"}
STUDY_FIELDS = ("StudyDescription", "ModalitiesInStudy", "NumberOfStudyRelatedInstances")
SERIES_FIELDS = ("SeriesDescription", "BodyPartExamined", "NumberOfSeriesRelatedInstances")
EARLY = 30.0  # seconds before its end that a token is renewed


@dataclass(frozen=True)
class Access:
    """How we show who we are: basic, a token that is given, or client credentials that are changed for one."""

    user: str = ""
    password: Private = NOBODY
    token: Private = NOBODY
    token_url: str = ""
    client_id: str = ""
    client_secret: Private = NOBODY


@dataclass(frozen=True)
class Service:
    """Where a service is."""

    url: str
    access: Access = Access()
    timeout_seconds: float = 60.0
    most_answers: int = 20_000
    tls: ssl.SSLContext | None = field(default=None, repr=False)


class Tokens(httpx.Auth):
    """Bearer tokens for client credentials (RFC 6749, section 4.4), renewed before they end or once refused."""

    def __init__(self, access: Access) -> None:
        self._access, self._token, self._until = access, access.token, float("inf")
        if access.token_url:
            self._until = 0.0

    def auth_flow(self, request: httpx.Request) -> Any:
        """What httpx asks of an authentication: the requests to send, in order."""
        if time.monotonic() > self._until - EARLY:
            self._take((yield self._ask()))
        request.headers["Authorization"] = f"Bearer {self._token.reveal('show who we are')}"
        answer = yield request
        if answer.status_code == httpx.codes.UNAUTHORIZED and self._access.token_url:
            self._take((yield self._ask()))
            request.headers["Authorization"] = f"Bearer {self._token.reveal('show who we are')}"
            yield request

    def _ask(self) -> httpx.Request:
        access = self._access
        secret = access.client_secret.reveal("have a token")
        form = {"grant_type": "client_credentials", "client_id": access.client_id, "client_secret": secret}
        return httpx.Request("POST", access.token_url, data=form)

    def _take(self, answer: httpx.Response) -> None:
        try:
            answer.read()  # only this answer: that of a retrieval must not be held in memory
            told = answer.json()
            self._token = Private(str(told["access_token"]))
            self._until = time.monotonic() + float(told.get("expires_in", 3600))
        except (ValueError, KeyError, TypeError):
            raise PacsError("not-allowed") from None


class Web:
    """A client of one thread."""

    def __init__(self, service: Service, landing: Landing) -> None:
        self._service, self._landing = service, landing
        access = service.access
        auth: httpx.Auth | None = None
        if access.user:
            auth = httpx.BasicAuth(access.user, access.password.reveal("show who we are"))
        elif access.token or access.token_url:
            auth = Tokens(access)
        self._client = httpx.Client(
            auth=auth,
            verify=service.tls or service.url.startswith("https"),  # reading the authorities takes a while
            timeout=service.timeout_seconds,
            follow_redirects=False,
            trust_env=False,
            headers={"Accept-Encoding": "identity"},  # images do not shrink, and it would cost the PACS
        )
        self._root = service.url.rstrip("/")

    def echo(self) -> None:
        """A question with one answer at most."""
        self._get("/studies", {"limit": "1"})

    def patients(self, number: Private) -> int | None:  # noqa: ARG002 - QIDO-RS has no level of patients
        """Nothing: it has studies only."""
        return None

    def studies(self, request: Request) -> list[StudyAnswer]:
        """QIDO-RS at study level."""
        asked = {KEYS[request.by]: request.value.reveal(ASKED)}
        found = self._all("/studies", asked, STUDY_FIELDS, "StudyInstanceUID")
        return [_study(each) for each in found]

    def series(self, study: Private) -> list[SeriesAnswer]:
        """QIDO-RS at series level."""
        found = self._all(f"/studies/{_part(study)}/series", {}, SERIES_FIELDS, "SeriesInstanceUID")
        return [_series(each) for each in found]

    def instances(self, study: Private, series: Private) -> list[Private]:
        """QIDO-RS at instance level."""
        path = f"/studies/{_part(study)}/series/{_part(series)}/instances"
        return [Private(_text(each, "SOPInstanceUID")) for each in self._all(path, {}, (), "SOPInstanceUID")]

    def fetch(self, study: Private, series: Private, instances: Sequence[Private], stop: Callable[[], bool]) -> Fetched:
        """WADO-RS of a series, or of some instances one by one."""
        path = f"/studies/{_part(study)}/series/{_part(series)}"
        paths = [f"{path}/instances/{_part(each)}" for each in instances] or [path]
        done = failed = 0
        for each in paths:
            try:
                done += self._retrieve(each, stop)
            except PacsError as error:
                if error.reason != "failed" or not instances:
                    raise
                failed += 1  # one instance that the PACS cannot give must not keep the others back
        return Fetched(done, failed)

    def _retrieve(self, path: str, stop: Callable[[], bool]) -> int:
        try:
            with self._client.stream("GET", self._root + path, headers={"Accept": ACCEPT_FILES}) as answer:
                _check(answer)
                parts = Multipart(boundary_of(answer.headers.get("Content-Type", "")))
                with batch(self._landing) as instances:
                    for chunk in answer.iter_raw():
                        for piece in parts.feed(chunk):
                            instances.write(piece.content, ends=piece.ends)
                        if stop():
                            raise Stopped
                    parts.end()
                return instances.done
        except BadMultipart:
            raise PacsError("bad-answer") from None
        except httpx.HTTPError as error:
            raise _broken(error) from None

    def _all(self, path: str, asked: dict[str, str], fields: Sequence[str], uid: str) -> list[dict[str, Any]]:
        """Every answer, page by page; a service that knows no pages gives the same again, which ends it."""
        found: dict[str, dict[str, Any]] = {}
        while True:
            page = self._get(path, {**asked, "limit": str(PAGE), "offset": str(len(found))}, fields)
            fresh = {_text(each, uid): each for each in page if _text(each, uid) and _text(each, uid) not in found}
            found |= fresh
            if len(found) > self._service.most_answers:
                raise PacsError("too-many-answers")
            if not fresh or len(page) < PAGE:
                return list(found.values())

    def _get(self, path: str, asked: dict[str, str], fields: Sequence[str] = ()) -> list[dict[str, Any]]:
        query: list[tuple[str, Any]] = [*asked.items(), *(("includefield", TAGS[each]) for each in fields)]
        try:
            answer = self._client.get(self._root + path, params=query, headers={"Accept": "application/dicom+json"})
            _check(answer)
            told = answer.json() if answer.status_code != httpx.codes.NO_CONTENT and answer.content else []
        except httpx.HTTPError as error:
            raise _broken(error) from None
        except ValueError:
            raise PacsError("bad-answer") from None
        if not isinstance(told, list) or not all(isinstance(each, dict) for each in told):
            raise PacsError("bad-answer")
        return told

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def _check(answer: httpx.Response) -> None:
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        raise PacsError("not-allowed")
    if answer.status_code == httpx.codes.FORBIDDEN:
        raise PacsError("forbidden")
    if not answer.is_success:
        raise PacsError("failed")


def _broken(error: httpx.HTTPError) -> PacsError:
    """What an error of httpx means; its text would name the URL, and so a patient."""
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.UnsupportedProtocol):
        return PacsError("not-trusted" if _is_of_a_certificate(error) else "not-reached")
    return PacsError("silent" if isinstance(error, httpx.TimeoutException) else "aborted")


def _is_of_a_certificate(error: BaseException | None) -> bool:
    """Whether an error, or one that it came of, says that a certificate does not hold."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _part(uid: Private) -> str:
    """A UID as part of a path: whatever it holds, it names nothing but itself."""
    return quote(uid.reveal(ASKED), safe="")


def _values(answer: dict[str, Any], keyword: str) -> Iterator[str]:
    element = answer.get(TAGS[keyword])
    values = element.get("Value") if isinstance(element, dict) else None
    for each in values if isinstance(values, list) else ():
        yield str(each).strip(" \0")


def _text(answer: dict[str, Any], keyword: str) -> str:
    return next(_values(answer, keyword), "")


def _count(answer: dict[str, Any], keyword: str) -> int | None:
    text = _text(answer, keyword)
    return int(text) if text.isdigit() else None


def _day(text: str) -> date | None:
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return None


def _study(answer: dict[str, Any]) -> StudyAnswer:
    return StudyAnswer(
        Private(_text(answer, "StudyInstanceUID")),
        Private(_text(answer, "PatientID")),
        Private(_text(answer, "AccessionNumber")),
        Private(_text(answer, "StudyDescription")),
        _day(_text(answer, "StudyDate")),
        tuple(each.upper() for each in _values(answer, "ModalitiesInStudy")),
        _count(answer, "NumberOfStudyRelatedInstances"),
    )


def _series(answer: dict[str, Any]) -> SeriesAnswer:
    return SeriesAnswer(
        Private(_text(answer, "SeriesInstanceUID")),
        _text(answer, "Modality"),
        _text(answer, "BodyPartExamined"),
        Private(_text(answer, "SeriesDescription")),
        _count(answer, "NumberOfSeriesRelatedInstances"),
    )
