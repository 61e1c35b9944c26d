"""The tables of the book of acquisition, and how a book of an older version becomes one of this."""

from __future__ import annotations

import sqlite3

SCHEMA = """
CREATE TABLE IF NOT EXISTS studies (
    source TEXT NOT NULL, study TEXT NOT NULL, uid TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL,
    agreed_at REAL, counted_at REAL, patient TEXT NOT NULL DEFAULT '', PRIMARY KEY (source, study)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS series (
    source TEXT NOT NULL, series TEXT NOT NULL, study TEXT NOT NULL, uid TEXT NOT NULL, expected INTEGER,
    reason TEXT NOT NULL, again INTEGER NOT NULL, PRIMARY KEY (source, series)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS series_of_study ON series (source, study);
CREATE TABLE IF NOT EXISTS instances (
    source TEXT NOT NULL, instance TEXT NOT NULL, series TEXT NOT NULL, digest BLOB NOT NULL, size INTEGER NOT NULL,
    kept INTEGER NOT NULL, copies INTEGER NOT NULL, PRIMARY KEY (source, instance, series)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS instances_of_series ON instances (source, series, kept);
CREATE TABLE IF NOT EXISTS aside (
    source TEXT NOT NULL, instance TEXT NOT NULL, digest BLOB NOT NULL, size INTEGER NOT NULL,
    PRIMARY KEY (source, instance, digest)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tallies (
    source TEXT NOT NULL, what TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (source, what)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS archives (
    source TEXT NOT NULL, name BLOB NOT NULL, state TEXT NOT NULL, done INTEGER NOT NULL DEFAULT 0,
    ended TEXT NOT NULL DEFAULT 'read', counts TEXT NOT NULL DEFAULT '{}', PRIMARY KEY (source, name)) WITHOUT ROWID;
"""
PATIENTS = "ALTER TABLE studies ADD COLUMN patient TEXT NOT NULL DEFAULT ''"
"""What a book lacks that was begun before patients were known in it by a keyed id."""
MEDIA = """
ALTER TABLE archives ADD COLUMN done INTEGER NOT NULL DEFAULT 0;
ALTER TABLE archives ADD COLUMN ended TEXT NOT NULL DEFAULT 'read';
ALTER TABLE archives ADD COLUMN counts TEXT NOT NULL DEFAULT '{}';
"""
"""What a book lacks that was begun before it was told how the reading of an archive ended."""
APART = "ALTER TABLE instances RENAME TO together; DROP INDEX IF EXISTS instances_of_series;"
TOGETHER = "INSERT INTO instances SELECT * FROM together; DROP TABLE together;"
"""A book that was begun before the same instance could be of two series is written anew."""

DIGESTS = 1  # of the way that digests are made; the version of a book
UNKNOWN_DIGEST = b""
FORGET_DIGESTS = "UPDATE instances SET digest = X''"
"""Digests that were made in another way say nothing: nobody knows whether what comes again is the same."""


def prepare(connection: sqlite3.Connection) -> None:
    """Make the tables, or add what an older book lacks."""
    keys = sum(bool(row[5]) for row in connection.execute("PRAGMA table_info(instances)"))
    connection.executescript(f"BEGIN IMMEDIATE; {APART} {SCHEMA} {TOGETHER} COMMIT;" if keys == 2 else SCHEMA)
    for table, column, lacking in (("studies", "patient", PATIENTS), ("archives", "ended", MEDIA)):
        if column not in (row[1] for row in connection.execute(f"PRAGMA table_info({table})")):
            connection.executescript(f"BEGIN IMMEDIATE; {lacking}; COMMIT;")
    if connection.execute("PRAGMA user_version").fetchone()[0] < DIGESTS:
        connection.executescript(f"BEGIN IMMEDIATE; {FORGET_DIGESTS}; PRAGMA user_version = {DIGESTS}; COMMIT;")
