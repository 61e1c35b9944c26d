"""Which deleted originals are fetched again: those that something is missing without, and of the others a portion.

A series of which nothing but the rules changed (a policy, a newer version of this program) is valid as it is banked,
and names the policy that made it. It is left so until somebody asks for it, a number of series at a time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from imagebank.core.config import Bank
from imagebank.dicom.pacs.book import Book
from imagebank.identities.vault import open_vault
from imagebank.identities.whereabouts import Whereabouts
from imagebank.workflows.banking import EARLIER, WAITING
from imagebank.workflows.opening import open_ledger

GB = 1_000_000_000


@dataclass(frozen=True)
class Amount:
    """Series whose files were deleted, and what it would be to fetch them again."""

    series: int = 0
    size: int = 0

    @property
    def gigabytes(self) -> str:
        """Its size as a person reads it."""
        return f"{self.size / GB:,.1f} GB" if self.size >= GB / 10 else f"{self.size / 1e6:,.1f} MB"


def amount_of(book: Book, source: str, series: set[str]) -> Amount:
    """How many of these series a source brought, without their files by now, and how large these were."""
    found = {name: size for name, size in book.deleted(source).items() if name in series}
    return Amount(len(found), sum(found.values()))


def series_to_fetch_again(bank: Bank, environ: Mapping[str, str], book: Book, most: int) -> list[str]:
    """The series whose files are fetched again in this run; of those that only the rules changed at most `most`."""
    with open_vault(bank, "acquire", environ=environ) as vault:
        wanted = set(Whereabouts(vault).wanted_again())
    earlier = banked_by_earlier_rules(bank, environ)
    asked = [each.name for each in bank.config.pacs]
    here_no_more = {name for source in asked for name in book.deleted(source)} & earlier & wanted
    return sorted((wanted - earlier) | set(sorted(here_no_more)[:most]))


def banked_by_earlier_rules(bank: Bank, environ: Mapping[str, str]) -> set[str]:
    """The series of which nothing but the rules changed since they were banked, and whose files were deleted.

    Where the last update was of a version that did not tell these apart, all that wait.
    """
    with open_ledger(bank, environ) as ledger:
        told = ledger.meta(EARLIER)
        return set(json.loads((ledger.meta(WAITING) if told is None else told) or "[]"))
