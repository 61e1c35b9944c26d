"""How a source of bank.toml is reached: its clients, the node that it sends to, its certificates and secrets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

from imagebank.core.config import Bank
from imagebank.core.errors import ConfigError
from imagebank.core.pacs_settings import PacsSource, ReceiveSettings
from imagebank.core.private import NOBODY, Private
from imagebank.dicom.pacs.calendar import Calendar, calendar_of
from imagebank.dicom.pacs.guard import World
from imagebank.dicom.pacs.landing import Landing
from imagebank.dicom.pacs.model import Pacs
from imagebank.dicom.pacs.tls import client_context, server_context
from imagebank.workflows.landed import log_of

Connect = Callable[[], Pacs]
SECRETS = ("password_variable", "token_variable", "client_secret_variable")
NEEDS = {
    "user": ("password_variable",),
    "password_variable": ("user",),
    "token_url": ("client_id", "client_secret_variable"),
}
"""Settings that are of no use without others."""


@contextmanager
def reach(
    bank: Bank, source: PacsSource, landing: Landing, environ: Mapping[str, str], world: World
) -> Iterator[Connect]:
    """A function that gives each thread a client of a source. Raises ConfigError where settings are missing."""
    check_source(source)
    if source.kind == "dicomweb":
        yield _web(bank, source, landing, environ)
    else:
        with _dimse(bank, source, landing, world) as connect:
            yield connect


def check_source(source: PacsSource) -> None:
    """Raises ConfigError where a source lacks what its kind needs, or says what cannot be."""
    needed = {"dicomweb": ("url",), "dimse": ("host", "called_title"), "media": ("path",)}[source.kind]
    missing = [name for name in needed if not getattr(source, name)]
    if missing:
        raise ConfigError(
            f"bank.toml: the source `{source.name}` of kind {source.kind} has no `{missing[0]}`.",
            "ask the PACS team for it; docs/pacs.md says what to ask",
        )
    _check_days(source)
    for name in ("url", "token_url"):
        if getattr(source, name) and not _is_address(getattr(source, name)):
            raise ConfigError(
                f"bank.toml: `{name}` of the source `{source.name}` is no address of a service.",
                "write it whole, for example https://pacs.example:8443/dicom-web",
            )
    for name, beside in NEEDS.items():
        lacks = [each for each in beside if not getattr(source, each)]
        if getattr(source, name) and lacks:
            raise ConfigError(f"bank.toml: the source `{source.name}` has `{name}`, but no `{lacks[0]}`.", "add it")


def _check_days(source: PacsSource) -> None:
    try:
        first, last = (date.fromisoformat(day) if day else None for day in (source.earliest, source.latest))
        is_empty = bool(first and last and last < first)
    except ValueError:
        is_empty = True
    if is_empty:
        raise ConfigError(
            f"bank.toml: `earliest` and `latest` of the source `{source.name}` leave no day.",
            "write days that exist, as 2008-01-31, the earliest first",
        )


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none
        return False


def prepare(bank: Bank, source: PacsSource, environ: Mapping[str, str]) -> None:
    """See that a source can be asked once its turn comes: raises ConfigError before any other was asked."""
    check_source(source)
    calendar_of_source(source)
    for setting in SECRETS:
        secret_of(source, setting, environ)
    if source.kind == "dimse" and source.tls:
        client_context(*files_of(bank, source))
        if source.retrieve == "move":
            server_context(*files_of(bank, source))
    if source.url.startswith("https"):
        client_context(*files_of(bank, source))


def calendar_of_source(source: PacsSource) -> Calendar:
    """The hours of a source. Raises ConfigError."""
    try:
        return calendar_of(source.hours, source.time_zone, source.holidays)
    except ValueError as error:
        raise ConfigError(
            f"bank.toml: the hours of the source `{source.name}` are not right: {error}.",
            'write hours as "mon-fri 19:00-06:00", holidays as "GB-ENG" or "2026-12-25", time_zone as "Europe/London"',
        ) from None


def file_of(bank: Bank, settings: PacsSource | ReceiveSettings, name: str) -> Path | None:
    """A file that a setting names. Raises ConfigError for a key inside the bank."""
    value: str = getattr(settings, name)
    if not value:
        return None
    path = (bank.layout.root / value).resolve()
    if name == "key_file" and path.is_relative_to(bank.layout.root):
        raise ConfigError(
            "bank.toml: the key_file of a certificate lies inside the bank.", "move it out of the bank folder"
        )
    return path


def files_of(bank: Bank, settings: PacsSource | ReceiveSettings) -> tuple[Path | None, Path | None, Path | None]:
    """Authority, certificate and key."""
    ca, certificate, key = (file_of(bank, settings, each) for each in ("ca_file", "certificate_file", "key_file"))
    return ca, certificate, key


def secret_of(source: PacsSource, setting: str, environ: Mapping[str, str]) -> Private:
    """The secret in the environment variable that a setting names. Raises ConfigError where it is not set."""
    variable = getattr(source, setting)
    if not variable:
        return NOBODY
    if not environ.get(variable):
        raise ConfigError(
            f"The environment variable {variable}, which the source `{source.name}` needs, is not set.",
            f"set it, or change {setting} in bank.toml",
        )
    return Private(environ[variable])


def _web(bank: Bank, source: PacsSource, landing: Landing, environ: Mapping[str, str]) -> Connect:
    from imagebank.dicom.pacs.web import Service, Web
    from imagebank.dicom.pacs.web_access import Access, authentication

    access = Access(
        source.user,
        secret_of(source, "password_variable", environ),
        secret_of(source, "token_variable", environ),
        source.token_url,
        source.client_id,
        secret_of(source, "client_secret_variable", environ),
        source.token_scope,
    )
    tls = client_context(*files_of(bank, source)) if source.url.startswith("https") else None
    service = Service(source.url, access, source.timeout_seconds, source.answers, tls)
    shown = authentication(access)
    return lambda: Web(service, landing, shown)


@contextmanager
def _dimse(bank: Bank, source: PacsSource, landing: Landing, world: World) -> Iterator[Connect]:
    from imagebank.dicom.pacs.dimse import Dimse, Peer
    from imagebank.dicom.pacs.node import Node, Settings

    tls = client_context(*files_of(bank, source)) if source.tls else None
    peer = Peer(
        source.host,
        source.port,
        source.called_title,
        source.calling_title,
        source.retrieve,
        source.timeout_seconds,
        source.answers,
        tls,
        in_groups=source.flush == "groups",
    )
    if source.retrieve == "get":
        yield lambda: Dimse(peer, landing)
        return
    settings = Settings(
        source.calling_title,
        source.receive_address,
        source.receive_port,
        frozenset((source.called_title, *source.store_titles)),
        associations=max(4, 4 * source.associations),
        timeout_seconds=source.timeout_seconds,
        tls=server_context(*files_of(bank, source)) if source.tls else None,
        in_groups=peer.in_groups,
    )
    with Node(settings, landing, tell=log_of(bank, world.now)):
        yield lambda: Dimse(peer, landing)
