"""Saved cohorts: every version of a question that a bank has ever been asked to keep, none of them changed again.

`cohorts/NAME/v0002-1a2b3c4d.yaml` is the second version of a question, with the start of its hash. Saving the same
question again makes no new version. A file that no longer has its hash is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from imagebank.cohorts.query.nodes import Cohort
from imagebank.cohorts.query.reading import read_cohort
from imagebank.cohorts.query.schema import QueryError
from imagebank.cohorts.query.writing import digest, to_yaml
from imagebank.core.errors import BankError
from imagebank.core.files import write_text
from imagebank.core.layout import Layout

NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
FILE = re.compile(r"v(\d{4,})-([0-9a-f]{8})\.yaml")


@dataclass(frozen=True)
class Saved:
    """One version of a saved question."""

    name: str
    number: int
    path: Path

    @property
    def version(self) -> str:
        """Number and start of the hash."""
        return self.path.stem


def versions(layout: Layout, name: str) -> list[Saved]:
    """All versions of a question, the oldest first."""
    folder = layout.cohorts / name
    found = ((FILE.fullmatch(path.name), path) for path in (folder.iterdir() if folder.is_dir() else ()))
    saved = [Saved(name, int(match[1]), path) for match, path in found if match]
    return sorted(saved, key=lambda each: each.number)


def save_cohort(layout: Layout, cohort: Cohort) -> Saved:
    """Keep a question under its name; a question that did not change keeps its version."""
    if not NAME.fullmatch(cohort.name):
        raise QueryError("A cohort is saved under its name, of small letters, digits and hyphens.", "set `name:` in it")
    known, told = versions(layout, cohort.name), digest(cohort)
    if known and load_cohort(layout, cohort.name) == cohort:
        return known[-1]
    number = known[-1].number + 1 if known else 1
    path = layout.cohorts / cohort.name / f"v{number:04d}-{told[:8]}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, to_yaml(cohort))
    return Saved(cohort.name, number, path)


def load_cohort(layout: Layout, name: str, version: str = "") -> Cohort:
    """A saved question, the newest version or the one whose name begins with `version`."""
    found = [each for each in versions(layout, name) if each.version.startswith(version)]
    if not found:
        there = sorted(path.name for path in layout.cohorts.iterdir()) if layout.cohorts.is_dir() else []
        told = f"there are: {', '.join(there)}" if there else "save one with: imagebank cohort save FILE"
        raise QueryError(f"There is no file and no saved cohort `{name}{f'@{version}' if version else ''}`.", told)
    cohort = read_cohort(found[-1].path)
    if not digest(cohort).startswith(found[-1].path.stem.rpartition("-")[2]):
        raise BankError(
            f"The saved cohort {name} {found[-1].version} has changed since it was saved.",
            "restore the file from a backup, or save the question anew under another name",
        )
    return cohort
