"""receive: a node that scanners and PACS push to, until it is stopped. What comes lands as all images do."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from imagebank.core.clock import now
from imagebank.core.config import Bank, open_bank
from imagebank.core.errors import ConfigError, SourceError
from imagebank.dicom.pacs.book import Book
from imagebank.dicom.pacs.commitment import Committer
from imagebank.dicom.pacs.model import PacsError
from imagebank.dicom.pacs.node import Ended, Node, Settings
from imagebank.dicom.pacs.tls import server_context
from imagebank.identities.pseudonyms import Keys
from imagebank.identities.vault import read_key
from imagebank.workflows.landed import landing_of, log_of
from imagebank.workflows.reaching import files_of

PATIENCE_SECONDS = 10.0  # that open associations have to end when the node is stopped


@dataclass
class _Running:
    """A node that listens, and what it has taken so far."""

    node: Node
    counts: Counter[str] = field(default_factory=Counter)
    size: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self.node.port


@contextmanager
def receiving(
    root: Path, *, environ: Mapping[str, str], tell: Callable[[Ended], None] | None = None
) -> Iterator[_Running]:
    """Listen while the block runs. Raises ConfigError where nobody may send, SourceError where the port is taken."""
    bank = open_bank(root)
    settings = bank.config.receive
    if not settings.peers:
        raise ConfigError(
            "bank.toml names nobody who may send: [receive] peers is empty.",
            'name the titles of your scanners or PACS, for example peers = ["MR1", "PACS@10.0.0.9:104"]',
        )
    keys = Keys(read_key(bank, environ), bank.config.bank.id)
    bank.layout.landing.mkdir(parents=True, exist_ok=True)
    book = Book(bank.layout.landing_book)
    landing = landing_of(bank, settings.name, keys, book)
    titles, addresses = _peers(settings.peers)
    committer = Committer(landing, keys.uid_map, settings.title, addresses, settings.timeout_seconds)
    write = log_of(bank, now)

    def ended(association: Ended) -> None:
        write(association)
        with running.lock:
            running.counts += association.counts
            running.size += association.size
        if tell:
            tell(association)

    running = _Running(Node(_settings(bank, titles), landing, tell=ended, committer=committer))
    try:
        _open(running.node, settings.port)
        yield running
    finally:
        running.node.close(PATIENCE_SECONDS)
        committer.close()
        book.close()


def _settings(bank: Bank, titles: frozenset[str]) -> Settings:
    settings = bank.config.receive
    return Settings(
        settings.title,
        settings.address,
        settings.port,
        titles,
        settings.associations,
        settings.timeout_seconds,
        server_context(*files_of(bank, settings)) if settings.tls else None,
    )


def _open(node: Node, port: int) -> None:
    try:
        node.open()
    except PacsError:
        raise SourceError(
            f"The port {port} cannot be had.",
            "another program listens there, or this user may not: choose another [receive] port (above 1023)",
        ) from None


def _peers(told: tuple[str, ...]) -> tuple[frozenset[str], dict[str, str]]:
    """The titles that may send, and the addresses of those that have one."""
    split = [each.partition("@") for each in told]
    return frozenset(title for title, _, _ in split), {title: address for title, _, address in split if address}
