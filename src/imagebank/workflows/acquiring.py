"""acquire: from the PACS to the landing zone: what is wanted and not here yet, and always known what is missing.

For each source: ask for the people (or a list, or days), write down what is expected, fetch, count. A run can be
stopped or killed at any moment and started again. The vault is open only while the people are read.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from imagebank.core.config import Bank, open_bank
from imagebank.core.errors import BankError, DiskFull, SourceError
from imagebank.core.pacs_settings import PacsSource
from imagebank.core.progress import Progress
from imagebank.dicom.pacs.book import Book, StudyRow
from imagebank.dicom.pacs.completeness import AGREED, COMPLETE, EXCESS, WANTED
from imagebank.dicom.pacs.fetching import Fetcher, Scope
from imagebank.dicom.pacs.filters import wanted_of
from imagebank.dicom.pacs.guard import Closed, GivenUp, Guard, World
from imagebank.dicom.pacs.model import Pacs, PacsError, Request, Stopped
from imagebank.identities.pseudonyms import Keys
from imagebank.identities.vault import open_vault
from imagebank.workflows.asking import People, opted_out_numbers, people_of, requests_of_people
from imagebank.workflows.importing import import_records
from imagebank.workflows.landed import landing_of, locked_landing, originals_wanted, write_line
from imagebank.workflows.media import read_media
from imagebank.workflows.merging import merge_people
from imagebank.workflows.opening import open_for_work
from imagebank.workflows.opting_out import refuse_stale_list
from imagebank.workflows.reaching import calendar_of_source, reach
from imagebank.workflows.threads import in_threads

KINDS = ("dicomweb", "dimse", "media")  # in this order where the priority is the same
NEVER = threading.Event()


@dataclass(frozen=True)
class SourceRun:
    """What one run came to at one source."""

    source: str
    ended: str  # done, stopped, closed, given-up, landing-full, elsewhere
    reason: str = ""
    asked: int = 0
    left: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)  # of the studies of this run
    received: int = 0
    size: int = 0
    failed: Counter[str] = field(default_factory=Counter)  # questions and studies that failed, by why

    @property
    def is_whole(self) -> bool:
        """Whether all that was asked for was answered and is here."""
        return self.ended == "done" and not self.failed and not self.states[WANTED] and not self.states[EXCESS]


@dataclass(frozen=True)
class Ask:
    """What is asked for: the people of the bank where `requests` is None. `patient`: wait for the allowed hours."""

    sources: tuple[str, ...] = ()
    requests: tuple[Request, ...] | None = field(default=None, repr=False)
    patient: bool = False


def acquire(
    root: Path,
    ask: Ask | None = None,
    *,
    environ: Mapping[str, str],
    progress: Progress,
    stop: Callable[[], bool] = NEVER.is_set,
    world: World | None = None,
) -> list[SourceRun]:
    """Fetch what is missing from every source; returns what came of each. Raises SourceError for an unknown source."""
    ask, world = ask or Ask(), world or World()
    bank = open_bank(root)
    sources = _chosen(bank, ask)
    with locked_landing(bank), ExitStack() as stack:
        people, keys = _people(root, bank, environ, progress)
        book = stack.enter_context(_open_book(bank))
        book.want_again(originals_wanted(bank, environ), again=True)
        runs: list[SourceRun] = []
        for source in sources:
            earlier = [run for run in runs if source.site and _site(bank, run.source) == source.site]
            if earlier and any(run.is_whole for run in earlier):
                runs.append(SourceRun(source.name, "elsewhere"))
                continue
            site = _Site(bank, source, book, keys, environ, progress, stop, world)
            runs.append(site.run(ask, people))
        return runs


def _chosen(bank: Bank, ask: Ask) -> list[PacsSource]:
    known = {source.name: source for source in bank.config.pacs}
    unknown = [name for name in ask.sources if name not in known]
    if unknown or not known:
        raise SourceError(
            f"bank.toml has no source `{unknown[0]}` under [[pacs]]."
            if unknown
            else "bank.toml has no [[pacs]] source.",
            f"known are: {', '.join(known)}" if known else "add one, as docs/pacs.md shows",
        )
    chosen = [known[name] for name in dict.fromkeys(ask.sources)] or list(known.values())
    return sorted(chosen, key=lambda each: (each.priority, KINDS.index(each.kind)))


def _site(bank: Bank, name: str) -> str:
    return next(source.site for source in bank.config.pacs if source.name == name)


def _people(root: Path, bank: Bank, environ: Mapping[str, str], progress: Progress) -> tuple[People, Keys]:
    """The people of the newest records; while another command is at work on the bank, those that it knows."""
    try:
        with open_for_work(root, "acquire", environ=environ, progress=progress) as work:
            import_records(work)
            merge_people(work)
            refuse_stale_list(work)
            return people_of(work.vault, bank.config), work.vault.keys
    except BankError:
        with open_vault(bank, "acquire", environ=environ) as vault:
            return people_of(vault, bank.config), vault.keys


@contextmanager
def _open_book(bank: Bank) -> Iterator[Book]:
    book = Book(bank.layout.landing_book)
    try:
        yield book
    finally:
        book.close()


class _Site:
    """One source in one run."""

    def __init__(
        self,
        bank: Bank,
        source: PacsSource,
        book: Book,
        keys: Keys,
        environ: Mapping[str, str],
        progress: Progress,
        stop: Callable[[], bool],
        world: World,
    ) -> None:
        self._bank, self._source, self._book, self._keys = bank, source, book, keys
        self._environ, self._progress, self._stop, self._world = environ, progress, stop, world
        self._landing = landing_of(bank, source.name, keys, book)
        self._landing.recover()
        self._states: Counter[str] = Counter()
        self._left: Counter[str] = Counter()
        self._failed: Counter[str] = Counter()
        self._lock = threading.Lock()

    def run(self, ask: Ask, people: People) -> SourceRun:
        """Ask, fetch, count."""
        started = self._world.monotonic()
        ended, reason, asked = "done", "", 0
        try:
            if self._source.kind == "media":
                self._left += read_media(self._bank, self._source, self._landing, self._progress, self._stop)
            else:
                requests = self._requests(ask, people)
                asked = len(requests)
                self._fetch_from_pacs(ask, people, requests)
        except Closed:
            ended = "closed"
        except Stopped:
            ended = "stopped"
        except GivenUp as error:
            ended, reason = "given-up", error.reason
        except DiskFull:
            ended = "landing-full"
        except PacsError as error:
            ended = "landing-full" if error.reason == "landing-full" else "given-up"
            reason = error.reason
        self._book.tally(self._source.name, self._landing.counted)
        run = SourceRun(
            self._source.name,
            ended,
            reason,
            asked,
            self._left,
            self._states,
            self._landing.arrived,
            self._landing.arrived_bytes,
            self._failed,
        )
        self._log(run, self._world.monotonic() - started)
        return run

    def _log(self, run: SourceRun, seconds: float) -> None:
        told = {"peer": run.source, "instances": run.received, "bytes": run.size, "end": run.ended}
        write_line(self._bank, self._world.now(), {**told, "seconds": round(seconds, 2)})

    def _requests(self, ask: Ask, people: People) -> list[Request]:
        """What was asked for, and every study of an earlier run that is not complete."""
        requests = list(requests_of_people(people, self._source) if ask.requests is None else ask.requests)
        open_studies = [row for row in self._book.studies(self._source.name) if row.state in (WANTED, AGREED, EXCESS)]
        return [*requests, *(Request("study", row.uid) for row in open_studies if row.uid)]

    def _fetch_from_pacs(self, ask: Ask, people: People, requests: Sequence[Request]) -> None:
        source = self._source
        guard = Guard(
            calendar_of_source(source),
            self._world,
            attempts=source.attempts,
            studies_a_minute=source.studies_per_minute,
            bytes_a_second=source.megabytes_per_second * 1e6,
            stop=self._stop,
            patient=ask.patient,
        )
        scope = Scope(
            source.name,
            wanted_of(source),
            opted_out_numbers(people, source),
            source.settle_minutes * 60,
            self._keys.uid_map,
            lambda: self._world.now().timestamp(),
            self._elsewhere(),
        )
        fetcher = Fetcher(scope, self._book, self._landing, guard)
        asked: set[str] = set()
        self._landing.asked = asked.__contains__
        with reach(self._bank, source, self._landing, self._environ, self._world) as connect:
            studies = self._find(fetcher, connect, requests)
            asked.update(studies)
            again = {each.study for each in self._book.all_series(source.name) if each.again}
            open_ones = [row for row in studies.values() if row.state in (WANTED, EXCESS) or row.study in again]
            self._states.update(row.state for row in studies.values() if row not in open_ones)
            self._fetch(fetcher, connect, open_ones)

    def _elsewhere(self) -> frozenset[str]:
        """The studies that another source of the same site brought whole."""
        site = self._source.site
        others = [each.name for each in self._bank.config.pacs if site and each.site == site]
        rows = (row for name in others if name != self._source.name for row in self._book.studies(name))
        return frozenset(row.study for row in rows if row.state in (AGREED, COMPLETE))

    def _find(self, fetcher: Fetcher, connect: Callable[[], Pacs], requests: Sequence[Request]) -> dict[str, StudyRow]:
        studies: dict[str, StudyRow] = {}
        with self._progress.stage("find", len(requests), "questions") as stage:

            def find(client: Pacs, request: Request) -> None:
                try:
                    found = fetcher.find(client, request)
                except GivenUp:
                    raise
                except PacsError as error:
                    with self._lock:
                        self._failed[error.reason] += 1
                else:
                    with self._lock:
                        self._left += found.left
                        studies.update(found.taken)
                with self._lock:
                    stage.advance()

            in_threads(find, requests, connect, self._source.associations)
        if requests and self._failed.total() == len(requests):  # not one question was answered
            raise GivenUp(self._failed.most_common(1)[0][0])
        return studies

    def _fetch(self, fetcher: Fetcher, connect: Callable[[], Pacs], studies: Sequence[StudyRow]) -> None:
        counted = Counter(row.state for row in studies)
        try:
            with self._progress.stage("fetch", len(studies), "studies") as stage:

                def fetch(client: Pacs, study: StudyRow) -> None:
                    state = study.state
                    try:
                        state = fetcher.fetch(client, study)
                    except GivenUp:
                        raise
                    except PacsError as error:
                        if error.reason == "landing-full":
                            raise
                        with self._lock:
                            self._failed[error.reason] += 1
                    with self._lock:
                        counted[study.state] -= 1
                        counted[state] += 1
                        stage.advance()

                in_threads(fetch, studies, connect, self._source.associations)
        finally:
            self._states += counted
