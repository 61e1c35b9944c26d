"""The nouns of work: a step, a job for it, and what came back. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

TaskT = TypeVar("TaskT")
ResultT = TypeVar("ResultT")


@dataclass(frozen=True)
class Step(Generic[TaskT, ResultT]):
    """A named, versioned function from a task to a result; both must be picklable, the function importable."""

    name: str
    version: str
    run: Callable[[TaskT], ResultT]


@dataclass(frozen=True)
class Job(Generic[TaskT]):
    """One item to run a step on. `weight` is its size in files, for the progress bar."""

    item: str
    key: str
    task: TaskT = field(repr=False)
    weight: int = 1


@dataclass(frozen=True)
class Failure:
    """Why a job gave no result: a code, and where it happened. Never the exception's own text, which may hold a value.

    `passing` marks what another run may get right: it is reported, but never remembered as settled.
    """

    reason: str
    where: str
    passing: bool = False


@dataclass(frozen=True)
class Done(Generic[TaskT, ResultT]):
    """What came of a job: exactly one of `result` and `failure`, and what it cost."""

    job: Job[TaskT]
    result: ResultT | None
    failure: Failure | None
    seconds: float
    peak_mb: float  # highest memory of the worker process so far, in MiB


def key_of(step: str, version: str, *inputs: object) -> str:
    """The key of a job: a hash of the step, its version and all that its result depends on (JSON values only)."""
    text = json.dumps([step, version, *inputs], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
