"""Descriptions and protocol names, in the free style of real lists: they change with years and with who typed them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from random import Random

from imagebank.synthetic.scanning.tables import rows
from imagebank.synthetic.streams import stream
from imagebank.synthetic.visits import Ordered, Visit

LONGEST = 64  # characters of an LO
AFTER_AGENT = ("+C", " POST GAD", " post contrast", " + Gd", " +c", "_post GAD")
AGENT_UNSAID = 0.15  # of the series with agent, whose description does not say so
REPEATED = 0.03
REPEATS = (" rpt", " REPEAT", "_rpt", " 2")
TYPO = 0.03
UNDISTORTED = 0.15  # of Siemens descriptions, with the mark of an image that was not corrected
EXAMINATIONS = {
    "siemens": ("Head^Routine", "MRI Head", "NEURO^DEMENTIA", "Kopf^Routine"),
    "ge": ("MRI Head", "MRI HEAD", "BRAIN ROUTINE", "MRI Head Dementia"),
    "philips": ("MRI Head", "Brain", "HEAD ROUTINE", "MRI brain ?dementia"),
}


@dataclass(frozen=True)
class Wording:
    """The texts that people typed for one series."""

    study: str
    series: str
    protocol: str


@cache
def _choices(maker: str, kind: str, year: int) -> tuple[str, ...]:
    return tuple(
        row["text"]
        for row in rows("descriptions")
        if row["maker"] == maker
        and row["kind"] == kind
        and (not row["since"] or int(row["since"]) <= year)
        and (not row["until"] or year <= int(row["until"]))
    )


def wording_of(maker: str, visit: Visit, ordered: Ordered, *, seed: int, family: str) -> Wording:
    """Choose the texts of a series; one radiographer keeps to one habit."""
    habit = stream(seed, "radiographer", visit.staff_of("operator"), maker, ordered.kind, visit.day.year // 3)
    chance = stream(seed, "wording", ordered.uid)
    protocol = habit.choice(_choices(maker, ordered.kind, visit.day.year))
    series = _decorated(protocol, maker, ordered, chance)
    study = stream(seed, "study words", visit.key).choice(EXAMINATIONS[maker])
    if ordered.patient_in_description:
        series = f"{series[: LONGEST - len(family) - 1]} {family}"
    if maker == "ge":
        protocol = habit.choice(("Brain routine", "MRI Head Dementia", "1.2 Head seizure/memory"))
    return Wording(study, series[:LONGEST], protocol)


def _decorated(text: str, maker: str, ordered: Ordered, chance: Random) -> str:
    if maker == "siemens" and chance.random() < UNDISTORTED and ordered.kind[:2] in ("T1", "T2", "FL"):
        text = f"{text}_ND"
    if ordered.agent and chance.random() >= AGENT_UNSAID:
        text = f"{text}{chance.choice(AFTER_AGENT)}"
    if chance.random() < REPEATED:
        text = f"{text}{chance.choice(REPEATS)}"
    return _mistyped(text, chance) if chance.random() < TYPO else text


def _mistyped(text: str, chance: Random) -> str:
    """Two neighbouring letters change places."""
    at = chance.randrange(len(text) - 1)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
