"""Watermarks: the highest value of a column that grows, kept as a text from import to import. Pure."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from typing import Any


def as_text(mark: Any) -> str:
    """A watermark as it is kept; empty where a place has none."""
    if mark is None:
        return ""
    return bytes(mark).hex() if isinstance(mark, bytes | bytearray | memoryview) else str(mark)


def as_value(text: str, like: Any) -> Any:
    """A kept watermark as a value of the kind that the database gives now; None where it is none of that kind."""
    with suppress(ValueError, ArithmeticError):
        if isinstance(like, datetime):
            return datetime.fromisoformat(text)
        if isinstance(like, date):
            return date.fromisoformat(text)
        if isinstance(like, bytes | bytearray | memoryview):
            return bytes.fromhex(text)
        if isinstance(like, int | float | Decimal):
            return type(like)(text)
        return text
    return None


def has_grown(earlier: Any, now: Any) -> bool:
    """Whether a watermark went forward, or stayed: only then is what came since the earlier one all that changed."""
    try:
        return bool(earlier is not None and earlier <= now)
    except TypeError:  # a moment with a zone beside one without
        return False
