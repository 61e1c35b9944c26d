"""The receiving node: a C-STORE service that a PACS sends to after C-MOVE, and that scanners push to.

Laws: an instance that is pushed is on the disk before it is acknowledged; unknown titles are refused; sizes and
silences are bounded; a full landing zone is told with the status that DICOM has for it (A700), and is tried again with
the next instance.
One thread an association, because a peer waits for each answer anyway.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from imagebank.dicom.pacs import wire
from imagebank.dicom.pacs.landing import Landing
from imagebank.dicom.pacs.model import PacsError
from imagebank.dicom.pacs.negotiation import COMMITMENT, VERIFICATION, Refused, negotiate
from imagebank.dicom.pacs.receiving import Receiver, read_message
from imagebank.dicom.pacs.stream import Stream
from imagebank.dicom.pacs.wire import BadMessage

ACCEPT_SECONDS = 0.2  # how soon a node sees that it is to close, and that a peer is too slow
SPARE = 16  # connections beyond the associations, which may ask to be let in; more are hung up on at once
TELL = Callable[["Ended"], None]


@dataclass(frozen=True)
class Settings:
    """How a node listens and whom it lets in."""

    title: str
    address: str
    port: int
    peers: frozenset[str]
    associations: int = 10
    timeout_seconds: float = 60.0
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    in_groups: bool = False
    """What comes was asked for by us with C-MOVE, and its source keeps it: it is flushed in groups before the book
    counts it. What others push is flushed before each answer, because they may delete it then."""


@dataclass(frozen=True)
class Ended:
    """What the log of associations keeps: peer, counts, durations. Never a word of what was sent."""

    peer: str
    address: str
    end: str  # released, aborted, silent, refused, malformed
    seconds: float
    counts: Counter[str]
    size: int


Committer = Callable[[str, bytes, str], tuple[int, bytes] | None]
"""Peer, data set of a storage commitment request, its transfer syntax: the event and data set to answer with."""


class _Watched:
    """Since when a connection is waited for, and whether that was too long."""

    def __init__(self) -> None:
        self.since, self.is_late, self.is_admitted = 0.0, False, False

    @contextlib.contextmanager
    def at_work(self) -> Iterator[None]:
        """Something is waited for while the block runs."""
        self.since = time.monotonic()
        try:
            yield
        finally:
            self.since = 0.0
            if self.is_late:
                raise TimeoutError


class _WatchedStream(Stream):
    """A stream whose pieces must come whole in time."""

    def __init__(self, connection: socket.socket, watched: _Watched) -> None:
        super().__init__(connection)
        self.watched = watched

    def _receive(self, size: int) -> memoryview:
        with self.watched.at_work():
            return super()._receive(size)


def tell_nobody(_: Ended) -> None:
    """No log is kept."""


class Node:
    """A node that listens from `open` to `close`; a context manager."""

    def __init__(
        self, settings: Settings, landing: Landing, *, tell: TELL = tell_nobody, committer: Committer | None = None
    ) -> None:
        self._settings, self._landing, self._tell, self._committer = settings, landing, tell, committer
        self._socket: socket.socket | None = None
        self._closing = threading.Event()
        self._threads: set[threading.Thread] = set()
        self._connections: dict[socket.socket, _Watched] = {}
        self._admitted = 0
        self._lock = threading.Lock()
        self._listener: threading.Thread | None = None

    def __enter__(self) -> Node:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def port(self) -> int:
        """The port that the node listens on."""
        return int(self._socket.getsockname()[1]) if self._socket else 0

    @property
    def busy(self) -> int:
        """How many associations are open."""
        with self._lock:
            return len(self._connections)

    def open(self) -> None:
        """Begin to listen. Raises PacsError where the address or port cannot be had."""
        family = socket.AF_INET6 if ":" in self._settings.address else socket.AF_INET
        listening = socket.socket(family)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((self._settings.address, self._settings.port))
            listening.listen(self._settings.associations + 8)
            listening.settimeout(ACCEPT_SECONDS)
        except OSError:
            listening.close()
            raise PacsError("port-taken") from None
        self._socket = listening
        self._listener = threading.Thread(target=self._listen, args=(listening,), daemon=True)
        self._listener.start()

    def close(self, patience: float = 0.0) -> None:
        """Let no peer in any more, wait `patience` seconds for those that are, and hang up on the rest."""
        self._closing.set()
        if self._socket:
            with contextlib.suppress(OSError):  # of systems that do not wake who waits for peers: those see it soon
                self._socket.shutdown(socket.SHUT_RDWR)
        if self._listener:
            self._listener.join()
        end = time.monotonic() + patience
        while self.busy and time.monotonic() < end:
            time.sleep(0.05)
        with self._lock:
            for connection in self._connections:
                _hang_up(connection)
            threads = list(self._threads)
        for thread in threads:
            thread.join()
        self._landing.drain()
        if self._socket:
            self._socket.close()

    def _listen(self, listening: socket.socket) -> None:
        while not self._closing.is_set():
            self._hang_up_on_the_slow()
            try:
                connection, address = listening.accept()
            except TimeoutError:
                continue
            except OSError:  # a peer that went before it was let in
                continue
            if self.busy >= self._settings.associations + SPARE:
                connection.close()
                self._tell(Ended("unknown", str(address[0]), "refused", 0.0, Counter(), 0))
                continue
            thread = threading.Thread(target=self._serve, args=(connection, str(address[0])), daemon=True)
            with self._lock:
                self._threads.add(thread)
                self._connections[connection] = _Watched()
            thread.start()

    def _hang_up_on_the_slow(self) -> None:
        """A time-out of a socket sees silence only: who sends a byte now and then would hold a connection for ever."""
        late = time.monotonic() - self._settings.timeout_seconds
        with self._lock:
            for connection, watched in self._connections.items():
                if watched.since and watched.since < late and not watched.is_late:
                    watched.is_late = True
                    _hang_up(connection)

    def _serve(self, connection: socket.socket, address: str) -> None:
        started, end = time.monotonic(), "aborted"
        receiver: Receiver | None = None
        peer = "unknown"
        try:
            connection.settimeout(self._settings.timeout_seconds)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = self._secured(connection)
            receiver = self._admit(connection, _WatchedStream(connection, self._connections[connection]))
            if receiver is None:
                end = "refused"
            else:
                peer = receiver.peer
                end = receiver.serve()
        except TimeoutError:
            end = "silent"
        except BadMessage:
            end = "malformed"
        except OSError:
            end = "aborted"
        finally:
            connection.close()
            with self._lock:
                gone = self._connections.pop(connection, None)
                self._admitted -= gone is not None and gone.is_admitted
                self._threads.discard(threading.current_thread())
        counts, size = (receiver.counts, receiver.size) if receiver else (Counter[str](), 0)
        self._tell(Ended(peer, address, end, time.monotonic() - started, counts, size))

    def _secured(self, connection: socket.socket) -> socket.socket:
        """The connection, after the handshake where TLS is wanted. It is this one that is hung up on from then on."""
        if self._settings.tls is None:
            return connection
        secured = self._settings.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        with self._lock:
            watched = self._connections[secured] = self._connections.pop(connection)
        try:
            with watched.at_work():
                secured.do_handshake()
        except BaseException:
            secured.close()
            with self._lock:
                self._connections.pop(secured, None)
            raise
        return secured

    def _admit(self, connection: socket.socket, stream: _WatchedStream) -> Receiver | None:
        """Negotiate. Gives None where the peer was refused."""
        _, message = read_message(stream, {wire.ASSOCIATE_RQ: wire.MOST_NEGOTIATION})
        services: Iterable[str] = (VERIFICATION, *((COMMITMENT,) if self._committer else ()))
        agreed = negotiate(bytes(message), title=self._settings.title, peers=self._settings.peers, services=services)
        if not isinstance(agreed, Refused):
            with self._lock:
                stream.watched.is_admitted = self._admitted < self._settings.associations
                self._admitted += stream.watched.is_admitted
            agreed = agreed if stream.watched.is_admitted else Refused("too-many", 2, 3, 2)
        if isinstance(agreed, Refused):
            connection.sendall(wire.reject(agreed.result, agreed.source, agreed.reason))
            return None
        connection.sendall(agreed.answer)
        return Receiver(connection, stream, agreed, self._landing, self._committer, in_groups=self._settings.in_groups)


def _hang_up(connection: socket.socket) -> None:
    """End a connection that another thread reads from; below TLS, whose own end that thread would stumble over."""
    with contextlib.suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
