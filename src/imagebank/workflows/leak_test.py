"""leaks: hide canaries in clones of files, de-identify the clones, and search all that was written.

The clones go the way of every file, through `deidentify`. Each given file becomes one invented patient, so that the
search of its outputs needs its own canaries only.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path

from imagebank.core.errors import SourceError
from imagebank.core.private import Private
from imagebank.core.progress import Progress, Silent
from imagebank.dicom.headers import IMAGE, facts_of
from imagebank.dicom.policy import load_policy
from imagebank.identities.pseudonyms import Keys
from imagebank.proof.canaries import DAYS_APART, Canaries, Plant
from imagebank.proof.clones import clones_of
from imagebank.proof.report import LeakReport, Row, tally
from imagebank.proof.search import Needle, Searcher
from imagebank.proof.views import found_in
from imagebank.workflows.leak_hospital import search_hospital
from imagebank.workflows.standalone import Request, Summary, deidentify_source
from imagebank.workflows.standalone.journey import KEYS_FOR, read_keys
from imagebank.workflows.standalone.subjects import Subjects

FILES_A_BATCH = 12
BYTES_A_BATCH = 32 << 20  # of given files; their clones take some twenty times as much for a while


@dataclass(frozen=True)
class LeakTest:
    """How a leak test is run."""

    policy: str = "default"
    workers: int = 0
    progress: Progress = field(default_factory=Silent)


@dataclass(frozen=True)
class _Given:
    """A given file under test: its invented patient, what was planted, and what the search saw of it in the clones.

    `own_days` are the dates that its elements hold by themselves, `days` those that were planted.
    """

    patient_id: str = field(repr=False)
    own_days: frozenset[date] = field(repr=False)
    days: frozenset[date] = field(repr=False)
    plants: tuple[Plant, ...]
    seen: frozenset[Plant]


@dataclass
class _Tally:
    """What was planted, seen and found so far."""

    plants: list[Plant] = field(default_factory=list)
    seen: set[Plant] = field(default_factory=set)
    leaked: set[Plant] = field(default_factory=set)
    elsewhere: set[str] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)


def measure_leaks(files: Sequence[Path], hospital: Path | None, test: LeakTest) -> LeakReport:
    """Run the leak test on files, and on a pretend hospital if one is named. Raises SourceError without any image."""
    if not files and hospital is None:
        raise SourceError("Nothing was given to test.", "name DICOM files, or a pretend hospital with --hospital")
    told, rows = _Tally(), list[Row]()
    with tempfile.TemporaryDirectory(prefix="imagebank-leaks-") as name:
        if files:
            _test_files(Path(name), files, test, told)
        if hospital is not None:
            rows = search_hospital(_request(hospital, Path(name), test), test.progress, told.counts)
    kinds, depths = tally(told.plants, frozenset(told.seen), frozenset(told.leaked))
    policy = load_policy(test.policy)
    return LeakReport(
        dict(told.counts),
        f"{policy.name} {policy.version} {policy.digest}",
        tuple(kinds),
        tuple(depths),
        tuple(rows),
        elsewhere=tuple(sorted(told.elsewhere)),
    )


def _request(source: Path, folder: Path, test: LeakTest) -> Request:
    """De-identify a source into a folder, under a key that goes with it."""
    return Request(source, folder / "out", folder / "key", new_key=True, policy=test.policy, workers=test.workers)


def _test_files(root: Path, files: Sequence[Path], test: LeakTest, told: _Tally) -> None:
    """Clones and outputs of a batch go before the next comes."""
    with test.progress.stage("leaks", len(files), "files") as stage:
        for batch in _batches(files):
            folder = root / "batch"
            planted = (_plant_file(path, folder / "in", position, test.policy) for position, path in batch)
            given = [each for each in planted if each]
            told.counts["files that are no MR image"] += len(batch) - len(given)
            if given:
                _test_batch(folder, given, test, told)
                shutil.rmtree(folder)
            stage.advance(len(batch))
    if not told.plants:
        raise SourceError("None of the files is an MR image.", "name DICOM files of MR images")


def _batches(files: Sequence[Path]) -> Iterator[list[tuple[int, Path]]]:
    batch: list[tuple[int, Path]] = []
    size = 0
    for position, path in enumerate(files):
        try:
            size += path.stat().st_size
        except OSError as error:
            raise SourceError(f"A file cannot be read ({type(error).__name__}).", "name files that are there") from None
        batch.append((position, path))
        if len(batch) == FILES_A_BATCH or size > BYTES_A_BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _plant_file(path: Path, to: Path, position: int, policy: str) -> _Given | None:
    """Write the clones of a file, and look at once whether the search sees what was planted; None for no image."""
    content = path.read_bytes()
    if facts_of(content).verdict != IMAGE:
        return None
    canaries = Canaries(f"{position}")
    patient_id = canaries.word(10)
    plants: list[Plant] = []
    seen: set[Plant] = set()
    for clone in clones_of(content, patient_id, canaries, load_policy(policy)):
        target = to / clone.path
        target.parent.mkdir(parents=True)
        target.write_bytes(clone.content)
        plants += clone.plants
        found = found_in(Searcher({plant.needle for plant in clone.plants}), clone.content, clone.path)
        seen |= {plant for plant in clone.plants if plant.needle in found}
    days = frozenset(_days_in(content)), frozenset(canaries.days)
    return _Given(patient_id, *days, tuple(dict.fromkeys(plants)), frozenset(seen))


def _days_in(content: bytes) -> Iterator[date]:
    """The dates that stand in a file; digits that are none by chance do no harm."""
    for digits in set(re.findall(rb"(?:19|20)[0-9]{6}", content)):
        with suppress(ValueError):
            yield datetime.strptime(digits.decode("ascii"), "%Y%m%d").date()


def _test_batch(folder: Path, given: list[_Given], test: LeakTest, told: _Tally) -> None:
    request = replace(_request(folder / "in", folder, test), new_key=False)
    request.key_file.write_text(_key_for(given))
    summary = deidentify_source(request, progress=Silent())
    told.counts["files given"] += len(given)
    told.counts["clones"] += summary.counts.offered
    told.counts["clones written"] += summary.counts.written
    subjects = Subjects(read_keys(request.key_file, new=False))
    for each in given:
        person = subjects.link(Private(each.patient_id)).person or ""
        told.plants += each.plants
        told.seen |= each.seen
        told.leaked |= _leaked(summary, subjects.pseudonym(person), each, told.elsewhere)


def _key_for(given: list[_Given]) -> str:
    """A key under which no date of a file moves to a canary, and no canary to another: the same for the same files."""
    for number in count():
        key = hashlib.sha256(f"leak test {number}".encode()).digest()
        subjects = Subjects(Keys(key, KEYS_FOR))
        people = [subjects.link(Private(each.patient_id)).person or "" for each in given]
        offsets = map(subjects.offset_days, people)
        if all(_keeps_apart(each, offset) for each, offset in zip(given, offsets, strict=True)):
            return key.hex()
    raise AssertionError("numbers do not end")


def _keeps_apart(given: _Given, offset_days: int) -> bool:
    moved = {day + timedelta(offset_days) for day in given.own_days}
    return offset_days % DAYS_APART != 0 and moved.isdisjoint(given.days)


def _leaked(summary: Summary, pseudonym: str, given: _Given, elsewhere: set[str]) -> set[Plant]:
    """The canaries of a file that are found in its outputs; those in logs are added to `elsewhere` too."""
    searcher = Searcher({plant.needle for plant in given.plants})
    found: set[Needle] = set()
    for path in sorted((summary.places.output / pseudonym).rglob("*.dcm")):
        found |= found_in(searcher, path.read_bytes(), str(path.relative_to(summary.places.output)))
    for path in sorted(summary.places.log.iterdir()):
        hits = searcher.search(path.read_bytes())
        elsewhere |= {f"{path.name}: {needle.kind}" for needle in hits}
        found |= hits
    return {plant for plant in given.plants if plant.needle in found}
