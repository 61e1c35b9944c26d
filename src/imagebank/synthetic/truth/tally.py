"""How often each thing was planted: counted while people go by, to be held against the rates that were asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from imagebank.synthetic.model import Person
from imagebank.synthetic.truth.people import planted_in
from imagebank.synthetic.truth.tables import RateAnswer


class Tally:
    """Counts of what was planted, and of what could have had it, by unit."""

    def __init__(self) -> None:
        self._planted: Counter[tuple[str, str]] = Counter()
        self._of: Counter[str] = Counter()
        self._of_kind: dict[tuple[str, str], int] = {}

    def add(self, person: Person) -> None:
        """Count a person who is in the records, studies and series, and what is wrong with them."""
        self._planted.update((each.kind, each.unit) for each in planted_in(person))
        self._of["person"] += bool(person.recorded)
        self._of["study"] += len(person.visits)
        self._of["series"] += sum(len(visit.series) for visit in person.visits)

    def add_counts(self, unit: str, planted: Mapping[str, int], possible: Mapping[str, int]) -> None:
        """Count what was planted elsewhere, such as codes without their dot: how often, of how many (0: of all)."""
        for kind, of in possible.items():
            self._planted[kind, unit] += planted.get(kind, 0)
            if of:
                self._of_kind[kind, unit] = self._of_kind.get((kind, unit), 0) + of

    def narrow(self, kind: str, unit: str, of: int) -> None:
        """Say how many could have had it where that is not everybody, such as an old address."""
        self._of_kind[kind, unit] = of

    def rates(self, configured: Mapping[tuple[str, str], float]) -> Iterator[RateAnswer]:
        """Each kind and unit with its counts and the rate asked for; what was asked for and never struck counts 0."""
        for kind, unit in sorted({*self._planted, *configured}):
            of = self._of_kind.get((kind, unit), self._of[unit])
            yield RateAnswer(kind, unit, self._planted[kind, unit], of, configured.get((kind, unit)))
