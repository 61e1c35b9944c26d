"""What ran on what, and what came of it: SQLite in the bank, or PostgreSQL by URL, through SQLAlchemy Core.

The grain is the *lot*: the files of one series that share one outcome and one reason, with their content digests
packed into one value. Ten million files are then some seventy thousand rows (docs/decisions/0001-ledger-grain.md).
Nothing here is identifiable: items are keyed ids, digests are of whole files, reasons are codes.

Laws: a lot row is replaced, never added to, so that `offered = banked + excluded + unlinked + quarantined` is a sum
over one table; timings live apart from outcomes, so that outcomes are the same however often a run was killed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from imagebank.core.errors import BankError, ConfigError
from imagebank.engine.model import Attempt, Entry, Lot, Outcome

SCHEMA_VERSION = "1"

METADATA = sa.MetaData()
META = sa.Table("meta", METADATA, sa.Column("name", sa.Text, primary_key=True), sa.Column("value", sa.Text))
TEXTS = sa.Table(
    "texts", METADATA, sa.Column("hash", sa.Text, primary_key=True), sa.Column("content", sa.Text, nullable=False)
)
LOTS = sa.Table(
    "lots",
    METADATA,
    sa.Column("item", sa.Text, primary_key=True),
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("outcome", sa.Text, primary_key=True),
    sa.Column("reason", sa.Text, primary_key=True),
    sa.Column("files", sa.Integer, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("digests", sa.LargeBinary, nullable=False),
    sa.Column("is_series", sa.Boolean, nullable=False),
    sa.Column("scanner", sa.Text, nullable=False),
)
ENTRIES = sa.Table(
    "entries",
    METADATA,
    sa.Column("step", sa.Text, primary_key=True),
    sa.Column("item", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("facts", sa.Text, nullable=False),
    sa.Column("files", sa.Text, nullable=False),
)
ATTEMPTS = sa.Table(
    "attempts",
    METADATA,
    sa.Column("attempt", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("step", sa.Text, nullable=False),
    sa.Column("item", sa.Text, nullable=False),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("seconds", sa.Float, nullable=False),
    sa.Column("peak_mb", sa.Float, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("finished", sa.Text, nullable=False),
)


class Ledger:
    """The ledger of one bank. Each method that writes is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, url: str, bank_id: str) -> Ledger:
        """Open, or make, the ledger at a database URL. Raises BankError when it belongs to another bank."""
        engine = _engine(url)
        try:
            METADATA.create_all(engine)
        except sa.exc.SQLAlchemyError as error:
            raise BankError(
                f"The ledger cannot be opened ({type(error).__name__}).",
                "check that the file or server is there and may be written, then run the command again",
            ) from None
        ledger = cls(engine)
        ledger._claim(bank_id)
        return ledger

    def _claim(self, bank_id: str) -> None:
        known = self.meta("bank")
        if known is None:
            self.set_meta("bank", bank_id)
            self.set_meta("schema", SCHEMA_VERSION)
        elif known != bank_id:
            raise BankError("The ledger belongs to another bank.", "give each bank a ledger of its own")
        elif self.meta("schema") != SCHEMA_VERSION:
            raise BankError("The ledger was made by another version of imagebank.", "use that version")

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        with self._engine.begin() as connection:
            yield connection

    def meta(self, name: str) -> str | None:
        """A value of the bank itself."""
        with self._engine.connect() as connection:
            return connection.execute(sa.select(META.c.value).where(META.c.name == name)).scalar()

    def set_meta(self, name: str, value: str) -> None:
        """Set a value of the bank itself."""
        with self._write() as connection:
            connection.execute(sa.delete(META).where(META.c.name == name))
            connection.execute(sa.insert(META).values(name=name, value=value))

    def settle(self, lots: Iterable[Lot]) -> None:
        """Replace all lots of the items that `lots` speak of."""
        rows = [_lot_row(lot) for lot in lots]
        if not rows:
            return
        with self._write() as connection:
            gone = sa.delete(LOTS).where(LOTS.c.item == sa.bindparam("gone"))
            connection.execute(gone, [{"gone": item} for item in sorted({row["item"] for row in rows})])
            connection.execute(sa.insert(LOTS), rows)

    def drop_lots(self, items: Iterable[str]) -> None:
        """Forget the lots of items that no longer exist."""
        self._delete(LOTS, LOTS.c.item, items)

    def lots(self) -> Iterator[Lot]:
        """Every lot, by item."""
        query = sa.select(LOTS).order_by(LOTS.c.item, LOTS.c.source, LOTS.c.outcome, LOTS.c.reason)
        with self._engine.connect() as connection:
            for row in connection.execution_options(yield_per=2000).execute(query).mappings():
                yield Lot(**{**row, "outcome": Outcome(row["outcome"])})

    def keys(self, step: str) -> dict[str, str]:
        """The key that each item of a step was last settled with."""
        query = sa.select(ENTRIES.c.item, ENTRIES.c.key).where(ENTRIES.c.step == step)
        with self._engine.connect() as connection:
            return {row.item: row.key for row in connection.execute(query)}

    def entries(self, step: str) -> Iterator[Entry]:
        """Every result of a step, by item."""
        query = sa.select(ENTRIES).where(ENTRIES.c.step == step).order_by(ENTRIES.c.item)
        with self._engine.connect() as connection:
            for row in connection.execution_options(yield_per=2000).execute(query):
                yield _entry(row)

    def entry(self, step: str, item: str) -> Entry | None:
        """The last result of a step on an item."""
        query = sa.select(ENTRIES).where((ENTRIES.c.step == step) & (ENTRIES.c.item == item))
        with self._engine.connect() as connection:
            row = connection.execute(query).first()
            return _entry(row) if row else None

    def keep_text(self, text: str) -> str:
        """Keep a text that many results share, once, and return the hash under which `text` finds it."""
        digest = hashlib.sha256(text.encode()).hexdigest()[:32]
        with self._write() as connection:
            if connection.execute(sa.select(TEXTS.c.hash).where(TEXTS.c.hash == digest)).first() is None:
                connection.execute(sa.insert(TEXTS).values(hash=digest, content=text))
        return digest

    def text(self, digest: str) -> str | None:
        """A text that `keep_text` kept."""
        with self._engine.connect() as connection:
            return connection.execute(sa.select(TEXTS.c.content).where(TEXTS.c.hash == digest)).scalar()

    def record(self, entry: Entry | None, attempt: Attempt, lots: Iterable[Lot] = ()) -> None:
        """Keep a result with its cost and its lots; `entry` is None where another run may get it right."""
        rows = [_lot_row(lot) for lot in lots]
        with self._write() as connection:
            connection.execute(sa.insert(ATTEMPTS).values(**vars(attempt)))
            place = (ENTRIES.c.step == attempt.step) & (ENTRIES.c.item == attempt.item)
            connection.execute(sa.delete(ENTRIES).where(place))
            if entry is not None:
                connection.execute(sa.insert(ENTRIES).values(**_entry_row(entry)))
            if rows:
                connection.execute(sa.delete(LOTS).where(LOTS.c.item == rows[0]["item"]))
                connection.execute(sa.insert(LOTS), rows)

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
        with self._engine.connect() as connection:
            query = sa.select(*columns).group_by(ATTEMPTS.c.step).order_by(ATTEMPTS.c.step)
            return [dict(row) for row in connection.execute(query).mappings()]


def ledger_url(path: Path, variable: str, environ: dict[str, str]) -> str:
    """The database URL of a ledger: from the named environment variable, else the file. Raises ConfigError."""
    if not variable:
        return f"sqlite:///{path}"
    if variable not in environ:
        raise ConfigError(
            f"The environment has no variable {variable}, which `ledger.url_variable` names.",
            "set it to a database URL such as postgresql+psycopg://host/database",
        )
    return environ[variable]


def _engine(url: str) -> Engine:
    try:
        engine = sa.create_engine(url)
    except (sa.exc.ArgumentError, ModuleNotFoundError):
        raise ConfigError(
            "The URL of the ledger is not one that can be used here.",
            "use postgresql+psycopg://... and install imagebank[postgres]",
        ) from None
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """WAL: a killed writer leaves a file that opens; NORMAL: a commit waits for no disk."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA busy_timeout=10000")


def _lot_row(lot: Lot) -> dict[str, Any]:
    return {**vars(lot), "outcome": lot.outcome.value}


def _entry_row(entry: Entry) -> dict[str, Any]:
    facts = json.dumps(entry.facts, sort_keys=True, ensure_ascii=False)
    return {**vars(entry), "facts": facts, "files": json.dumps(entry.files)}


def _entry(row: Any) -> Entry:
    files = tuple((path, digest) for path, digest in json.loads(row.files))
    return Entry(row.step, row.item, row.key, row.reason, json.loads(row.facts), files)
