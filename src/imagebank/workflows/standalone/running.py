"""Gives the files of a source to workers, and gathers what came of each: judged, then cleaned, then searched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from imagebank.core.progress import Progress
from imagebank.dicom.headers import PASSING
from imagebank.engine import Done, Job, Step, process_pool, run_jobs
from imagebank.proof.search import Needle
from imagebank.workflows.standalone.offered import Offered, Source
from imagebank.workflows.standalone.planning import Plan
from imagebank.workflows.standalone.steps import (
    CLEAN,
    JUDGE,
    CleanFile,
    CleanResult,
    CleanTask,
    Judged,
    JudgeTask,
    refused,
)

MEMORY_MB = 4096
FILES_A_TASK = 16
BYTES_A_TASK = 64 << 20  # of archive members, which travel to the worker
TaskT = TypeVar("TaskT")
ResultT = TypeVar("ResultT")


@dataclass(frozen=True)
class Workers:
    """The processes that work for one request, and where they tell how far they are."""

    count: int
    progress: Progress

    def run(self, step: Step[TaskT, ResultT], jobs: Iterable[Job[TaskT]], total: int) -> Iterator[Done[TaskT, ResultT]]:
        """Each job as it is done, in any order."""
        with self.progress.stage(step.name, total, "files") as stage:
            for done in run_jobs(step, jobs, make_executor=process_pool(MEMORY_MB), workers=self.count):
                yield done
                stage.advance(done.job.weight)


@dataclass(frozen=True)
class Destination:
    """Where outputs go, under which policy, and what earlier runs wrote there (SHA-256 by state key)."""

    root: Path
    policy: str
    known: Mapping[str, str] = field(repr=False)
    keys: Mapping[int, str] = field(repr=False)  # state key of each position


@dataclass(frozen=True)
class Seen:
    """What each file of a source is, by position, and what must not be found of each series (by its UID)."""

    judged: list[Judged] = field(repr=False)
    values: Mapping[str, set[Needle]] = field(repr=False)


def judge_source(source: Source, workers: Workers, *, values_for: str = "") -> Seen:
    """Judge every file; one whose worker died or failed is refused with the reason.

    The identifying values are gathered by series, because the files of a series hold nearly the same.
    """
    values: dict[str, set[Needle]] = {}
    judged: dict[int, Judged] = {}
    for position, told in _judgements(source, workers, values_for):
        if told.values:
            uid = told.facts.series_uid.reveal("gather the values of a series")
            values.setdefault(uid, set()).update(told.values)
        judged[position] = replace(told, values=frozenset())
    return Seen([judged[position] for position in range(len(judged))], values)


def _judgements(source: Source, workers: Workers, values_for: str) -> Iterator[tuple[int, Judged]]:
    again: list[Offered] = []
    if source.kind != "folder":
        workers.progress.note("counting the files of the archive")
    jobs = (Job(str(some[0].position), "", JudgeTask(some, values_for), len(some)) for some in portions(source))
    for done in workers.run(JUDGE, jobs, source.count()):
        if done.result is not None:
            yield from zip((each.position for each in done.job.task.files), done.result, strict=True)
        else:
            again += done.job.task.files
    alone = [Job(str(each.position), "", JudgeTask((each,), values_for)) for each in again]
    for one in workers.run(JUDGE, alone, len(alone)) if alone else ():
        reason = one.failure.reason if one.failure else ""
        file = one.job.task.files[0]
        nothing = refused(file, reason if reason in PASSING else "unreadable-header")
        yield file.position, one.result[0] if one.result else nothing


def portions(offered: Iterable[Offered]) -> Iterator[tuple[Offered, ...]]:
    """Files in portions of some work each."""
    some: list[Offered] = []
    size = 0
    for each in offered:
        some.append(each)
        size += len(each.content)
        if len(some) == FILES_A_TASK or size > BYTES_A_TASK:
            yield tuple(some)
            some, size = [], 0
    if some:
        yield tuple(some)


def clean_source(
    source: Source, plan: Plan, judged: list[Judged], to: Destination, workers: Workers
) -> Iterator[tuple[Offered, CleanResult]]:
    """What came of each file that the plan wants cleaned."""
    again: list[CleanFile] = []
    wanted = (each for each in source if each.position in plan.placed)
    files = (tuple(_clean_file(each, plan, judged, to) for each in some) for some in portions(wanted))
    jobs = (Job(str(some[0].offered.position), "", CleanTask(some, to.root, to.policy), len(some)) for some in files)
    for done in workers.run(CLEAN, jobs, len(plan.placed)):
        if done.result is not None:
            yield from zip((file.offered for file in done.job.task.files), done.result, strict=True)
        else:
            again += done.job.task.files
    alone = [Job(str(each.offered.position), "", CleanTask((each,), to.root, to.policy)) for each in again]
    for one in workers.run(CLEAN, alone, len(alone)) if alone else ():
        reason = one.failure.reason if one.failure else "unreadable"
        yield one.job.task.files[0].offered, one.result[0] if one.result else CleanResult(reason)


def _clean_file(offered: Offered, plan: Plan, judged: list[Judged], to: Destination) -> CleanFile:
    placed = plan.placed[offered.position]
    known = to.known.get(to.keys[offered.position], "")
    return CleanFile(offered, judged[offered.position].facts.digest, placed.subject, placed.path, known)
