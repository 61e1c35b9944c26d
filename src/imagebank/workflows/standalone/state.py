"""What is remembered between runs: which content under which rules gave which output, under a keyed digest.

It holds no identifier and no path of the source. A line is added when a file is done, so that a killed run goes on
where it stopped; a line that was cut by the kill is passed by. At the end it is written anew, in order.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from imagebank.core.errors import BankError, VaultError
from imagebank.core.files import disk_errors, write_text
from imagebank.identities.pseudonyms import Keys, letters

FORMAT = 1
DecisionSet = tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Written:
    """An output: its place below the destination, its SHA-256, and which set of decisions made it."""

    path: str
    sha256: str
    decisions: str


class State:
    """Everything known of earlier runs, and the open file to which this run adds. Use `open_state`."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self.written: dict[str, Written] = {}
        self.sets: dict[str, DecisionSet] = {}
        self.current: set[str] = set()

    def add(self, key: str, written: Written, decisions: DecisionSet) -> None:
        """Remember an output, and its decisions when nobody knew them yet."""
        self.current.add(key)
        if written.decisions not in self.sets:
            self.sets[written.decisions] = decisions
            self._write({"set": written.decisions, "decisions": decisions})
        if self.written.get(key) != written:
            self.written[key] = written
            self._write(_line(key, written))

    def _write(self, line: dict[str, object]) -> None:
        with disk_errors():
            self._file.write(json.dumps(line, separators=(",", ":")) + "\n")
            self._file.flush()

    def load(self, lines: list[str]) -> None:
        """Take over what earlier runs wrote."""
        for text in lines:
            try:
                line = json.loads(text)
            except ValueError:
                continue  # cut short by a kill: the file it spoke of is made again
            if "decisions" in line:
                self.sets[line["set"]] = tuple((a, b, c) for a, b, c in line["decisions"])
            elif "done" in line:
                self.written[line["done"]] = Written(line["path"], line["sha256"], line["set"])

    def kept(self) -> dict[str, Written]:
        """The outputs of this run, and those of earlier runs that this one did not write anew."""
        paths = {self.written[key].path for key in self.current}
        return {key: each for key, each in self.written.items() if key in self.current or each.path not in paths}


def _line(key: str, written: Written) -> dict[str, object]:
    return {"done": key, "path": written.path, "sha256": written.sha256, "set": written.decisions}


@contextmanager
def open_state(path: Path, keys: Keys) -> Iterator[State]:
    """Hold the state of a destination. Raises VaultError when another key made it, BankError while it is in use."""
    with disk_errors():
        path.parent.mkdir(parents=True, exist_ok=True)
    head = json.dumps({"state": FORMAT, "key": letters(keys.derive("standalone state"), 26)})
    with open(path, "a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BankError(
                "Another command writes to this destination.", "wait until it is done, then run this one again"
            ) from None
        file.seek(0)
        lines = file.read().splitlines(keepends=True)
        if lines and lines[0].strip() != head:
            raise VaultError(
                "The destination was made with another key, or by another version.",
                "use the key it was made with, or name a new destination",
            )
        state = State(file)
        if not lines:
            file.write(head + "\n")
            file.flush()
        elif not lines[-1].endswith("\n"):
            file.write("\n")  # the line that a kill cut short ends here
        state.load(lines[1:])
        yield state


def close_state(path: Path, state: State) -> None:
    """Write the state anew, in order and without what no output needs: every road gives the same bytes."""
    head = path.read_text("utf-8").split("\n", 1)[0]
    kept = state.kept()
    used = {each.decisions for each in kept.values()}
    sets = [{"set": name, "decisions": state.sets[name]} for name in sorted(used)]
    done = [_line(key, kept[key]) for key in sorted(kept)]
    lines = [json.dumps(line, separators=(",", ":")) for line in (*sets, *done)]
    write_text(path, "\n".join([head, *lines]) + "\n")
