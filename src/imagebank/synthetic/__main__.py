"""`python -m imagebank.synthetic OUT`: a pretend hospital in a folder; `--describe OUT`: what is in one."""

from __future__ import annotations

import sys
from dataclasses import fields
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn, TimeRemainingColumn

from imagebank.core.errors import ImagebankError
from imagebank.synthetic.describe import describe
from imagebank.synthetic.hospital import FORMS, Design, build_hospital
from imagebank.synthetic.register import DEFAULT_RATES, IMAGED, Rates
from imagebank.synthetic.visits import SIZES

DEFAULT_PATIENTS = 50


def run(
    folder: Annotated[Path, typer.Argument(metavar="OUT", help="Folder to make, or to describe.", show_default=False)],
    patients: Annotated[int, typer.Option(help=f"People with images, at most {IMAGED:,}.")] = DEFAULT_PATIENTS,
    seed: Annotated[int, typer.Option(help="The same seed and size give the same bytes.")] = 1,
    size: Annotated[str, typer.Option(help=f"Of the images: {', '.join(SIZES)}.")] = "small",
    images: Annotated[bool, typer.Option(help="Write images; without them records and answers alone.")] = True,
    trouble: Annotated[bool, typer.Option(help="Add odd examinations and broken files.")] = True,
    forms: Annotated[str, typer.Option(help=f"Forms of the records, separated by commas: {', '.join(FORMS)}.")] = "csv",
    database: Annotated[str, typer.Option(help="URL of an empty database for the CRIS-like records.")] = "",
    rate: Annotated[
        list[str] | None, typer.Option(help="Change a rate, as in name_typo=0.2; may be given often.")
    ] = None,
    workers: Annotated[int, typer.Option(min=0, help="Processes; 0 is one a processor core.")] = 0,
    tell: Annotated[bool, typer.Option("--describe", help="Say what the folder holds, from its answers.")] = False,
) -> None:
    """Make a pretend hospital: invented people, their brain MRI, their records, and every answer about them."""
    try:
        if tell:
            typer.echo(describe(folder / "answers" if (folder / "answers").is_dir() else folder))
            return
        chosen = tuple(each.strip() for each in forms.split(",") if each.strip())
        design = Design(patients, seed, size, images, trouble, _rates(rate or []), forms=chosen, database=database)
        _build(folder, design, workers)
    except ImagebankError as error:
        typer.echo(f"{error}", err=True)
        raise typer.Exit(error.exit_code) from None


def _rates(changes: list[str]) -> Rates:
    known = [each.name for each in fields(Rates)]
    told = {}
    for change in changes:
        name, _, value = change.partition("=")
        if name not in known or not value.replace(".", "", 1).isdigit():
            raise typer.BadParameter(f"`{name}` with a share is no rate; known: {', '.join(known)}")
        told[name] = float(value)
    return DEFAULT_RATES.having(**told)


def _build(folder: Path, design: Design, workers: int) -> None:
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress("people", *columns, console=Console(file=sys.stderr)) as bar:
        task = bar.add_task("people", total=None)
        build_hospital(
            folder,
            design=design,
            workers=workers,
            progress=lambda done, of: bar.update(task, completed=done, total=of),
        )
    typer.echo(describe(folder / "answers"))


if __name__ == "__main__":
    typer.run(run)
