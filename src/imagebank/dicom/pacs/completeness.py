"""When is a study here as a whole: its state, and how each count moves it. Pure; the table is all there is.

A study is complete only when what was received agrees with what the PACS counts, and still agrees at a later count. A
late image takes it back to `wanted`, from wherever it was.
"""

from __future__ import annotations

WANTED, AGREED, COMPLETE, EXCESS, LEFT = "wanted", "agreed", "complete", "excess", "left"

STATES = {
    WANTED: "Something that the PACS counts is not here yet.",
    AGREED: "The counts agree, for the first time: a later count must agree too.",
    COMPLETE: "The counts agreed, and agreed again later.",
    EXCESS: "More is here than the PACS counts.",
    LEFT: "Not wanted, by the filters or because of whom it shows.",
}
FEWER, EQUAL, STILL_EQUAL, MORE = "fewer", "equal", "still equal", "more"

MOVES = {
    (WANTED, FEWER): WANTED,
    (WANTED, EQUAL): AGREED,
    (WANTED, STILL_EQUAL): AGREED,
    (WANTED, MORE): EXCESS,
    (AGREED, FEWER): WANTED,
    (AGREED, EQUAL): AGREED,
    (AGREED, STILL_EQUAL): COMPLETE,
    (AGREED, MORE): EXCESS,
    (COMPLETE, FEWER): WANTED,
    (COMPLETE, EQUAL): COMPLETE,
    (COMPLETE, STILL_EQUAL): COMPLETE,
    (COMPLETE, MORE): EXCESS,
    (EXCESS, FEWER): WANTED,
    (EXCESS, EQUAL): AGREED,
    (EXCESS, STILL_EQUAL): AGREED,
    (EXCESS, MORE): EXCESS,
}


def sign_of(expected: int, received: int, *, agreed_at: float | None, now: float, settle_seconds: float) -> str:
    """What a count says. `agreed_at` is when the counts first agreed, in the same seconds as `now`.

    A clock that was put back since then counts as one that stood still.
    """
    if received != expected:
        return FEWER if received < expected else MORE
    return STILL_EQUAL if agreed_at is not None and max(now - agreed_at, 0) >= settle_seconds else EQUAL


def next_state(state: str, sign: str) -> str:
    """Where a count takes a study."""
    return MOVES[(WANTED if state == LEFT else state, sign)]
