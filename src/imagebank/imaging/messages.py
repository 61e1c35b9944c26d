"""What the converter says, as reason codes: a table of patterns (`data/converter_messages.csv`), each with its effect.

`fail` tells why a series gave no image, `doubt` why its images are not to be trusted, `note` what their user should
know. Nothing of the text itself leaves this module: the converter names what it finds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from imagebank.imaging.vocabulary import rows_of

STATUS_DOUBTS = {8: "partly-converted"}
"""What the exit status alone says (ERRORS.md of dcm2niix): 8 is that some instances were not converted."""


@dataclass(frozen=True)
class Message:
    """One line of the table: a pattern that is searched in the output, its effect and its reason code."""

    pattern: re.Pattern[str]
    effect: str
    reason: str


@cache
def messages() -> tuple[Message, ...]:
    """The table, in its order."""
    return tuple(
        Message(re.compile(row["pattern"]), row["effect"], row["reason"]) for row in rows_of("converter_messages")
    )


def reasons(output: str, effect: str) -> tuple[str, ...]:
    """The different reason codes of one effect that the output gives, in the order of the table."""
    lines = output.splitlines()
    return tuple(dict.fromkeys(each.reason for each in messages() if each.effect == effect and _said(each, lines)))


def failure(output: str, status: int) -> str:
    """Why there is no image."""
    told = reasons(output, "fail")
    if told:
        return told[0]
    return "converter-crashed" if status < 0 else "converter-made-nothing"


def doubt(output: str, status: int) -> str:
    """Why the images of the series are not to be trusted; empty when nothing speaks against them."""
    told = reasons(output, "doubt")
    if told:
        return told[0]
    return STATUS_DOUBTS.get(status, "converter-warned") if status else ""


def _said(message: Message, lines: Iterable[str]) -> bool:
    return any(message.pattern.search(line) for line in lines)
