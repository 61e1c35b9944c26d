"""Progress on a terminal: a bar with a rate and the time left; elsewhere a plain line a minute."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import typer

from imagebank.core.progress import Stage

SECONDS_BETWEEN_LINES = 60.0
SECONDS_LOOKED_BACK = 600.0  # for the time left: a study of a slow source may take minutes


class TerminalProgress:
    """Tells a person how far long work is, on standard error."""

    def __init__(self, stream: TextIO = sys.stderr) -> None:
        self._stream = stream

    @contextmanager
    def stage(self, name: str, total: int, unit: str) -> Iterator[Stage]:
        """A stage of `total` units."""
        if self._stream.isatty():
            with _bar(name, total, unit) as bar:
                yield bar
        else:
            lines = _Lines(name, total, unit, self._stream)
            yield lines
            lines.end()

    def note(self, text: str) -> None:
        """A line that a person should see."""
        typer.echo(text, err=True)


@contextmanager
def _bar(name: str, total: int, unit: str) -> Iterator[Stage]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description:<11}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TextColumn(f"{unit}, {{task.fields[rate]}}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), speed_estimate_period=SECONDS_LOOKED_BACK) as progress:
        yield _Bar(progress, progress.add_task(name, total=total, rate="-"))


def _rate(a_second: float) -> str:
    """How fast work goes: by the minute where it is slow, as a source that may be asked for a few studies only."""
    return f"{a_second:,.0f}/s" if a_second >= 1 else f"{60 * a_second:.1f}/min"


class _Bar:
    def __init__(self, progress: object, task: object) -> None:
        self._progress, self._task = progress, task
        self._started, self._done = time.monotonic(), 0

    def advance(self, count: int = 1) -> None:
        self._done += count
        rate = self._done / max(time.monotonic() - self._started, 1e-3)
        self._progress.update(self._task, advance=count, rate=_rate(rate))  # type: ignore[attr-defined]


class _Lines:
    """A plain line at the start of each minute, and one at the end."""

    def __init__(self, name: str, total: int, unit: str, stream: TextIO) -> None:
        self._name, self._total, self._unit, self._stream = name, total, unit, stream
        self._started = self._told = time.monotonic()
        self._done = 0

    def advance(self, count: int = 1) -> None:
        self._done += count
        if time.monotonic() - self._told >= SECONDS_BETWEEN_LINES:
            self._told = time.monotonic()
            rate = self._done / (self._told - self._started)
            left = (self._total - self._done) / rate
            self._say(f"{self._done} of {self._total} {self._unit}, {_rate(rate)}, {left / 60:.0f} min left")

    def end(self) -> None:
        seconds = max(time.monotonic() - self._started, 1e-3)
        self._say(f"{self._done} {self._unit} in {seconds:.1f} s, {_rate(self._done / seconds)}")

    def _say(self, text: str) -> None:
        self._stream.write(f"{self._name}: {text}\n")
        self._stream.flush()
