"""The files of the pretend hospital's scanners: what each visit leaves on the PACS, and what identifies whom in it.

A visit is planned elsewhere (`Visit`); here it becomes DICOM, in the manner of the machine, its maker and its software
on that day. Every planted identifier is known with its place.
"""

from imagebank.synthetic.scanning.machines import can_make
from imagebank.synthetic.scanning.oddities import Oddity, oddities
from imagebank.synthetic.scanning.others import OtherFiles, write_others
from imagebank.synthetic.scanning.planted import Planted
from imagebank.synthetic.scanning.writing import SeriesFiles, VisitFiles, write_visit

__all__ = [
    "Oddity",
    "OtherFiles",
    "Planted",
    "SeriesFiles",
    "VisitFiles",
    "can_make",
    "oddities",
    "write_others",
    "write_visit",
]
