"""What a project was told already, so that two answers cannot be subtracted from each other.

`sketch` turns a set of patients into a small keyed picture of it, `ruling` compares a new set with the earlier ones,
and `memory` keeps them, project by project, in the research zone of the bank.
"""

from imagebank.cohorts.guard.memory import MOST_ANSWERS, Guard, GuardFull, Ruled, open_guard
from imagebank.cohorts.guard.sketch import Marks, Sketch, Sketcher

__all__ = ["MOST_ANSWERS", "Guard", "GuardFull", "Marks", "Ruled", "Sketch", "Sketcher", "open_guard"]
