"""A pretend hospital: invented people, their brain MRI from five scanners, their records, and every answer.

It stands beside the stack and imports only `core`, so that it can judge everything else. The same seed and size give
the same bytes, whatever the number of processes. `build_hospital` makes images and records; `build_records_for` invents
records for the people found in an existing folder of DICOM; `read_answers` gives the truth to a judge.
"""

from imagebank.synthetic.adopt import build_records_for
from imagebank.synthetic.hospital import Design, Hospital, build_hospital
from imagebank.synthetic.register import Rates
from imagebank.synthetic.truth import read_answers

__all__ = ["Design", "Hospital", "Rates", "build_hospital", "build_records_for", "read_answers"]
