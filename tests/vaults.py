"""What the tests of journeys need of a bank and its vault: run it, hold it to its laws, and read the rows of sheets."""

from __future__ import annotations

import csv
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from imagebank.core.config import open_bank
from imagebank.core.progress import Silent
from imagebank.identities.vault import open_vault
from imagebank.workflows.check import check
from imagebank.workflows.update import update

NOW = datetime(2023, 6, 1, 12, 0, tzinfo=UTC)


def run(bank: Path) -> None:
    update(bank, environ={}, progress=Silent())


def holds(bank: Path) -> None:
    found = check(bank, environ={}).findings
    assert [(each.law, each.complaints) for each in found if each.complaints] == []


def rows_of(path: Path) -> list[dict[str, str]]:
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write_rows(path: Path, rows: list[dict[str, str]]) -> None:
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@contextmanager
def vault_of(bank: Path):  # type: ignore[no-untyped-def]
    with open_vault(open_bank(bank), "test", environ={}) as vault:
        yield vault


def banked_pseudonyms(bank: Path) -> set[str]:
    return {path.name for path in (bank / "dicom").iterdir()}
