"""How fast a source may be asked: a token bucket, and how long to wait after a failure. Pure; time is handed in.

A bucket may be overdrawn once: the size of a series is known only when it has come, so the debt is waited for before
the next one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 60.0


@dataclass(frozen=True)
class Bucket:
    """Tokens that come back at `rate` a second, at most `size` of them. A rate of 0 is no limit."""

    rate: float
    size: float
    tokens: float
    at: float

    def wait(self, now: float) -> float:
        """Seconds until a token is there."""
        if self.rate <= 0:
            return 0.0
        return max(0.0, -self._filled(now).tokens / self.rate)

    def take(self, amount: float, now: float) -> Bucket:
        """The bucket after `amount` was taken, which may leave a debt."""
        if self.rate <= 0:
            return self
        filled = self._filled(now)
        return replace(filled, tokens=filled.tokens - amount)

    def _filled(self, now: float) -> Bucket:
        passed = max(0.0, now - self.at)
        return replace(self, tokens=min(self.size, self.tokens + passed * self.rate), at=max(now, self.at))


def bucket(rate: float, now: float, *, size: float = 1.0) -> Bucket:
    """A full bucket."""
    return Bucket(rate, size, size, now)


def back_off(failures: int, chance: float) -> float:
    """Seconds to wait after some failures in a row: twice as long each time, with jitter. `chance` lies in 0 to 1."""
    longest: float = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** min(max(failures, 1) - 1, 16))
    return longest * (0.5 + chance / 2)
