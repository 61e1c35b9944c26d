"""quality report and ratings: the page on image quality, sheets for people to rate, and what they said."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from imagebank.catalogue import snapshots
from imagebank.catalogue.store import read_table
from imagebank.catalogue.tables import TABLES, Quality
from imagebank.cohorts import Disclosure
from imagebank.cohorts.quality import BankRows, Rating, parse_ratings, parse_sheet, ratings_csv, render
from imagebank.cohorts.quality.ratings import SHEET_COLUMNS, check_rater
from imagebank.core.clock import Clock
from imagebank.core.config import Bank, open_bank
from imagebank.core.errors import BankError, SourceError
from imagebank.core.files import write_bytes, write_text
from imagebank.engine import Outcome
from imagebank.engine.funnel import funnel
from imagebank.workflows.opening import locked, open_ledger

TABLES_READ = ("patients", "scanners", "studies", "series", "quality", "diagnoses")
FLAGGED = ("caution", "unusable")


def write_report(root: Path, *, environ: Mapping[str, str], exact: bool = False) -> Path:
    """Write the report on the current snapshot and return its page. `exact` shows unsafe numbers, for stewards only."""
    bank = open_bank(root)
    rows = _rows(bank)
    settings = bank.config.disclosure
    page = bank.layout.quality / "index.html"
    with open_ledger(bank, environ) as ledger:
        counted = funnel(ledger.lots())
    offered = {outcome.value: counted.outcomes[outcome].series for outcome in Outcome}
    text = render(
        rows,
        read_ratings(bank),
        {"offered": counted.offered.series, **offered},
        Disclosure(minimum=settings.minimum, round_to=settings.round_to, exact=exact),
        picture=lambda path: _picture(bank, path),
        shift_days=bank.config.dates.shift_days,
    )
    write_text(page, text)
    return page


def _rows(bank: Bank) -> BankRows:
    version = _version(bank)
    tables: dict[str, Any] = {name: _table(bank, version, name) for name in TABLES_READ}
    return BankRows(name=bank.config.bank.name, version=version, synthetic=bank.config.bank.pretend, **tables)


def _version(bank: Bank) -> str:
    version = snapshots.current_version(bank.layout)
    if version is None:
        raise BankError("The bank has no snapshot yet.", "run `imagebank update` first")
    return version


def _table(bank: Bank, version: str, name: str) -> list[Any]:
    path = bank.layout.snapshot(version) / f"{name}.parquet"
    if not path.is_file():
        raise BankError(f"The snapshot has no table {name}.", "run `imagebank update --recheck` to publish it")
    return read_table(path, TABLES[name])


def _picture(bank: Bank, path: str) -> bytes | None:
    whole = bank.layout.root / path
    return whole.read_bytes() if whole.is_file() else None


def read_ratings(bank: Bank) -> list[Rating]:
    """What people said so far. Raises SourceError when the file is damaged."""
    path = bank.layout.quality_ratings
    return parse_ratings(path.read_text("utf-8")) if path.is_file() else []


def write_sheet(root: Path, sheet: Path, *, images: int) -> int:
    """Write a CSV for a person to rate and return how many images it holds. Raises SourceError if it is there already.

    Half of the images stand out and half do not, in an order that tells neither, and the verdict is not on it: who
    rates must not know what the machine said.
    """
    if sheet.exists():
        raise SourceError("The sheet is there already, perhaps with ratings in it.", "name another file")
    bank = open_bank(root)
    rows: list[Quality] = _table(bank, _version(bank), "quality")
    chosen = _sample(rows, images)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(SHEET_COLUMNS)
    writer.writerows((each.image, each.mosaic_path, each.sequence, "", "") for each in chosen)
    write_text(sheet, out.getvalue())
    return len(chosen)


def _sample(rows: list[Quality], images: int) -> list[Quality]:
    shown = sorted((each for each in rows if each.mosaic_path and each.verdict != "not-assessable"), key=_lot)
    flagged = [each for each in shown if each.verdict in FLAGGED]
    others = [each for each in shown if each.verdict not in FLAGGED]
    half = min(len(flagged), images // 2)
    return sorted([*flagged[:half], *others[: images - half]], key=_lot)


def _lot(row: Quality) -> str:
    """A place in an order that has nothing to do with the image."""
    return hashlib.blake2b(row.image.encode(), digest_size=8).hexdigest()


def record_ratings(root: Path, sheet: Path, *, rater: str, clock: Clock) -> int:
    """Add the ratings of a filled-in sheet to the bank's file and return how many there were.

    Raises SourceError for a sheet that cannot be read or understood; nothing of it is kept then.
    """
    check_rater(rater)
    bank = open_bank(root)
    images = [each.image for each in _table(bank, _version(bank), "quality")]
    text = _read_sheet(sheet)
    found = parse_sheet(text, rater=rater, rated_at=clock().strftime("%Y-%m-%dT%H:%M:%SZ"), images=images)
    path = bank.layout.quality_ratings
    with locked(bank):
        before = path.read_bytes() if path.is_file() else b""
        read_ratings(bank)  # a damaged file must not grow
        write_bytes(path, before + ratings_csv(found, head=not before).encode())
    return len(found)


def _read_sheet(sheet: Path) -> str:
    try:
        return sheet.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(
            f"The sheet cannot be read ({type(error).__name__}).", "check its name, and that it is a CSV in UTF-8"
        ) from None
