"""Numbers as people and programs write them: thousands in groups, a comma for a point, a score with what it is out of.

Pure. What could be two numbers is none: 1,350 is either 1350 or 1.35.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?")
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:(?:,\d{3})+\.\d+|(?:,\d{3}){2,}|(?:[ \u00a0\u202f']\d{3})+(?:\.\d+)?)")
_COMMA = re.compile(r"[+-]?(?:0,\d+|\d+,(?:\d{1,2}|\d{4,}))")
_OUT_OF = re.compile(r"(.+?)\s*(?:/|\bout of\b|\bof\b)\s*(.+)", re.IGNORECASE)
_DOSE = re.compile(r"([\d.,]*\d)(?![\d.,]*\s*(?:[-\u2013/x*+]|to\b)\s*\d)", re.IGNORECASE)
REWRITTEN = "number-rewritten"


@dataclass(frozen=True)
class Numeral:
    """A number, None where a text is none; what it is out of, where the text says so; and what was done."""

    number: float | None = None
    out_of: float | None = None
    repairs: str = ""


def parse_number(text: str) -> Numeral:
    """The number that a text can only mean."""
    text = text.strip()
    if _PLAIN.fullmatch(text):
        return Numeral(float(text))
    if _GROUPED.fullmatch(text):
        return Numeral(float(re.sub(r"[^\d.+-]", "", text)), repairs=REWRITTEN)
    if _COMMA.fullmatch(text):
        return Numeral(float(text.replace(",", ".")), repairs=REWRITTEN)
    return Numeral()


def parse_score(text: str) -> Numeral:
    """A score, also one that was written with its denominator: 25/29."""
    if match := _OUT_OF.fullmatch(text.strip()):
        score, out_of = parse_number(match[1]), parse_number(match[2])
        if score.number is not None and out_of.number is not None:
            return Numeral(score.number, out_of.number, REWRITTEN)
        return Numeral()
    return parse_number(text)


def parse_dose(text: str) -> Numeral:
    """The number with which a dose begins: 2.5 mg. A range or a compound of two doses is none."""
    match = _DOSE.match(text.strip())
    return parse_number(match[1]) if match else Numeral()
