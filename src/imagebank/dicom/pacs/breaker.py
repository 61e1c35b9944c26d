"""A circuit breaker: a source that fails again and again is left alone, then tried with one probe. Pure.

Closed: everything may be asked. Open: nothing, for a while. Half open: one probe; what comes of it decides.
"""

from __future__ import annotations

from dataclasses import dataclass

FAILURES = 4  # in a row, until the circuit opens
REST_SECONDS = 30.0  # of an open circuit; twice as long each time that the probe fails
LONGEST_REST_SECONDS = 600.0
PROBES = 3  # that may fail before a run gives a source up
OPENINGS = 4  # without any success of real work between them, before a run does so too


@dataclass(frozen=True)
class Breaker:
    """What is known of a source. `opened_at` is None while the circuit is closed."""

    failures: int = 0
    opened_at: float | None = None
    failed_probes: int = 0
    openings: int = 0

    @property
    def is_open(self) -> bool:
        """Whether only a probe may be sent."""
        return self.opened_at is not None

    @property
    def is_given_up(self) -> bool:
        """Whether this run leaves the source alone."""
        return self.failed_probes >= PROBES or self.openings >= OPENINGS

    def rest(self, now: float) -> float:
        """Seconds until a probe may be sent."""
        if self.opened_at is None:
            return 0.0
        rest: float = min(LONGEST_REST_SECONDS, REST_SECONDS * 2**self.failed_probes)
        return max(0.0, self.opened_at + rest - now)

    def after_success(self) -> Breaker:
        """Real work was done: the circuit is closed, and all is forgotten."""
        return Breaker()

    def after_probe(self) -> Breaker:
        """It answers: the circuit is closed, but what it does with real work is still to be seen."""
        return Breaker(openings=self.openings)

    def after_failure(self, now: float) -> Breaker:
        """It failed: the circuit opens at the last of FAILURES, or again when it was a probe."""
        if self.opened_at is not None:
            return Breaker(self.failures + 1, now, self.failed_probes + 1, self.openings)
        failures = self.failures + 1
        opens = failures >= FAILURES
        return Breaker(failures, now if opens else None, 0, self.openings + opens)
