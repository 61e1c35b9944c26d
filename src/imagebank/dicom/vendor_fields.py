"""Which fields of the vendors' own header blocks may stay, and the form that each value must have. Pure."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache

from imagebank.dicom.data_files import read_data
from imagebank.dicom.own_numbers import OwnNumbers

CSA_FIELDS = "csa_fields.toml"
_INDEX = re.compile(r"\[[0-9]{1,4}\]")


@cache
def allowed(block: str) -> Mapping[str, re.Pattern[str]]:
    """Form by field of a block: `image`, `protocol` or `ge`."""
    loaded = tomllib.loads(read_data(CSA_FIELDS))
    told, forms = loaded[block], {name: re.compile(form) for name, form in loaded["forms"].items()}
    known = {field: form for name, form in forms.items() for field in told.get(name, "").split()}
    return known | {each["field"]: re.compile(each["form"]) for each in told["texts"]}


def is_allowed(block: str, field: str, value: str, own: OwnNumbers) -> bool:
    """Whether a field of a block is on the list and its value, all ASCII, has the form; indices do not matter.

    A value that repeats a number of the patient (`own`) never is.
    """
    form = allowed(block).get(_INDEX.sub("[]", field))
    fits = form is not None and value.isascii() and form.fullmatch(value) is not None
    return fits and not own.are_repeated_in(value)
