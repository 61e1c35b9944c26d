"""The report on the linkage: the way of the studies, what agreement weighs, and who is lost. Names nobody."""

from imagebank.cohorts.linkage.lines import ENDS, StudyFact, Tally, tally
from imagebank.cohorts.linkage.page import Report, Truth, render, report_json

__all__ = ["ENDS", "Report", "StudyFact", "Tally", "Truth", "render", "report_json", "tally"]
