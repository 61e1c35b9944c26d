"""`imagebank acquire` and `imagebank receive`: images from a PACS, and what is still missing."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from imagebank.cli.arguments import AsJson, BankFolder, group_of
from imagebank.core.errors import SourceError

if TYPE_CHECKING:
    from imagebank.dicom.pacs.model import Request
    from imagebank.workflows.acquiring import SourceRun

Sources = Annotated[
    list[str] | None, typer.Option(help="Only this source of [[pacs]]; may be given often.", show_default=False)
]
Portion = Annotated[
    int,
    typer.Option(
        min=0, help="Fetch again the deleted originals of so many series that were banked under earlier rules."
    ),
]
EXIT_STOPPED = 130
SHOWN = 30  # incomplete studies that are listed; --all lists the rest


acquire_app = typer.Typer(
    name="acquire",
    cls=group_of("fetch"),
    help="Fetch the images of the people in the records from a PACS, and say what is missing.\n\n"
    "`imagebank acquire BANK` is `imagebank acquire fetch BANK`: that one has the options. Begin with `check`.",
    no_args_is_help=True,
)


@acquire_app.command()
def fetch(
    bank: BankFolder,
    source: Sources = None,
    from_list: Annotated[
        Path | None,
        typer.Option(
            "--list",
            help="CSV with accession_number, study_instance_uid or patient_id, instead of the people of the records.",
            show_default=False,
        ),
    ] = None,
    first: Annotated[
        datetime | None,
        typer.Option("--from", formats=["%Y-%m-%d"], help="All studies from this day.", show_default=False),
    ] = None,
    last: Annotated[
        datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="... to this day.", show_default=False)
    ] = None,
    again: Portion = 0,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the hours in which a source may be asked.")] = False,
) -> None:
    """Fetch what is wanted and not here yet. Run `imagebank update` afterwards; run both every night.

    Asks each source of bank.toml for the people of the records, never for the opted-out, and goes on until every study
    is complete. Can be stopped and run again at any moment. Ctrl-C ends the associations in order; twice, at once.
    """
    from imagebank.cli.progress import TerminalProgress
    from imagebank.workflows.acquiring import Ask, acquire

    requests = _requests(from_list, first, last)
    with _stopping() as stopped:
        ask = Ask(tuple(source or ()), requests, wait, again)
        runs = acquire(bank, ask, environ=os.environ, progress=TerminalProgress(), stop=stopped.is_set)
    for run in runs:
        print_run(run)
    if stopped.is_set():
        typer.echo("stopped; run the same command again to go on", err=True)
        raise typer.Exit(EXIT_STOPPED)
    _complain(runs)


def _requests(from_list: Path | None, first: datetime | None, last: datetime | None) -> tuple[Request, ...] | None:
    from imagebank.workflows.asking import requests_of_days
    from imagebank.workflows.lists import requests_of_list

    if from_list and (first or last):
        raise typer.BadParameter("give --list or --from and --to, not both")
    if from_list:
        listed = requests_of_list(from_list)
        if listed.left:
            typer.echo(f"{listed.left:,} rows of the list ask for nothing: empty, or no number or UID", err=True)
        return listed.requests
    if first or last:
        if not (first and last):
            raise typer.BadParameter("--from and --to belong together")
        return tuple(requests_of_days(first.date(), last.date()))
    return None


@contextmanager
def _stopping() -> Iterator[threading.Event]:
    """The first Ctrl-C asks for an end in order, the second ends at once."""
    stopped = threading.Event()
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}

    def stop(number: int, _: Any) -> None:
        stopped.set()
        signal.signal(number, before[signal.Signals(number)])

    for each in before:
        signal.signal(each, stop)
    try:
        yield stopped
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def print_run(run: SourceRun) -> None:
    """What one run came to at one source."""
    from imagebank.workflows.acquisition import MEANINGS
    from imagebank.workflows.media import meaning

    ends = {
        "done": "done",
        "stopped": "stopped",
        "closed": "outside its hours",
        "given-up": "given up",
        "landing-full": "the landing zone is full",
        "elsewhere": "not asked: another source of the site gave everything",
    }
    size = f"{run.size / 1e6:,.1f} MB"
    typer.echo(f"{run.source}: {ends[run.ended]}; asked {run.asked:,}, received {run.received:,} instances, {size}")
    if run.reason:
        typer.echo(f"  {run.reason}: {MEANINGS.get(run.reason, '')}")
    for state, count in sorted(run.states.items()):
        if count:
            typer.echo(f"  {count:,} studies {state}")
    for reason, count in sorted((+run.left).items()):
        typer.echo(f"  {count:,} left, {reason}: {meaning(reason)}")
    for reason, count in sorted(run.failed.items()):
        typer.echo(f"  {count:,} failed, {reason}: {MEANINGS.get(reason, '')}")


def _complain(runs: list[SourceRun]) -> None:
    given_up = [run for run in runs if run.ended == "given-up"]
    full = [run for run in runs if run.ended == "landing-full"]
    if full:
        from imagebank.dicom.pacs.landing import landing_full

        raise landing_full()
    if given_up:
        names = ", ".join(f"`{run.source}` ({run.reason})" for run in given_up)
        can_be_tried = [run.source for run in given_up if run.reason != "not-there"]
        raise SourceError(
            f"{'A source was' if len(given_up) == 1 else 'Sources were'} of no use: {names}.",
            f"imagebank acquire check BANK {can_be_tried[0]} tells where it fails; then run this again"
            if can_be_tried
            else "mount the medium, or correct its path; then run this again",
        )


@acquire_app.command()
def check(
    bank: BankFolder,
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="Name of the source.", show_default=False)],
    study: Annotated[str, typer.Option(help="Study UID to try with.", show_default=False)] = "",
    patient: Annotated[str, typer.Option(help="Patient number to try with.", show_default=False)] = "",
) -> None:
    """Try a source: echo, find one study, list it, retrieve one instance, and say in which transfer syntax it came.

    Without an option it looks for a study of the last 30 days. Nothing that came is kept.
    """
    from imagebank.workflows.acquisition import try_source

    by, value = ("study", study) if study else ("patient", patient) if patient else ("", "")
    trial = try_source(bank, source, environ=os.environ, by=by, value=value)
    for step in trial.steps:
        typer.echo(f"{'works ' if step.works else 'fails '}  {step.name:<10} {step.told}")
    if trial.found_nothing:
        raise SourceError(
            f"The source `{source}` answers, but has nothing to try with.",
            "name a study that you know is there, with --study UID or --patient NUMBER",
        )
    if not trial.works:
        raise SourceError(
            f"The source `{source}` does not work yet.", "docs/pacs.md says what to ask the PACS team for"
        )


@acquire_app.command()
def status(
    bank: BankFolder,
    everything: Annotated[bool, typer.Option("--all", help="List every incomplete study.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show for each source what is expected, received and banked, and which studies are incomplete, and why."""
    from imagebank.cli.acquire_status import print_status
    from imagebank.workflows.acquisition import acquisition_status

    told = acquisition_status(bank, environ=os.environ)
    if as_json:
        plain = [
            {
                **vars(each),
                "again": vars(each.again),
                "earlier": vars(each.earlier),
                "incomplete": [vars(study) for study in each.incomplete],
            }
            for each in told
        ]
        typer.echo(json.dumps(plain, indent=2, sort_keys=True))
        return
    if not told:
        typer.echo("nothing was fetched or received yet: run imagebank acquire")
    for each in told:
        print_status(each, None if everything else SHOWN)


def receive(
    bank: BankFolder,
    once: Annotated[bool, typer.Option("--once", help="End when the first association has ended.")] = False,
) -> None:
    """Listen for scanners and PACS that push images (C-STORE), until Ctrl-C. See [receive] in bank.toml.

    Only the titles in `peers` are let in. An instance is on the disk before it is acknowledged. What came is banked by
    the next `imagebank update`, which may run at the same time.
    """
    from imagebank.workflows.receiving import receiving

    over = threading.Event()
    with _stopping() as stopped, receiving(bank, environ=os.environ, tell=lambda _: over.set()) as running:
        typer.echo(f"listening on port {running.port}; Ctrl-C ends it", err=True)
        while not stopped.is_set() and not (once and over.is_set()):
            stopped.wait(0.2)
    counts = ", ".join(f"{count:,} {what}" for what, count in sorted(running.counts.items()))
    typer.echo(f"received {counts or 'nothing'}; {running.size / 1e6:,.1f} MB")
