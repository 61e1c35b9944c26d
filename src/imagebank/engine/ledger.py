"""What ran on what, and what came of it: SQLite in the bank, or PostgreSQL by URL, through SQLAlchemy Core.

The grain is the *lot*: the files of one series that share one outcome and one reason, with their content digests
packed into one value. Ten million files are then some seventy thousand rows (docs/decisions/0001-ledger-grain.md).
Nothing here is identifiable: items are keyed ids, digests are of whole files, reasons are codes.

Laws: a lot row is replaced, never added to, so that `offered = banked + excluded + unlinked + quarantined` is a sum
over one table; timings live apart from outcomes, so that outcomes are the same however often a run was killed; each
method that writes is one transaction, and who only reads changes nothing; no error tells a value or a password.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine

from imagebank.core.errors import BankError, ConfigError, DiskFull, ImagebankError
from imagebank.engine.model import Attempt, Entry, Lot, Outcome
from imagebank.engine.schema import ATTEMPTS, ENTRIES, LOTS, META, METADATA, TEXTS, VERSION

ROWS_AT_ONCE = 2000  # rows fetched together: a few megabytes of digests
CONNECT_SECONDS = 10  # after which a server that does not answer is given up
BUSY_MS = 10_000  # how long SQLite waits for another writer, whose transactions take milliseconds
WAIT_MS = 20  # between tries where SQLite does not wait by itself
MAKE_LOCK = 0x696D6762  # PostgreSQL's advisory lock of the one who makes the tables
DISK_FULL_STATE = "53100"  # PostgreSQL's SQLSTATE disk_full
INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


class Ledger:
    """The ledger of one bank. Each method that writes is one transaction; what the database refuses is a BankError."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, url: str, bank_id: str) -> Ledger:
        """Open, or make, the ledger at a database URL.

        Raises ConfigError for a URL that means nothing here, BankError when it cannot be reached or is another bank's.
        """
        ledger = cls(_engine(url))
        try:
            ledger._claim(bank_id)
        except BaseException:
            ledger.close()
            raise
        return ledger

    def _claim(self, bank_id: str) -> None:
        with _told():
            try:
                made = sa.inspect(self._engine).has_table(META.name)
            except TypeError:  # drivers are not of one mind about settings in a URL that they do not know
                raise _unusable_url() from None
        if not made:
            self._make(bank_id)
        if self.meta("bank") != bank_id:
            raise BankError("The ledger belongs to another bank.", "give each bank a ledger of its own")
        if self.meta("schema") != VERSION:
            raise BankError("The ledger was made by another version of imagebank.", "use that version")

    def _make(self, bank_id: str) -> None:
        """Make the tables and put the bank's name on them; of two who come at once, the first one does."""
        with self._write() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MAKE_LOCK)))
            METADATA.create_all(connection)
            for name, value in (("bank", bank_id), ("schema", VERSION)):
                _insert_if_new(connection, META, name=name, value=value)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        with _told(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        with _told(), self._engine.begin() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN IMMEDIATE")  # wait for other writers here, not in the middle
            yield connection

    def meta(self, name: str) -> str | None:
        """A value of the bank itself."""
        with self._read() as connection:
            return connection.execute(sa.select(META.c.value).where(META.c.name == name)).scalar()

    def set_meta(self, name: str, value: str) -> None:
        """Set a value of the bank itself."""
        with self._write() as connection:
            connection.execute(sa.delete(META).where(META.c.name == name))
            connection.execute(sa.insert(META).values(name=name, value=value))

    def settle(self, lots: Iterable[Lot]) -> None:
        """Replace all lots of the items that `lots` speak of."""
        rows = [_lot_row(lot) for lot in lots]
        with self._write() as connection:
            _replace_lots(connection, rows)

    def drop_lots(self, items: Iterable[str]) -> None:
        """Forget the lots of items that no longer exist."""
        self._delete(LOTS, LOTS.c.item, items)

    def lots(self) -> Iterator[Lot]:
        """Every lot, by item."""
        query = sa.select(LOTS).order_by(LOTS.c.item, LOTS.c.source, LOTS.c.outcome, LOTS.c.reason)
        with self._read() as connection:
            for row in connection.execution_options(yield_per=ROWS_AT_ONCE).execute(query).mappings():
                yield Lot(**{**row, "outcome": Outcome(row["outcome"])})

    def keys(self, step: str) -> dict[str, str]:
        """The key that each item of a step was last settled with."""
        query = sa.select(ENTRIES.c.item, ENTRIES.c.key).where(ENTRIES.c.step == step)
        with self._read() as connection:
            return {row.item: row.key for row in connection.execute(query)}

    def entries(self, step: str) -> Iterator[Entry]:
        """Every result of a step, by item."""
        query = sa.select(ENTRIES).where(ENTRIES.c.step == step).order_by(ENTRIES.c.item)
        with self._read() as connection:
            for row in connection.execution_options(yield_per=ROWS_AT_ONCE).execute(query):
                yield _entry(row)

    def entry(self, step: str, item: str) -> Entry | None:
        """The last result of a step on an item."""
        query = sa.select(ENTRIES).where((ENTRIES.c.step == step) & (ENTRIES.c.item == item))
        with self._read() as connection:
            row = connection.execute(query).first()
            return _entry(row) if row else None

    def keep_text(self, text: str) -> str:
        """Keep a text that many results share, once, and return the hash under which `text` finds it."""
        digest = hashlib.sha256(text.encode()).hexdigest()[:32]
        with self._write() as connection:
            _insert_if_new(connection, TEXTS, hash=digest, content=text)
        return digest

    def text(self, digest: str) -> str | None:
        """A text that `keep_text` kept."""
        with self._read() as connection:
            return connection.execute(sa.select(TEXTS.c.content).where(TEXTS.c.hash == digest)).scalar()

    def record(self, entry: Entry | None, attempt: Attempt, lots: Iterable[Lot] = ()) -> None:
        """Keep a result with its cost and its lots; `entry` is None where another run may get it right."""
        rows = [_lot_row(lot) for lot in lots]
        result = _entry_row(entry) if entry else None
        with self._write() as connection:
            connection.execute(sa.insert(ATTEMPTS).values(**vars(attempt)))
            place = (ENTRIES.c.step == attempt.step) & (ENTRIES.c.item == attempt.item)
            connection.execute(sa.delete(ENTRIES).where(place))
            if result:
                connection.execute(sa.insert(ENTRIES).values(**result))
            _replace_lots(connection, rows)

    def forget(self, step: str, items: Iterable[str]) -> None:
        """Forget results whose outputs are gone."""
        self._delete(ENTRIES, ENTRIES.c.item, items, ENTRIES.c.step == step)

    def _delete(self, table: sa.Table, column: Any, items: Iterable[str], *also: Any) -> None:
        rows = [{"gone": item} for item in items]
        if rows:
            with self._write() as connection:
                connection.execute(sa.delete(table).where(column == sa.bindparam("gone"), *also), rows)

    def costs(self) -> list[dict[str, Any]]:
        """Runs, seconds and highest memory of each step so far."""
        columns = (
            ATTEMPTS.c.step,
            sa.func.count().label("runs"),
            sa.func.sum(ATTEMPTS.c.seconds).label("seconds"),
            sa.func.max(ATTEMPTS.c.peak_mb).label("peak_mb"),
        )
        with self._read() as connection:
            query = sa.select(*columns).group_by(ATTEMPTS.c.step).order_by(ATTEMPTS.c.step)
            return [dict(row) for row in connection.execute(query).mappings()]


def ledger_url(path: Path, variable: str, environ: dict[str, str]) -> str:
    """The database URL of a ledger: from the named environment variable, else the file. Raises ConfigError."""
    if not variable:
        return sa.URL.create("sqlite", database=str(path)).render_as_string()  # a folder's name may hold a ?
    if variable not in environ:
        raise ConfigError(
            f"The environment has no variable {variable}, which `ledger.url_variable` names.",
            "set it to a database URL such as postgresql+psycopg://host/database",
        )
    return environ[variable]


def _engine(url: str) -> Engine:
    try:
        place = sa.make_url(url)
        if place.get_backend_name() not in INSERTS:
            raise sa.exc.ArgumentError("no database of ours")
        engine = sa.create_engine(place, hide_parameters=True, pool_pre_ping=True)
    except (sa.exc.ArgumentError, ValueError, ModuleNotFoundError):
        raise _unusable_url() from None
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _prepare_sqlite)
    else:
        sa.event.listen(engine, "do_connect", _prepare_postgresql)
    return engine


def _unusable_url() -> ConfigError:
    return ConfigError(
        "The URL of the ledger is not one that can be used here.",
        "use postgresql+psycopg://... and install imagebank[postgres]",
    )


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """WAL: a killed writer leaves a file that opens; NORMAL: a commit waits for no disk; we begin transactions."""
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    _use_wal(connection)
    connection.execute("PRAGMA synchronous=NORMAL")


def _use_wal(connection: Any) -> None:
    """Of two processes that make a ledger at once, SQLite tells one at once that it is busy, whatever the timeout."""
    for _ in range(BUSY_MS // WAIT_MS):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            time.sleep(WAIT_MS / 1000)
    connection.execute("PRAGMA journal_mode=WAL")


def _prepare_postgresql(_dialect: Any, _record: Any, _arguments: Any, settings: dict[str, Any]) -> None:
    settings.setdefault("connect_timeout", CONNECT_SECONDS)


@contextmanager
def _told() -> Iterator[None]:
    """Say what a database error means without its text, which quotes the statement, the server and the user."""
    try:
        yield
    except sa.exc.SQLAlchemyError as error:
        raise _meaning(error) from None


def _meaning(error: Exception) -> ImagebankError:
    cause = getattr(error, "orig", None)
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF  # without SQLite's details in the upper bits
    if code == sqlite3.SQLITE_FULL or getattr(cause, "sqlstate", "") == DISK_FULL_STATE:
        return DiskFull(
            "No space is left on the disk that holds the ledger.",
            "free some space, then run the same command again: it goes on where it stopped",
        )
    if code == sqlite3.SQLITE_BUSY:
        return BankError("Another process keeps the ledger busy.", "wait until it is done, then run this one again")
    return BankError(
        f"The ledger cannot be used ({type(error).__name__}).",
        "check that the file or server is there and may be written, then run the command again",
    )


def _insert_if_new(connection: Connection, table: sa.Table, **row: str) -> None:
    connection.execute(INSERTS[connection.dialect.name](table).values(**row).on_conflict_do_nothing())


def _replace_lots(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        gone = sa.delete(LOTS).where(LOTS.c.item == sa.bindparam("gone"))
        connection.execute(gone, [{"gone": item} for item in sorted({row["item"] for row in rows})])
        connection.execute(sa.insert(LOTS), rows)


def _lot_row(lot: Lot) -> dict[str, Any]:
    return {**vars(lot), "outcome": lot.outcome.value}


def _entry_row(entry: Entry) -> dict[str, Any]:
    facts = json.dumps(entry.facts, sort_keys=True)  # in ASCII: no database refuses it
    return {**vars(entry), "facts": facts, "files": json.dumps(entry.files)}


def _entry(row: Any) -> Entry:
    files = tuple((path, digest) for path, digest in json.loads(row.files))
    return Entry(row.step, row.item, row.key, row.reason, json.loads(row.facts), files)
