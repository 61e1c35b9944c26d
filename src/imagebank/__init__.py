"""imagebank: one linked, de-identified research bank from a hospital's brain MRI and mental-health records.

For researchers: `from imagebank import Bank, studies, series, diagnoses` and the other tables; docs/cohorts.md.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_DOORS = {
    "Bank": "imagebank.cohorts.asking",
    "choose": "imagebank.cohorts.query.questions",
    "codelist": "imagebank.cohorts.query.questions",
    "earliest": "imagebank.cohorts.query.questions",
    "read_cohort": "imagebank.cohorts.query.reading",
}


def __getattr__(name: str) -> Any:
    """What researchers import is loaded when it is asked for: commands start fast, and layers stay apart."""
    if name in _DOORS:
        return getattr(import_module(_DOORS[name]), name)
    if name.startswith("_"):
        raise AttributeError(name)
    tables = import_module("imagebank.cohorts.query.questions").TABLES
    if name not in tables:
        raise AttributeError(f"imagebank has no {name}")
    return tables[name]
