"""Secured ways to a PACS: TLS in both directions of an association, certificates of both, basic access, tokens."""

from __future__ import annotations

import base64
import shutil
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest
from pretend import RudePacs, add_source, bank_of, change, instance, landed, run, status_of
from web_service import service

from conftest import imagebank
from imagebank.core.errors import ConfigError
from imagebank.core.progress import Silent
from imagebank.workflows.acquiring import acquire
from imagebank.workflows.receiving import receiving

openssl = pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority, and certificates of a PACS and of the bank that it signed."""
    folder = tmp_path_factory.mktemp("certificates")

    def call(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    call(
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        "ca.key",
        "-out",
        "ca.pem",
        "-days",
        "2",
        "-subj",
        "/CN=CA",
    )
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    for name in ("pacs", "bank"):
        call(
            "req",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            f"{name}.key",
            "-out",
            f"{name}.csr",
            "-subj",
            f"/CN={name}",
        )
        call(
            *("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"),
            *("-out", f"{name}.pem", "-days", "2", "-extfile", "names"),
        )
    return folder


def secured(folder: Path) -> dict[str, Any]:
    return {
        "tls": True,
        "ca_file": str(folder / "ca.pem"),
        "certificate_file": str(folder / "bank.pem"),
        "key_file": str(folder / "bank.key"),
    }


def server_tls(folder: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "pacs.pem", folder / "pacs.key")
    context.load_verify_locations(folder / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    return context


@openssl
def test_an_association_is_secured_with_certificates_of_both_sides(certificates: Path, tmp_path: Path) -> None:
    with RudePacs([instance(1)]).serving(tls=server_tls(certificates)) as port:
        bank = bank_of(tmp_path, port=port, **secured(certificates))
        assert run(bank).is_whole
        change(bank, f'certificate_file = "{certificates}/bank.pem"', 'certificate_file = ""')
        assert run(bank).reason == "not-reached"
        change(bank, "tls = true", "tls = false")
        assert run(bank).ended == "given-up"
    assert len(landed(bank)) == 1


@openssl
@pytest.mark.skipif(not shutil.which("storescu"), reason="dcmtk is not installed")
def test_a_scanner_pushes_over_tls_and_must_show_a_certificate(certificates: Path, tmp_path: Path) -> None:
    bank = bank_of(tmp_path)
    told = {
        "peers = []": 'peers = ["MR1"]',
        "port = 11112\n# Titles": "port = 0\n# Titles",
        "tls = false": "tls = true",
        'ca_file = ""': f'ca_file = "{certificates}/ca.pem"',
        'certificate_file = ""': f'certificate_file = "{certificates}/pacs.pem"',
        'key_file = ""': f'key_file = "{certificates}/pacs.key"',
    }
    text = (bank / "bank.toml").read_text()
    start = text.index("[receive]")
    part = text[start:]
    for before, after in told.items():
        assert before in part, before
        part = part.replace(before, after, 1)
    (bank / "bank.toml").write_text(text[:start] + part)
    instance(1).save_as(tmp_path / "one.dcm", enforce_file_format=True)
    with receiving(bank, environ={}) as running:
        base = ["storescu", "-aet", "MR1", "-aec", "IMAGEBANK"]
        end = ["127.0.0.1", str(running.port), str(tmp_path / "one.dcm")]
        keys = [str(certificates / "bank.key"), str(certificates / "bank.pem")]
        authority = ["+cf", str(certificates / "ca.pem")]
        assert subprocess.run([*base, "+tls", *keys, *authority, *end], capture_output=True).returncode == 0
        assert subprocess.run([*base, "+tla", *authority, *end], capture_output=True).returncode != 0
        assert subprocess.run([*base, *end], capture_output=True).returncode != 0
    assert len(landed(bank, "pushed")) == 1
    assert running.counts["new"] == 1


def test_a_token_is_had_used_and_renewed_when_it_is_refused(tmp_path: Path) -> None:
    with service("token") as (url, kind):
        settings = {"token_url": f"{url}/token", "client_id": "bank", "client_secret_variable": "BANK_SECRET"}
        bank = bank_of(tmp_path, kind="dicomweb", url=f"{url}/dicom-web", **settings)
        with pytest.raises(ConfigError, match="BANK_SECRET"):
            acquire(bank, environ={}, progress=Silent())
        ended = acquire(bank, environ={"BANK_SECRET": "s3cret"}, progress=Silent())[0]
        assert ended.is_whole, ended
        assert len(kind.tokens) == 2
    assert "s3cret" not in (bank / "bank.toml").read_text()


def test_basic_access_works_and_a_wrong_password_is_told_as_what_it_is(tmp_path: Path) -> None:
    right = "Basic " + base64.b64encode(b"bank:s3cret").decode()
    with service(right) as (url, _):
        bank = bank_of(tmp_path, kind="dicomweb", url=url, user="bank", password_variable="BANK_PASSWORD")
        wrong = acquire(bank, environ={"BANK_PASSWORD": "other"}, progress=Silent())[0]
        assert (wrong.ended, wrong.reason) == ("given-up", "not-allowed")
        assert acquire(bank, environ={"BANK_PASSWORD": "s3cret"}, progress=Silent())[0].is_whole
    assert len(landed(bank)) == 1


def test_a_study_that_we_may_not_have_keeps_no_other_back(tmp_path: Path) -> None:
    with service("") as (url, kind):
        kind.secret = ("/series/1.9.1.1",)
        bank = bank_of(tmp_path, kind="dicomweb", url=url)
        ended = run(bank)
        assert (ended.ended, dict(ended.failed)) == ("done", {"forbidden": 1})
        assert [each.reason for each in status_of(bank).incomplete] == ["forbidden"]
        kind.secret = ()
        assert run(bank).is_whole
    assert len(landed(bank)) == 1


@openssl
def test_a_service_may_ask_for_our_certificate(certificates: Path, tmp_path: Path) -> None:
    with service("", server_tls(certificates)) as (url, _):
        settings = secured(certificates)
        bank = bank_of(tmp_path, kind="dicomweb", url=url, **settings)
        assert run(bank).is_whole
        change(bank, f'ca_file = "{certificates}/ca.pem"', 'ca_file = ""')
        assert run(bank).reason == "not-trusted"


def _made_out(folder: Path, *, name: str, days: int) -> ssl.SSLContext:
    """A server with a certificate that it signed itself, made out to a name and valid up to some days from now."""
    (folder / "names").write_text(f"subjectAltName=DNS:{name}\n")
    ask = ["openssl", "req", "-newkey", "rsa:2048", "-nodes", "-keyout", "own.key", "-out", "own.csr", "-subj", "/CN=x"]
    sign = ["openssl", "x509", "-req", "-in", "own.csr", "-signkey", "own.key", "-extfile", "names", "-out", "own.pem"]
    for command in (ask, [*sign, "-days", str(days)]):
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "own.pem", folder / "own.key")
    return context


@openssl
@pytest.mark.parametrize(
    ("name", "days", "reason"), [("localhost", 1, ""), ("other", 1, "not-trusted"), ("localhost", -1, "not-trusted")]
)
@pytest.mark.parametrize("kind", ["dicomweb", "dimse"])
def test_a_certificate_of_another_host_or_time_is_not_trusted(
    tmp_path: Path, kind: str, name: str, days: int, reason: str
) -> None:
    context, told = _made_out(tmp_path, name=name, days=days), {"kind": kind, "ca_file": str(tmp_path / "own.pem")}
    if kind == "dicomweb":
        with service("", context) as (url, _):
            ended = run(bank_of(tmp_path, url=url.replace("127.0.0.1", "localhost"), **told))
    else:
        with RudePacs([instance(1)]).serving(tls=context) as port:
            ended = run(bank_of(tmp_path, port=port, tls=True, **{**told, "host": "localhost"}))
    assert ended.reason == reason
    assert ended.is_whole is not bool(reason)


def test_a_key_inside_the_bank_is_refused(tmp_path: Path) -> None:
    bank = bank_of(tmp_path, tls=True, key_file="key.pem", certificate_file="c.pem")
    assert imagebank("acquire", bank).code == 3


def test_of_a_site_with_both_the_web_is_asked_and_the_other_is_left_alone(tmp_path: Path) -> None:
    pacs = RudePacs([instance(1)])
    with service("") as (url, _), pacs.serving() as port:
        bank = bank_of(tmp_path, port=port, site="north")
        add_source(bank, name="web", kind="dicomweb", url=url, site="north")
        runs = acquire(bank, environ={}, progress=Silent())
    assert [(each.source, each.ended) for each in runs] == [("web", "done"), ("rude", "elsewhere")]
    assert pacs.finds == 0
