"""How long work tells that it is alive: a stage with a name and a total, and steps forward."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Stage(Protocol):
    """One piece of long work under way."""

    def advance(self, count: int = 1) -> None:
        """`count` more units are done."""


class Progress(Protocol):
    """Where long work reports to."""

    @contextmanager
    def stage(self, name: str, total: int, unit: str) -> Iterator[Stage]:
        """A stage of `total` units."""
        ...

    def note(self, text: str) -> None:
        """A line that a person should see; never with an identifier."""


class Silent:
    """Tells nobody."""

    @contextmanager
    def stage(self, name: str, total: int, unit: str) -> Iterator[Stage]:  # noqa: ARG002 - the protocol's arguments
        """A stage that nobody sees."""
        yield self

    def advance(self, count: int = 1) -> None:
        """Nothing happens."""

    def note(self, text: str) -> None:
        """Nothing happens."""
