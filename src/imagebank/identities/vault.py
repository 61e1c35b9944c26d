"""The vault: the only place that knows who is who. One encrypted database (SQLCipher, AES-256), opened with a key that
never lies beside it. Every opening is written to an audit trail that holds no identifier.

Only the workflows import this module; an import contract holds them to it.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2 as sqlcipher

from imagebank.core.clock import Clock, now
from imagebank.core.config import KEY_VARIABLE, Bank
from imagebank.core.errors import ConfigError, VaultError
from imagebank.core.files import disk_errors
from imagebank.core.processes import user_name
from imagebank.identities.merging import persons_of
from imagebank.identities.model import Entrant, Link, OptOut, Person
from imagebank.identities.pseudonyms import KEY_BYTES, Keys
from imagebank.identities.vault_rows import (
    FORGET_OLD_PEOPLE,
    SCHEMA,
    entrant_of,
    entrant_row,
    is_outdated,
    iso,
    link_row,
)


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
            people = map(entrant_row, entrants)
            connection.executemany("INSERT INTO people VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)", people)
            wishes = ((each.person, source, each.kind, iso(each.list_date)) for each in opt_outs)
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

    def records_state(self) -> list[tuple[str, str]]:
        """What changes whenever a registration or an opt-out of any source did."""
        query = "SELECT name, value FROM meta WHERE name LIKE 'people:%' ORDER BY name"
        return list(map(tuple, self.connection.execute(query)))

    def registrations(self) -> list[Entrant]:
        """Every registration of every record source, by id."""
        return [entrant_of(row) for row in self.connection.execute("SELECT * FROM people ORDER BY person")]

    def person_of(self) -> dict[str, str]:
        """The person of each registration; a registration that was not looked at yet is a person of its own."""
        known = dict(self.connection.execute("SELECT registration, person FROM persons"))
        names = [row[0] for row in self.connection.execute("SELECT person FROM people ORDER BY person")]
        return {name: known.get(name, name) for name in names}

    def replace_persons(
        self, person_of: Mapping[str, str], renames: Iterable[tuple[str, str, str]], state: str
    ) -> None:
        """Keep whose each registration is, and which pseudonyms of banked people became others (old, new, noticed)."""
        with self.write() as connection:
            connection.execute("DELETE FROM persons")
            connection.executemany("INSERT INTO persons VALUES (?, ?)", sorted(person_of.items()))
            insert = "INSERT INTO renames (pseudonym, became, noticed) VALUES (?, ?, ?)"
            connection.executemany(insert, sorted(renames))
            connection.execute("INSERT OR REPLACE INTO meta VALUES ('persons', ?)", (state,))

    def renames(self) -> list[tuple[str, str, str]]:
        """Pseudonyms of banked people that became others, in the order in which that was noticed."""
        query = "SELECT pseudonym, became, noticed FROM renames ORDER BY entry"
        return list(map(tuple, self.connection.execute(query)))

    def people(self) -> list[Person]:
        """Everybody in the records; several registrations of one person are one."""
        return persons_of(self.registrations(), self.person_of())

    def pseudonyms(self) -> dict[str, str]:
        """Pseudonym of each registration: that of its person."""
        return {name: self.keys.pseudonym(person) for name, person in self.person_of().items()}

    def opted_out(self) -> set[str]:
        """The registrations of everybody who must not be in the bank: an opt-out of one counts for the person."""
        person_of = self.person_of()
        listed = {row[0] for row in self.connection.execute("SELECT DISTINCT person FROM opt_outs")}
        out = {person_of.get(name, name) for name in listed}
        return listed | {name for name, person in person_of.items() if person in out}

    def linked_people(self) -> dict[str, str]:
        """The person that each linked study shows."""
        return dict(self.connection.execute("SELECT study, person FROM links WHERE person IS NOT NULL"))

    def replace_links(self, links: Mapping[str, Link], version: str) -> None:
        """Keep the decision on every study."""
        rows = {link_row(study, link, version) for study, link in links.items()}
        known = set(self.connection.execute("SELECT * FROM links"))
        if rows == known:
            return
        with self.write() as connection:
            connection.executemany(
                "DELETE FROM links WHERE study = ?", [(row[0],) for row in sorted(known - rows, key=str)]
            )
            connection.executemany("INSERT INTO links VALUES (?,?,?,?,?,?,?,?,?)", sorted(rows - known, key=str))

    def set_meta(self, name: str, value: str) -> None:
        """Keep a value of the vault itself."""
        with self.write() as connection:
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))


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
    try:
        with disk_errors():
            return _connection(path, key)
    except sqlcipher.OperationalError as error:
        raise VaultError(
            f"The vault cannot be opened: {error}.",
            "see that this user may write its folder, and that no other program holds it",
        ) from None
    except sqlcipher.DatabaseError:
        raise VaultError(
            "The key does not open this vault, or the vault is damaged.",
            "use the key that was made with this bank; without it the vault cannot be read",
        ) from None


def _connection(path: Path, key: bytes) -> Any:
    fresh = not path.exists()
    connection = sqlcipher.connect(str(path), isolation_level=None)
    try:
        if fresh:
            path.chmod(0o600)
        connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        connection.execute("PRAGMA journal_mode = WAL")  # a killed writer leaves a vault that opens
        connection.execute("PRAGMA synchronous = NORMAL")  # and no folder of files waits for the disk
        if is_outdated(row[1] for row in connection.execute("PRAGMA table_info(people)")):
            connection.executescript(FORGET_OLD_PEOPLE)
        connection.executescript(SCHEMA)
    except BaseException:
        connection.close()
        raise
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
    line = {"time": clock().isoformat(), "user": user_name(), "purpose": purpose, "process": os.getpid()}
    with open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
