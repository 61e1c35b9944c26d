"""Visits on every machine under every software, written once for the tests of the scanners' files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from sample_person import sample_person, sample_visit

from imagebank.synthetic.model import Name, Person
from imagebank.synthetic.scanning import SeriesFiles, VisitFiles, can_make, write_visit
from imagebank.synthetic.scanning.machines import all_machines
from imagebank.synthetic.scanning.scan import Scan, scan_of
from imagebank.synthetic.scanning.volumes import Frame, Volume, frames_of, volumes_of
from imagebank.synthetic.visits import SERIES_KINDS, Ordered, Visit

FIRST_KEY = 40


def eras() -> list[tuple[str, date]]:
    """Each machine with a day of each of its eras."""
    return [
        (machine.name, era.since + timedelta(40 if era.since.year > 2014 else 700))
        for machine in all_machines().values()
        for era in machine.eras
    ]


@dataclass(frozen=True)
class Written:
    """One visit with a series of every kind that the machine could make, and its files."""

    images: Path
    person: Person
    visit: Visit
    files: VisitFiles

    def scan(self, kind: str) -> Scan:
        """The plan of the series of a kind."""
        ordered = next(each for each in self.visit.series if each.kind == kind)
        return scan_of(self.person, self.visit, ordered, seed=1, size="tiny")

    def series(self, kind: str) -> SeriesFiles:
        """What was written for the series of a kind."""
        return next(each for each in self.files.series if each.kind == kind)

    def truth(self, kind: str) -> tuple[tuple[Volume, ...], list[Frame]]:
        """The volumes and frames of a kind."""
        scan = self.scan(kind)
        volumes = volumes_of(scan)
        return volumes, frames_of(scan, volumes)


def visit_of(machine: str, day: date, key: int, *kinds: str, **changes: object) -> Visit:
    """A visit of some kinds; `changes` are of every ordered series."""
    visit = sample_visit(f"{key}-1", day, machine, *kinds)
    return replace(visit, series=tuple(replace(each, **changes) for each in visit.series))


def write_all(folder: Path) -> list[Written]:
    """One visit for each machine and era, below one folder."""
    person, found = sample_person(), []
    for index, (machine, day) in enumerate(eras()):
        kinds = [kind for kind in SERIES_KINDS if kind in can_make(machine, day)]
        visit = visit_of(machine, day, FIRST_KEY + index, *kinds)
        images = folder / f"{machine}-{day.year}"
        found.append(Written(images, person, visit, write_visit(images, person, visit, seed=1, size="tiny")))
    return found


def one_series(images: Path, machine: str, day: date, kind: str, **changes: object) -> Written:
    """A visit of one series."""
    person, visit = sample_person(), visit_of(machine, day, FIRST_KEY, kind, **changes)
    return Written(images, person, visit, write_visit(images, person, visit, seed=1, size="tiny"))


def named(native: str, phonetic: str, charset: str) -> Person:
    """The sample person, with a name in another script."""
    person = sample_person()
    return replace(person, name=Name("Eleni", "Papadaki", native=native, phonetic=phonetic, charset=charset))


def corner_mm(frame: Frame, volume: Volume, row: int, column: int) -> np.ndarray:
    """Where a voxel truly lies, in RAS."""
    place, step = frame.placement, volume.grid.pixel_mm
    lps = np.array(place.origin) + np.array(place.row) * column * step + np.array(place.column) * row * step
    return lps * [-1, -1, 1]


def ordered_kind(visit: Visit, kind: str) -> Ordered:
    """The ordered series of a kind."""
    return next(each for each in visit.series if each.kind == kind)
