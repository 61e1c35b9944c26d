"""check: the laws of a bank, proved from its disk and its ledger. Each law is a function that yields what breaks it.

Nothing is repaired here. What is printed names counts and paths of the research zone, never a file of a source.
"""

from __future__ import annotations

import os
import zipfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from imagebank.catalogue import snapshots
from imagebank.catalogue.store import read_table, rows_of_patients
from imagebank.catalogue.tables import Series, Study
from imagebank.core.digests import DIGEST_BYTES
from imagebank.core.files import TEMPORARY_PREFIX, sha256
from imagebank.core.progress import Progress, Silent, Stage
from imagebank.dicom.archive import BANK_SERIES
from imagebank.engine import Entry, Outcome
from imagebank.engine.funnel import funnel
from imagebank.identities.whereabouts import Whereabouts
from imagebank.workflows.converting import CONVERT
from imagebank.workflows.indexing import folder_item, walk
from imagebank.workflows.opening import Work, open_for_work
from imagebank.workflows.opting_out import people_held_back, tombstones
from imagebank.workflows.quality import QUALITY
from imagebank.workflows.refusing import rows_add_up

WRITERS = (BANK_SERIES, CONVERT, QUALITY)  # the steps that write files into the bank
SHOWN = 5  # complaints of one law that are printed; the rest is counted


@dataclass(frozen=True)
class Finding:
    """One law, and everything that breaks it."""

    law: str
    complaints: tuple[str, ...]


@dataclass(frozen=True)
class Checked:
    """All laws, and how many files wait to be indexed (which breaks nothing)."""

    findings: tuple[Finding, ...]
    waiting: int

    @property
    def holds(self) -> bool:
        """Whether no law is broken."""
        return not any(finding.complaints for finding in self.findings)


def check(root: Path, *, environ: Mapping[str, str], progress: Progress | None = None) -> Checked:
    """Prove every law of the bank in `root`; reads all that was ever written, so it takes as long as the disk does."""
    with open_for_work(root, "check", environ=environ, progress=progress or Silent()) as work:
        findings = tuple(Finding(law, tuple(prove(work))) for law, prove in LAWS.items())
        return Checked(findings, _waiting(work))


def _every_file_has_one_outcome(work: Work) -> Iterator[str]:
    """The files that the index knows are those of the lots, content for content."""
    offered: dict[str, list[bytes]] = defaultdict(list)
    folders = {number: folder_item(work.vault.keys, s, p) for s, p, number in Whereabouts(work.vault).loose_folders()}
    for series, folder, digest in Whereabouts(work.vault).digests():
        offered[series or folders[folder]].append(digest)
    settled: dict[str, list[bytes]] = defaultdict(list)
    for lot in work.ledger.lots():
        if len(lot.digests) != lot.files * DIGEST_BYTES:
            yield f"a lot of {lot.item} counts {lot.files} files but holds {len(lot.digests) // DIGEST_BYTES} digests"
        settled[lot.item] += [lot.digests[i : i + DIGEST_BYTES] for i in range(0, len(lot.digests), DIGEST_BYTES)]
    for item in sorted(offered.keys() | settled.keys()):
        if Counter(offered[item]) != Counter(settled[item]):
            yield f"{item}: {len(offered[item])} files were offered, {len(settled[item])} have an outcome"


def _sums_agree(work: Work) -> Iterator[str]:
    counted = funnel(work.ledger.lots())
    offered = Whereabouts(work.vault).count()
    if counted.offered.files != offered:
        yield f"offered {offered} files, but the outcomes add up to {counted.offered.files}"
    series = len(Whereabouts(work.vault).series())
    if counted.offered.series != series:
        yield f"offered {series} series, but the outcomes add up to {counted.offered.series}"


def _outputs_are_as_written(work: Work) -> Iterator[str]:
    entries = [entry for step in WRITERS for entry in work.ledger.entries(step.name)]
    total = sum(len(entry.files) for entry in entries)
    with work.progress.stage("hash", total, "files") as stage:
        for entry in entries:
            yield from _outputs_of(work.bank.layout.root, entry, stage)


def _outputs_of(root: Path, entry: Entry, stage: Stage) -> Iterator[str]:
    for path, digest in entry.files:
        stage.advance()
        if not (root / path).is_file():
            yield f"{path} is missing"
        elif sha256(root / path) != digest:
            yield f"{path} is not as it was written"


def _nothing_else_is_there(work: Work) -> Iterator[str]:
    layout = work.bank.layout
    known = {path for step in WRITERS for e in work.ledger.entries(step.name) for path, _ in e.files}
    for folder in (layout.dicom, layout.bids):
        for path in sorted(folder.rglob("*")):
            name = layout.relative(path)
            if path.is_file() and name not in known and not _is_of_dataset(path, layout.bids):
                yield f"{name} belongs to nothing in the ledger"
    for path in sorted(layout.root.rglob(f"{TEMPORARY_PREFIX}*")):
        yield f"{layout.relative(path)} was left half-written"


def _is_of_dataset(path: Path, bids: Path) -> bool:
    """Whether a file describes the dataset, a participant's sessions or a session's images: written when published."""
    if not path.is_relative_to(bids):
        return False
    places = path.relative_to(bids).parts
    described = len(places) == 1 or (places[0] == "derivatives" and len(places) == 3)
    return described or (len(places), path.name.rpartition("_")[2]) in ((2, "sessions.tsv"), (3, "scans.tsv"))


def _banked_files_are_in_zips(work: Work) -> Iterator[str]:
    banked: Counter[str] = Counter()
    for lot in work.ledger.lots():
        if lot.outcome is Outcome.BANKED:
            banked[lot.item] += lot.files
    entries = {entry.item: entry for entry in work.ledger.entries(BANK_SERIES.name) if entry.files}
    for item in sorted(banked.keys() | entries.keys()):
        held = _instances(work.bank.layout.root / entries[item].files[0][0]) if item in entries else 0
        if held != banked[item]:
            yield f"series {item}: {banked[item]} files are banked, its zip holds {held}"


def _instances(path: Path) -> int:
    if not path.is_file():
        return 0
    try:
        with zipfile.ZipFile(path) as archive:
            return len(archive.namelist())
    except zipfile.BadZipFile:
        return 0


def _tables_equal_ledger(work: Work) -> Iterator[str]:
    layout = work.bank.layout
    version = snapshots.current_version(layout)
    entries = {entry.item: entry for entry in work.ledger.entries(BANK_SERIES.name) if entry.files}
    if version is None:
        if entries:
            yield "series are banked, but no snapshot was published: run imagebank update"
        return
    damaged = snapshots.verify(layout, version)
    if damaged:
        yield from damaged
        return
    rows = {row.series: row for row in read_table(layout.snapshot(version) / "series.parquet", Series)}
    for item in sorted(rows.keys() ^ entries.keys()):
        yield f"series {item} is in {'the tables' if item in rows else 'the ledger'} only"
    for item in sorted(rows.keys() & entries.keys()):
        if (
            rows[item].dicom_path != entries[item].files[0][0]
            or rows[item].instances != entries[item].facts["instances"]
        ):
            yield f"series {item} is told differently by the tables and the ledger"
    studies = {row.study for row in read_table(layout.snapshot(version) / "studies.parquet", Study)}
    if studies != {entry.facts["study"] for entry in entries.values()}:
        yield "the studies of the tables are not those of the banked series"


def _links_hold(work: Work) -> Iterator[str]:
    """Each banked series belongs to the pseudonym of the person its study was linked to, who has not opted out."""
    pseudonyms, out = work.vault.pseudonyms(), people_held_back(work.vault, work.bank.config, work.vault.people())
    links = work.vault.linked_people()
    for entry in work.ledger.entries(BANK_SERIES.name):
        person = links.get(entry.facts["study"])
        if person is None or pseudonyms.get(person) != entry.facts["patient"]:
            yield f"series {entry.item} is banked, but its study is not linked to that patient"
        elif person in out:
            yield f"series {entry.item} is banked, but the person is held back: {out[person]}"


def _nothing_is_left_of_who_opted_out(work: Work) -> Iterator[str]:
    """No image, no row and no text of a pseudonym with a tombstone, and a tombstone for nobody who is still in."""
    layout, gone = work.bank.layout, set(tombstones(work))
    for entry in work.ledger.entries(BANK_SERIES.name):
        if entry.facts["patient"] in gone:
            yield f"series {entry.item} is banked under a pseudonym that has a tombstone"
    for folder in (layout.dicom, layout.bids):
        for path in folder.rglob("*"):
            if path.is_file() and any(part.removeprefix("sub-") in gone for part in path.relative_to(folder).parts):
                yield f"{layout.relative(path)} belongs to a pseudonym that has a tombstone"
    version = snapshots.current_version(layout)
    for path in sorted(layout.snapshot(version).glob("*.parquet")) if version and gone else ():
        rows = rows_of_patients(path, gone)
        if rows:
            yield f"{layout.relative(path)} has {rows} rows of pseudonyms that have a tombstone"


def _deleted_originals_are_settled(work: Work) -> Iterator[str]:
    """The landing zone let go of a file only after the bank had it, or did not want it."""
    index = Whereabouts(work.vault)
    waiting = set(index.wanted_again())
    settled: dict[tuple[str, str], set[bytes]] = defaultdict(set)
    for lot in work.ledger.lots():
        digests = (lot.digests[i : i + DIGEST_BYTES] for i in range(0, len(lot.digests), DIGEST_BYTES))
        settled[(lot.item, lot.outcome.value)].update(digests)
    for series, digest, outcome in index.expired():
        if series not in waiting and digest not in settled[(series, outcome)]:
            yield f"series {series}: a file was deleted as {outcome}, and is not"


LAWS: dict[str, Callable[[Work], Iterator[str]]] = {
    "every file offered has exactly one outcome": _every_file_has_one_outcome,
    "offered = banked + excluded + unlinked + quarantined, by file and by series": _sums_agree,
    "every output is on the disk as it was written": _outputs_are_as_written,
    "nothing else is there": _nothing_else_is_there,
    "each zip holds exactly the banked files of its series": _banked_files_are_in_zips,
    "the tables are equal to the ledger": _tables_equal_ledger,
    "every row of the records is valid or refused, and none is lost": rows_add_up,
    "every banked series is linked to its patient, who has not opted out": _links_hold,
    "nothing is left of anybody who opted out": _nothing_is_left_of_who_opted_out,
    "no file was deleted that is not banked or excluded": _deleted_originals_are_settled,
}


def _waiting(work: Work) -> int:
    """Files that lie in a source and have not been indexed yet."""
    index, waiting = Whereabouts(work.vault), 0
    for source in work.bank.image_sources():
        root = os.fsencode(work.bank.source_path(source))
        for whole, listed in walk(root, []):
            known = index.known(source.name, os.path.relpath(whole, root), ())
            waiting += sum(known.get(each.name) != each for each in listed)
    return waiting
