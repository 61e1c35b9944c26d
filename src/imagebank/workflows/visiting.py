"""One source in one run of acquire: who is asked for, what is found, what is fetched, and what came of it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from imagebank.core.config import Bank
from imagebank.core.errors import DiskFull
from imagebank.core.pacs_settings import PacsSource
from imagebank.core.private import NOBODY, Private
from imagebank.core.progress import Progress
from imagebank.dicom.pacs.book import Book, StudyRow
from imagebank.dicom.pacs.completeness import AGREED, COMPLETE, EXCESS, LEFT, WANTED
from imagebank.dicom.pacs.fetching import Fetcher, Scope, patient_label
from imagebank.dicom.pacs.filters import is_opted_out, wanted_of
from imagebank.dicom.pacs.guard import Closed, GivenUp, Guard, World
from imagebank.dicom.pacs.model import Pacs, PacsError, Request, Stopped
from imagebank.identities.pseudonyms import Keys
from imagebank.workflows.asking import People, opted_out_numbers, requests_of_people
from imagebank.workflows.landed import landing_of, write_line
from imagebank.workflows.media import read_media
from imagebank.workflows.media_reading import LeftOut
from imagebank.workflows.reaching import calendar_of_source, reach
from imagebank.workflows.threads import in_threads


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
    """What is asked for: the people of the bank where `requests` is None. `patient`: wait for the allowed hours.

    `again`: how many series are fetched again, at most, for no other reason than that the rules changed.
    """

    sources: tuple[str, ...] = ()
    requests: tuple[Request, ...] | None = field(default=None, repr=False)
    patient: bool = False
    again: int = 0


class Visit:
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
        again: frozenset[str] = frozenset(),
    ) -> None:
        self._again = again
        self._bank, self._source, self._book, self._keys = bank, source, book, keys
        self._environ, self._progress, self._stop, self._world = environ, progress, stop, world
        self._landing = landing_of(bank, source.name, keys, book)
        self._asked = 0
        self._states: Counter[str] = Counter()
        self._left: Counter[str] = Counter()
        self._failed: Counter[str] = Counter()
        self._lock = threading.Lock()

    def run(self, ask: Ask, people: People) -> SourceRun:
        """Ask, fetch, count."""
        started = self._world.monotonic()
        ended, reason = "done", ""
        try:
            if self._source.kind == "media":
                self._left += self._read_media(people)
            else:
                self._fetch_from_pacs(ask, people, self._requests(ask, people))
        except Closed:
            ended = "closed"
            self._tell_hours()
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
            self._asked,
            self._left,
            self._states,
            self._landing.arrived,
            self._landing.arrived_bytes,
            self._failed,
        )
        self._log(run, self._world.monotonic() - started)
        return run

    def _read_media(self, people: People) -> Counter[str]:
        numbers = opted_out_numbers(people, self._source)
        left_out = LeftOut(numbers, self._keys.uid_map, self._world.now().timestamp())
        self._landing.needs = self._again.__contains__
        return read_media(self._bank, self._source, self._landing, left_out, self._progress, self._stop)

    def _tell_hours(self) -> None:
        calendar = calendar_of_source(self._source)
        opens = calendar.opens_at(self._world.now())
        when = f"begin on {calendar.local(opens):%A %d %B at %H:%M %Z}; --wait waits" if opens else "do not begin soon"
        self._progress.note(f"{self._source.name}: its hours {when}")

    def _log(self, run: SourceRun, seconds: float) -> None:
        told = {"peer": run.source, "instances": run.received, "bytes": run.size, "end": run.ended}
        write_line(self._bank, self._world.now(), {**told, "seconds": round(seconds, 2)})

    def _requests(self, ask: Ask, people: People) -> list[Request]:
        """What was asked for, but for the opted-out."""
        if ask.requests is None:
            return requests_of_people(people, self._source)
        out = opted_out_numbers(people, self._source)
        asked = [each for each in ask.requests if each.by != "patient" or not is_opted_out(each.value, out)]
        self._left["opted-out"] += len(ask.requests) - len(asked)
        return asked

    def _open_studies(self, found: Mapping[str, StudyRow]) -> list[Request]:
        """Every study of an earlier run that is not complete, and that no question of this run was answered with."""
        rows = self._book.studies(self._source.name)
        open_ones = [row for row in rows if row.state in (WANTED, AGREED, EXCESS) and row.study not in found]
        return [Request("study", row.uid) for row in open_ones if row.uid]

    def _leave_the_opted_out(self, opted_out: frozenset[Private]) -> None:
        """Studies of people who opted out after they were found: not asked for again, and their UIDs are forgotten."""
        out = {patient_label(self._keys.uid_map, number) for number in opted_out}
        for row in self._book.studies(self._source.name):
            if row.patient in out and row.state != LEFT:
                left = StudyRow(row.study, NOBODY, LEFT, "opted-out", None, row.patient)
                self._book.keep_study(self._source.name, left, (), self._world.now().timestamp())

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
            tell=lambda text: self._progress.note(f"{source.name}: {text}"),
        )
        opted_out = opted_out_numbers(people, source)
        self._leave_the_opted_out(opted_out)
        scope = Scope(
            source.name,
            wanted_of(source),
            opted_out,
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
            studies |= self._find(fetcher, connect, self._open_studies(studies))
            if self._asked and self._failed.total() == self._asked:  # not one question was answered
                raise GivenUp(self._failed.most_common(1)[0][0])
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
        if not requests:
            return studies
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
                    self._asked += 1
                    stage.advance()

            in_threads(find, requests, connect, self._source.associations)
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
