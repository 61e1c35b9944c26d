"""Which numbers may be facts of a scan, and which are more likely an id, a date or a text in the place of one. Pure.

Laws: a kept number is finite and has at most seven digits before its point, so that no date (8 digits), NHS number (10)
or time since an epoch fits; attributes that need more say so in the policy. Binary numbers are as many as the attribute
may have, and are not all printable. What no bound can tell is told in `docs/deidentification.md`: a short number may be
anybody's, and two letters are a number of two bytes.
"""

from __future__ import annotations

import numpy as np

MOST = 9_999_999.0  # magnitude of a number for which the policy says nothing else
SHORTEST_TEXT = 8  # bytes: of fewer some true numbers read as text by chance
_KINDS = {"US": "u2", "SS": "i2", "UL": "u4", "SL": "i4", "UV": "u8", "SV": "i8", "FL": "f4", "FD": "f8"}
_DECIMAL = ("DS", "IS")


def are_plausible(vr: str, content: bytes, *, most: float, count: float, little: bool) -> bool:
    """Whether the bytes of numbers may stay. `most` bounds each magnitude, `count` how many binary ones there are."""
    if vr in _DECIMAL:
        return all(abs(float(part)) <= most for part in content.decode("ascii").split("\\") if part.strip(" \0"))
    kind = np.dtype(("<" if little else ">") + _KINDS[vr])
    if len(content) > kind.itemsize * count or _is_text(content):
        return False
    numbers = np.frombuffer(content, kind).astype(np.float64)
    return bool(np.all(np.abs(numbers) <= most))  # no comparison holds for what is not a number


def _is_text(content: bytes) -> bool:
    told = content.rstrip(b"\0")
    return len(content) >= SHORTEST_TEXT and told.isascii() and told != b"" and told.decode().isprintable()
