"""convert: the banked series of each study become NIfTI images under BIDS names."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from imagebank.core.ages import age_in_years
from imagebank.core.files import remove_empty_parents
from imagebank.dicom.archive import BANK_SERIES
from imagebank.dicom.values import shift_date, shift_day
from imagebank.engine import Done, Entry, Job, Step, key_of
from imagebank.imaging import ConvertResult, ConvertTask, SeriesToConvert, Session, convert_study
from imagebank.imaging.convert import VERSION
from imagebank.imaging.dcm2niix import converter_version
from imagebank.imaging.model import ConvertedSeries, PlacedImage
from imagebank.workflows.banking import AGAIN
from imagebank.workflows.linking import Linked
from imagebank.workflows.opening import Work, run_step

CONVERT: Step[ConvertTask, ConvertResult] = Step("convert", f"{VERSION}.{converter_version()}", convert_study)
UNDATED = "undated"
FIRST_DAY = date(1970, 1, 1)
LABEL_ORIGINS = 40_000  # days; with LOWEST_LABEL every day of a century has five digits
LOWEST_LABEL = 10_000


@dataclass(frozen=True)
class BankedStudy:
    """A study with banked series, as the tables and the converter need it."""

    study: str
    patient: str
    session: str
    study_date: date | None  # moved by the offset
    age_years: float | None  # from the true dates
    link_rule: str
    series: tuple[Entry, ...]


def banked_studies(work: Work, linked: Linked) -> list[BankedStudy]:
    """Every study with its banked series, from the ledger and the links."""
    groups: dict[str, list[Entry]] = defaultdict(list)
    for entry in work.ledger.entries(BANK_SERIES.name):
        if entry.files:
            groups[entry.facts["study"]].append(entry)
    return [_banked_study(work, linked, study, groups[study]) for study in sorted(groups)]


def _banked_study(work: Work, linked: Linked, study: str, entries: list[Entry]) -> BankedStudy:
    link = linked.links[study]
    person = linked.people[link.person or ""]
    true_date = _study_date(linked, entries)
    earliest, latest = work.bank.config.dates.shift_days
    moved = shift_day(true_date, work.vault.keys.offset_days(person.person, earliest=earliest, latest=latest))
    age = age_in_years(person.birth_date, true_date) if true_date and person.birth_date else None
    patient = entries[0].facts["patient"]
    session = session_label(study, moved, work.vault.keys.label("session", patient))
    return BankedStudy(study, patient, session, moved, age, link.rule, tuple(entries))


def session_label(study: str, moved: date | None, secret: str) -> str:
    """The opaque label of a study: the moved day counted from a day that a keyed `secret` of the patient decides.

    Labels of one patient stand in the order of time, none depends on another study, and none tells a date.
    """
    if moved is None:
        return f"{UNDATED}{study[:4]}"
    origin = sum((ord(letter) % 32) << (5 * place) for place, letter in enumerate(secret)) % LABEL_ORIGINS
    return f"{LOWEST_LABEL + origin + (moved - FIRST_DAY).days}{study[:4]}"


def _study_date(linked: Linked, entries: list[Entry]) -> date | None:
    """The earliest study date that the headers tell; constants of clocks that were never set are no dates."""
    headers = [header for entry in entries for header in linked.headers[entry.item]]
    dates = {header.claim.study_date for header in headers if header.claim.study_date}
    return min((day for day in dates if shift_date(f"{day:%Y%m%d}", 1)), default=None)


def convert_studies(work: Work, studies: Iterable[BankedStudy]) -> None:
    """Convert the studies that are new or changed, and take back what was converted of those that are gone."""
    known = work.ledger.keys(CONVERT.name)
    wanted = {study.study: study for study in studies}
    _take_back(work, sorted(known.keys() - wanted.keys()))
    jobs = [_job(work, study) for study in wanted.values()]
    jobs = [job for job in jobs if known.get(job.item) != job.key or not _is_there(work, job)]
    for job in jobs:
        _take_back_elsewhere(work, job)
    if jobs:
        for done, attempt in run_step(work, CONVERT, jobs, sum(job.weight for job in jobs), unit="series"):
            work.ledger.record(_entry(wanted[done.job.item], done), attempt)


def _job(work: Work, study: BankedStudy) -> Job[ConvertTask]:
    series = tuple(_to_convert(entry) for entry in study.series)
    task = ConvertTask(work.bank.layout.root, study.patient, study.session, study.study_date, series)
    content = [[*vars(each).values()] for each in series], [entry.files for entry in study.series]
    key = key_of(CONVERT.name, CONVERT.version, study.patient, study.session, str(study.study_date), content)
    return Job(study.study, key, task, len(series))


def _to_convert(entry: Entry) -> SeriesToConvert:
    facts = entry.facts
    told = {name: facts[name] for name in ("sequence", "plane", "acquisition", "contrast", "series_number")}
    return SeriesToConvert(series=entry.item, zip_path=entry.files[0][0], **told)


def _is_there(work: Work, job: Job[ConvertTask]) -> bool:
    """Whether the files that the ledger names are on the disk."""
    entry = work.ledger.entry(CONVERT.name, job.item)
    return entry is not None and all((work.bank.layout.root / path).is_file() for path, _ in entry.files)


def _entry(study: BankedStudy, done: Done[ConvertTask, ConvertResult]) -> Entry:
    facts: dict[str, Any] = {"patient": study.patient, "session": study.session, "converter": converter_version()}
    if done.result is None:
        failure = done.failure
        key = AGAIN if failure and failure.passing else done.job.key
        return Entry(
            CONVERT.name,
            study.study,
            key,
            failure.reason if failure else "failed",
            {**facts, "series": {}, "images": []},
        )
    facts["series"] = {
        each.series: [each.conversion, each.reason, list(each.nifti_paths)] for each in done.result.series
    }
    facts["images"] = [vars(each) | {"notes": list(each.notes)} for each in done.result.images]
    return Entry(CONVERT.name, study.study, done.job.key, "", facts, done.result.files)


def converted_sessions(work: Work, studies: Iterable[BankedStudy]) -> list[Session]:
    """Every study as a session of the BIDS dataset: its images, and the series that gave none."""
    entries = {entry.item: entry for entry in work.ledger.entries(CONVERT.name)}
    return [_session(study, entries.get(study.study)) for study in studies]


def _session(study: BankedStudy, entry: Entry | None) -> Session:
    told: dict[str, Any] = dict(entry.facts) if entry else {"images": [], "series": {}}
    failed = (
        ConvertedSeries(series, conversion, reason, ())
        for series, (conversion, reason, _) in told["series"].items()
        if conversion == "failed"
    )
    first = min(study.series, key=lambda each: (each.facts["series_number"] or 0, each.item))
    return Session(
        patient=study.patient,
        session=study.session,
        study_date=study.study_date,
        age_years=study.age_years,
        scanner=first.facts["scanner"],
        images=tuple(PlacedImage(**{**each, "notes": tuple(each["notes"])}) for each in told["images"]),
        failed=tuple(failed),
    )


def _take_back(work: Work, gone: list[str]) -> None:
    for study in gone:
        entry = work.ledger.entry(CONVERT.name, study)
        if entry:
            _remove_session(work, entry.facts["patient"], entry.facts["session"])
    work.ledger.forget(CONVERT.name, gone)


def _take_back_elsewhere(work: Work, job: Job[ConvertTask]) -> None:
    """Remove what an earlier run converted under another pseudonym or session."""
    entry = work.ledger.entry(CONVERT.name, job.item)
    place = (job.task.patient, job.task.session)
    if entry and (entry.facts["patient"], entry.facts["session"]) != place:
        _remove_session(work, entry.facts["patient"], entry.facts["session"])


def _remove_session(work: Work, patient: str, session: str) -> None:
    layout = work.bank.layout
    for folder in (layout.bids_session(patient, session), layout.bids_unsorted(patient, session)):
        if folder.exists():
            shutil.rmtree(folder)
        remove_empty_parents(folder.parent, stop=layout.bids)
