"""The nouns of acquisition. Whatever a PACS says of a person is private; none of these prints it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from imagebank.core.private import NOBODY, Private


@dataclass(frozen=True)
class Request:
    """One question to a PACS: the studies of a patient, of an accession number, of a day, or one study by its UID.

    `patients` are the numbers that an answer may carry; with none, any number that is not of an opted-out person.
    """

    by: str  # patient, accession, study or day
    value: Private
    patients: frozenset[Private] = field(default=frozenset(), repr=False)


@dataclass(frozen=True)
class StudyAnswer:
    """A study as a PACS tells it. A count is None where the PACS does not tell it."""

    uid: Private
    patient_id: Private = NOBODY
    accession: Private = NOBODY
    description: Private = NOBODY
    day: date | None = field(default=None, repr=False)
    modalities: tuple[str, ...] = ()
    instances: int | None = None


@dataclass(frozen=True)
class SeriesAnswer:
    """A series as a PACS tells it."""

    uid: Private
    modality: str = ""
    body_part: str = ""
    description: Private = NOBODY
    instances: int | None = None


@dataclass(frozen=True)
class Fetched:
    """What the PACS said of a retrieval; what really came is in the book. `apart`: it comes by another association."""

    said_done: int = 0
    said_failed: int = 0
    apart: bool = False


class Pacs(Protocol):
    """A source that can be asked and fetched from. One client is used by one thread; `close` ends its association."""

    def echo(self) -> None:
        """See whether it answers. Raises PacsError, as everything here."""

    def patients(self, number: Private) -> int | None:
        """How many patients it knows by a number; None where it cannot be asked for patients."""
        ...

    def studies(self, request: Request) -> list[StudyAnswer]:
        """The studies that answer a request."""
        ...

    def series(self, study: Private) -> list[SeriesAnswer]:
        """The series of a study."""
        ...

    def instances(self, study: Private, series: Private) -> list[Private]:
        """The instance UIDs of a series."""
        ...

    def fetch(self, study: Private, series: Private, instances: Sequence[Private], stop: Callable[[], bool]) -> Fetched:
        """Have a series, or some of its instances, sent to the landing zone. Raises Stopped when `stop` says so."""
        ...

    def close(self) -> None:
        """Leave in order."""


class PacsError(Exception):
    """A PACS did not do what it was asked. `reason` is one of REASONS; no text of the PACS is carried.

    `wait_seconds` is how long it asks to be left alone, where it says so.
    """

    def __init__(self, reason: str, *, wait_seconds: float = 0.0) -> None:
        super().__init__(reason)
        self.reason, self.wait_seconds = reason, wait_seconds


class Stopped(Exception):
    """A person pressed Ctrl-C, or the allowed hours ended: the association was ended in order."""


REASONS = {
    "not-reached": "The PACS did not answer: host, port, TLS or network.",
    "not-trusted": "The certificate of the PACS does not hold: its authority, its name or its dates. See ca_file.",
    "refused": "The PACS refused our association, and does not say why: does it know our title and address?",
    "calling-refused": "The PACS does not know our title (calling_title), or not from this address.",
    "called-refused": "The PACS has another title than called_title, or writes it otherwise.",
    "not-offered": "The PACS does not offer the service that was asked for.",
    "not-allowed": "The PACS does not know this user or token.",
    "forbidden": "The PACS knows us, but does not let us have this.",
    "no-service": "There is no DICOMweb service at `url`: is its whole path there, such as /dicom-web?",
    "not-found": "The PACS says that it has not what it told of.",
    "redirected": "The PACS sends us on to another address; we follow none: put the address that it means into `url`.",
    "token-refused": "The token service does not know client_id with its secret, or not this token_scope.",
    "no-token": "The token service (token_url) cannot be reached, or answers with no token.",
    "busy": "The PACS has no room for us at the moment, and says so.",
    "aborted": "The association or connection broke off.",
    "silent": "The PACS was silent for longer than timeout_seconds.",
    "failed": "The PACS answered with a failure.",
    "too-many-answers": "A query had more answers than the setting `answers` allows.",
    "bad-answer": "The PACS answered with something that is not understood.",
    "unlisted": "No count that agrees, and the PACS lists no images: ask its team for queries at image level.",
    "destination-unknown": "The PACS does not know where to send: our title and port are not registered there.",
    "not-there": "The folder of the source is not there: check its path, and that the medium is mounted.",
    "port-taken": "Our receiving port or address cannot be had: another program listens there.",
    "landing-full": "The landing zone is full: nothing more was accepted.",
}
"""Why a PACS was of no use."""
