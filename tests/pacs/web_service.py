"""A small DICOMweb service with one instance, which asks who is there."""

from __future__ import annotations

import io
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from pretend import instance
from pydicom.filewriter import dcmwrite


class Service(BaseHTTPRequestHandler):
    """A small DICOMweb service with a token service beside it."""

    asked: list[str]
    tokens: list[str]
    allowed: str
    secret: tuple[str, ...] = ()  # parts of paths that nobody may have

    def log_message(self, *_: object) -> None:
        """Silent."""

    def do_POST(self) -> None:
        form = self.rfile.read(int(self.headers["Content-Length"])).decode()
        assert "grant_type=client_credentials" in form
        assert "client_secret=s3cret" in form
        self.tokens.append(f"token{len(self.tokens)}")
        self._answer(200, json.dumps({"access_token": self.tokens[-1], "expires_in": 3600}).encode())

    def do_GET(self) -> None:
        self.asked.append(self.path)
        given = self.headers.get("Authorization", "")
        valid = given == (f"Bearer {self.tokens[-1]}" if self.allowed == "token" and self.tokens else self.allowed)
        if not valid or (self.allowed == "token" and len(self.asked) == 3 and len(self.tokens) == 1):
            self._answer(401, b"")  # the token ended early
        elif any(each in self.path for each in self.secret):
            self._answer(403, b"")
        elif "/series/1.9.1.1/instances" in self.path:
            self._answer(200, json.dumps([{"00080018": {"Value": ["1.9.1.1.1"]}}]).encode())
        elif self.path.split("?")[0].endswith("/series/1.9.1.1"):
            self._parts()
        elif "/series" in self.path:
            told = {"0020000E": {"Value": ["1.9.1.1"]}, "00080060": {"Value": ["MR"]}, "00201209": {"Value": [1]}}
            self._answer(200, json.dumps([told]).encode())
        else:
            told = {"0020000D": {"Value": ["1.9.1"]}, "00100020": {"Value": ["HN0000001"]}}
            self._answer(200, json.dumps([told]).encode())

    def _parts(self) -> None:
        file = io.BytesIO()
        dcmwrite(file, instance(1), enforce_file_format=True)
        body = b"--xx\r\nContent-Type: application/dicom\r\n\r\n" + file.getvalue() + b"\r\n--xx--\r\n"
        self._answer(200, body, 'multipart/related; type="application/dicom"; boundary=xx')

    def _answer(self, status: int, body: bytes, kind: str = "application/dicom+json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def service(allowed: str, tls: ssl.SSLContext | None = None) -> Iterator[tuple[str, type[Service]]]:
    kind = type("Running", (Service,), {"asked": [], "tokens": [], "allowed": allowed})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}", kind
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
