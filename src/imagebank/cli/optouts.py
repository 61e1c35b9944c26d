"""optouts: the round trip with the national opt-out service."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from imagebank.cli.arguments import BankFolder

optouts_app = typer.Typer(
    name="optouts",
    help="Have NHS numbers checked against the national opt-out list.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@optouts_app.command("export")
def export_command(
    bank: BankFolder,
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Where to write, outside the research zone.", show_default=False)
    ],
) -> None:
    """Write the NHS numbers of everybody in the vault, one a line, at most 100,000 a file, to be checked."""
    from imagebank.workflows.opting_out import export_numbers

    for path, count in export_numbers(bank, folder, environ=os.environ):
        typer.echo(f"{path}: {count:,} numbers")
    typer.echo(f"when the lists come back: imagebank optouts import {bank} LIST, one after the other")


@optouts_app.command("import")
def import_command(
    bank: BankFolder,
    answer: Annotated[
        Path, typer.Argument(metavar="LIST", help="The cleaned list that came back for one file.", show_default=False)
    ],
    listed: Annotated[
        datetime | None, typer.Option("--date", formats=["%Y-%m-%d"], help="Day of the list; today if not given.")
    ] = None,
) -> None:
    """Read a cleaned list: whoever was sent and is not on it has opted out, and leaves with the next update."""
    from imagebank.workflows.opting_out import import_answer

    day = listed.date() if listed else None
    allowed, out = import_answer(bank, answer, environ=os.environ, listed=day)
    typer.echo(f"{allowed:,} numbers may be used, {out:,} have opted out")
    typer.echo(f"then: imagebank update {bank}")
