"""A pretend hospital: invented people, their brain MRI from five scanners, their records, and every answer.

It stands beside the stack and imports only `core`, so that it can judge everything else. The same seed and size give
the same bytes on any machine. `build_hospital` makes images and records; `build_records_for` invents records for the
people found in an existing folder of DICOM.
"""

from imagebank.synthetic.adopt import build_records_for
from imagebank.synthetic.hospital import Hospital, build_hospital

__all__ = ["Hospital", "build_hospital", "build_records_for"]
