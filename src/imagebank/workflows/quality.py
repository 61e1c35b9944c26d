"""quality: every converted image is measured once; the verdicts are decided over all of them together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imagebank.catalogue.tables import Quality
from imagebank.core.files import remove_empty_parents, write_text
from imagebank.engine import Done, Entry, Job, Step, key_of
from imagebank.imaging.quality import (
    VERSION,
    Measured,
    QualityResult,
    QualityTask,
    Verdict,
    assess_image,
    judge,
    metrics,
    shown_by,
)
from imagebank.imaging.quality.dataset import dataset_files
from imagebank.workflows.banking import AGAIN
from imagebank.workflows.converting import CONVERT, BankedStudy
from imagebank.workflows.opening import Work, run_step

QUALITY: Step[QualityTask, QualityResult] = Step("quality", VERSION, assess_image)


@dataclass(frozen=True)
class _Image:
    """One converted image, whose series it is of, and the digests of all that its numbers depend on."""

    path: str
    series: Entry
    study: BankedStudy
    digests: tuple[str, ...]


def measure_images(work: Work, studies: Iterable[BankedStudy]) -> None:
    """Measure the images that are new or changed, and take back the pictures of those that are gone."""
    known = {entry.item: entry for entry in work.ledger.entries(QUALITY.name)}
    images = {image.path: image for image in _converted(work, studies)}
    _take_back(work, [known[item] for item in sorted(known.keys() - images.keys())])
    jobs = [_job(work, image) for image in images.values()]
    jobs = [job for job in jobs if not _is_settled(work, job, known.get(job.item))]
    if jobs:
        for done, attempt in run_step(work, QUALITY, jobs, len(jobs), unit="images"):
            work.ledger.record(_entry(work, images[done.job.item], done), attempt)
    if images:
        for name, text in dataset_files().items():
            write_text(work.bank.layout.bids / "derivatives" / "quality" / name, text)


def _converted(work: Work, studies: Iterable[BankedStudy]) -> Iterable[_Image]:
    """Every image that the conversion left."""
    done = {entry.item: entry for entry in work.ledger.entries(CONVERT.name)}
    for study in studies:
        if study.study not in done:
            continue
        beside: dict[str, list[str]] = {}
        for path, digest in done[study.study].files:
            beside.setdefault(path.split(".")[0], []).append(digest)
        told: Mapping[str, Any] = done[study.study].facts["series"]
        for series in study.series:
            for path in told.get(series.item, ("", "", []))[2]:
                digests = (*beside[path.split(".")[0]], series.files[0][1])
                yield _Image(path, series, study, digests)


def _job(work: Work, image: _Image) -> Job[QualityTask]:
    facts, layout = image.series.facts, work.bank.layout
    sequence, acquisition = shown_by(image.path, facts["sequence"]), facts["acquisition"]
    name = f"{Path(image.path).name.split('.')[0]}.png"
    mosaic = layout.relative(layout.bids_mosaics(image.study.patient, image.study.session) / name)
    task = QualityTask(layout.root, image.path, image.series.files[0][0], mosaic, sequence, acquisition)
    key = key_of(QUALITY.name, QUALITY.version, image.path, mosaic, sequence, acquisition, image.digests)
    return Job(image.path, key, task)


def _is_settled(work: Work, job: Job[QualityTask], entry: Entry | None) -> bool:
    """Whether the same was measured before, and its picture is still there."""
    if entry is None or entry.key != job.key:
        return False
    return all((work.bank.layout.root / path).is_file() for path, _ in entry.files)


def _entry(work: Work, image: _Image, done: Done[QualityTask, QualityResult]) -> Entry:
    task, result = done.job.task, done.result
    facts: dict[str, Any] = {
        "study": image.study.study,
        "series": image.series.item,
        "sequence": task.sequence,
        "acquisition": task.acquisition,
    }
    if result is None:
        (work.bank.layout.root / task.mosaic).unlink(missing_ok=True)
        reason = done.failure.reason if done.failure else "failed"
        key = AGAIN if done.failure and done.failure.passing else done.job.key
        lacking = {"software": "", "values": {}, "absent": dict.fromkeys(metrics(), "failed")}
        return Entry(QUALITY.name, image.path, key, reason, {**facts, **lacking})
    facts |= {"software": result.software, "values": dict(result.values), "absent": dict(result.absent)}
    files = ((task.mosaic, result.mosaic_sha256),) if result.mosaic_sha256 else ()
    return Entry(QUALITY.name, image.path, done.job.key, "", facts, files)


def _take_back(work: Work, gone: list[Entry]) -> None:
    layout = work.bank.layout
    for path in (path for entry in gone for path, _ in entry.files):
        (layout.root / path).unlink(missing_ok=True)
        remove_empty_parents((layout.root / path).parent, stop=layout.bids)
    work.ledger.forget(QUALITY.name, [entry.item for entry in gone])


def quality_rows(work: Work, studies: Iterable[BankedStudy]) -> list[Quality]:
    """The table `quality`."""
    assessed = list(_assessed(work, studies))
    judged = judge([_measured(entry, series) for entry, series, _ in assessed])
    return [_row(entry, series, study, judged[entry.item]) for entry, series, study in assessed]


def _assessed(work: Work, studies: Iterable[BankedStudy]) -> Iterable[tuple[Entry, Entry, BankedStudy]]:
    """Each measured image with its series and study."""
    of = {series.item: (series, study) for study in studies for series in study.series}
    for entry in work.ledger.entries(QUALITY.name):
        yield entry, *of[entry.facts["series"]]


def _measured(entry: Entry, series: Entry) -> Measured:
    facts = entry.facts
    return Measured(
        image=entry.item,
        sequence=facts["sequence"],
        acquisition=facts["acquisition"],
        scanner=series.facts["scanner"],
        software=facts["software"],
        values=facts["values"],
        absent=facts["absent"],
    )


def _row(entry: Entry, series: Entry, study: BankedStudy, verdict: Verdict) -> Quality:
    facts = entry.facts
    values = {name: facts["values"].get(name) for name in metrics()}
    return Quality(
        image=entry.item,
        series=series.item,
        study=study.study,
        patient=study.patient,
        scanner=series.facts["scanner"],
        software=facts["software"],
        sequence=facts["sequence"],
        verdict=verdict.verdict,
        reasons=verdict.reasons,
        stratum=verdict.stratum,
        stratum_images=verdict.alike,
        mosaic_path=entry.files[0][0] if entry.files else None,
        not_measured=tuple(f"{name}: {facts['absent'][name]}" for name in metrics() if name in facts["absent"]),
        **values,
    )
