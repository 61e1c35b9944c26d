"""A PACS asked over DICOMweb: QIDO-RS for questions, WADO-RS for whole series or single instances.

Redirects are not followed and no proxy of the environment is used: what names patients goes to the named host only.
"""

from __future__ import annotations

import json
import ssl
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import httpx

from imagebank.core.clock import now
from imagebank.core.logs import quiet_libraries
from imagebank.core.private import Private
from imagebank.dicom.pacs.batch import batch
from imagebank.dicom.pacs.landing import Landing
from imagebank.dicom.pacs.model import Fetched, PacsError, Request, SeriesAnswer, Stopped, StudyAnswer
from imagebank.dicom.pacs.multipart import BadMultipart, body_of
from imagebank.dicom.pacs.web_access import Access
from imagebank.dicom.pacs.web_answers import TAGS, series_answer, study_answer, text_of

quiet_libraries()

ASKED = "ask a PACS"
PAGE = 1000  # answers that are asked for at once; a service may give fewer
MOST_PAGE = 128 << 20  # bytes of one answer
SLOWEST = 10  # times timeout_seconds, until an answer that comes byte by byte is taken for none
SLOWEST_BYTES = 1 << 16  # of images that must come in that time
ACCEPT_FILES = (
    'multipart/related; type="application/dicom"; transfer-syntax=*',
    'multipart/related; type="application/dicom"',
)
"""Instances as they are stored; or, of a service that knows no such wish, as it likes."""
NOT_ACCEPTED = (httpx.codes.NOT_ACCEPTABLE, httpx.codes.UNSUPPORTED_MEDIA_TYPE)
KEYS = {"patient": "PatientID", "accession": "AccessionNumber", "study": "StudyInstanceUID", "day": "StudyDate"}
STUDY_FIELDS = ("StudyDescription", "ModalitiesInStudy", "NumberOfStudyRelatedInstances")
SERIES_FIELDS = ("SeriesDescription", "BodyPartExamined", "NumberOfSeriesRelatedInstances")
IN_VAIN = 3  # instances that cannot be had, one after the other and before any other, until a series is left
STATUSES = {401: "not-allowed", 403: "forbidden", 404: "not-found", 410: "not-found", 429: "busy", 503: "busy"}
"""What a status says; all others are a failure."""


@dataclass(frozen=True)
class Service:
    """Where a service is."""

    url: str
    access: Access = Access()
    timeout_seconds: float = 60.0
    most_answers: int = 20_000
    tls: ssl.SSLContext | None = field(default=None, repr=False)


class Web:
    """A client of one thread. `shown` is how it shows who it is; the clients of a source share it, and so its token."""

    def __init__(self, service: Service, landing: Landing, shown: httpx.Auth | None = None) -> None:
        self._service, self._landing = service, landing
        self._accept = ACCEPT_FILES[0]
        self._largest: Counter[str] = Counter()  # answers that came at once, by what they name
        self._client = httpx.Client(
            auth=shown,
            verify=service.tls or _is_secure(service),  # reading the authorities takes a while
            timeout=service.timeout_seconds,
            follow_redirects=False,
            trust_env=False,
            headers={"Accept-Encoding": "identity"},  # images do not shrink, and it would cost the PACS
        )
        self._root = service.url.rstrip("/")

    def echo(self) -> None:
        """A question with one answer at most; whatever it is, it is not read."""
        try:
            with self._told(), self._asking("/studies", [("limit", "1")]):
                pass
        except PacsError as error:
            if error.reason == "not-found":
                raise PacsError("no-service") from None
            raise

    def patients(self, number: Private) -> int | None:  # noqa: ARG002 - QIDO-RS has no level of patients
        """Nothing: it has studies only."""
        return None

    def studies(self, request: Request) -> list[StudyAnswer]:
        """QIDO-RS at study level."""
        asked = {KEYS[request.by]: request.value.reveal(ASKED)}
        found = self._all("/studies", asked, STUDY_FIELDS, "StudyInstanceUID")
        return [study_answer(each) for each in found]

    def series(self, study: Private) -> list[SeriesAnswer]:
        """QIDO-RS at series level."""
        found = self._all(f"/studies/{_part(study)}/series", {}, SERIES_FIELDS, "SeriesInstanceUID")
        return [series_answer(each) for each in found]

    def instances(self, study: Private, series: Private) -> list[Private]:
        """QIDO-RS at instance level."""
        path = f"/studies/{_part(study)}/series/{_part(series)}/instances"
        return [Private(text_of(each, "SOPInstanceUID")) for each in self._all(path, {}, (), "SOPInstanceUID")]

    def fetch(self, study: Private, series: Private, instances: Sequence[Private], stop: Callable[[], bool]) -> Fetched:
        """WADO-RS of a series, or of some instances one by one."""
        path = f"/studies/{_part(study)}/series/{_part(series)}"
        if not instances:
            return Fetched(self._retrieve(path, stop))
        done = failed = 0
        for each in instances:
            try:
                done += self._retrieve(f"{path}/instances/{_part(each)}", stop)
            except PacsError as error:
                failed += 1  # one instance that the PACS cannot give must not keep the others back
                if error.reason not in ("failed", "not-found") or (not done and failed == IN_VAIN):
                    raise
        return Fetched(done, failed)

    def _retrieve(self, path: str, stop: Callable[[], bool]) -> int:
        try:
            with self._told(), self._files(path) as answer:
                parts = body_of(answer.headers.get("Content-Type", ""))
                with batch(self._landing) as instances:
                    for chunk in self._not_too_slow(answer.iter_raw()):
                        for piece in parts.feed(chunk):
                            instances.write(piece.content, ends=piece.ends)
                        if stop():
                            raise Stopped
                    for piece in parts.end():
                        instances.write(piece.content, ends=piece.ends)
                return instances.done
        except BadMultipart:
            raise PacsError("bad-answer") from None

    @contextmanager
    def _files(self, path: str) -> Iterator[httpx.Response]:
        with self._client.stream("GET", self._root + path, headers={"Accept": self._accept}) as answer:
            if answer.status_code not in NOT_ACCEPTED or self._accept == ACCEPT_FILES[-1]:
                _check(answer)
                yield answer
                return
        self._accept = ACCEPT_FILES[-1]
        with self._files(path) as answer:
            yield answer

    def _all(self, path: str, asked: dict[str, str], fields: Sequence[str], uid: str) -> list[dict[str, Any]]:
        """Every answer, page by page, until a page brings nothing new.

        A service may give fewer answers at once than it is asked for. A page that is smaller than one that it gave
        before was not cut, nor was one with a single answer.
        """
        found: dict[str, dict[str, Any]] = {}
        while True:
            page = self._page(path, {**asked, "limit": str(PAGE), "offset": str(len(found))}, fields)
            fresh = {name: each for each in page if (name := text_of(each, uid)) and name not in found}
            found |= fresh
            if len(found) > self._service.most_answers:
                raise PacsError("too-many-answers")
            if not fresh or len(page) < max(self._largest[uid], 2):
                return list(found.values())
            self._largest[uid] = len(page)

    def _page(self, path: str, asked: dict[str, str], fields: Sequence[str]) -> list[dict[str, Any]]:
        query = [*asked.items(), *(("includefield", TAGS[each]) for each in fields)]
        try:
            with self._told(), self._asking(path, query) as answer:
                content = self._read(answer) if answer.status_code != httpx.codes.NO_CONTENT else b""
        except PacsError as error:
            if error.reason != "not-found":
                raise
            self.echo()  # a service may say so of a question that it has no answer to; else its address is wrong
            return []
        try:
            told = json.loads(content) if content else []
        except ValueError:
            raise PacsError("bad-answer") from None
        if not isinstance(told, list) or not all(isinstance(each, dict) for each in told):
            raise PacsError("bad-answer")
        return told

    def _read(self, answer: httpx.Response) -> bytes:
        """The whole of an answer, of a bounded size and in a bounded time."""
        content, end = bytearray(), time.monotonic() + SLOWEST * self._service.timeout_seconds
        for chunk in answer.iter_bytes():
            content += chunk
            if len(content) > MOST_PAGE:
                raise PacsError("too-many-answers")
            if time.monotonic() > end:
                raise PacsError("silent")
        return bytes(content)

    def _not_too_slow(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The chunks of an answer of any length, while it comes at a pace that is worth waiting for."""
        size, end = 0, time.monotonic() + SLOWEST * self._service.timeout_seconds
        for chunk in chunks:
            size += len(chunk)
            if size >= SLOWEST_BYTES:
                size, end = 0, time.monotonic() + SLOWEST * self._service.timeout_seconds
            elif time.monotonic() > end:
                raise PacsError("silent")
            yield chunk

    @contextmanager
    def _asking(self, path: str, query: Sequence[tuple[str, str]]) -> Iterator[httpx.Response]:
        accept = {"Accept": "application/dicom+json"}
        with self._client.stream("GET", self._root + path, params=list(query), headers=accept) as answer:
            _check(answer)
            yield answer

    @contextmanager
    def _told(self) -> Iterator[None]:
        """How an exchange broke. The text of httpx would name the URL, and so a patient: it goes no further."""
        try:
            yield
        except httpx.HTTPError as error:
            raise PacsError(self._reason(error)) from None

    def _reason(self, error: httpx.HTTPError) -> str:
        if isinstance(error, httpx.RequestError) and error.request.method == "POST":
            return "no-token"
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.UnsupportedProtocol):
            return "not-trusted" if _is_of_a_certificate(error) else "not-reached"
        return "silent" if isinstance(error, httpx.TimeoutException) else "aborted"

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def _is_secure(service: Service) -> bool:
    """Whether a certificate is to be checked: that of the PACS, or of the token service."""
    return any(each.startswith("https") for each in (service.url, service.access.token_url))


def _check(answer: httpx.Response) -> None:
    if answer.is_redirect:
        raise PacsError("redirected")
    if not answer.is_success:
        reason = STATUSES.get(answer.status_code, "failed")
        raise PacsError(reason, wait_seconds=_rest(answer.headers.get("Retry-After", "")) if reason == "busy" else 0.0)


def _rest(told: str) -> float:
    """How long a service asks to be left alone, in seconds or until a moment; 0 where it does not say."""
    if told.isascii() and told.isdigit():
        return float(told)
    try:
        until: datetime = parsedate_to_datetime(told)
    except ValueError:
        return 0.0
    return max(0.0, ((until if until.tzinfo else until.replace(tzinfo=UTC)) - now()).total_seconds())


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
