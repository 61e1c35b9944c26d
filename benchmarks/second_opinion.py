"""A second opinion on which cells of a table must be hidden: `acro`, the checker of outputs of UK research services.

    python benchmarks/second_opinion.py [--tables 20] [--peers FOLDER]

Random tables of two columns are made safe by imagebank, and given to acro. Every cell that acro hides must be hidden
here; imagebank hides more, because it also looks at margins and at what is nearly all of a group. acro needs an
older pandas than imagebank's other packages, so it lives in an environment of its own below
--peers, made when it is not there yet.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from imagebank.cohorts.answers.cells import judged
from imagebank.cohorts.answers.tallies import PATIENTS, Tally, tally
from imagebank.cohorts.bounds import Group
from imagebank.cohorts.disclosure import Disclosure
from imagebank.cohorts.facts import Key
from imagebank.cohorts.guard import open_guard

CACHE = Path.home() / ".cache" / "imagebank" / "peers"
VERSION = "1.0.2"
RULE = Disclosure(zeros=False)
ROWS, COLUMNS = ("one", "two", "three"), ("a", "b", "c", "d")
ASK_ACRO = """
import json, sys
import pandas
from acro import ACRO
session = ACRO(suppress=True)
found = []
for pairs in json.load(open(sys.argv[1])):
    frame = pandas.DataFrame(pairs, columns=["row", "column"])
    table = session.crosstab(frame.row, frame.column)
    cells = [[row, column] for row in table.index for column in table.columns]
    found.append([cell for cell in cells if pandas.isna(table.loc[cell[0], cell[1]])])
json.dump(found, open(sys.argv[2], "w"))
"""

Pairs = list[tuple[str, str]]


@dataclass(frozen=True)
class Opinions:
    """How many cells there are with anybody in them, and how many each side hides."""

    cells: int
    acro: int
    imagebank: int
    acro_alone: int


def environment(peers: Path) -> Path | None:
    """The Python of the environment of acro; None where it was not made."""
    python = peers / f"acro-{VERSION}" / "bin" / "python"
    return python if python.exists() else None


def make_environment(peers: Path) -> Path:
    """Make it, unless it is there."""
    folder = peers / f"acro-{VERSION}"
    if environment(peers) is None:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([folder / "bin" / "pip", "install", "--quiet", f"acro=={VERSION}"], check=True)
    return folder / "bin" / "python"


def compare(python: Path, tables: int) -> Opinions:
    """The opinions on random tables."""
    rng = random.Random(1)
    made = [random_table(rng) for _ in range(tables)]
    theirs = acro_hides(python, made)
    ours = [imagebank_hides(table) for table in made]
    cells = [set(table) for table in made]
    return Opinions(
        cells=sum(map(len, cells)),
        acro=sum(map(len, theirs)),
        imagebank=sum(len(hidden & there) for hidden, there in zip(ours, cells, strict=True)),
        acro_alone=sum(len(hidden - own) for hidden, own in zip(theirs, ours, strict=True)),
    )


def random_table(rng: random.Random) -> Pairs:
    """One pair a patient; the cells are of very different sizes."""
    weights = [rng.random() ** 3 for _ in range(len(ROWS) * len(COLUMNS))]
    cells = [(row, column) for row in ROWS for column in COLUMNS]
    return rng.choices(cells, weights, k=rng.randrange(40, 600))


def acro_hides(python: Path, tables: list[Pairs]) -> list[set[tuple[str, str]]]:
    """The cells that acro suppresses; empty ones have nobody to protect in its eyes."""
    with tempfile.TemporaryDirectory() as folder:
        asked, told = Path(folder) / "asked.json", Path(folder) / "told.json"
        asked.write_text(json.dumps(tables))
        subprocess.run([python, "-c", ASK_ACRO, asked, told], check=True, capture_output=True, cwd=folder)
        found = json.loads(told.read_text())
    return [{(row, column) for row, column in hidden} & set(table) for hidden, table in zip(found, tables, strict=True)]


def imagebank_hides(table: Pairs) -> set[tuple[str, str]]:
    """The cells that an answer of imagebank hides, or says are nearly all."""
    rows = np.arange(len(table))
    with tempfile.TemporaryDirectory() as folder, open_guard(Path(folder), "", RULE) as guard:
        names = [f"p{place}" for place in rows]
        marks = guard.sketcher.marks(names, names)
        tallies: dict[Key, Tally] = {}
        groups = []
        for row in ROWS:
            inside = np.array([place for place, pair in enumerate(table) if pair[0] == row], np.int64)
            tallies["row", row] = tally(marks, inside, PATIENTS)
            keys: list[Key] = [(row, column) for column in COLUMNS]
            for key in keys:
                where = np.array([place for place in inside if table[place] == key], np.int64)
                tallies[key] = tally(marks, where, PATIENTS, ("row", row), inside)
            groups.append(Group(("row", row), tuple(keys)))
        safe = judged(tallies, groups, RULE, guard)
    shown = {pair for pair in set(table) if safe.text(pair).replace(",", "").isdigit()}
    return {(row, column) for row in ROWS for column in COLUMNS} - shown


def main() -> None:
    """Print what each side hides."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=int, default=20)
    parser.add_argument("--peers", type=Path, default=CACHE)
    options = parser.parse_args()
    found = compare(make_environment(options.peers), options.tables)
    print(f"{options.tables} tables, {found.cells} cells with patients")
    print(f"hidden by acro {VERSION}: {found.acro}; by imagebank: {found.imagebank}; by acro alone: {found.acro_alone}")


if __name__ == "__main__":
    main()
