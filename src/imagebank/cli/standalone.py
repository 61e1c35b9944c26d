"""The commands that need no bank: `deidentify`, and `leaks` and `score`, which measure it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from imagebank.core.errors import LawBroken, SourceError

if TYPE_CHECKING:
    from imagebank.proof.report import Row
    from imagebank.proof.scores import Score
    from imagebank.workflows.standalone import Summary


Source = Annotated[Path, typer.Argument(metavar="SRC", help="Folder, zip or tar of DICOM.", show_default=False)]
Output = Annotated[Path, typer.Argument(metavar="DST", help="Folder for the clean files.", show_default=False)]
Key = Annotated[Path, typer.Option(help="File with the key: 64 hexadecimal digits.", show_default=False)]
NewKey = Annotated[bool, typer.Option("--new-key", help="Make the key file first.")]
Policy = Annotated[str, typer.Option(help="The de-identification policy.")]
SubjectMap = Annotated[
    Path | None, typer.Option(help="CSV with patient_id, subject and, if you like, offset_days.", show_default=False)
]
SharedSubjects = Annotated[
    bool, typer.Option("--shared-subjects", help="The map may give several patient ids one subject.")
]
ByIssuer = Annotated[bool, typer.Option("--by-issuer", help="The same patient id of two issuers is two patients.")]
Workers = Annotated[int, typer.Option(min=0, help="Worker processes; 0 means one a processor core.")]
Verify = Annotated[bool, typer.Option("--verify", help="Search the output for every identifying value of the input.")]
KeepRefused = Annotated[bool, typer.Option("--keep-refused", help="Copy refused files into the quarantine folder.")]


def deidentify(
    source: Source,
    output: Output,
    key: Key,
    new_key: NewKey = False,
    policy: Policy = "default",
    subject_map: SubjectMap = None,
    shared_subjects: SharedSubjects = False,
    by_issuer: ByIssuer = False,
    workers: Workers = 0,
    verify: Verify = False,
    keep_refused: KeepRefused = False,
) -> None:
    """De-identify any folder, zip or tar of DICOM, without a bank.

    Every MR image is written as DST/<pseudonym>/<study>/<series>/<instance>.dcm, under ids that only the key gives.
    Beside DST lie DST.log (counts and decisions, nothing that identifies) and DST.quarantine (identifiable: which files
    were refused or left out, and why). Can be stopped at any moment and run again.

    A patient is a patient id: the same patient under two numbers becomes two, unless --subject-map says otherwise; with
    a map, whoever is not in it is refused. A file without a patient id is refused, and so is a patient id that several
    issuers name, unless --by-issuer makes the issuer a part of it.
    """
    from imagebank.cli.progress import TerminalProgress
    from imagebank.workflows.standalone import Request, deidentify_source

    request = Request(
        *(source, output, key, new_key, policy, subject_map, shared_subjects, by_issuer, workers, verify, keep_refused)
    )
    told = deidentify_source(request, progress=TerminalProgress())
    _tell(told)
    _complain(told)


def _complain(told: Summary) -> None:
    """Raise LawBroken where an identifying value was found, SourceError where not all of the source was seen."""
    from imagebank.core.archives import ENDS

    verified = told.verified
    if verified and not verified.holds:
        blind = f", and {verified.failed} files could not be searched" if verified.failed else ""
        raise LawBroken(
            f"{len(verified.leaks)} values of the input were found in the output{blind}.",
            f"do not hand the output on; {told.places.quarantine / 'leaks.csv'} says where",
        )
    if told.unlisted:
        raise SourceError(
            f"{told.unlisted} folders of the source could not be listed; all others are done.",
            "give this user the right to read them, then run the same command again",
        )
    cut = sum(count for (_, reason), count in told.counts.reasons.items() if reason in ENDS)
    if cut:
        raise SourceError(
            f"{cut} archives were not read to their end: what else they hold is not known. All that was found is done.",
            "see the reasons above, offer the archives whole or unpacked, then run the same command again",
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


def leaks(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILES...]", help="DICOM files of MR images.", show_default=False)
    ] = None,
    hospital: Annotated[
        Path | None, typer.Option(help="A pretend hospital, whose answers say what must not be found.")
    ] = None,
    policy: Policy = "default",
    workers: Workers = 0,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the report as JSON.")] = None,
    html_file: Annotated[Path | None, typer.Option("--html", help="Write the report as a page.")] = None,
) -> None:
    """Hide unmistakable values in clones of files, de-identify the clones, and search all that was written.

    The values stand in every kind of element, at every depth, in private blocks, in character sets, around and inside
    the pixels and in file names. Reports the share that is gone by kind, with its exact confidence interval. Ends with
    7 when a value is found, or when the search did not see a value where it was hidden.
    """
    from imagebank.cli.progress import TerminalProgress
    from imagebank.cli.report import print_table
    from imagebank.core.files import write_text
    from imagebank.proof.report import as_json, as_page
    from imagebank.workflows.leak_test import LeakTest, measure_leaks

    report = measure_leaks(files or [], hospital, LeakTest(policy, workers, TerminalProgress()))
    for path, text in ((json_file, as_json), (html_file, as_page)):
        if path:
            write_text(path, text(report))
    head = ("kind", "planted", "seen", "leaked", "recall", "95 % interval")
    print_table(head, [_leak_row(each) for each in (*report.kinds, *report.depths, *report.hospital)])
    if report.leaks or report.blind:
        raise LawBroken(
            f"{report.leaks} hidden values were found in the output; {report.blind} were not seen where they lay.",
            "do not trust this policy before you know why; --html shows where",
        )


def _leak_row(row: Row) -> tuple[str, ...]:
    return row.kind, f"{row.planted:,}", f"{row.seen:,}", f"{row.leaked:,}", f"{100 * row.recall:.2f} %", _interval(row)


def _interval(told: Row | Score) -> str:
    return f"{100 * told.low:.2f} to {100 * told.high:.2f} %"


def score(
    hospital: Annotated[Path, typer.Argument(metavar="HOSPITAL", help="A pretend hospital.", show_default=False)],
    policy: Policy = "default",
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the scores as JSON.")] = None,
) -> None:
    """Score what becomes of each element of a pretend hospital, by the actions of the MIDI-B benchmark and more.

    The hospital is de-identified three times, since the same bytes must come each time. Ends with 7 when a check fails.
    """
    from imagebank.cli.progress import TerminalProgress
    from imagebank.cli.report import print_table
    from imagebank.core.files import write_text
    from imagebank.proof.actions import ACTIONS
    from imagebank.proof.scores import as_json
    from imagebank.workflows.scoring import score_hospital

    scores, told = score_hospital(hospital, policy=policy, progress=TerminalProgress())
    if json_file:
        write_text(json_file, as_json(scores, told))
    rows: list[tuple[str, ...]] = [
        (each.action, f"{each.checks:,}", f"{each.held:,}", f"{100 * each.share:.2f} %", _interval(each))
        for each in scores
    ]
    print_table(("action", "checks", "held", "share", "95 % interval"), rows)
    failed = [each for each in scores if each.held < each.checks]
    for each in failed:
        typer.echo(f"\n{each.action}: {ACTIONS[each.action]}; failed most at {', '.join(each.failed_at)}")
    if failed:
        raise LawBroken(f"{len(failed)} of {len(scores)} actions have checks that failed.", "see the places above")
