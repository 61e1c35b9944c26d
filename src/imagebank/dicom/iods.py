"""The type of an attribute (1, 1C, 2, 2C, 3) in the MR object definitions of DICOM PS3.3. Pure.

Only mandatory and conditional modules count: a module that the object may do without can be dropped as a whole, so
nothing in it must stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache

from pydicom.datadict import keyword_dict

from imagebank.dicom.data_files import read_rows

TYPES = "mr_attribute_types.csv"
MODULES = "mr_modules.csv"
MUST_BE_THERE = ("M", "C")


@lru_cache(maxsize=32)
def attribute_types(sop_class: str) -> Mapping[int, str]:
    """Tag to type for a SOP class; empty for a class that is not known. The top of the dataset goes before items."""
    modules = {row["module"] for row in read_rows(MODULES) if _counts(row, sop_class)}
    types: dict[tuple[str, int], str] = {}
    for row in read_rows(TYPES):
        if row["module"] in modules:
            key = row["place"], keyword_dict[row["keyword"]]
            types[key] = min(types.get(key, row["type"]), row["type"])  # 1 before 1C before 2: the stricter need
    nested = {tag: kind for (place, tag), kind in types.items() if place == "nested"}
    return nested | {tag: kind for (place, tag), kind in types.items() if place == "root"}


def _counts(row: Mapping[str, str], sop_class: str) -> bool:
    return row["sop_class"] == sop_class and row["usage"] in MUST_BE_THERE


@cache
def object_names() -> Mapping[str, str]:
    """SOP class to the name of its object definition."""
    return {row["sop_class"]: row["iod"] for row in read_rows(MODULES)}
