"""One DICOM file in, the clean file out: the one door through which everything outside the bank de-identifies.

Laws: the outcome is the clean file or a reason; whatever a malformed file raises becomes a reason, never a value.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass, field

import pydicom

from imagebank.dicom.archive import REFUSALS
from imagebank.dicom.deidentify import VERSION, Decision, Refused, deidentify, to_bytes
from imagebank.dicom.policy import Policy
from imagebank.dicom.values import Subject

__all__ = ["REFUSALS", "VERSION", "Cleaned", "Decision", "Refused", "clean_bytes"]


@dataclass(frozen=True)
class Cleaned:
    """A de-identified file, and what was decided on each of its elements."""

    content: bytes = field(repr=False)
    decisions: frozenset[Decision]


def clean_bytes(content: bytes, subject: Subject, policy: Policy) -> Cleaned:
    """The file as it may be kept. Raises Refused with a reason of `REFUSALS`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they quote values
        try:
            original = pydicom.dcmread(io.BytesIO(content), force=content[128:132] != b"DICM")
            clean, decisions = deidentify(original, subject, policy)
        except (Refused, MemoryError):
            raise
        except Exception:  # whatever a malformed file makes pydicom raise: it cannot be understood to its end
            raise Refused("unreadable") from None
        try:
            return Cleaned(to_bytes(clean), decisions)
        except MemoryError:
            raise
        except Exception:  # pydicom refuses what would be invalid
            raise Refused("not-writable") from None
