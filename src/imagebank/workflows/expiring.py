"""expire: identifiable files leave the landing zone once they are banked and verified, or not wanted at all.

First it is written down which files go, then they go: a crash between leaves files that the next run deletes. What was
offered stays offered, so that the sums of the bank still agree (`imagebank check`). Files of somebody who has opted out
go at once, whatever the settings say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from imagebank.core.clock import Clock, now
from imagebank.core.files import remove_empty_parents, sha256
from imagebank.dicom.archive import BANK_SERIES
from imagebank.dicom.filing import Fate
from imagebank.dicom.pacs.book import Book
from imagebank.dicom.pacs.completeness import COMPLETE, LEFT
from imagebank.engine import Entry, Outcome
from imagebank.identities.opting_out import OPTED_OUT
from imagebank.identities.whereabouts import Whereabout, Whereabouts
from imagebank.workflows.banking import PlannedSeries, planned_series
from imagebank.workflows.linking import link_studies
from imagebank.workflows.opening import Work

LET_GO = (Outcome.BANKED, Outcome.EXCLUDED)
OPTED_OUT_FATE: Fate = (Outcome.EXCLUDED, OPTED_OUT)


def expire_landing(work: Work, clock: Clock = now) -> int:
    """Delete what may go by `[landing] keep_days`; returns how many files went."""
    settings, layout = work.bank.config.landing, work.bank.layout
    sources = set(work.bank.landed_sources())
    roots = {name: str(layout.landed(name)) for name in sources if layout.landed(name).is_dir()}
    if not roots or not layout.landing_book.is_file():
        return 0
    oldest = clock() - timedelta(days=settings.keep_days) if settings.keep_days >= 0 else None
    book, gone = Book(layout.landing_book), 0
    try:
        for series in planned_series(work, link_studies(work)):
            files = [(file, fate) for file, fate in _fates(work, series) if file.source in roots]
            going = [each for each in files if each[1] == OPTED_OUT_FATE and _is_old(each[0], clock())]
            old = [each for each in files if each[1][0] in LET_GO and oldest and _is_old(each[0], oldest)]
            if old and _may_go(work, book, series):
                going += [each for each in old if each not in going]
            if going:
                _let_go(work, book, going, roots)
                gone += len(going)
    finally:
        book.close()
    return gone


def _fates(work: Work, series: PlannedSeries) -> Iterator[tuple[Whereabout, Fate]]:
    """Every file of a series with its outcome; those to be banked only where they are, as they would be now."""
    yield from series.plan.settled
    entry = work.ledger.entry(BANK_SERIES.name, series.plan.series) if series.plan.bank else None
    if entry and entry.files and entry.key == series.key:
        refused = {position for position, _ in entry.facts["refused"]}
        for position, file in enumerate(series.plan.bank):
            if position not in refused:
                yield file, (Outcome.BANKED, "")


def _is_old(file: Whereabout, oldest: datetime) -> bool:
    try:
        landed = Path(file.path.reveal("see how old a landed file is")).stat().st_mtime
    except OSError:
        return False  # it went before
    return landed <= oldest.timestamp()


def _may_go(work: Work, book: Book, series: PlannedSeries) -> bool:
    """Whether the study is complete, and what is banked of the series is on the disk as it was written."""
    if series.waits:
        return False
    rows = (book.study(source, header.study) for header in series.headers for source in book.sources())
    if any(row and row.state not in (COMPLETE, LEFT) for row in rows):
        return False
    entry = work.ledger.entry(BANK_SERIES.name, series.plan.series) if series.plan.bank else None
    return entry is None or _is_as_written(work, entry)


def _is_as_written(work: Work, entry: Entry) -> bool:
    root = work.bank.layout.root
    return all((root / path).is_file() and sha256(root / path) == digest for path, digest in entry.files)


def _let_go(work: Work, book: Book, files: list[tuple[Whereabout, Fate]], roots: dict[str, str]) -> None:
    Whereabouts(work.vault).expire([(file, fate[0].value) for file, fate in files], roots)
    paths: dict[str, list[Path]] = defaultdict(list)
    for file, _ in files:
        paths[file.source].append(Path(file.path.reveal("delete a file that is banked")))
    for source, going in paths.items():
        book.let_go(source, [(path.parent.name, path.stem) for path in going])
        for path in going:
            path.unlink(missing_ok=True)
            remove_empty_parents(path.parent, stop=Path(roots[source]))
