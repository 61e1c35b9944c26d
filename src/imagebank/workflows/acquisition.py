"""What acquisition came to: the funnel of each source, and what is incomplete and why. And a first test of a source.

Studies are named by the bank's own keyed ids; the vault stays shut for the status.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import TypeVar

from pydicom.uid import UID

from imagebank.core.clock import now
from imagebank.core.config import Bank, open_bank
from imagebank.core.errors import BankError, SourceError
from imagebank.core.pacs_settings import PacsSource
from imagebank.core.private import Private
from imagebank.dicom.pacs import fetching, filters, model
from imagebank.dicom.pacs.book import Book, SeriesRow, StudyRow
from imagebank.dicom.pacs.completeness import COMPLETE, LEFT, STATES
from imagebank.dicom.pacs.guard import World
from imagebank.dicom.pacs.landing import Landing
from imagebank.dicom.pacs.model import Pacs, PacsError, Request
from imagebank.dicom.pacs.part10 import ids_of
from imagebank.engine import Outcome
from imagebank.identities.pseudonyms import Keys
from imagebank.identities.vault import read_key
from imagebank.workflows.banking import EARLIER, WAITING
from imagebank.workflows.landed import limits_of
from imagebank.workflows.opening import open_ledger
from imagebank.workflows.reaching import calendar_of_source, reach
from imagebank.workflows.refetching import Amount, amount_of

T = TypeVar("T")
MEANINGS = {**STATES, **filters.LEFT, **fetching.WHY_INCOMPLETE, **model.REASONS}
"""What each state and reason of acquisition means."""
DAYS_LOOKED_AT = 30  # back from today, for a study to try


@dataclass(frozen=True)
class Incomplete:
    """A study that is not complete, by its keyed id."""

    study: str
    state: str
    reason: str
    expected: int
    received: int


@dataclass(frozen=True)
class SourceStatus:
    """The funnel of one source. Counts of files but for `states` and `left`, which count studies."""

    source: str
    states: Counter[str]
    left: Counter[str]
    series: int
    expected: int
    received: int
    kept: int
    banked: int
    tallies: Mapping[str, int]
    again: Amount  # series that lack something without their files, which were deleted
    earlier: Amount  # such series of which nothing but the rules changed: they stay as they are
    is_pushed: bool  # nobody can be asked for them
    incomplete: tuple[Incomplete, ...]
    files: Counter[str] = field(default_factory=Counter)  # of a medium, by how their reading ended
    members: Counter[str] = field(default_factory=Counter)  # of these files, by what became of them


def acquisition_status(root: Path, *, environ: Mapping[str, str]) -> list[SourceStatus]:
    """The status of every source that anything was asked of or received from."""
    bank = open_bank(root)
    if not bank.layout.landing_book.is_file():
        return []
    banked: Counter[str] = Counter()
    asked_of = {source.name for source in bank.config.pacs}
    with open_ledger(bank, environ) as ledger:
        waiting = set(json.loads(ledger.meta(WAITING) or "[]"))
        earlier = set(json.loads(ledger.meta(EARLIER) or "[]"))
        for lot in ledger.lots():
            if lot.outcome is Outcome.BANKED:
                banked[f"{lot.source}/{lot.item}"] += lot.files
    book = Book(bank.layout.landing_book)
    try:
        waits = (waiting - earlier, earlier)
        return [_status(book, source, banked, waits, is_pushed=source not in asked_of) for source in book.sources()]
    finally:
        book.close()


def _status(
    book: Book, source: str, banked: Counter[str], waiting: tuple[set[str], set[str]], *, is_pushed: bool
) -> SourceStatus:
    counts = book.counts(source)
    series: dict[str, list[SeriesRow]] = defaultdict(list)
    for row in book.all_series(source):
        if not row.reason:
            series[row.study].append(row)
    studies = book.studies(source)
    wanted = [row for row in studies if row.state != LEFT]
    return SourceStatus(
        source,
        Counter(row.state for row in wanted),
        Counter(row.reason for row in studies if row.state == LEFT),
        sum(len(series[row.study]) for row in wanted),
        sum(each.expected or 0 for row in wanted for each in series[row.study]),
        sum(came for came, _ in counts.values()),
        sum(kept for _, kept in counts.values()),
        sum(banked[f"{source}/{name}"] for name in counts),
        book.tallies(source),
        amount_of(book, source, waiting[0]),
        amount_of(book, source, waiting[1]),
        is_pushed,
        tuple(_incomplete(row, series[row.study], counts) for row in wanted if row.state != COMPLETE),
        *book.media.counts(source),
    )


def _incomplete(row: StudyRow, series: list[SeriesRow], counts: Mapping[str, tuple[int, int]]) -> Incomplete:
    received = sum(counts.get(each.series, (0, 0))[0] for each in series)
    return Incomplete(row.study, row.state, row.reason, sum(each.expected or 0 for each in series), received)


@dataclass(frozen=True)
class Step:
    """One thing that was tried with a source."""

    name: str
    works: bool
    told: str


@dataclass(frozen=True)
class Trial:
    """What came of trying a source."""

    source: str
    steps: tuple[Step, ...] = field(default=())
    found_nothing: bool = False  # it answered, and held nothing to try with

    @property
    def works(self) -> bool:
        """Whether all of it worked."""
        return all(step.works for step in self.steps)


def try_source(
    root: Path, name: str, *, environ: Mapping[str, str], by: str = "", value: str = "", world: World | None = None
) -> Trial:
    """Echo, find one, retrieve one, and say which transfer syntaxes came. Nothing of it is kept.

    Without `by` and `value` a study of the last days is looked for.
    """
    bank, world = open_bank(root), world or World()
    source = next((each for each in bank.config.pacs if each.name == name), None)
    if source is None:
        known = ", ".join(each.name for each in bank.config.pacs) or "none"
        raise SourceError(f"bank.toml has no source `{name}` under [[pacs]].", f"known are: {known}")
    if source.kind == "media":
        raise SourceError(f"`{name}` is a folder of media: there is nobody to ask.", "run imagebank acquire")
    if not calendar_of_source(source).is_open(world.now()):
        raise BankError(f"The hours of `{name}` do not allow to ask now.", "try within them, or change `hours`")
    return _Trying(bank, source, environ, world).run(by, value)


class _Trying:
    def __init__(self, bank: Bank, source: PacsSource, environ: Mapping[str, str], world: World) -> None:
        self._bank, self._source, self._environ, self._world = bank, source, environ, world
        self._steps: list[Step] = []
        self._found_nothing = False

    def run(self, by: str, value: str) -> Trial:
        """The steps, until one fails."""
        keys = Keys(read_key(self._bank, self._environ), self._bank.config.bank.id)
        self._bank.layout.landing.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._bank.layout.landing, prefix=".trial-") as folder:
            book = Book(Path(folder, "book.db"))
            try:
                landing = Landing(Path(folder), self._source.name, keys.uid_map, book, limits_of(self._bank))
                with reach(self._bank, self._source, landing, self._environ, self._world) as connect:
                    client = connect()
                    try:
                        self._try(client, by, value)
                        self._syntaxes(landing.folder)
                    finally:
                        client.close()
            except PacsError as error:
                self._steps.append(Step("reach", False, f"{error.reason}: {model.REASONS.get(error.reason, '')}"))
            except _Failed:
                pass
            finally:
                book.close()
        return Trial(self._source.name, tuple(self._steps), self._found_nothing)

    def _try(self, client: Pacs, by: str, value: str) -> None:
        self._step("echo", lambda: _echo(client))
        if by == "patient":
            self._step("patient", lambda: _patients(client.patients(Private(value))))
        found: list[model.StudyAnswer] = []
        self._step("find", lambda: self._find(client, by, value, found))
        study = found[0]
        series: list[model.SeriesAnswer] = []
        self._step("series", lambda: _told(series, client.series(study.uid), "series"))
        wanted = filters.wanted_of(self._source)
        chosen = [each for each in series if not filters.series_objection(each, wanted)] or series
        listed: list[Private] = []
        self._step("instances", lambda: _told(listed, client.instances(study.uid, chosen[0].uid), "instances"))
        self._step("retrieve", lambda: self._retrieve(client, study.uid, chosen[0].uid, listed[:1]))

    def _find(self, client: Pacs, by: str, value: str, found: list[model.StudyAnswer]) -> str:
        requests = [Request(by, Private(value))] if by else _recent_days()
        for request in requests:
            answers = client.studies(request)
            with_mr = [each for each in answers if not each.modalities or "MR" in each.modalities]
            if with_mr:
                found += with_mr
                return f"{len(answers)} studies; tells counts: {'yes' if with_mr[0].instances else 'no'}"
        raise _NothingThere

    def _retrieve(self, client: Pacs, study: Private, series: Private, instances: list[Private]) -> str:
        client.fetch(study, series, instances, lambda: False)
        return "asked for one instance"

    def _step(self, name: str, act: Callable[[], str]) -> None:
        started = time.monotonic()
        try:
            told = act()
        except PacsError as error:
            self._steps.append(Step(name, False, f"{error.reason}: {model.REASONS.get(error.reason, '')}"))
            raise _Failed from None
        except _NothingThere:
            self._steps.append(Step(name, False, "nothing was found"))
            self._found_nothing = True
            raise _Failed from None
        self._steps.append(Step(name, True, f"{told} ({time.monotonic() - started:.2f} s)"))

    def _syntaxes(self, folder: Path) -> None:
        found: Counter[str] = Counter()
        for path in folder.rglob("*.dcm"):
            with open(path, "rb") as file:
                found[ids_of(file.read(1 << 20)).syntax] += 1
        told = ", ".join(f"{count} in {UID(syntax).name} ({syntax})" for syntax, count in sorted(found.items()))
        self._steps.append(Step("received", bool(found), told or "nothing came: is our title registered there?"))


class _Failed(Exception):
    """A step failed; those after it are not tried."""


class _NothingThere(Exception):
    """The PACS has nothing to try with."""


def _echo(client: Pacs) -> str:
    client.echo()
    return "answered"


def _patients(count: int | None) -> str:
    return "it tells of studies only" if count is None else f"{count} patients of that number"


def _told(into: list[T], found: list[T], what: str) -> str:
    if not found:
        raise _NothingThere
    into += found
    return f"{len(found)} {what}"


def _recent_days() -> list[Request]:
    today: date = now().date()
    days = (today - timedelta(days=each) for each in range(DAYS_LOOKED_AT))
    return [Request("day", Private(day.strftime("%Y%m%d"))) for day in days]
