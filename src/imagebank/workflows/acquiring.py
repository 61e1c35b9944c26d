"""acquire: from the PACS to the landing zone: what is wanted and not here yet, and always known what is missing.

For each source: ask for the people (or a list, or days), write down what is expected, fetch, count. A run can be
stopped or killed at any moment and started again. The vault is open only while the people are read.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from imagebank.core.config import Bank, open_bank
from imagebank.core.errors import BankError, SourceError
from imagebank.core.pacs_settings import PacsSource
from imagebank.core.progress import Progress
from imagebank.dicom.pacs.book import Book
from imagebank.dicom.pacs.guard import World
from imagebank.dicom.pacs.model import Request
from imagebank.identities.pseudonyms import Keys
from imagebank.identities.vault import Vault, open_vault
from imagebank.workflows.asking import People, people_of
from imagebank.workflows.importing import import_records
from imagebank.workflows.landed import locked_landing
from imagebank.workflows.merging import merge_people
from imagebank.workflows.opening import is_in_use, open_for_work
from imagebank.workflows.opting_out import refuse_stale_list
from imagebank.workflows.reaching import prepare
from imagebank.workflows.refetching import amount_of, banked_by_earlier_rules, series_to_fetch_again
from imagebank.workflows.visiting import Ask, SourceRun, Visit

__all__ = ["Ask", "SourceRun", "acquire"]

KINDS = ("dicomweb", "dimse", "media")  # in this order where the priority is the same
NEVER = threading.Event()


def acquire(
    root: Path,
    ask: Ask | None = None,
    *,
    environ: Mapping[str, str],
    progress: Progress,
    stop: Callable[[], bool] = NEVER.is_set,
    world: World | None = None,
) -> list[SourceRun]:
    """Fetch what is missing from every source; returns what came of each. Raises SourceError for an unknown source."""
    ask, world = ask or Ask(), world or World()
    bank = open_bank(root)
    sources = _chosen(bank, ask, environ)
    with locked_landing(bank), ExitStack() as stack:
        people, keys = _people(root, bank, environ, progress)
        book = stack.enter_context(_open_book(bank))
        again = series_to_fetch_again(bank, environ, book, ask.again)
        book.want_again(again, again=True)
        runs: list[SourceRun] = []
        for source in sources:
            earlier = [run for run in runs if source.site and _site(bank, run.source) == source.site]
            asked = ask
            if any(run.is_whole for run in earlier):
                asked = _of_its_own(ask, book, source.name)
                if not asked.requests:
                    runs.append(SourceRun(source.name, "elsewhere"))
                    continue
            if source.kind == "media" and book.let_go_of(source.name, again):
                book.media.read_again(source.name)
            _tell_again(book, source.name, set(again), banked_by_earlier_rules(bank, environ), progress)
            visit = Visit(bank, source, book, keys, environ, progress, stop, world, frozenset(again))
            runs.append(visit.run(asked, people))
        return runs


def _chosen(bank: Bank, ask: Ask, environ: Mapping[str, str]) -> list[PacsSource]:
    known = {source.name: source for source in bank.config.pacs}
    unknown = [name for name in ask.sources if name not in known]
    if unknown or not known:
        raise SourceError(
            f"bank.toml has no source `{unknown[0]}` under [[pacs]]."
            if unknown
            else "bank.toml has no [[pacs]] source.",
            f"known are: {', '.join(known)}" if known else "add one, as docs/pacs.md shows",
        )
    chosen = [known[name] for name in dict.fromkeys(ask.sources)] or list(known.values())
    for source in chosen:
        prepare(bank, source, environ)
    return sorted(chosen, key=lambda each: (each.priority, KINDS.index(each.kind)))


def _of_its_own(ask: Ask, book: Book, source: str) -> Ask:
    """What a source is asked for when another one of its site gave everything: the studies that it brought itself.

    They must be counted again, and late images of them come from it. Nothing, where it brought none.
    """
    own = tuple(Request("study", row.uid) for row in book.studies(source) if row.uid)
    return replace(ask, requests=ask.requests if own and ask.requests is not None else own)


def _tell_again(book: Book, source: str, again: set[str], earlier: set[str], progress: Progress) -> None:
    """Say before anything is fetched how much of it was here before, and how much stays as it is."""
    told, kept = amount_of(book, source, again), amount_of(book, source, earlier - again)
    if told.series:
        progress.note(f"{source}: {told.series:,} series ({told.gigabytes}) are fetched again")
    if kept.series:
        progress.note(
            f"{source}: {kept.series:,} series ({kept.gigabytes}) stay as they were banked under earlier rules; "
            "--again N fetches N of them again"
        )


def _site(bank: Bank, name: str) -> str:
    return next(source.site for source in bank.config.pacs if source.name == name)


def _people(root: Path, bank: Bank, environ: Mapping[str, str], progress: Progress) -> tuple[People, Keys]:
    """The people of the newest records; while another command is at work on the bank, those that it knows."""
    try:
        with open_for_work(root, "acquire", environ=environ, progress=progress) as work:
            import_records(work)
            merge_people(work)
            return _people_in(work.vault, bank)
    except BankError:
        if not is_in_use(bank):
            raise
        progress.note("another command is at work on this bank: asking for the people that it knows already")
        with open_vault(bank, "acquire", environ=environ) as vault:
            return _people_in(vault, bank)


def _people_in(vault: Vault, bank: Bank) -> tuple[People, Keys]:
    refuse_stale_list(vault, bank.config)
    return people_of(vault, bank.config), vault.keys


@contextmanager
def _open_book(bank: Bank) -> Iterator[Book]:
    book = Book(bank.layout.landing_book)
    try:
        yield book
    finally:
        book.close()
