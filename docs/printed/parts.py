"""What pages are put together from: prose in templates, and tables of examples that the tests hold."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from imagebank.core.markdown import table

DOCS = Path(__file__).parents[1]
TESTS = DOCS.parent / "tests"
PROSE = {"because", "says", "try"}  # the columns of a table of examples that are not code


def filled(name: str, told: Mapping[str, str]) -> str:
    """A page whose prose is a template in the folder of the pages."""
    return (DOCS / f"{name}.template").read_text("utf-8").format(**told)


def examples(path: Path) -> tuple[str, str]:
    """Title and Markdown of a table of examples: a title, a blank line, then columns between bars."""
    title, _, rows = path.read_text("utf-8").partition("\n\n")
    head, *cells = ([cell.strip() for cell in row.split(" |")] for row in rows.strip().splitlines())
    coded = (
        [f"`{cell}`" if cell and name not in PROSE else cell for name, cell in zip(head, row, strict=True)]
        for row in cells
    )
    return title, "The tests hold these.\n\n" + table(head, coded)
