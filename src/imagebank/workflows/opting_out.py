"""opt-outs: who is held back, and the round trip with the national service."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

from imagebank.core.clock import Clock, now
from imagebank.core.config import Config
from imagebank.core.errors import SourceError
from imagebank.core.files import write_text
from imagebank.core.progress import Silent
from imagebank.dicom.archive import BANK_SERIES
from imagebank.identities.model import Person
from imagebank.identities.nhs import normalise_nhs_number
from imagebank.identities.opting_out import OPTED_OUT, held_back, is_stale
from imagebank.identities.register import nhs_numbers_of
from imagebank.identities.remembered import NationalChecks
from imagebank.identities.vault import Vault
from imagebank.workflows.opening import Work, open_for_work
from imagebank.workflows.zones import refuse_research_zone

MOST_NUMBERS = 100_000  # in one file, as the national service takes them
TOMBSTONES = "tombstones"  # the ledger's name for the pseudonyms of banked people who opted out


def people_held_back(vault: Vault, settings: Config, people: Sequence[Person]) -> dict[str, str]:
    """Why each person who must not be banked is out."""
    checks = NationalChecks(vault).all()
    answers = {number: check.allowed if check.listed else None for number, check in checks.items()}
    return held_back(
        people,
        vault.opted_out(),
        answers,
        required=settings.opt_outs.require_national_list,
        accept_test_numbers=settings.linkage.accept_test_numbers,
    )


def refuse_stale_list(vault: Vault, settings: Config, clock: Clock = now) -> None:
    """Raise SourceError where the bank requires the national list, and the newest answer is absent or too old."""
    if not settings.opt_outs.require_national_list:
        return
    newest = max((check.listed for check in NationalChecks(vault).all().values() if check.listed), default=None)
    if is_stale(newest, clock().date(), settings.opt_outs.national_list_days):
        told, days = f"is of {newest}" if newest else "is not there", settings.opt_outs.national_list_days
        raise SourceError(
            f"The national opt-out list {told}; this bank takes none older than {days} days.",
            "run imagebank optouts export, have the files checked, then run imagebank optouts import",
        )


def record_departures(work: Work, banked: Iterable[str], pseudonyms: Mapping[str, str], out: Mapping[str, str]) -> None:
    """Leave a tombstone for each banked pseudonym whose person opted out; take back that of whoever returned."""
    gone = {pseudonyms[person] for person, why in out.items() if why == OPTED_OUT}
    known = set(tombstones(work))
    now_known = sorted((known & gone) | (set(banked) & gone))
    if now_known != sorted(known):
        work.ledger.set_meta(TOMBSTONES, json.dumps(now_known))


def tombstones(work: Work) -> list[str]:
    """The pseudonyms of people who were banked and opted out."""
    return list(json.loads(work.ledger.meta(TOMBSTONES) or "[]"))


def banked_pseudonyms(work: Work) -> set[str]:
    """The pseudonyms under which something is banked now."""
    return {entry.facts["patient"] for entry in work.ledger.entries(BANK_SERIES.name)}


def export_numbers(
    root: Path, folder: Path, *, environ: Mapping[str, str], clock: Clock = now
) -> list[tuple[Path, int]]:
    """Write the NHS numbers to be checked, at most 100,000 a file; returns each file and how many it holds.

    Raises SourceError where nobody has an NHS number, or the folder lies in the research zone.
    """
    with open_for_work(root, "optouts export", environ=environ, progress=Silent()) as work:
        refuse_research_zone(work.bank.layout, folder)
        accept = work.bank.config.linkage.accept_test_numbers
        people = work.vault.people()
        numbers = sorted({n for each in people for n in nhs_numbers_of(each, accept_test_numbers=accept)})
        if not numbers:
            raise SourceError("Nobody in the vault has a valid NHS number.", "run imagebank update first")
        day = clock().date()
        batches = [numbers[k : k + MOST_NUMBERS] for k in range(0, len(numbers), MOST_NUMBERS)]
        named = [(f"{day:%Y%m%d}-{k:02d}", batch) for k, batch in enumerate(batches, start=1)]
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        files = []
        for name, batch in named:
            path = folder / f"opt-out-check-{name}.csv"
            write_text(path, "".join(f"{number}\n" for number in batch))
            path.chmod(0o600)
            files.append((path, len(batch)))
        NationalChecks(work.vault).send(named, day)
        return files


def import_answer(
    root: Path, path: Path, *, environ: Mapping[str, str], listed: date | None = None, clock: Clock = now
) -> tuple[int, int]:
    """Read the cleaned list that came back for one file; returns how many may be used and how many opted out.

    Raises SourceError for a list that holds numbers that were not sent together, or is of a day to come.
    """
    with open_for_work(root, "optouts import", environ=environ, progress=Silent()) as work:
        day = listed or clock().date()
        if day > clock().date() + timedelta(1):
            raise SourceError("The list is dated in the future.", "give the day on which it was made with --date")
        numbers = _numbers_of(path)
        checks = NationalChecks(work.vault)
        sent = checks.all()
        batches = {sent[number].batch for number in numbers if number in sent}
        strange = sum(number not in sent for number in numbers)
        if strange or len(batches) != 1:
            raise SourceError(
                f"{strange} numbers of the list were never sent; the others belong to {len(batches)} files that were.",
                "import the list that came back for one file of imagebank optouts export, unchanged",
            )
        return checks.answer(batches.pop(), numbers, day)


def _numbers_of(path: Path) -> set[str]:
    """The numbers of a returned list: the first column, with or without a header line."""
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"The list cannot be read ({type(error).__name__}).", "give a text file") from None
    first = (normalise_nhs_number(line.split(",")[0].strip().strip('"')) for line in lines)
    return {number for number in first if number.isdigit()}
