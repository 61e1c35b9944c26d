"""Elements of a pydicom dataset as their file told them: the VR and the bytes, without changing the dataset.

pydicom decodes an element in place when somebody asks for it, and what was decoded may be written differently.
"""

from __future__ import annotations

from typing import Any

from pydicom.dataelem import RawDataElement, convert_raw_data_element
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_data_element
from pydicom.tag import Tag

from imagebank.dicom.rewriting import DEFAULT_CHARSET, Charset, charset_of, resolve_vr
from imagebank.dicom.rule import DENY, Rule

UNDEFINED = 0xFFFFFFFF


def item(dataset: Dataset, key: str | int) -> Any:
    """An element as it was read: pydicom would decode an empty one if it were not told to leave it."""
    return dataset.get_item(Tag(key), keep_deferred=True)


def peek(dataset: Dataset, key: str | int) -> Any:
    """A value, decoded without changing the dataset; None where it is not there."""
    element = item(dataset, key) if key in dataset else None
    if isinstance(element, RawDataElement):
        return convert_raw_data_element(element).value
    return getattr(element, "value", None)


def told(element: Any, charset: Charset = DEFAULT_CHARSET) -> tuple[str, bytes | None]:
    """The VR that a file tells, and the bytes; None where fewer are there than it says. Sequences have no bytes.

    An element that was decoded, or made by hand, is written for it; None where it cannot be.
    """
    if isinstance(element, RawDataElement):
        content = element.value or b""
        whole = element.length in (len(content), UNDEFINED)
        return element.VR or "", content if whole else None
    if element.VR == "SQ":
        return "SQ", None
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, True
    try:
        write_data_element(buffer, element, list(charset))
    except MemoryError:
        raise
    except Exception:  # pydicom raises many kinds for values that do not fit their VR
        return element.VR, None
    return element.VR, bytes(buffer.getvalue()[8:])


def charset_in(dataset: Dataset, inherited: Charset) -> Charset:
    """The character sets of a dataset: those it names, else those of the dataset around it."""
    name = "SpecificCharacterSet"
    content = told(item(dataset, name))[1] if name in dataset else None
    return inherited if content is None else charset_of(content, inherited)


def items_in(dataset: Dataset, tag: int, charset: Charset, rule: Rule = DENY) -> list[Dataset] | None:
    """The items of a sequence; None where the element is no sequence, or cannot be read as one."""
    element = item(dataset, tag)
    if resolve_vr(tag, element.VR or "", rule) != "SQ":
        return None
    try:
        if isinstance(element, RawDataElement):
            element = convert_raw_data_element(element._replace(VR="SQ"), encoding=list(charset))
        return list(element.value or ())
    except MemoryError:
        raise
    except Exception:  # pydicom raises many kinds for items that are none
        return None
