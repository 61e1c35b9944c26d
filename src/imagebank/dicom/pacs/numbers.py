"""How a site writes numbers: from a number of the records to the keys that its PACS is asked with. Pure.

A key never holds a wildcard of DICOM: a number with `*` or `?` in it would ask for everybody, and a backslash for two.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from imagebank.core.private import Private

NEVER_ASKED = re.compile(r"[*?\\^\x00-\x1f]")
LONGEST = 64  # characters of a patient id
FORM = re.compile(r"\{(number|spaced|digits|bare|lower)(?::0>(\d+))?\}")


def keys_of(number: Private, forms: Sequence[str]) -> tuple[Private, ...]:
    """The ways in which a site writes a number; none where it is empty or could match more than itself."""
    plain = "".join(number.reveal("ask a PACS for a person's studies").split())
    if not plain or NEVER_ASKED.search(plain):
        return ()
    usable = (form for form in forms if all(_form_of(plain, kind) for kind, _ in FORM.findall(form)))
    written = (FORM.sub(lambda match: _written(plain, match), form) for form in usable)
    return tuple(Private(each) for each in dict.fromkeys(written) if len(each) <= LONGEST)


def _written(number: str, match: re.Match[str]) -> str:
    return _form_of(number, match[1]).rjust(int(match[2] or 0), "0")


def _form_of(number: str, kind: str) -> str:
    """A number as it is, in groups, without its letters, without zeros before it, or in small letters."""
    if kind == "spaced":
        return f"{number[:3]} {number[3:6]} {number[6:]}".strip()
    if kind == "digits":
        return "".join(each for each in number if each.isdigit())
    return {"number": number, "bare": number.lstrip("0"), "lower": number.lower()}[kind]


def keys_of_person(
    hospital: Iterable[Private], nhs: Iterable[Private], hospital_forms: Sequence[str], nhs_forms: Sequence[str]
) -> tuple[Private, ...]:
    """Every key by which one person is asked for, without repeats."""
    found = [key for number in hospital for key in keys_of(number, hospital_forms)]
    found += [key for number in nhs for key in keys_of(number, nhs_forms)]
    return tuple(dict.fromkeys(found))
