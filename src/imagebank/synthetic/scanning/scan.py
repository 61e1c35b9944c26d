"""One series about to be written: the person, the visit, the machine of that day, the protocol and the words chosen."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

from imagebank.synthetic.model import Person
from imagebank.synthetic.scanning.agents import Agent, agent_of
from imagebank.synthetic.scanning.machines import Era, Machine, all_machines, era_of
from imagebank.synthetic.scanning.placing import Pose, feet_first, pose_of
from imagebank.synthetic.scanning.protocols import Protocol, protocol_of
from imagebank.synthetic.scanning.wording import Wording, wording_of
from imagebank.synthetic.visits import Ordered, Visit, clock

SERIES_MINUTES = 5
SERIES_A_DAY = 60  # later numbers (from 900 on, for what is no brain) start anew
LATEST_SECONDS = 23 * 3600
MR_IMAGE = "1.2.840.10008.5.1.4.1.1.4"
ENHANCED_MR_IMAGE = "1.2.840.10008.5.1.4.1.1.4.1"
LONGEST_UID = 64


@dataclass(frozen=True)
class Scan:
    """Everything that the files of one series are made from."""

    person: Person
    visit: Visit
    ordered: Ordered
    machine: Machine
    era: Era
    protocol: Protocol
    size: str
    wording: Wording
    agent: Agent | None
    body_part: str = ""  # what the header says; empty: the maker's word for a head

    @property
    def start(self) -> str:
        """When the series began, HHMMSS."""
        return clock(self.start_seconds)

    @property
    def start_seconds(self) -> int:
        """When the series began, in seconds since midnight."""
        return min(self.visit.seconds + 60 * SERIES_MINUTES * (self.ordered.number % SERIES_A_DAY), LATEST_SECONDS)

    @cached_property
    def pose(self) -> Pose:
        """How the head lies, as the machine believes."""
        pose = pose_of(self.visit.angles_deg)
        return feet_first(pose) if self.ordered.fault == "wrong-position" else pose

    @property
    def sop_class(self) -> str:
        """MR Image or Enhanced MR Image."""
        return ENHANCED_MR_IMAGE if self.era.enhanced else MR_IMAGE

    @property
    def turn(self) -> int:
        """A number by which habits take turns over people and series."""
        return number_of(self.visit.key) + self.ordered.number

    def instance_uid(self, instance: int) -> str:
        """The UID of one file."""
        return uid_below(self.ordered.uid, instance)


def scan_of(person: Person, visit: Visit, ordered: Ordered, *, seed: int, size: str) -> Scan:
    """Decide everything about a series that is not pixels."""
    machine = all_machines()[visit.scanner]
    return Scan(
        person=person,
        visit=visit,
        ordered=ordered,
        machine=machine,
        era=era_of(machine, visit.day),
        protocol=protocol_of(machine.name, ordered.kind),
        size=size,
        wording=wording_of(machine.maker, visit, ordered, seed=seed, family=person.name.family),
        agent=agent_of(visit, ordered, seed=seed),
    )


def number_of(key: str) -> int:
    """The number of the person of a visit, by which the habits of exporting differ."""
    digits = "".join(letter for letter in key.split("-")[0] if letter.isdigit())
    return int(digits or 0)


def uid_below(uid: str, *numbers: int) -> str:
    """A UID below another; where that grows too long, one derived from both."""
    longer = ".".join([uid, *map(str, numbers)])
    if len(longer) <= LONGEST_UID:
        return longer
    return f"2.25.{int.from_bytes(hashlib.sha256(longer.encode()).digest()[:16])}"
