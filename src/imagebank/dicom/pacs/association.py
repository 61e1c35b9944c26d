"""An association that we open with a PACS: asked, it answers; what C-GET brings is landed on the way.

The path of the pixels is that of our receiving node. pynetdicom writes and reads the two messages that open it.
"""

from __future__ import annotations

import io
import itertools
import select
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from pydicom.dataset import Dataset
from pynetdicom.dsutils import decode, encode

from imagebank.dicom.pacs import wire
from imagebank.dicom.pacs.landing import Landing
from imagebank.dicom.pacs.model import PacsError
from imagebank.dicom.pacs.negotiation import IMPLICIT, STORAGE, SYNTAXES, VERIFICATION, Offer, accepted, ask_for
from imagebank.dicom.pacs.receiving import Asking, read_message
from imagebank.dicom.pacs.silence import quiet_pynetdicom
from imagebank.dicom.pacs.stream import Stream
from imagebank.dicom.pacs.wire import BadMessage, Command

quiet_pynetdicom()

FIND = "1.2.840.10008.5.1.4.1.2.2.1"  # the study root models
MOVE = "1.2.840.10008.5.1.4.1.2.2.2"
GET = "1.2.840.10008.5.1.4.1.2.2.3"
FIND_PATIENT = "1.2.840.10008.5.1.4.1.2.1.1"  # the patient root model, which alone has a level of patients
KINDS = {VERIFICATION: wire.C_ECHO, FIND: wire.C_FIND, FIND_PATIENT: wire.C_FIND, MOVE: wire.C_MOVE, GET: wire.C_GET}
ASKED_SYNTAXES = SYNTAXES[:2]
OPENING = {wire.ASSOCIATE_AC: wire.MOST_NEGOTIATION, wire.ASSOCIATE_RJ: 4, wire.ABORT: 4}
TRANSIENT = 2  # result of a refusal
REFUSALS = {(1, 1, 3): "calling-refused", (1, 1, 7): "called-refused"}
"""Result, source and reason of a refusal (PS3.8 table 9-21) that says which title is not known."""
LEAVING = {wire.RELEASE_RP: 4, wire.ABORT: 4}
LEAVE_SECONDS = 5.0
_STORED = (
    "4 4.1 4.2 4.3 4.4 7 7.1 7.2 7.3 7.4 66 66.1 66.2 66.3 66.4 66.5 66.6 30 11.1 11.2 11.3 11.4 88.11 "
    "88.22 88.33 88.34 88.35 88.59 88.67 104.1 104.2 2 2.1 2.2 20 128 128.1 130 12.1 12.1.1 6.1 6.2 3.1 "
    "1 1.1 481.2 481.3 481.5 9.1.1 9.1.2 9.2.1"
)
_PRIVATE = (
    "1.3.12.2.1107.5.9.1",  # Siemens CSA non-image: spectra
    "1.3.12.2.1107.5.99.3.10",  # Siemens volumes
    "1.3.12.2.1107.5.99.3.11",  # Siemens frame sets
    "1.3.46.670589.11.0.0.12.1",  # Philips spectrum
    "1.3.46.670589.11.0.0.12.2",  # Philips series data
    "1.3.46.670589.11.0.0.12.4",  # Philips exam card
    "1.2.840.113619.4.2",  # GE MR image
)
FETCHED_CLASSES = (*(f"{STORAGE}{each}" for each in _STORED.split()), *_PRIVATE)
"""What C-GET may bring; a filter of modalities keeps most of it away."""
STORED_SYNTAXES = SYNTAXES[:-1]


@dataclass(frozen=True)
class Peer:
    """Where a PACS is and who we are to it."""

    host: str
    port: int
    called: str
    calling: str
    retrieve: str = "move"
    timeout_seconds: float = 60.0
    most_answers: int = 20_000
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    in_groups: bool = True
    """What C-GET brings is flushed in groups before the book counts it, or else one by one before it is answered."""


@dataclass(frozen=True)
class Reply:
    """An answer to a request."""

    command: Command
    _content: bytes = field(repr=False)
    _syntax: str

    def data_set(self) -> Dataset | None:
        """What came with it; None where nothing came, or nothing that can be read."""
        try:
            return decode(io.BytesIO(self._content), self._syntax == IMPLICIT, True) if self._content else None
        except Exception:  # pydicom raises many kinds for what it cannot read
            return None


def offers(peer: Peer) -> list[Offer]:
    """What we ask a PACS for: its services, and for C-GET what may come back over the same association."""
    services = (VERIFICATION, FIND, FIND_PATIENT, GET if peer.retrieve == "get" else MOVE)
    asked = [Offer(each, ASKED_SYNTAXES) for each in services]
    if peer.retrieve == "get":
        asked += [Offer(each, STORED_SYNTAXES, stores_here=True) for each in FETCHED_CLASSES]
    return asked


class Association:
    """An open association, for one thread. `patient` says whether a silence is to be borne longer; `look` is called
    now and then while nothing comes.

    Raises PacsError where the PACS cannot be reached, refuses, breaks off, is silent or is not understood.
    """

    def __init__(
        self, peer: Peer, landing: Landing, patient: Callable[[], bool], look: Callable[[], None] | None = None
    ) -> None:
        self._peer, self._numbers = peer, itertools.cycle(range(1, 1 << 16))
        self._asked: tuple[int, int] = (0, 0)  # context and number of the last request
        self._socket = _connect(peer)
        self._stream = Stream(self._socket, patient, look)
        try:
            self._receiver = self._open(landing)
        except BaseException:
            self._socket.close()
            raise

    def _open(self, landing: Landing) -> Asking:
        offered = offers(self._peer)
        try:
            self._socket.sendall(ask_for(self._peer.calling, self._peer.called, offered))
            kind, body = read_message(self._stream, OPENING)
            if kind == wire.ASSOCIATE_RJ:
                _, result, source, reason = bytes(body).ljust(4, b"\0")
                raise PacsError(REFUSALS.get((result, source, reason), "busy" if result == TRANSIENT else "refused"))
            agreed = accepted(bytes(body), self._peer.called, offered)
        except (OSError, BadMessage):
            raise PacsError("not-reached") from None
        self._contexts = {service: (context, syntax) for context, (service, syntax) in agreed.contexts.items()}
        return Asking(self._socket, self._stream, agreed, landing, in_groups=self._peer.in_groups)

    @property
    def is_open(self) -> bool:
        """Whether it can be asked: a peer that hung up, or says something unasked, is of no more use."""
        return not self._stream.has_more and not select.select([self._socket], [], [], 0)[0]

    @property
    def syntaxes(self) -> set[str]:
        """The transfer syntaxes of what C-GET brought."""
        return self._receiver.syntaxes

    def ask(self, service: str, data_set: Dataset | None = None, destination: str = "") -> Iterator[Reply]:
        """Send a request and give each answer as it comes; the last one is not pending."""
        if service not in self._contexts:
            raise PacsError("not-offered")
        context, syntax = self._contexts[service]
        number = next(self._numbers)
        self._asked = (context, number)
        command = wire.request(KINDS[service], service, number, has_data=bool(data_set), destination=destination)
        with _told():
            self._receiver.send(context, command, is_command=True)
            if data_set:
                self._receiver.send(context, encode(data_set, syntax == IMPLICIT, True) or b"", is_command=False)
        answer = None
        while answer is None or answer.status in wire.PENDING:
            with _told():
                answer, content = self._receiver.answer()
            yield Reply(answer, content, syntax)

    def cancel(self) -> None:
        """Ask that the running request be ended; its last answer still comes."""
        context, number = self._asked
        with _told():
            self._receiver.send(context, wire.cancel(number), is_command=True)

    def release(self) -> None:
        """Leave in order."""
        with suppress(OSError, BadMessage):
            self._socket.settimeout(LEAVE_SECONDS)
            self._socket.sendall(wire.release_request())
            read_message(self._stream, LEAVING)
        self._socket.close()

    def abort(self) -> None:
        """Leave at once."""
        with suppress(OSError):
            self._socket.sendall(wire.abort())
        self._socket.close()


def _connect(peer: Peer) -> socket.socket:
    """A connection. Small messages are not held back (Nagle's algorithm), which would cost 40 ms each."""
    try:
        connection = socket.create_connection((peer.host, peer.port), peer.timeout_seconds)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return peer.tls.wrap_socket(connection, server_hostname=peer.host) if peer.tls else connection
    except ssl.SSLCertVerificationError:
        raise PacsError("not-trusted") from None
    except OSError:
        raise PacsError("not-reached") from None


@contextmanager
def _told() -> Iterator[None]:
    """How an exchange broke, in the words of acquisition."""
    try:
        yield
    except TimeoutError:
        raise PacsError("silent") from None
    except BadMessage:
        raise PacsError("bad-answer") from None
    except OSError:
        raise PacsError("aborted") from None
