"""What people and national bodies told the vault: decisions on doubtful links, and answers of the opt-out service.

Nothing is overwritten: a new decision on the same question is laid over the old one, which stays to be seen.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from imagebank.identities.vault import Vault
from imagebank.identities.vault_rows import day_of

DECISIONS = ("same", "other")


@dataclass(frozen=True)
class Decision:
    """That somebody looked at a question and said whether the header shows the proposed person."""

    question: str
    decision: str
    decided_by: str
    decided: str  # a moment, ISO 8601
    version: str  # of the rules that asked


class Remembered:
    """The decisions and answers that a vault holds."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def decisions(self) -> dict[str, Decision]:
        """The newest decision on each question."""
        query = "SELECT question, decision, decided_by, decided, version FROM decisions ORDER BY entry"
        return {row[0]: Decision(*row) for row in self._vault.connection.execute(query)}

    def decide(self, decisions: Iterable[Decision]) -> int:
        """Remember decisions that are new; returns how many were."""
        known = self.decisions()
        new = [each for each in decisions if not _stands(known.get(each.question), each)]
        insert = "INSERT INTO decisions (question, decision, decided_by, decided, version) VALUES (?,?,?,?,?)"
        with self._vault.write() as connection:
            rows = [(e.question, e.decision, e.decided_by, e.decided, e.version) for e in new]
            connection.executemany(insert, rows)
        return len(new)

    def count(self) -> int:
        """How many decisions were ever made: what was decided changes only when this does."""
        return int(self._vault.connection.execute("SELECT count(*) FROM decisions").fetchone()[0])


def _stands(known: Decision | None, new: Decision) -> bool:
    return known is not None and (known.decision, known.decided_by) == (new.decision, new.decided_by)


@dataclass(frozen=True)
class Check:
    """What the national opt-out service is known to say of an NHS number: nothing yet where `listed` is None."""

    number: str = field(repr=False)
    batch: str
    sent: date
    listed: date | None
    allowed: bool


class NationalChecks:
    """The numbers that were sent to the national opt-out service, and what came back."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def all(self) -> dict[str, Check]:
        """Every number that was ever sent."""
        query = "SELECT number, batch, sent, listed, allowed FROM national_checks ORDER BY number"
        rows = self._vault.connection.execute(query)
        return {n: Check(n, batch, date.fromisoformat(sent), day_of(day), bool(ok)) for n, batch, sent, day, ok in rows}

    def send(self, batches: Iterable[tuple[str, Iterable[str]]], today: date) -> None:
        """Remember which numbers were sent under which batch. What was known of them stays until the answer comes."""
        upsert = """INSERT INTO national_checks VALUES (?, ?, ?, NULL, NULL)
                    ON CONFLICT (number) DO UPDATE SET batch = excluded.batch, sent = excluded.sent"""
        with self._vault.write() as connection:
            for batch, numbers in batches:
                connection.executemany(upsert, [(number, batch, today.isoformat()) for number in numbers])

    def answer(self, batch: str, allowed: Iterable[str], listed: date) -> tuple[int, int]:
        """Keep the answer to a batch: whoever is not on the returned list has opted out. Returns (allowed, out)."""
        kept = set(allowed)
        numbers = [number for number, check in self.all().items() if check.batch == batch]
        rows = [(listed.isoformat(), number in kept, number) for number in numbers]
        with self._vault.write() as connection:
            connection.executemany("UPDATE national_checks SET listed = ?, allowed = ? WHERE number = ?", rows)
        return sum(number in kept for number in numbers), sum(number not in kept for number in numbers)

    def state(self) -> str:
        """A text that changes whenever an answer comes."""
        query = "SELECT count(*), max(listed), sum(allowed) FROM national_checks"
        return repr(tuple(self._vault.connection.execute(query).fetchone()))
