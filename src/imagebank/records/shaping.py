"""From a source's columns to ours: names matched, blanks and words for nothing taken away, local codes translated.

The result is a table with every column of the target, all of them texts, empty where the source has nothing.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from imagebank.core.errors import SourceError
from imagebank.records.mapping import Mapping, Place
from imagebank.records.rows import NUMBER_COLUMN

SIGNS = (".", "-", "--", "?", "NULL", "\\N", "(null)", "#N/A", "<NA>")
NULL_WORDS = (*SIGNS, "null", "Null", "N/A", "n/a", "N/K", "NA", "NaN", "nan", "None", "NaT")
"""Words that stand for nothing. In names only `SIGNS`, which nobody is called: there are people with the name Null, and
a laboratory may write Na, sodium, in capitals."""
NAMES = ("name", "given_name", "family_name", "known_as", "birth_family_name", "address")
NUMBERS = ("hospital_number", "person_key", "merged_into")
TEXTS = ("text",)
BLANKS = " \t\r\n\u00a0\ufeff\u200b"


def matched(place: Place, present: Iterable[str], what: str) -> dict[str, str]:
    """Which column of the source fills which of ours.

    Raises SourceError, with the nearest name, where a column is missing that must be there or that the mapping names.
    """
    exact = list(present)
    loose = {_loosely(name): name for name in reversed(exact)}
    found = {}
    for wanted in place.target.columns:
        name = place.column(wanted.name)
        match = name if name in exact else loose.get(_loosely(name))
        if match:
            found[wanted.name] = match
        elif wanted.name not in place.constants and (wanted.required or wanted.name in place.columns):
            raise _missing(what, name, exact, place)
    return found


def _loosely(name: str) -> str:
    return name.strip().casefold().replace(" ", "_")


def _missing(what: str, name: str, present: list[str], place: Place) -> SourceError:
    near = difflib.get_close_matches(name, present, n=1, cutoff=0.5)
    if near:
        advice = f"rename `{near[0]}`, if that is it, or name it in the mapping"
    else:
        advice = f"it needs: {', '.join(place.target.required)}; a mapping can give them other names"
    return SourceError(f"{what} has no column `{name}`.", f"{advice}: imagebank records check tells of every column")


def trimmed(table: Any, found: dict[str, str]) -> Any:
    """The columns that are needed, without blanks around their texts; the text of a document stays as it is."""
    from pyarrow import compute

    documents = {source for name, source in found.items() if name in TEXTS}
    names = [*dict.fromkeys(found.values()), NUMBER_COLUMN]
    arrays = [
        table[name] if name == NUMBER_COLUMN or name in documents else compute.utf8_trim(table[name], BLANKS)
        for name in names
    ]
    return type(table).from_arrays(arrays, names=names)


def shape_sql(place: Place, found: dict[str, str], mapping: Mapping) -> str:
    """SQL that shapes the rows of `portion`, which are trimmed."""
    columns = [f"{_column(place, name, found.get(name), mapping)} AS {name}" for name in place.target.names]
    return f'SELECT "{NUMBER_COLUMN}" AS number, {", ".join(columns)} FROM portion'  # noqa: S608


def _column(place: Place, name: str, source: str | None, mapping: Mapping) -> str:
    constant = quoted(place.constants[name]) if name in place.constants else "''"
    if source is None:
        return constant
    text = identifier(source)
    if name in TEXTS:
        return text
    nothing = (*words_for_nothing(name), *mapping.nulls)
    text = f"CASE WHEN {text} IN ({', '.join(map(quoted, nothing))}) THEN '' ELSE {text} END"
    if name in NUMBERS and mapping.digits:
        short = f"regexp_full_match({text}, '[0-9]{{1,{mapping.digits}}}')"
        text = f"CASE WHEN {short} THEN lpad({text}, {mapping.digits}, '0') ELSE ({text}) END"
    if name in place.values:
        cases = " ".join(f"WHEN {quoted(local)} THEN {quoted(ours)}" for local, ours in place.values[name].items())
        text = f"CASE ({text}) {cases} ELSE ({text}) END"
    return f"CASE WHEN ({text}) = '' THEN {constant} ELSE ({text}) END" if name in place.constants else text


def words_for_nothing(column: str) -> tuple[str, ...]:
    """The words that stand for nothing in a column."""
    return SIGNS if column in NAMES else NULL_WORDS


def identifier(name: str) -> str:
    """A name as SQL quotes it."""
    return '"' + name.replace('"', '""') + '"'


def quoted(text: str) -> str:
    """A text as SQL quotes it."""
    return "'" + text.replace("'", "''") + "'"
