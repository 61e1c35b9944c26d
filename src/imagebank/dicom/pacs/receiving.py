"""An association after it was agreed on, of the receiving node or of C-GET: instances come in, each gets its status.

The path of the pixels is short: from the socket in pieces of 128 kB to the file. Only the command before them is read.
"""

from __future__ import annotations

import socket
from collections import Counter, deque
from typing import Any

from imagebank.core.errors import DiskFull
from imagebank.dicom.pacs import wire
from imagebank.dicom.pacs.landing import Arrival, Landing, TooLarge, Unrequested
from imagebank.dicom.pacs.negotiation import COMMITMENT, COMMITMENT_INSTANCE, Agreed
from imagebank.dicom.pacs.part10 import Unnamed, file_meta
from imagebank.dicom.pacs.stream import Stream
from imagebank.dicom.pacs.wire import BadMessage, Command, Fragment

MOST_GATHERED = 64 << 20  # bytes of a storage commitment request: half a million instances
OPENING = (wire.ASSOCIATE_RQ, wire.ASSOCIATE_AC)  # read by pynetdicom, which wants their headers too
SIZES = {
    wire.P_DATA: wire.MOST_PDU + wire.FRAGMENT.size,
    wire.RELEASE_RQ: 4,
    wire.ABORT: 4,
}
STATUSES: dict[type[Exception], tuple[int, str]] = {
    DiskFull: (wire.OUT_OF_RESOURCES, "landing-full"),
    TooLarge: (wire.OUT_OF_RESOURCES, "too-large"),
    Unnamed: (wire.CANNOT_UNDERSTAND, "unnamed"),
    Unrequested: (wire.NOT_AUTHORISED, "unrequested"),
}
"""What a peer is told of an instance that was not kept, and under which word it is counted."""


def read_message(stream: Stream, most: dict[int, int]) -> tuple[int, memoryview]:
    """Kind and bytes of the next message. Raises BadMessage for a kind or size that is not among `most`; EOFError."""
    header = stream.read(wire.HEADER.size)
    if len(header) < wire.HEADER.size:
        raise ConnectionError
    kind, length = wire.HEADER.unpack(header)
    if length > most.get(kind, -1):
        raise BadMessage
    body = stream.read(length)
    if len(body) < length:
        raise ConnectionError
    return kind, memoryview(b"".join((header, body))) if kind in OPENING else body


class Receiver:
    """Serves one association until its peer releases it.

    With `in_groups`, what comes was asked for by us and its source keeps it: it is flushed with others before the book
    counts it. Anything else is flushed before its sender, who may delete it then, is told.
    """

    def __init__(
        self,
        connection: socket.socket,
        stream: Stream,
        agreed: Agreed,
        landing: Landing,
        committer: Any,
        *,
        in_groups: bool = False,
    ) -> None:
        self.peer, self.counts, self.size = agreed.peer, Counter[str](), 0
        if agreed.not_offered:
            self.counts["not-offered"] = agreed.not_offered
        self._connection, self._stream, self._agreed = connection, stream, agreed
        self._landing, self._committer = landing, committer
        self._in_groups = in_groups
        self.syntaxes: set[str] = set()
        self._command = bytearray()
        self._store: _Storing | None = None
        self._gathered: tuple[Command, bytearray] | None = None

    def serve(self) -> str:
        """Answer until the end; returns how it came. Raises BadMessage, and OSError when the connection breaks."""
        try:
            while True:
                kind = self._step()
                if kind == wire.RELEASE_RQ:
                    self._connection.sendall(wire.release_reply())
                    return "released"
                if kind == wire.ABORT:
                    return "aborted"
        except (BadMessage, TimeoutError):
            self._connection.sendall(wire.abort())
            raise
        finally:
            self._forget()

    def _step(self) -> int:
        kind, body = read_message(self._stream, SIZES)
        if kind == wire.P_DATA:
            for fragment in wire.fragments(body):
                self._take(fragment)
        return kind

    def _forget(self) -> None:
        if self._store:
            self._store.forget()

    def _take(self, fragment: Fragment) -> None:
        if fragment.is_command:
            self._take_command(fragment)
        elif self._store:
            self._store.write(fragment.content)
            if fragment.is_last:
                self._end_store(fragment.context)
        elif self._gathered:
            self._gather(*self._gathered, fragment)
        else:
            raise BadMessage

    def _take_command(self, fragment: Fragment) -> None:
        self._command += fragment.content
        if len(self._command) > wire.MOST_COMMAND or self._store or self._gathered:
            raise BadMessage
        if not fragment.is_last:
            return
        command = wire.read_command(bytes(self._command))
        self._command.clear()
        service, syntax = self._agreed.contexts.get(fragment.context, ("", ""))
        if not service:
            raise BadMessage
        if command.kind == wire.C_STORE and command.has_data:
            self.syntaxes.add(syntax)
            self._store = _Storing(command, service, syntax, self._landing, in_groups=self._in_groups)
        elif command.kind == wire.N_ACTION and command.has_data and service == COMMITMENT:
            self._gathered = (command, bytearray())
        elif command.kind == wire.C_ECHO:
            self._answer(fragment.context, command, wire.SUCCESS)
        elif command.kind & wire.RESPONSE:
            self._take_answer(command)
        elif command.kind != wire.C_CANCEL:
            self._refuse(fragment.context, command)

    def _take_answer(self, command: Command) -> None:
        """An answer to nothing that was asked; whoever asks overrides this."""
        if command.has_data:
            raise BadMessage

    def _gather(self, command: Command, content: bytearray, fragment: Fragment) -> None:
        """The next piece of a data set that is held in memory: of a request for commitment, or of an answer."""
        content += fragment.content
        if len(content) > MOST_GATHERED:
            raise BadMessage
        if fragment.is_last:
            self._gathered = None
            self._take_gathered(fragment.context, command, bytes(content))

    def _refuse(self, context: int, command: Command) -> None:
        if command.has_data:
            raise BadMessage  # a service that was never offered here
        self._answer(context, command, wire.UNKNOWN_OPERATION)

    def _end_store(self, context: int) -> None:
        if self._store is None:
            raise AssertionError("only a store that began can end")
        store, self._store = self._store, None
        status, word = store.finish()
        self.counts[word] += 1
        self.size += store.size
        self._answer(context, store.command, status)

    def _take_gathered(self, context: int, command: Command, content: bytes) -> None:
        self._answer(context, command, wire.SUCCESS)
        self.counts["commitments"] += 1
        reply = self._committer(self.peer, content, self._agreed.contexts[context][1])
        if reply:  # the peer has no address of its own: it hears of it here
            event, data_set = reply
            told = wire.event_report(COMMITMENT, COMMITMENT_INSTANCE, event, 1)
            self.send(context, told, is_command=True)
            self.send(context, data_set, is_command=False)

    def _answer(self, context: int, command: Command, status: int) -> None:
        self.send(context, wire.response(command, status), is_command=True)

    def send(self, context: int, content: bytes, *, is_command: bool) -> None:
        """Send a command or a data set."""
        for unit in wire.data_units(context, content, is_command=is_command, most=self._agreed.most):
            self._connection.sendall(unit)


class Asking(Receiver):
    """An association over which we ask: answers come, and the instances that C-GET brings."""

    def __init__(
        self, connection: socket.socket, stream: Stream, agreed: Agreed, landing: Landing, *, in_groups: bool
    ) -> None:
        super().__init__(connection, stream, agreed, landing, None, in_groups=in_groups)
        self._answers: deque[tuple[Command, bytes]] = deque()

    def answer(self) -> tuple[Command, bytes]:
        """The next answer to what we asked. Raises BadMessage, and OSError when the connection breaks."""
        try:
            while not self._answers:
                if self._step() != wire.P_DATA:
                    raise ConnectionError
            return self._answers.popleft()
        except BaseException:
            self._forget()
            raise

    def _take_answer(self, command: Command) -> None:
        if command.has_data:
            self._gathered = (command, bytearray())
        else:
            self._answers.append((command, b""))

    def _take_gathered(self, _context: int, command: Command, content: bytes) -> None:
        self._answers.append((command, content))


class _Storing:
    """One C-STORE: what comes is written, or after a refusal thrown away until its end."""

    def __init__(self, command: Command, service: str, syntax: str, landing: Landing, *, in_groups: bool) -> None:
        self.command, self.size = command, 0
        self._landing, self._in_groups = landing, in_groups
        self._refusal: tuple[int, str] | None = None
        self._arrival: Arrival | None = None
        if command.sop_class != service:
            self._refusal = (wire.DOES_NOT_MATCH, "mismatch")
            return
        try:
            self._arrival = landing.begin(file_meta(command.sop_class, command.instance, syntax))
        except (DiskFull, UnicodeEncodeError) as error:
            self._refuse(error)

    def write(self, content: memoryview) -> None:
        self.size += len(content)
        if self._arrival and not self._refusal:
            try:
                self._arrival.write(content)
            except Exception as error:
                self._refuse(error)

    def finish(self) -> tuple[int, str]:
        """Status, and the word that counts it."""
        arrival = self._arrival
        if arrival and not self._refusal:
            try:
                if arrival.ids().instance.reveal("compare the UID of command and data set") != self.command.instance:
                    self._refusal = (wire.DOES_NOT_MATCH, "mismatch")
                else:
                    return wire.SUCCESS, self._keep(arrival)
            except Exception as error:
                self._refuse(error)
        self.forget()
        return self._refusal or (wire.PROCESSING_FAILURE, "failed")

    def _keep(self, arrival: Arrival) -> str:
        if not self._in_groups:
            return arrival.finish().value
        self._landing.take(arrival)
        return "fetched"

    def _refuse(self, error: Exception) -> None:
        found = (told for kind, told in STATUSES.items() if isinstance(error, kind))
        self._refusal = next(found, (wire.PROCESSING_FAILURE, "failed"))
        if isinstance(error, DiskFull):
            self._landing.turned_away += 1
        self.forget()

    def forget(self) -> None:
        """Throw away what was written."""
        if self._arrival:
            self._arrival.forget()
            self._arrival = None
