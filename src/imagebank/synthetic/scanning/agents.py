"""What the header says of contrast agent, which is not always what was in the blood.

Radiographers leave the agent blank, type `none`, mix units, or let the console copy it to series made before it.
"""

from __future__ import annotations

from dataclasses import dataclass

from imagebank.synthetic.scanning.tables import rows
from imagebank.synthetic.streams import stream
from imagebank.synthetic.visits import Ordered, Visit

COPIED_BACK = 0.25  # of the series before the agent, in examinations that have one
CLAIMED_FOR_NONE = 0.03  # of series of examinations without agent: the word `none` or a blank


@dataclass(frozen=True)
class Agent:
    """The text, volume and dose of the header, as typed; empty texts are empty or absent."""

    text: str
    volume: str
    dose: str


def agent_of(visit: Visit, ordered: Ordered, *, seed: int) -> Agent | None:
    """What the header of a series says of contrast agent; None where it says nothing."""
    chance = stream(seed, "agent", ordered.uid)
    given = any(each.agent for each in visit.series)
    if ordered.agent or (given and chance.random() < COPIED_BACK):
        usual = rows("agents")
        row = chance.choices(usual, [int(each["weight"]) for each in usual])[0]
        return Agent(row["text"], row["volume"], row["dose"])
    if not given and chance.random() < CLAIMED_FOR_NONE:
        return Agent(chance.choice(["none", ""]), "", "")
    return None
