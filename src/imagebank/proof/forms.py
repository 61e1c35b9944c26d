"""Every form in which a value may stand in a file: spellings, character sets, encodings. Pure.

A value that is hidden in a form which is not in this module is not found: the list is the strength of the search.
"""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Iterator
from datetime import date

CHARSETS = (
    *("utf-8", "utf-16-le", "utf-16-be", "latin-1", "cp1252", "iso8859-2", "iso8859-5", "iso8859-7", "koi8-r"),
    *("shift_jis", "euc_jp", "iso2022_jp", "euc_kr", "iso2022_kr", "gb18030"),
)
DATE_ORDERS = (
    *("%Y%m%d", "%Y-%m-%d", "%Y.%m.%d", "%Y/%m/%d", "%d%m%Y", "%d/%m/%Y", "%d.%m.%Y", "%m%d%Y", "%m/%d/%Y"),
    *("%d %b %Y", "%d %B %Y"),
)
LEAST_BYTES = 4  # a shorter form is found by chance in every file
LEAST_CODED_BYTES = 8  # base64 and hexadecimal of less say nothing
_ESCAPES = re.compile(rb"\x1b(?:\$[()]?[@-~]|[(),\-./][@-~])|[\x0e\x0f]")
_DATE = re.compile(r"(\d{4})[-.]?(\d{2})[-.]?(\d{2})")


def forms_of(value: str, *, coded: bool = True) -> frozenset[bytes]:
    """The bytes by which a text may be told, in small letters; with `coded` also as base64 and hexadecimal."""
    found = {form for spelling in spellings(value) for form in _encoded(spelling)}
    if coded:
        found |= {form for charset in ("utf-8", "utf-16-le") for form in _coded(value.encode(charset))}
    return frozenset(form.lower() for form in found if len(form) >= LEAST_BYTES)


def spellings(value: str) -> frozenset[str]:
    """A text as it stands, in other letter cases, without accents, without separators; a date in every order."""
    text = value.strip()
    plain = "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
    found = {text, plain, unicodedata.normalize("NFD", text)}
    digits = re.sub(r"[\s.\-/()+]", "", text)
    if digits.isdecimal() and len(digits) >= 6:
        found |= {digits, digits[::-1]}
    found |= set(_dates(text))
    return frozenset(case for each in found if each for case in (each, each.upper(), each.lower(), each.title()))


def _dates(text: str) -> Iterator[str]:
    match = _DATE.fullmatch(text)
    if not match:
        return
    try:
        day = date(*map(int, match.groups()))
    except ValueError:
        return
    yield from (day.strftime(order) for order in DATE_ORDERS)
    yield day.strftime("%Y%m%d")[::-1]


def _encoded(text: str) -> Iterator[bytes]:
    for charset in CHARSETS:
        try:
            form = text.encode(charset)
        except UnicodeEncodeError:
            continue
        yield form
        yield from (part for part in _ESCAPES.split(form) if len(part) >= 2 * LEAST_BYTES)


def _coded(content: bytes) -> Iterator[bytes]:
    """Base64 at each of its three alignments, without the letters that neighbours change, and hexadecimal."""
    if len(content) < LEAST_CODED_BYTES:
        return
    for shift in range(3):
        text = base64.b64encode(bytes(shift) + content)
        start = -(-shift * 8 // 6)
        end = (shift + len(content)) * 8 // 6
        yield text[start:end]
    yield content.hex().encode()
