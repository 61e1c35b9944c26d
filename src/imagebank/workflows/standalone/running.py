"""Gives the files of a source to workers, and gathers what came of each: judged, then cleaned, then searched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from imagebank.core.progress import Progress
from imagebank.dicom.headers import PASSING, FileFacts
from imagebank.engine import Done, Job, Step, process_pool, run_jobs
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


def judge_source(source: Source, workers: Workers, *, values_for: str = "") -> list[Judged]:
    """What each file of a source is; a file whose worker died or failed is refused with the reason."""
    judged: dict[int, Judged] = {}
    again: list[Offered] = []
    jobs = (Job(str(some[0].position), "", JudgeTask(some, values_for), len(some)) for some in portions(source))
    for done in workers.run(JUDGE, jobs, len(source.files)):
        if done.result is not None:
            judged |= {each.position: told for each, told in zip(done.job.task.files, done.result, strict=True)}
        else:
            again += done.job.task.files
    alone = [Job(str(each.position), "", JudgeTask((each,), values_for)) for each in again]
    for one in workers.run(JUDGE, alone, len(alone)) if alone else ():
        reason = one.failure.reason if one.failure else ""
        refused = Judged(FileFacts(reason if reason in PASSING else "unreadable-header", 0))
        judged[one.job.task.files[0].position] = one.result[0] if one.result else refused
    return [judged[position] for position in range(len(judged))]


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
