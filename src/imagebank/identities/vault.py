"""The vault: the only place that knows who is who. One encrypted database (SQLCipher, AES-256), opened with a key that
never lies beside it. Every opening is written to an audit trail that holds no identifier.

Only the workflows import this module; an import contract holds them to it.
"""

from __future__ import annotations

import getpass
import json
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2 as sqlcipher

from imagebank.core.clock import Clock, now
from imagebank.core.config import KEY_VARIABLE, Bank
from imagebank.core.errors import ConfigError, VaultError
from imagebank.core.files import disk_errors
from imagebank.core.private import Private
from imagebank.identities.model import Entrant, Link, OptOut, Person
from imagebank.identities.pseudonyms import KEY_BYTES, Keys

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS people (
    person TEXT PRIMARY KEY, source TEXT NOT NULL, pseudonym TEXT NOT NULL UNIQUE, hospital_number TEXT NOT NULL,
    nhs_number TEXT NOT NULL, given_name TEXT NOT NULL, family_name TEXT NOT NULL, birth_date TEXT, death_date TEXT,
    sex TEXT NOT NULL, postcode TEXT NOT NULL, address TEXT NOT NULL, phone TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS opt_outs (
    person TEXT NOT NULL, source TEXT NOT NULL, kind TEXT NOT NULL, list_date TEXT,
    PRIMARY KEY (person, source, kind)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS links (
    study TEXT PRIMARY KEY, person TEXT, rule TEXT NOT NULL, reason TEXT NOT NULL, weight REAL NOT NULL,
    version TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS folders (
    folder INTEGER PRIMARY KEY, source TEXT NOT NULL, path BLOB NOT NULL, listing TEXT NOT NULL, UNIQUE (source, path));
CREATE TABLE IF NOT EXISTS headers (header INTEGER PRIMARY KEY, content TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS files (
    folder INTEGER NOT NULL, name BLOB NOT NULL, size INTEGER NOT NULL, modified INTEGER NOT NULL,
    digest BLOB NOT NULL, verdict TEXT NOT NULL, series TEXT NOT NULL, instance BLOB NOT NULL, header INTEGER NOT NULL,
    PRIMARY KEY (folder, name)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS files_of_series ON files (series, header);
CREATE TABLE IF NOT EXISTS expired (
    folder INTEGER NOT NULL, name BLOB NOT NULL, outcome TEXT NOT NULL, PRIMARY KEY (folder, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS wanted_again (series TEXT PRIMARY KEY) WITHOUT ROWID;
"""


def read_key(bank: Bank, environ: Mapping[str, str]) -> bytes:
    """The master key: from the environment, else from the key file. Raises VaultError when there is none."""
    if KEY_VARIABLE in environ:
        return key_bytes(environ[KEY_VARIABLE], f"The environment's {KEY_VARIABLE}")
    path = bank.key_file()
    if path is None:
        raise VaultError(
            "There is no key for the vault.", f"set {KEY_VARIABLE}, or name a file outside the bank in [vault] key_file"
        )
    try:
        return key_bytes(path.read_text(encoding="ascii"), "The key file")
    except (OSError, UnicodeDecodeError) as error:
        raise VaultError(
            f"The key file cannot be read ({type(error).__name__}).",
            f"check [vault] key_file in bank.toml, or set {KEY_VARIABLE}",
        ) from None


def key_bytes(text: str, what: str) -> bytes:
    """The master key that a text holds; `what` names the text in the VaultError that another text raises."""
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise VaultError(f"{what} holds no key.", "a key is 64 hexadecimal digits, as imagebank init writes it")
    return key


def write_new_key(path: Path) -> None:
    """Make a random key file that only its owner may read. Raises ConfigError when the file is there already."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise ConfigError(
            f"The key file {path} is there already.", "a key is never overwritten: name another with --key-file"
        ) from None
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(KEY_BYTES) + "\n")


class Vault:
    """An open vault: its keys, its people and their links. Use `open_vault`."""

    def __init__(self, connection: Any, keys: Keys) -> None:
        self.connection = connection
        self.keys = keys

    @contextmanager
    def write(self) -> Iterator[Any]:
        """One transaction. Raises DiskFull when there is no space for it."""
        with disk_errors():
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
                self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise

    def meta(self, name: str) -> str | None:
        """A value of the vault itself."""
        row = self.connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def replace_people(
        self, source: str, entrants: Iterable[Entrant], opt_outs: Iterable[OptOut], content: str
    ) -> None:
        """Make the people and opt-outs of a record source those of its newest extract, whose hash is `content`."""
        with self.write() as connection:
            connection.execute("DELETE FROM people WHERE source = ?", (source,))
            connection.execute("DELETE FROM opt_outs WHERE source = ?", (source,))
            people = (_person_row(entrant, self.keys) for entrant in entrants)
            connection.executemany("INSERT INTO people VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)", people)
            wishes = ((each.person, source, each.kind, _iso(each.list_date)) for each in opt_outs)
            connection.executemany("INSERT OR REPLACE INTO opt_outs VALUES (?,?,?,?)", wishes)
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (f"people:{source}", content))

    def drop_people_except(self, sources: Iterable[str]) -> None:
        """Forget the people and opt-outs of record sources that the settings no longer name."""
        kept = set(sources)
        known = {row[0] for row in self.connection.execute("SELECT DISTINCT source FROM people")}
        for source in sorted(known - kept):
            with self.write() as connection:
                connection.execute("DELETE FROM people WHERE source = ?", (source,))
                connection.execute("DELETE FROM opt_outs WHERE source = ?", (source,))
                connection.execute("DELETE FROM meta WHERE name = ?", (f"people:{source}",))

    def people(self) -> list[Person]:
        """Everybody in the records."""
        query = """SELECT person, hospital_number, nhs_number, given_name, family_name, birth_date, death_date, sex
                   FROM people ORDER BY person"""
        return [_person(row) for row in self.connection.execute(query)]

    def pseudonyms(self) -> dict[str, str]:
        """Pseudonym of each person."""
        return dict(self.connection.execute("SELECT person, pseudonym FROM people"))

    def opted_out(self) -> set[str]:
        """The people who must not be in the bank."""
        return {row[0] for row in self.connection.execute("SELECT DISTINCT person FROM opt_outs")}

    def linked_people(self) -> dict[str, str]:
        """The person that each linked study shows."""
        return dict(self.connection.execute("SELECT study, person FROM links WHERE person IS NOT NULL"))

    def replace_links(self, links: Mapping[str, Link], version: str) -> None:
        """Keep the decision on every study."""
        rows = {(s, k.person, k.rule, k.reason, k.weight, version) for s, k in links.items()}
        known = set(self.connection.execute("SELECT study, person, rule, reason, weight, version FROM links"))
        if rows == known:
            return
        with self.write() as connection:
            connection.executemany(
                "DELETE FROM links WHERE study = ?", [(row[0],) for row in sorted(known - rows, key=str)]
            )
            connection.executemany("INSERT INTO links VALUES (?,?,?,?,?,?)", sorted(rows - known, key=str))


def _person_row(entrant: Entrant, keys: Keys) -> tuple[str | None, ...]:
    person = entrant.person
    texts = [person.hospital_number, person.nhs_number, person.given_name, person.family_name]
    hidden = [entrant.postcode, entrant.address, entrant.phone]
    return (
        person.person,
        entrant.source,
        keys.pseudonym(person.person),
        *(text.reveal("store in the vault") for text in texts),
        _iso(person.birth_date),
        _iso(person.death_date),
        person.sex,
        *(text.reveal("store in the vault") for text in hidden),
    )


def _person(row: tuple[Any, ...]) -> Person:
    person, *texts, birth, death, sex = row
    hospital, nhs, given, family = (Private(text) for text in texts)
    return Person(person, hospital, nhs, given, family, _date(birth), _date(death), sex)


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


@contextmanager
def open_vault(bank: Bank, purpose: str, *, environ: Mapping[str, str], clock: Clock = now) -> Iterator[Vault]:
    """Open the vault of a bank, or make it. Raises VaultError for a wrong key or the vault of another bank.

    `purpose` is the command that needs it; it is written to the audit trail with the time and the system user.
    """
    keys = Keys(read_key(bank, environ), bank.config.bank.id)
    _make_folder(bank.layout.vault)
    connection = _connect(bank.layout.vault_database, keys.vault_key)
    try:
        _claim(connection, bank.config.bank.id)
        _audit(bank.layout.vault_audit, purpose, clock)
        yield Vault(connection, keys)
    finally:
        connection.close()


def _make_folder(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)


def _connect(path: Path, key: bytes) -> Any:
    fresh = not path.exists()
    connection = sqlcipher.connect(str(path), isolation_level=None)
    if fresh:
        path.chmod(0o600)
    connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        connection.execute("PRAGMA journal_mode = WAL")  # a killed writer leaves a vault that opens
        connection.execute("PRAGMA synchronous = NORMAL")  # and no folder of files waits for the disk
        connection.executescript(SCHEMA)
    except sqlcipher.DatabaseError:
        connection.close()
        raise VaultError(
            "The key does not open this vault, or the vault is damaged.",
            "use the key that was made with this bank; without it the vault cannot be read",
        ) from None
    return connection


def _claim(connection: Any, bank_id: str) -> None:
    row = connection.execute("SELECT value FROM meta WHERE name = 'bank'").fetchone()
    if row is None:
        connection.execute("INSERT INTO meta VALUES ('bank', ?)", (bank_id,))
    elif row[0] != bank_id:
        raise VaultError(
            "This is the vault of another bank.", "check [vault] path and [bank] id in bank.toml; one vault, one bank"
        )


def _audit(path: Path, purpose: str, clock: Clock) -> None:
    line = {"time": clock().isoformat(), "user": getpass.getuser(), "purpose": purpose, "process": os.getpid()}
    with open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
