"""One study from its first mention to its last image: found, counted, fetched, counted again.

What a PACS says of its own success is not believed: after every retrieval the instances on the disk are counted. Where
counts differ, the PACS is asked for the list of instances, which is believed before a number.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

from imagebank.core.private import NOBODY, Private
from imagebank.dicom.pacs.book import Book, SeriesRow, StudyRow
from imagebank.dicom.pacs.completeness import AGREED, LEFT, WANTED, next_state, sign_of
from imagebank.dicom.pacs.filters import (
    NOT_ABOUT_IT,
    Wanted,
    bare_number,
    patient_objections,
    series_objection,
    study_objection,
)
from imagebank.dicom.pacs.guard import GivenUp, Guard
from imagebank.dicom.pacs.landing import Landing
from imagebank.dicom.pacs.model import Pacs, PacsError, Request, SeriesAnswer, StudyAnswer
from imagebank.identities.pseudonyms import UidMap, letters

WHY_INCOMPLETE = {
    "missing": "The PACS lists images that did not come, though it was asked for them again.",
    "more-than-counted": "More images are here than the PACS lists.",
    "settling": "All is here; a later count must confirm it.",
    "deleted": "It was banked and its files deleted; they are wanted again, because the bank would make it anew.",
    "not-fetched": "Not asked for yet.",
    "interrupted": "The run ended before all was here.",
}
"""Why a study is not complete; the reasons of a PACS's failures are others."""

STRAGGLER_SECONDS = 2.0  # without a new instance, until what is missing after a C-MOVE is taken for lost
STRAGGLER_RESTS = 20  # in which these are waited for
ONE_BY_ONE = ("failed", "bad-answer", "aborted", "silent", "not-found")


@dataclass(frozen=True)
class Found:
    """What came of one question: how many studies were left, by why; and those taken, as they are now."""

    left: Counter[str]
    taken: dict[str, StudyRow]


@dataclass(frozen=True)
class Scope:
    """What all studies of a source share. `elsewhere`: studies that another source of the site brought whole."""

    source: str
    wanted: Wanted
    opted_out: frozenset[Private]
    settle_seconds: float
    uids: UidMap
    seconds: Callable[[], float]  # of the calendar's clock, comparable between runs
    elsewhere: frozenset[str] = frozenset()


class Fetcher:
    """The work on one source; `client` differs by thread, the rest is shared."""

    def __init__(self, scope: Scope, book: Book, landing: Landing, guard: Guard) -> None:
        self._scope, self._book, self._landing, self._guard = scope, book, landing, guard
        self._taken: set[str] = set()
        self._has_listed, self._lists_none = False, False  # of the images of a series
        self._lock = threading.Lock()

    def find(self, client: Pacs, request: Request) -> Found:
        """Ask one question and write down every study that answers it."""
        answers = self._guard.call(client, lambda: client.studies(request))
        counted: Counter[str] = Counter()
        taken: dict[str, StudyRow] = {}
        for study, objection in patient_objections(request, answers, self._scope.opted_out):
            reason = objection or study_objection(study, self._scope.wanted)
            if self._id(study.uid) in self._scope.elsewhere:
                reason = reason or "elsewhere"
            if reason:
                self._leave(study, reason)
                counted[reason] += 1
            elif row := self._take_once(client, study):
                taken[row.study] = row
        return Found(counted, taken)

    def _take_once(self, client: Pacs, study: StudyAnswer) -> StudyRow | None:
        """Take a study, unless another question of this run was answered with it: one thread looks at it, once."""
        name = self._id(study.uid)
        with self._lock:
            if name in self._taken:
                return None
            self._taken.add(name)
        try:
            return self._take(client, study)
        except BaseException:
            self._taken.discard(name)
            raise

    def _id(self, uid: Private) -> str:
        return self._scope.uids.item(uid.reveal("derive the keyed id of a study or series"))

    def _patient(self, study: StudyAnswer) -> str:
        return patient_label(self._scope.uids, study.patient_id)

    def _leave(self, study: StudyAnswer, reason: str) -> None:
        """A study that is not wanted: its keyed id is kept, to count it once, and its UID is not.

        A study that was wanted stays so where it only answered a question that was about somebody else.
        """
        known = self._book.study(self._scope.source, self._id(study.uid))
        if reason in NOT_ABOUT_IT and known and known.state != LEFT:
            return
        row = StudyRow(self._id(study.uid), NOBODY, LEFT, reason, None, self._patient(study))
        self._book.keep_study(self._scope.source, row, (), self._scope.seconds())

    def _take(self, client: Pacs, study: StudyAnswer) -> StudyRow | None:
        """Write down a study and its series, and count it. Gives None where none of its series is wanted."""
        answers = self._guard.call(client, lambda: client.series(study.uid))
        name = self._id(study.uid)
        rows = [self._series_row(name, each) for each in answers]
        if all(row.reason for row in rows):
            self._leave(study, Counter(row.reason for row in rows).most_common(1)[0][0] if rows else "no-series")
            return None
        old = self._book.study(self._scope.source, name)
        row = StudyRow(name, study.uid, WANTED, "not-fetched", None, self._patient(study))
        if old and old.state != LEFT:
            row = replace(row, state=old.state, reason=old.reason, agreed_at=old.agreed_at)
        self._book.keep_study(self._scope.source, row, rows, self._scope.seconds())
        self._correct(client, row)
        return self._settle(client, self._judge(row))

    def _series_row(self, study: str, series: SeriesAnswer) -> SeriesRow:
        reason = series_objection(series, self._scope.wanted)
        return SeriesRow(self._id(series.uid), study, series.uid, series.instances, reason, again=False)

    def _correct(self, client: Pacs, study: StudyRow) -> None:
        """Where a count is missing, or is not what came, the PACS's list of instances takes its place."""
        for series in self._wanted_series(study):
            received = len(self._received(series))
            if series.expected is None or (received and received != series.expected):
                self._listed(client, study, series)

    def _listed(self, client: Pacs, study: StudyRow, series: SeriesRow) -> dict[str, Private] | None:
        """The instances that the PACS lists of a series, by their keyed ids; their number replaces the count.

        None where it lists none at all: many a PACS has no level of images.
        """
        if self._lists_none:
            return None
        try:
            uids = self._guard.call(client, lambda: client.instances(study.uid, series.uid))
        except PacsError as error:
            if self._has_listed or error.reason != "unlisted" or isinstance(error, GivenUp):
                raise
            self._lists_none = True
            return None
        self._has_listed = True
        reason = "derive the keyed id of an instance"
        listed = {letters(self._scope.uids.bits(uid.reveal(reason)), 26): uid for uid in uids}
        self._book.set_expected(self._scope.source, series.series, len(listed))
        return listed

    def _wanted_series(self, study: StudyRow) -> list[SeriesRow]:
        return [each for each in self._book.series_of(self._scope.source, study.study) if not each.reason]

    def fetch(self, client: Pacs, study: StudyRow) -> str:
        """Fetch what is missing of a study; returns its state. Raises Stopped and GivenUp, after writing down why."""
        self._guard.begin_study()
        reason = "interrupted"
        try:
            reason = self._fetch_series(client, study)
            return self._settle(client, self._judge(study, reason)).state
        except PacsError as error:
            self._judge(study, error.reason)
            raise
        except BaseException:
            self._judge(study, "interrupted")
            raise

    def _fetch_series(self, client: Pacs, study: StudyRow) -> str:
        """Every wanted series; returns why the last incomplete one is so, or nothing."""
        reason = ""
        for series in self._wanted_series(study):
            if series.again or len(self._received(series)) != series.expected:
                reason = self._fetch_one(client, study, series) or reason
        return reason

    def _received(self, series: SeriesRow) -> set[str]:
        self._landing.drain()
        return self._book.received(self._scope.source, series.series, kept=series.again)

    def _fetch_one(self, client: Pacs, study: StudyRow, series: SeriesRow) -> str:
        """The whole series first; then, by the PACS's own list, what did not come. Returns what keeps it incomplete."""
        before = self._landing.arrived_bytes
        if not self._received(series) or (self._lists_none and series.expected is not None):
            self._retrieve(client, study, series, {})
        why = self._fetch_rest(client, study, series)
        self._guard.received(self._landing.arrived_bytes - before)
        if series.again and not why:
            self._book.want_again([series.series], again=False)
        return why

    def _fetch_rest(self, client: Pacs, study: StudyRow, series: SeriesRow) -> str:
        for last in (False, True):
            listed = self._listed(client, study, series) if self._differs(study, series) else {}
            if listed is None:
                return "unlisted"
            missing = {name: uid for name, uid in listed.items() if name not in self._received(series)}
            if not missing:
                return ""
            if not last:
                self._retrieve(client, study, series, missing)
        return "missing"

    def _differs(self, study: StudyRow, series: SeriesRow) -> bool:
        now = self._book.series_of(self._scope.source, study.study)
        expected = next(each.expected for each in now if each.series == series.series)
        return len(self._received(series)) != expected

    def _retrieve(self, client: Pacs, study: StudyRow, series: SeriesRow, wanted: dict[str, Private]) -> None:
        """Have a series sent, or of `wanted` what is not here; after a failure what is not here then."""

        def act() -> None:
            received = self._received(series)
            left = [uid for name, uid in wanted.items() if name not in received]
            is_whole = not wanted and (not received or self._lists_none)  # one that began is gone on with by its list
            if left or is_whole:
                told = client.fetch(study.uid, series.uid, left, self._guard.stopped)
                if told.apart:
                    self._wait_for_stragglers(study, series)

        try:
            self._guard.call(client, act, fetches=True)
        except PacsError as error:
            if wanted or error.reason not in ONE_BY_ONE:
                raise  # a series that cannot be had as a whole may still be had by its list

    def _wait_for_stragglers(self, study: StudyRow, series: SeriesRow) -> None:
        """A PACS may say that it is done before all that it sends has come: it is waited for while more comes."""
        held, rests = len(self._received(series)), 0
        while rests < STRAGGLER_RESTS and self._differs(study, series):
            self._guard.pause(STRAGGLER_SECONDS / STRAGGLER_RESTS)
            before, held = held, len(self._received(series))
            rests = rests + 1 if held == before else 0

    def _settle(self, client: Pacs, study: StudyRow) -> StudyRow:
        """Where no time must pass between the counts that have to agree, the second one is had at once."""
        if study.state != AGREED or self._scope.settle_seconds:
            return study
        answers = self._guard.call(client, lambda: client.series(study.uid))
        rows = [self._series_row(study.study, each) for each in answers]
        self._book.keep_study(self._scope.source, study, rows, self._scope.seconds())
        self._correct(client, study)
        return self._judge(study)

    def _judge(self, study: StudyRow, reason: str = "") -> StudyRow:
        """Count, and write down the state that the count leads to."""
        now = self._scope.seconds()
        wanted = self._wanted_series(study)
        received = {each.series: len(self._received(each)) for each in wanted}
        fewer = any(each.expected is None or received[each.series] < each.expected for each in wanted)
        more = any(each.expected is not None and received[each.series] > each.expected for each in wanted)
        sign = sign_of(
            0,
            -1 if fewer else int(more),
            agreed_at=study.agreed_at,
            now=now,
            settle_seconds=self._scope.settle_seconds,
        )
        exact = not (fewer or more)
        state = next_state(study.state, sign)
        agreed = min(now if study.agreed_at is None else study.agreed_at, now) if exact else None
        why = _why(state, reason or (study.reason if study.reason != "settling" else ""))
        row = replace(study, state=state, reason=why, agreed_at=agreed)
        self._book.set_state(self._scope.source, row, now)
        return row


def patient_label(uids: UidMap, number: Private) -> str:
    """A keyed id of a patient number, the same however a site writes it; nothing for none."""
    bare = bare_number(number).reveal("derive a keyed id of a patient, to know the opted-out by")
    return letters(uids.bits(f"patient {bare}"), 26) if bare else ""


def _why(state: str, reason: str) -> str:
    """Why a study in a state is not complete."""
    fixed = {"complete": "", "agreed": "settling", "excess": "more-than-counted"}
    return fixed.get(state, reason or "not-fetched")
