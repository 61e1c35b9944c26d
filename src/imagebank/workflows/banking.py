"""deidentify: every linked series becomes one zip of clean instances; every file gets its outcome."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from imagebank.core.files import remove_empty_parents
from imagebank.core.private import NOBODY
from imagebank.dicom.archive import BANK_SERIES, SeriesResult, SeriesTask, SourceFile, decisions_json
from imagebank.dicom.filing import Fate, SeriesPlan, fate_of_verdict, hold, lots_of, main_scanner, may_keep, plan_series
from imagebank.dicom.headers import PASSING
from imagebank.dicom.policy import load_policy, pin
from imagebank.dicom.values import Subject
from imagebank.engine import Done, Entry, Job, Lot, Outcome, key_of
from imagebank.identities.pseudonyms import letters
from imagebank.identities.whereabouts import Header, Whereabout, Whereabouts
from imagebank.workflows.indexing import folder_item
from imagebank.workflows.linking import Linked
from imagebank.workflows.opening import Work, run_step

WAITING = "waiting-for-originals"  # the ledger's name for the series that keep an older result
EARLIER = "banked-by-earlier-rules"  # ... and for those of them of which nothing but the rules changed
AGAIN = ""  # the key of a result that the next run tries to better: no job has it


@dataclass(frozen=True)
class PlannedSeries:
    """A series under way: its plan, and where and for whom it is banked."""

    plan: SeriesPlan
    headers: frozenset[Header] = field(repr=False)
    study: str = ""
    patient: str = ""
    zip_path: Path | None = None
    subject: Subject | None = None
    key: str = AGAIN
    policy: str = ""  # its hash
    placed: str = ""  # a keyed hash of for whom it is banked, and with which offset
    waits: bool = False  # for originals that were deleted once they were banked
    keeps: bool = False  # what is banked of it, though it waits
    by_earlier_rules: bool = False  # it waits for nothing but these

    @property
    def scanner(self) -> str:
        """The scanner that its headers name."""
        return main_scanner(self.headers)


def bank_series(work: Work, linked: Linked) -> None:
    """Bank what is new or changed, withdraw what is no longer to be banked, and settle every file in the ledger."""
    known = work.ledger.keys(BANK_SERIES.name)
    lots = _lots_by_item(work)
    under_way: dict[str, PlannedSeries] = {}
    wanted: set[str] = set()
    waiting: set[str] = set()
    earlier: set[str] = set()
    jobs: list[Job[SeriesTask]] = []
    for series in planned_series(work, linked):
        name = series.plan.series
        wanted |= {name} if series.plan.bank or series.keeps else set()
        waiting |= {name} if series.waits else set()
        earlier |= {name} if series.by_earlier_rules else set()
        if series.plan.bank and (known.get(name) != series.key or not _is_there(work, series)):
            under_way[name] = series
            jobs.append(_job(work, series))
            continue
        _settle(work, series, lots)
    _settle_loose_files(work, lots)
    _withdraw(work, known.keys() - wanted)
    Whereabouts(work.vault).want_again(waiting)
    work.ledger.set_meta(WAITING, json.dumps(sorted(waiting)))
    work.ledger.set_meta(EARLIER, json.dumps(sorted(earlier)))
    if earlier:
        work.progress.note(
            f"{len(earlier):,} series stay as they were banked under earlier rules, because their originals were "
            "deleted; imagebank acquire status says how much it would be to fetch them again"
        )
    files = sum(job.weight for job in jobs)
    if jobs:
        for done, attempt in run_step(work, BANK_SERIES, jobs, files, unit="files"):
            series = under_way[done.job.item]
            entry = _entry(work, series, done)
            work.ledger.record(entry, attempt, _lots(series, entry))
            if entry.files and any(file.expired for file in series.plan.bank):
                Whereabouts(work.vault).found_again(series.plan.series)


def planned_series(work: Work, linked: Linked) -> Iterator[PlannedSeries]:
    """The plan of every series that was ever offered, from what the index and the links say now."""
    index = Whereabouts(work.vault)
    policy = load_policy(work.bank.policy()).digest
    roots = {source.name: str(work.bank.source_path(source)) for source in work.bank.image_sources()}
    for name in index.series():
        headers = linked.headers.get(name, frozenset())
        link = linked.link_of(name)
        out = linked.held_back.get(link.person, "") if link.person else ""
        plan = plan_series(name, index.files_of(name, roots), headers, link, held_back=out)
        if plan.bank:
            yield _held(work, _placed(work, linked, plan, headers, link.person, policy))
        else:
            yield PlannedSeries(plan, headers)


def _held(work: Work, series: PlannedSeries) -> PlannedSeries:
    """A series as it is, unless it would be banked anew and files of it were deleted once they were banked."""
    expired = [file for file in series.plan.bank if file.expired]
    if not expired:
        return series
    entry = work.ledger.entry(BANK_SERIES.name, series.plan.series)
    if entry and entry.key == series.key and _is_there(work, series):
        return series
    if all(Path(file.path.reveal("see whether a file came again")).is_file() for file in expired):
        return series
    keeps = bool(entry and entry.files and entry.facts.get("placed") == series.placed and _is_there(work, series))
    keeps = keeps and may_keep(series.plan)
    refused = len(entry.facts["refused"]) if entry else 0  # these were not deleted
    same = keeps and len(expired) + refused == len(series.plan.bank)
    return replace(series, plan=hold(series.plan, keeps=keeps), waits=True, keeps=keeps, by_earlier_rules=same)


def _placed(
    work: Work, linked: Linked, plan: SeriesPlan, headers: frozenset[Header], person: str | None, policy: str
) -> PlannedSeries:
    """Where a series goes and under which pseudonym and offset."""
    if person is None:
        raise AssertionError("a plan banks files of a linked study only")
    patient = linked.pseudonyms[person]
    study = min(header.study for header in headers)
    earliest, latest = work.bank.config.dates.shift_days
    offset = work.vault.keys.offset_days(person, earliest=earliest, latest=latest)
    subject = Subject(patient, offset, main_scanner(headers), work.vault.keys.uid_map)
    path = work.bank.layout.series_zip(patient, study, plan.series)
    files = [[file.digest.hex(), file.instance.hex()] for file in plan.bank]
    placed = work.vault.keys.label("placed", f"{patient}|{study}|{offset}|{subject.station}", 26)
    key = key_of(BANK_SERIES.name, BANK_SERIES.version, files, patient, study, offset, subject.station, policy)
    return PlannedSeries(plan, headers, study, patient, path, subject, key, policy, placed)


def _is_there(work: Work, series: PlannedSeries) -> bool:
    """Whether what the ledger says was written is still on the disk."""
    if series.zip_path and series.zip_path.is_file():
        return True
    entry = work.ledger.entry(BANK_SERIES.name, series.plan.series)
    return entry is not None and not entry.files


def _job(work: Work, series: PlannedSeries) -> Job[SeriesTask]:
    if series.zip_path is None or series.subject is None:
        raise AssertionError("only a placed series has a job")
    old = work.ledger.entry(BANK_SERIES.name, series.plan.series)
    if old:  # it may have been banked under another pseudonym
        _remove(work, (path for path, _ in old.files if path != work.bank.layout.relative(series.zip_path)))
    files = tuple(_source_file(file) for file in series.plan.bank)
    task = SeriesTask(series.zip_path, files, series.subject, pin(work.bank.policy(), series.policy))
    return Job(series.plan.series, series.key, task, len(files))


def _source_file(file: Whereabout) -> SourceFile:
    return SourceFile(file.path, file.digest, file.size, letters(file.instance, 26))


def _entry(work: Work, series: PlannedSeries, done: Done[SeriesTask, SeriesResult]) -> Entry:
    """What the ledger keeps of a series that was worked on."""
    if done.result is None:
        return _failed(series, done.failure.reason if done.failure else "failed", done)
    result, layout = done.result, work.bank.layout
    again = any(reason in PASSING for _, reason in result.refused)
    facts = {
        **_common_facts(series),
        **result.facts,
        "refused": [list(each) for each in result.refused],
        "bytes": result.zip_bytes,
        "decisions": work.ledger.keep_text(decisions_json(result.decisions)),
    }
    path = series.zip_path
    files = ((layout.relative(path), result.zip_sha256),) if path and result.zip_sha256 else ()
    reason = "" if files else "nothing-left"
    return Entry(BANK_SERIES.name, series.plan.series, AGAIN if again else series.key, reason, facts, files)


def _failed(series: PlannedSeries, reason: str, done: Done[SeriesTask, SeriesResult]) -> Entry:
    """A series whose worker gave nothing back: all its files are refused, and an older zip goes."""
    if series.zip_path:
        series.zip_path.unlink(missing_ok=True)
    refused = [[position, reason] for position in range(len(series.plan.bank))]
    key = AGAIN if done.failure and done.failure.passing else series.key
    return Entry(BANK_SERIES.name, series.plan.series, key, reason, {**_common_facts(series), "refused": refused})


def _common_facts(series: PlannedSeries) -> dict[str, Any]:
    return {
        "study": series.study,
        "patient": series.patient,
        "scanner": series.scanner,
        "source": min(file.source for file in series.plan.bank),
        "policy": series.policy,
        "placed": series.placed,
    }


def _lots(series: PlannedSeries, entry: Entry | None) -> list[Lot]:
    """The lots of a series from its plan and, for files that were to be banked, from what came of them."""
    fates: list[tuple[Whereabout, Fate]] = list(series.plan.settled)
    refused = dict(entry.facts["refused"]) if entry else {}
    for position, file in enumerate(series.plan.bank):
        reason = refused.get(position)
        fates.append((file, (Outcome.QUARANTINED, reason) if reason else (Outcome.BANKED, "")))
    return lots_of(series.plan.series, fates, scanner=series.scanner)


def _settle(work: Work, series: PlannedSeries, lots: Mapping[str, list[Lot]]) -> None:
    """Bring the ledger up to date for a series on which nothing has to be done."""
    entry = work.ledger.entry(BANK_SERIES.name, series.plan.series) if series.plan.bank else None
    now = _lots(series, entry)
    if lots.get(series.plan.series) != now:
        work.ledger.settle(now)


def _settle_loose_files(work: Work, lots: Mapping[str, list[Lot]]) -> None:
    """Settle the files that belong to no series, folder by folder; and forget items that have no file any more."""
    index = Whereabouts(work.vault)
    items = set(index.series())
    for source, path, number in index.loose_folders():
        item = folder_item(work.vault.keys, source, path)
        items.add(item)
        now = list(_loose_lots(item, source, index.loose_files(number)))
        if lots.get(item) != now:
            work.ledger.settle(now)
    work.ledger.drop_lots(lots.keys() - items)


def _loose_lots(item: str, source: str, files: Iterable[tuple[str, int, bytes]]) -> Iterator[Lot]:
    known = [Whereabout(source, NOBODY, size, digest, verdict, b"") for verdict, size, digest in files]
    yield from lots_of(item, [(file, fate_of_verdict(file.verdict)) for file in known], scanner="", is_series=False)


def _lots_by_item(work: Work) -> dict[str, list[Lot]]:
    found: dict[str, list[Lot]] = {}
    for lot in work.ledger.lots():
        found.setdefault(lot.item, []).append(lot)
    return found


def _withdraw(work: Work, gone: Iterable[str]) -> None:
    """Take back the zips of series that are no longer to be banked: unlinked, opted out, or in conflict."""
    items = sorted(gone)
    for item in items:
        entry = work.ledger.entry(BANK_SERIES.name, item)
        _remove(work, (path for path, _ in entry.files) if entry else ())
    work.ledger.forget(BANK_SERIES.name, items)


def _remove(work: Work, paths: Iterable[str]) -> None:
    layout = work.bank.layout
    for path in paths:
        (layout.root / path).unlink(missing_ok=True)
        remove_empty_parents((layout.root / path).parent, stop=layout.dicom)
