"""The records of the pretend hospital, in each form."""

from __future__ import annotations

from datetime import date

from imagebank.core.markdown import table
from imagebank.synthetic.declared import page_of
from imagebank.synthetic.extracts import Habits, cris_form, extracts_form, omop_form
from printed.parts import filled


def records_page() -> str:
    """The page of records."""
    omop = omop_form(date.max).tables
    told = {
        "habits": table(("habit", "share"), ((name, f"{share:.2%}") for name, share in Habits().shares.items())),
        "extracts": page_of(extracts_form().tables),
        "cris": page_of(cris_form().tables),
        "omop": table(("table", "one row is"), ((f"`{each.name}`", each.meaning) for each in omop)),
    }
    return filled("pretend-hospital/records", told)
