"""verify: no value that identified a patient in the input is found in what was written of that patient.

All bytes are searched, in every form that `proof.forms` knows. A true date may equal a moved date of the same patient;
it is excused where another true date plus the offset gives it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from imagebank.engine import Job, Step
from imagebank.proof.search import Needle, Searcher, pixel_span
from imagebank.workflows.standalone.planning import Plan
from imagebank.workflows.standalone.running import Seen

FILES_A_TASK = 256


@dataclass(frozen=True)
class VerifyTask:
    """Some outputs of one patient, and the values that must not be in them."""

    root: Path
    paths: tuple[str, ...]
    needles: frozenset[Needle] = field(repr=False)


@dataclass(frozen=True, order=True)
class Leak:
    """A value found where it must not be: the output, the kind of value, and the element it stood in before."""

    path: str
    kind: str
    place: str


@dataclass(frozen=True)
class Verified:
    """What the search came to. `failed` counts outputs that could not be searched."""

    files: int
    values: int
    leaks: tuple[Leak, ...]
    failed: int = 0

    @property
    def holds(self) -> bool:
        """Whether everything was searched and nothing found."""
        return not self.leaks and not self.failed


def search_outputs(task: VerifyTask) -> tuple[Leak, ...]:
    """The leaks of some outputs; their names are searched too."""
    searcher = Searcher(task.needles)
    found = set()
    for path in task.paths:
        content = (task.root / path).read_bytes()
        hits = searcher.search(content, pixels=pixel_span(content)) | searcher.search(path.encode())
        found |= {Leak(path, needle.kind, needle.place) for needle in hits}
    return tuple(sorted(found))


VERIFY: Step[VerifyTask, tuple[Leak, ...]] = Step("verify", "1", search_outputs)


def verify_jobs(root: Path, seen: Seen, plan: Plan, written: Iterable[int]) -> list[Job[VerifyTask]]:
    """The searches to make: for each patient, all outputs for all values of all of the patient's files."""
    needles: dict[str, set[Needle]] = defaultdict(set)
    paths: dict[str, list[str]] = defaultdict(list)
    offsets: dict[str, int] = {}
    for position, placed in plan.placed.items():
        uid = seen.judged[position].facts.series_uid.reveal("find the values of a series")
        needles[placed.person] |= seen.values.get(uid, set())
        offsets[placed.person] = placed.subject.offset_days
    for position in written:
        paths[plan.placed[position].person].append(plan.placed[position].path)
    jobs: list[Job[VerifyTask]] = []
    for person, mine in sorted(paths.items()):
        searched = without_moved_dates(needles[person], offsets[person])
        for start in range(0, len(mine), FILES_A_TASK):
            some = tuple(sorted(mine)[start : start + FILES_A_TASK])
            jobs.append(Job(f"{len(jobs)}", "", VerifyTask(root, some, searched), len(some)))
    return jobs


def without_moved_dates(needles: Iterable[Needle], offset_days: int) -> frozenset[Needle]:
    """The needles without true dates that another true date of the patient gives when it is moved."""
    told = list(needles)
    moved = {_moved(needle.value, offset_days) for needle in told if needle.kind == "DA"}
    return frozenset(needle for needle in told if needle.kind != "DA" or _moved(needle.value, 0) not in moved)


def _moved(value: str | bytes, days: int) -> date | None:
    text = str(value).replace(".", "")
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8])) + timedelta(days)
    except (ValueError, OverflowError):
        return None
