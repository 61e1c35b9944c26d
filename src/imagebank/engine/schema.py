"""The tables of the ledger, declared once for SQLite and PostgreSQL. Pure declarations.

Texts compare byte by byte on both, so that rows come in the same order whatever the language of a server is. The
digests stand last in their row: SQLite then finds the other columns without walking through them.
"""

from __future__ import annotations

import sqlalchemy as sa

VERSION = "1"

METADATA = sa.MetaData()
_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

META = sa.Table("meta", METADATA, sa.Column("name", _TEXT, primary_key=True), sa.Column("value", sa.Text))
TEXTS = sa.Table(
    "texts", METADATA, sa.Column("hash", _TEXT, primary_key=True), sa.Column("content", sa.Text, nullable=False)
)
LOTS = sa.Table(
    "lots",
    METADATA,
    sa.Column("item", _TEXT, primary_key=True),
    sa.Column("source", _TEXT, primary_key=True),
    sa.Column("outcome", _TEXT, primary_key=True),
    sa.Column("reason", _TEXT, primary_key=True),
    sa.Column("files", sa.Integer, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("is_series", sa.Boolean, nullable=False),
    sa.Column("scanner", sa.Text, nullable=False),
    sa.Column("digests", sa.LargeBinary, nullable=False),
)
ENTRIES = sa.Table(
    "entries",
    METADATA,
    sa.Column("step", _TEXT, primary_key=True),
    sa.Column("item", _TEXT, primary_key=True),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("facts", sa.Text, nullable=False),
    sa.Column("files", sa.Text, nullable=False),
)
ATTEMPTS = sa.Table(
    "attempts",
    METADATA,
    sa.Column("attempt", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("step", _TEXT, nullable=False),
    sa.Column("item", sa.Text, nullable=False),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("seconds", sa.Float, nullable=False),
    sa.Column("peak_mb", sa.Float, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
)
