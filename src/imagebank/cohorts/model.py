"""The nouns of a profile: sections of rows that people may see, each with its unit and its denominator."""

from __future__ import annotations

from dataclasses import dataclass

from imagebank.cohorts.disclosure import Disclosure, Shown


@dataclass(frozen=True)
class Heading:
    """A column of counts. `total` is the denominator of its percentages; without one the column has none."""

    label: str
    total: Shown | None = None


@dataclass(frozen=True)
class Row:
    """One line: a label, a count for each column, and what is worth knowing of it. `level` 1 is indented."""

    label: str
    cells: tuple[Shown, ...]
    note: str = ""
    level: int = 0


@dataclass(frozen=True)
class Measure:
    """A number that is no count, in words, such as "median age: 71 years [48 to 79]"."""

    label: str
    text: str


@dataclass(frozen=True)
class Section:
    """One table of the profile. `unit` is what is counted, `denominator` says in words what the percentages are of."""

    id: str
    title: str
    unit: str
    denominator: str
    headings: tuple[Heading, ...]
    rows: tuple[Row, ...]
    measures: tuple[Measure, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Profile:
    """Everything that the page, the tables and the figures say of a bank; every number in it may be shown."""

    headline: tuple[Measure, ...]
    sections: tuple[Section, ...]
    disclosure: Disclosure

    def section(self, name: str) -> Section:
        """The section with an id."""
        return next(each for each in self.sections if each.id == name)
