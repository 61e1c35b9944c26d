"""quality: the report on image quality, and people's ratings of single images."""

from __future__ import annotations

import os
from pathlib import Path

import typer

from imagebank.cli.show import show_page
from imagebank.core.clock import now
from imagebank.core.errors import SourceError
from imagebank.workflows.quality_report import record_ratings, write_report, write_sheet


def run_quality(
    bank: Path, *, sheet: Path | None, images: int, record: Path | None, rater: str, exact: bool, show: bool
) -> None:
    """Write a sheet or record one, as asked; else write the report. Raises SourceError for what contradicts."""
    if sheet and record:
        raise SourceError("A sheet is either written or recorded.", "give --sheet or --record, not both")
    if record and not rater:
        raise SourceError("Nobody is named who rated the images.", "add --rater with your initials or user name")
    if sheet:
        written = write_sheet(bank, sheet, images=images)
        typer.echo(f"{sheet} has {written} images: write usable, caution or unusable beside each")
        typer.echo(f"then: imagebank quality {bank} --record {sheet} --rater YOUR-NAME")
        return
    if record:
        typer.echo(f"recorded {record_ratings(bank, record, rater=rater, clock=now)} ratings by {rater}")
    page = write_report(bank, environ=os.environ, exact=exact)
    typer.echo(f"the report is {page}")
    if show:
        show_page(page)
