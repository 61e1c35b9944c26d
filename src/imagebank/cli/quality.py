"""`imagebank quality`: the report on image quality, and people's ratings of single images."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from imagebank.cli.arguments import BankFolder, Exact, OpenPage
from imagebank.core.errors import SourceError


def quality(
    bank: BankFolder,
    exact: Exact = False,
    sheet: Annotated[Path | None, typer.Option(help="Write a CSV of images for a person to rate.")] = None,
    images: Annotated[int, typer.Option(min=2, max=2000, help="How many images the sheet holds.")] = 50,
    record: Annotated[Path | None, typer.Option(help="Record the ratings of a sheet that was filled in.")] = None,
    rater: Annotated[str, typer.Option(help="Who rated: initials or a user name.")] = "",
    show: OpenPage = False,
) -> None:
    """Write the report on image quality, or record what people say of single images.

    The page shows what is usable by scanner and year, the images to look at, software and protocols over time, how far
    people agree, and who is lost on the way to a usable T1-weighted image. It belongs to the research zone.
    """
    from imagebank.cli.show import show_page
    from imagebank.core.clock import now
    from imagebank.workflows.quality_report import record_ratings, write_report, write_sheet

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
