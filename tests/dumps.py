"""What a bank holds, in a form that two banks can be compared by."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from pathlib import Path
from typing import Any

from imagebank.core.config import open_bank
from imagebank.identities.vault import open_vault

VAULT_TABLES = {
    "people": "SELECT * FROM people ORDER BY person",
    "opt_outs": "SELECT * FROM opt_outs ORDER BY person, source, kind",
    "links": "SELECT * FROM links ORDER BY study",
    "files": """SELECT source, path, name, size, digest, verdict, series, instance, content
                FROM files JOIN folders USING (folder) LEFT JOIN headers USING (header) ORDER BY source, path, name""",
}


def research_zone(bank: Path) -> dict[str, str]:
    """SHA-256 of every file that researchers may see, but for the two databases and the lock."""
    found = {}
    for folder in ("dicom", "bids", "tables", "profile"):
        for path in sorted((bank / folder).rglob("*")):
            if path.is_file():
                found[path.relative_to(bank).as_posix()] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def every_byte(bank: Path) -> dict[str, str]:
    """SHA-256 of every file of the bank, but for the vault's audit trail, which grows by a line at each opening."""
    files = [path for path in sorted(bank.rglob("*")) if path.is_file() and path.name != "audit.log"]
    return {path.relative_to(bank).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def what_ledger_says(bank: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Outcomes, results and shared texts of the ledger; timings are left out."""
    with sqlite3.connect(bank / "ledger.db") as connection:
        return {
            "lots": connection.execute("SELECT * FROM lots ORDER BY item, source, outcome, reason").fetchall(),
            "entries": connection.execute("SELECT * FROM entries ORDER BY step, item").fetchall(),
            "texts": connection.execute("SELECT * FROM texts ORDER BY hash").fetchall(),
        }


def what_vault_says(bank: Path) -> dict[str, list[tuple[Any, ...]]]:
    """People, links and files of the vault, without its row numbers."""
    with open_vault(open_bank(bank), "test", environ=os.environ) as vault:
        return {name: vault.connection.execute(query).fetchall() for name, query in VAULT_TABLES.items()}
