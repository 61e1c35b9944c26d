"""Opening a bank for work: its lock, its ledger and its vault, and what a killed run left behind."""

from __future__ import annotations

import fcntl
import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from imagebank.core.config import Bank, ImageSource, open_bank
from imagebank.core.errors import BankError, SourceError
from imagebank.core.files import remove_temporaries
from imagebank.core.progress import Progress
from imagebank.core.record_settings import RecordSource
from imagebank.engine import Attempt, Done, Job, Ledger, Step, process_pool, run_jobs
from imagebank.engine.ledger import ledger_url
from imagebank.identities.vault import Vault, open_vault

LOG = logging.getLogger("imagebank.steps")
TaskT = TypeVar("TaskT")
ResultT = TypeVar("ResultT")


@dataclass(frozen=True)
class Work:
    """A bank that is open for a command: everything that the stages of a workflow share."""

    bank: Bank
    ledger: Ledger
    vault: Vault
    progress: Progress
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)


@contextmanager
def open_for_work(root: Path, purpose: str, *, environ: Mapping[str, str], progress: Progress) -> Iterator[Work]:
    """Open a bank for a command that needs it for itself. Raises BankError while another command does."""
    bank = open_bank(root)
    with (
        locked(bank),
        open_ledger(bank, environ) as ledger,
        open_vault(bank, purpose, environ=environ) as vault,
    ):
        yield Work(bank, ledger, vault, progress, environ)


def tidy(work: Work) -> None:
    """Remove what a killed run left half-written."""
    layout = work.bank.layout
    for folder in (layout.dicom, layout.bids, layout.tables, layout.profile, layout.quarantine):
        remove_temporaries(folder)


@contextmanager
def open_ledger(bank: Bank, environ: Mapping[str, str]) -> Iterator[Ledger]:
    """The ledger of a bank."""
    url = ledger_url(bank.layout.ledger, bank.config.ledger.url_variable, dict(environ))
    ledger = Ledger.open(url, bank.config.bank.id)
    try:
        yield ledger
    finally:
        ledger.close()


@contextmanager
def locked(bank: Bank) -> Iterator[None]:
    """Hold the bank for one command. The system lets go of the lock when the process ends, however it ends."""
    with open(bank.layout.lock, "ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BankError(
                "Another command is at work on this bank.", "wait until it is done, then run this one again"
            ) from None
        yield


def is_in_use(bank: Bank) -> bool:
    """Whether another command is at work on the bank."""
    try:
        with locked(bank):
            return False
    except BankError:
        return True


def run_step(
    work: Work, step: Step[TaskT, ResultT], jobs: Iterable[Job[TaskT]], total: int, *, unit: str
) -> Iterator[tuple[Done[TaskT, ResultT], Attempt]]:
    """Run a step in the bank's own pool, with a progress bar; gives each result and what it cost."""
    engine = work.bank.config.engine
    make = process_pool(engine.memory_mb)
    with work.progress.stage(step.name, total, unit) as stage:
        for done in run_jobs(step, jobs, make_executor=make, workers=work.bank.workers()):
            attempt = _attempt(step, done)
            LOG.debug("step=%s item=%s seconds=%.2f reason=%s", step.name, done.job.item, done.seconds, attempt.reason)
            yield done, attempt
            stage.advance(done.job.weight)


def _attempt(step: Step[TaskT, ResultT], done: Done[TaskT, ResultT]) -> Attempt:
    reason = done.failure.reason if done.failure else ""
    return Attempt(step.name, done.job.item, step.version, done.seconds, done.peak_mb, reason)


def source_folder(bank: Bank, source: ImageSource | RecordSource) -> Path:
    """The folder of a source. Raises SourceError when it is not there, or cannot be listed."""
    path = bank.source_path(source)
    try:
        next(iter(path.iterdir()), None)
    except OSError as error:
        raise SourceError(
            f"The source `{source.name}` cannot be read ({type(error).__name__}).",
            "check its path in bank.toml, that the disk is mounted, and that this user may read it",
        ) from None
    return path
