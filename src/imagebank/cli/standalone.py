"""The commands that need no bank: `deidentify`, and `leaks` and `score`, which measure it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from imagebank.core.errors import LawBroken, SourceError

if TYPE_CHECKING:
    from imagebank.workflows.standalone import Summary


def deidentify(
    source: Annotated[Path, typer.Argument(metavar="SRC", help="Folder, zip or tar of DICOM.", show_default=False)],
    output: Annotated[Path, typer.Argument(metavar="DST", help="Folder for the clean files.", show_default=False)],
    key: Annotated[Path, typer.Option(help="File with the key: 64 hexadecimal digits.", show_default=False)],
    new_key: Annotated[bool, typer.Option("--new-key", help="Make the key file first.")] = False,
    policy: Annotated[str, typer.Option(help="The de-identification policy.")] = "default",
    subject_map: Annotated[
        Path | None, typer.Option(help="CSV with patient_id, subject and, if you like, offset_days.")
    ] = None,
    shared_subjects: Annotated[
        bool, typer.Option("--shared-subjects", help="The map may give several patient ids one subject.")
    ] = False,
    workers: Annotated[int, typer.Option(min=0, help="Worker processes; 0 means one a processor core.")] = 0,
    verify: Annotated[
        bool, typer.Option("--verify", help="Search the output for every identifying value of the input.")
    ] = False,
    keep_refused: Annotated[
        bool, typer.Option("--keep-refused", help="Copy refused files into the quarantine folder.")
    ] = False,
) -> None:
    """De-identify any folder, zip or tar of DICOM, without a bank.

    Every MR image is written as DST/<pseudonym>/<study>/<series>/<instance>.dcm, under ids that only the key gives.
    Beside DST lie DST.log (counts and decisions, nothing that identifies) and DST.quarantine (identifiable: which files
    were refused or left out, and why). Can be stopped at any moment and run again.

    A patient is a patient id with its issuer: the same patient under two numbers becomes two, unless --subject-map says
    otherwise; with a map, whoever is not in it is refused. A file without a patient id is refused.
    """
    from imagebank.cli.progress import TerminalProgress
    from imagebank.workflows.standalone import Request, deidentify_source

    request = Request(
        source=source,
        output=output,
        key_file=key,
        new_key=new_key,
        policy=policy,
        subject_map=subject_map,
        shared_subjects=shared_subjects,
        workers=workers,
        verify=verify,
        keep_refused=keep_refused,
    )
    told = deidentify_source(request, progress=TerminalProgress())
    _tell(told)
    if told.verified and not told.verified.holds:
        raise LawBroken(
            f"{len(told.verified.leaks)} values of the input were found in the output"
            + (f", and {told.verified.failed} files could not be searched." if told.verified.failed else "."),
            f"do not hand the output on; {told.places.quarantine / 'leaks.csv'} says where",
        )
    if told.unlisted:
        raise SourceError(
            f"{told.unlisted} folders of the source could not be listed; all others are done.",
            "give this user the right to read them, then run the same command again",
        )


def _tell(told: Summary) -> None:
    from imagebank.cli.report import print_table
    from imagebank.workflows.standalone.lists import MEANINGS

    counts = told.counts
    names = ("offered", "written", "excluded", "quarantined")
    print_table(("", "files"), [(name, f"{getattr(counts, name):,}") for name in names])
    if counts.reasons:
        typer.echo("\nwhy")
        rows: list[tuple[str, ...]] = [
            (o, reason, f"{n:,}", MEANINGS.get(reason, "")) for (o, reason), n in counts.reasons.items()
        ]
        print_table(("outcome", "reason", "files", "meaning"), rows)
    if counts.left_from_before:
        typer.echo(f"\n{counts.left_from_before:,} files of the destination come from earlier runs and other sources")
    typer.echo(f"\n{counts.patients:,} patients in {told.places.output}")
    if told.verified and told.verified.holds:
        typer.echo(f"searched {told.verified.files:,} files for {told.verified.values:,} values: found none")
