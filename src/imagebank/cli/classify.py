"""`imagebank classify`: what the series of a folder show, as a table or a CSV file; no bank is needed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from imagebank.workflows.classifying import Classified

SHOWN = (
    "series_instance_uid",
    "sequence",
    "variant",
    "plane",
    "dimension",
    "contrast_agent",
    "coverage",
    "confidence",
    "rule",
    "files",
)


def classify(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Folder of DICOM files, or one file.", show_default=False)
    ],
    csv_file: Annotated[
        Path | None, typer.Option("--csv", help="Write one row a series, with the evidence, into this CSV file.")
    ] = None,
) -> None:
    """Say what each series below a folder shows, from the headers alone. No bank is needed and nothing is changed.

    The sequence, plane, dimension, contrast agent and coverage, with the rule that decided and the facts that it used.
    Files that are no DICOM or cannot be read, and copies of an instance, are counted with their reason.
    """
    from imagebank.cli.progress import TerminalProgress
    from imagebank.workflows.classifying import check_csv, classify_folder, write_csv

    if csv_file:
        check_csv(csv_file)
    classified = classify_folder(folder, progress=TerminalProgress())
    if csv_file:
        write_csv(classified, csv_file)
    _print_rows(classified, full=csv_file is None)
    told = ", ".join(f"{count} {reason}" for reason, count in sorted(classified.left_out.items()))
    typer.echo(f"{len(classified.series)} series in {classified.files} files" + (f"; left out: {told}" if told else ""))
    if csv_file:
        typer.echo(f"the rows are in {csv_file}")


def _print_rows(classified: Classified, *, full: bool) -> None:
    """All rows, or only how many series there are of each sequence."""
    from imagebank.cli.report import print_table
    from imagebank.workflows.classifying import row_of

    if full:
        rows = [row_of(*each) for each in classified.series]
        print_table(SHOWN, [tuple(row[column] for column in SHOWN) for row in rows])
        return
    counts = Counter(answer.sequence for _, answer in classified.series)
    print_table(("sequence", "series"), [(name, str(count)) for name, count in sorted(counts.items())])
