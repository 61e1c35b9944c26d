"""A DICOMweb service that holds pretend instances, and whose manners a test spoils."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from pydicom.dataset import Dataset
from pydicom.filewriter import dcmwrite

STUDY = {
    "PatientID": "00100020",
    "AccessionNumber": "00080050",
    "StudyInstanceUID": "0020000D",
    "StudyDate": "00080020",
}
SERIES = {"SeriesInstanceUID": "0020000E", "Modality": "00080060", "SeriesDescription": "0008103E"}
PARTS = 'multipart/related; type="application/dicom"; boundary=xx'


class RudeWeb(BaseHTTPRequestHandler):
    """`spoiled` may answer a request in its own way; it says whether it did."""

    protocol_version = "HTTP/1.1"
    held: Sequence[Dataset] = ()
    heard: list[str]
    cap = 1_000_000  # answers that are given at once, whatever was asked for
    spoiled: Callable[[Any], bool] | None = None
    body = ""

    def log_message(self, *_: object) -> None:
        """Silent."""

    def do_POST(self) -> None:
        self.body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.do_GET()

    def do_GET(self) -> None:
        self.heard.append(self.path)
        split = urlsplit(self.path)
        self.parts = [unquote(each) for each in split.path.strip("/").split("/")]
        self.query = {key: values[0] for key, values in parse_qs(split.query).items()}
        spoiled = type(self).spoiled
        if not (spoiled and spoiled(self)):
            self._behave()

    @property
    def wants_files(self) -> bool:
        return len(self.parts) in (4, 6)

    def _behave(self) -> None:
        named = dict(zip(("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"), self.parts[1::2], strict=False))
        asked = named | {key: value for key, value in self.query.items() if key in STUDY}
        found = [each for each in self.held if all(each.get(key) == value for key, value in asked.items())]
        if self.wants_files:
            self.files(found)
        elif self.parts[-1] == "instances":
            self._page([{"00080018": {"Value": [each.SOPInstanceUID]}} for each in found])
        else:
            self._page(_told(found, SERIES if self.parts[-1] == "series" else STUDY))

    def _page(self, answers: list[dict[str, Any]]) -> None:
        first = int(self.query.get("offset", 0))
        page = answers[first : first + min(int(self.query["limit"]), self.cap)]
        self.answer(200 if page else 204, json.dumps(page).encode() if page else b"")

    def files(self, instances: Sequence[Dataset], kind: str = PARTS, boundary: str = "xx", header: str = "") -> None:
        before = f"--{boundary}\r\nContent-Type: application/dicom\r\n{header}\r\n".encode()
        body = b"".join(before + file_of(each) + b"\r\n" for each in instances)
        self.answer(200, body + f"--{boundary}--\r\n".encode(), kind)

    def answer(self, status: int, body: bytes = b"", kind: str = "application/dicom+json", **headers: str) -> bool:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)
        return True


def _told(found: list[Dataset], tags: dict[str, str]) -> list[dict[str, Any]]:
    """One answer for each study or series."""
    uid = next(key for key in tags if key.endswith("InstanceUID"))
    first = {each[uid].value: each for each in reversed(found)}
    answers = []
    for name, each in sorted(first.items()):
        answer: dict[str, Any] = {tag: {"Value": [each.get(key, "")]} for key, tag in tags.items()}
        answer["00201209"] = {"Value": [sum(other[uid].value == name for other in found)]}
        answers.append(answer)
    return answers


def file_of(made: Dataset) -> bytes:
    file = io.BytesIO()
    dcmwrite(file, made, enforce_file_format=True)
    return file.getvalue()


@contextmanager
def rude_web(
    held: Sequence[Dataset], kind: type[RudeWeb] = RudeWeb, **manners: Any
) -> Iterator[tuple[str, type[RudeWeb]]]:
    kind = type("Running", (kind,), {"held": held, "heard": [], **manners})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", kind
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
