"""A text that identifies somebody and therefore cannot speak.

Logs, tracebacks and error messages show `<private>`; the only way out is `reveal`, which takes a reason, so that every
place in the code where an identifier is used can be found and counted.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, order=True)
class Private:
    """An identifying text; equal and hashable by value, silent when printed, formatted or logged."""

    _value: str = field(repr=False)

    def __repr__(self) -> str:
        return "<private>"

    def __str__(self) -> str:
        return "<private>"

    def __format__(self, spec: str) -> str:
        return "<private>"

    def __bool__(self) -> bool:
        return bool(self._value)

    def reveal(self, reason: str) -> str:
        """The text itself. `reason` is read by people and by tests, never by the program."""
        if not reason:
            raise ValueError("an identifier is only revealed for a stated reason")
        return self._value


NOBODY = Private("")
"""No identifier was given."""
