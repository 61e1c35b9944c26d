"""The three forms in which the same records leave: extracts as hospitals export them, a CRIS-like database, OMOP CDM.

A form is its tables, and how to begin translating. A translator turns the rows of one person after another into rows of
its tables, and remembers which numbers it gave.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, partial
from operator import attrgetter

from imagebank.synthetic.declared import Row, Table, load_tables, table_of
from imagebank.synthetic.extracts.cris import CrisTranslator
from imagebank.synthetic.extracts.omop import OmopTranslator
from imagebank.synthetic.extracts.records import Records
from imagebank.synthetic.extracts.tables import EXTRACT_ROWS

PACKAGE = "imagebank.synthetic.extracts"
Translator = Callable[[Records], Mapping[str, Sequence[Row]]]


@dataclass(frozen=True)
class Form:
    """A name, the tables (those that others refer to come first), and what begins a translation."""

    name: str
    tables: tuple[Table, ...]
    begin: Callable[[], Translator]


@cache
def extracts_form() -> Form:
    """One table an extract, as `tables` declares them."""
    return Form("extracts", tuple(table_of(name, row) for name, row in EXTRACT_ROWS.items()), lambda: _as_they_are)


def _as_they_are(records: Records) -> dict[str, Sequence[Row]]:
    return {
        name: list(map(attrgetter(*record.__dataclass_fields__), getattr(records, name)))  # type: ignore[attr-defined]
        for name, record in EXTRACT_ROWS.items()
    }


@cache
def cris_form() -> Form:
    """Tables as a front end to psychiatric records has them; the schema is ours and documented."""
    return Form("cris", load_tables(PACKAGE, "cris.csv"), CrisTranslator)


def omop_form(released: date) -> Form:
    """OMOP CDM 5.4; what is still open ends on the day of the release or death, where the model wants an end."""
    return Form("omop", load_tables(PACKAGE, "omop.csv"), partial(OmopTranslator, released))
