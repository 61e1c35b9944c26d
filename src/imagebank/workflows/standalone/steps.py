"""What a worker does for a de-identification without a bank: judge files, and clean them.

Laws: a file that raises is refused with a reason and the others go on; an output appears whole or not at all; content
that is not what was judged is refused.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, field
from pathlib import Path

import pydicom

from imagebank.core.digests import digest_of
from imagebank.core.errors import DiskFull
from imagebank.core.files import NO_SPACE, hide_time, temporary_beside
from imagebank.core.private import NOBODY, Private
from imagebank.dicom.decisions import Refused
from imagebank.dicom.deidentify import VERSION
from imagebank.dicom.headers import IMAGE, FileFacts, facts_of, read_header
from imagebank.dicom.instance import clean_instance
from imagebank.dicom.policy import Policy, load_policy
from imagebank.dicom.values import Subject
from imagebank.engine import Step
from imagebank.engine.failures import PASSING
from imagebank.proof.identifying import identifying_values
from imagebank.proof.search import Needle
from imagebank.workflows.standalone.offered import Offered
from imagebank.workflows.standalone.state import DecisionSet

ISSUER_MARK = b"\x10\x00\x21\x00"  # (0010,0021) little endian; where it is absent there is no issuer to read


@dataclass(frozen=True)
class JudgeTask:
    """Some files to judge; `values` asks for the identifying values of each image, for the policy named."""

    files: tuple[Offered, ...] = field(repr=False)
    policy: str = ""


@dataclass(frozen=True)
class Judged:
    """What a file is, whose it says it is, and the values that must not be found in the output."""

    facts: FileFacts
    name: Private = NOBODY
    issuer: Private = NOBODY
    values: frozenset[Needle] = field(default=frozenset(), repr=False)


@dataclass(frozen=True)
class CleanFile:
    """One file to clean: what it must contain, where the output goes, and its SHA-256 if it was made before."""

    offered: Offered = field(repr=False)
    digest: bytes = field(repr=False)
    subject: Subject
    path: str
    known: str = ""


@dataclass(frozen=True)
class CleanTask:
    """Some files to clean into a destination."""

    files: tuple[CleanFile, ...]
    destination: Path
    policy: str


@dataclass(frozen=True)
class CleanResult:
    """What came of one file: the reason of its refusal, or the SHA-256 of the output and what was decided."""

    reason: str = ""
    sha256: str = ""
    decisions: DecisionSet | None = None  # None where the output of an earlier run stands


def judge_files(task: JudgeTask) -> tuple[Judged, ...]:
    """Judge each file, in order."""
    return tuple(_judge(each, task.policy) for each in task.files)


JUDGE: Step[JudgeTask, tuple[Judged, ...]] = Step("index", VERSION, judge_files)


def _judge(offered: Offered, policy: str) -> Judged:
    try:
        content = read_offered(offered)
    except Refused as refusal:
        return refused(offered, str(refusal))
    facts = facts_of(content)
    if facts.verdict != IMAGE:
        return Judged(facts, offered.name)
    values = _values(content, load_policy(policy)) if policy else frozenset()
    return Judged(facts, offered.name, _issuer(content), values)


def refused(offered: Offered, reason: str) -> Judged:
    """A file of which nothing is known but why."""
    return Judged(FileFacts(reason, 0), offered.name)


def read_offered(offered: Offered) -> bytes:
    """The content of a file. Raises Refused where it cannot be read."""
    if offered.reason:
        raise Refused(offered.reason)
    if not offered.path:
        return offered.content
    try:
        return Path(offered.path.reveal("read a file of the source")).read_bytes()
    except OSError as error:
        raise Refused(PASSING.get(error.errno or 0, "read-error")) from None


def _header(content: bytes) -> pydicom.FileDataset:
    return read_header(io.BytesIO(content), force=content[128:132] != b"DICM")


def _issuer(content: bytes) -> Private:
    if ISSUER_MARK not in content:
        return NOBODY
    try:
        return Private(str(_header(content).get("IssuerOfPatientID") or "").strip())
    except Exception:  # an issuer that cannot be read says nothing
        return NOBODY


def _values(content: bytes, policy: Policy) -> frozenset[Needle]:
    return frozenset(identifying_values(_header(content), policy))


def clean_files(task: CleanTask) -> tuple[CleanResult, ...]:
    """Clean each file, in order."""
    policy = load_policy(task.policy)
    return tuple(_clean(each, task.destination, policy) for each in task.files)


CLEAN: Step[CleanTask, tuple[CleanResult, ...]] = Step("deidentify", VERSION, clean_files)


def _clean(file: CleanFile, destination: Path, policy: Policy) -> CleanResult:
    path = destination / file.path
    if file.known and _is_there(path, file.known):
        return CleanResult(sha256=file.known)
    try:
        content = read_offered(file.offered)
        if digest_of(content) != file.digest:
            raise Refused("changed-while-read")
        clean = clean_instance(content, file.subject, policy)
    except Refused as refusal:
        path.unlink(missing_ok=True)  # of an earlier run, under rules that let it pass
        return CleanResult(str(refusal))
    digest = hashlib.sha256(clean.content).hexdigest()
    _write(path, clean.content, digest)
    decisions = tuple(sorted((each.place, each.action, each.rule) for each in clean.decisions))
    return CleanResult(sha256=digest, decisions=decisions)


def _is_there(path: Path, digest: str) -> bool:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == digest
    except OSError:
        return False


def _write(path: Path, content: bytes, digest: str) -> None:
    """Without a flush to the disk: a file that a power cut spoils has another SHA-256 and is made again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_beside(path)
    try:
        temporary.write_bytes(content)
        hide_time(temporary, digest)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        if error.errno in NO_SPACE:
            raise DiskFull("No space is left at the destination.", "free some space, then run it again") from None
        raise
