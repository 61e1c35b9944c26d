"""Politeness: every question to a source goes through here. Hours, rates, failures and Ctrl-C are seen to.

The rules are those of `calendar`, `pace` and `breaker`; this keeps their state for the threads of a source, and waits.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from imagebank.core.clock import now
from imagebank.dicom.pacs.breaker import Breaker
from imagebank.dicom.pacs.calendar import Calendar
from imagebank.dicom.pacs.model import PacsError, Stopped
from imagebank.dicom.pacs.pace import back_off, bucket

SLICE_SECONDS = 0.2  # how soon a pause sees that it is to end
NOT_THE_SOURCE = ("too-many-answers", "landing-full", "forbidden", "not-found")
"""Asking again changes nothing; nothing is wrong there."""
HOPELESS = (
    "destination-unknown",
    "not-allowed",
    "calling-refused",
    "called-refused",
    "not-offered",
    "not-trusted",
    "no-service",
    "redirected",
    "token-refused",
)
"""Until a person changed something."""
LONGEST_REST_SECONDS = 900.0  # that a source may ask for
T = TypeVar("T")


class Closed(Stopped):
    """The hours in which the source may be asked are over."""


class GivenUp(PacsError):
    """The source failed so often, or so surely, that this run leaves it alone."""


@dataclass(frozen=True)
class World:
    """Time and chance, handed in."""

    now: Callable[[], datetime] = now
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random


class Asked(Protocol):
    """What a probe needs."""

    def echo(self) -> None:
        """See whether the source answers."""


def tell_nobody(_: str) -> None:
    """Nobody wants to know why it takes so long."""


class Guard:
    """The state of one source in one run, for all threads that ask it."""

    def __init__(
        self,
        calendar: Calendar,
        world: World,
        *,
        attempts: int = 3,
        studies_a_minute: float = 0.0,
        bytes_a_second: float = 0.0,
        stop: Callable[[], bool] = lambda: False,
        patient: bool = False,
        tell: Callable[[str], None] = tell_nobody,
    ) -> None:
        self._calendar, self._world, self._attempts, self._patient = calendar, world, attempts, patient
        self._stop, self._tell = stop, tell
        moment = world.monotonic()
        self._studies = bucket(studies_a_minute / 60, moment)
        self._bytes = bucket(bytes_a_second, moment, size=max(bytes_a_second, 1.0))
        self._breaker, self._last, self._fetching_fails = Breaker(), "", False
        self._opens: datetime | None = None  # that was told
        self._quiet_until = moment  # as the source asked for
        self._lock, self._probe = threading.Lock(), threading.Lock()

    def stopped(self) -> bool:
        """Whether what is under way must end: Ctrl-C, or the hours are over."""
        return self._stop() or not self._calendar.is_open(self._world.now())

    def call(self, client: Asked, action: Callable[[], T], *, fetches: bool = False) -> T:
        """Do something with a source, again after a failure. Raises PacsError, GivenUp and Stopped.

        Where fetching fails, an answered question does not count as success.
        """
        attempt = 0
        while True:
            attempt += 1
            self.pause(self._quiet_until - self._world.monotonic())
            self._wait_for_hours()
            self._wait_for_circuit(client)
            try:
                result = action()
            except PacsError as error:
                if error.reason in NOT_THE_SOURCE:
                    raise
                self._fetching_fails |= fetches
                self._failed(error)
                if attempt >= self._attempts:
                    raise
                self.pause(back_off(attempt, self._world.chance()))
            else:
                self._worked(fetches)
                return result

    def _worked(self, fetched: bool) -> None:
        with self._lock:
            self._fetching_fails &= not fetched
            if not self._fetching_fails:
                self._breaker = self._breaker.after_success()

    def _failed(self, error: PacsError) -> None:
        moment = self._world.monotonic()
        with self._lock:
            before, self._breaker = self._breaker, self._breaker.after_failure(moment)
            breaker, self._last = self._breaker, error.reason
        if error.reason in HOPELESS:
            raise GivenUp(error.reason) from None
        if error.wait_seconds:
            self._leave_alone(min(error.wait_seconds, LONGEST_REST_SECONDS), moment)
        if breaker.opened_at != before.opened_at and not breaker.is_given_up:
            why = "no answer to an echo" if before.is_open else f"{breaker.failures} failures in a row ({error.reason})"
            self._tell(f"{why}: left alone for {breaker.rest(moment):.0f} s, then tried with one echo")

    def _leave_alone(self, seconds: float, moment: float) -> None:
        with self._lock:
            is_longer = moment + seconds > self._quiet_until
            self._quiet_until = max(self._quiet_until, moment + seconds)
        if is_longer:
            self._tell(f"it is busy, and asks to be left alone for {seconds:.0f} s")

    def _wait_for_hours(self) -> None:
        while True:
            if self._stop():
                raise Stopped
            moment = self._world.now()
            if self._calendar.is_open(moment):
                return
            opens = self._calendar.opens_at(moment) if self._patient else None
            if opens is None:
                raise Closed
            self._tell_hours(self._calendar.local(opens))
            self.pause((opens - moment).total_seconds())

    def _tell_hours(self, opens: datetime) -> None:
        """Once for all threads."""
        with self._lock:
            is_new, self._opens = opens != self._opens, opens
        if is_new:
            self._tell(f"its hours begin on {opens:%A %d %B at %H:%M %Z}: waiting; Ctrl-C ends it")

    def _wait_for_circuit(self, client: Asked) -> None:
        while True:
            with self._lock:
                breaker, last = self._breaker, self._last
            if breaker.is_given_up:
                raise GivenUp(last)
            if not breaker.is_open:
                return
            rest = breaker.rest(self._world.monotonic())
            if rest > 0:
                self.pause(min(rest, SLICE_SECONDS))
            elif self._probe.acquire(blocking=False):
                try:
                    self._send_probe(client)
                finally:
                    self._probe.release()
            else:
                self.pause(SLICE_SECONDS)

    def _send_probe(self, client: Asked) -> None:
        try:
            client.echo()
        except PacsError as error:
            self._failed(error)
        else:
            with self._lock:
                self._breaker = self._breaker.after_probe()
            self._tell("answers again: going on")

    def begin_study(self) -> None:
        """Wait until another study may be fetched."""
        with self._lock:
            moment = self._world.monotonic()
            wait = self._studies.wait(moment)
            self._studies = self._studies.take(1.0, moment)
        self.pause(wait)

    def received(self, size: int) -> None:
        """Something of `size` bytes came: wait until the source has had its rest."""
        with self._lock:
            moment = self._world.monotonic()
            self._bytes = self._bytes.take(float(size), moment)
            wait = self._bytes.wait(moment)
        self.pause(wait)

    def pause(self, seconds: float) -> None:
        """Wait, but not beyond Ctrl-C. Raises Stopped."""
        end = self._world.monotonic() + seconds
        while (left := end - self._world.monotonic()) > 0:
            if self._stop():
                raise Stopped
            self._world.sleep(min(left, SLICE_SECONDS))
