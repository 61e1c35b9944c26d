"""The commands: arguments in, a workflow, a few lines out. Errors become a message and an exit code, no traceback."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from imagebank import __version__
from imagebank.cli import standalone
from imagebank.cli.acquire import acquire_app, receive
from imagebank.cli.arguments import AsJson, BankFolder, Exact, OpenPage
from imagebank.cli.classify import classify
from imagebank.cli.cohort import cohort_app
from imagebank.cli.link import link_app
from imagebank.cli.optouts import optouts_app
from imagebank.cli.policy import policy_app
from imagebank.cli.quality import quality
from imagebank.cli.records import records_app
from imagebank.cli.signatures import signatures
from imagebank.core.errors import EXIT_CODES, DiskFull, ImagebankError, LawBroken
from imagebank.core.logs import start_logging

EXIT_INTERRUPTED = 130
EXIT_UNEXPECTED = 1
DEBUG_VARIABLE = "IMAGEBANK_DEBUG"


EPILOG = "Exit codes: 0 done, 2 wrong usage, 130 stopped, " + ", ".join(
    f"{kind.exit_code} {kind.title}" for kind in EXIT_CODES
)

app = typer.Typer(
    name="imagebank",
    help="Turn a hospital's brain MRI and health records into one linked, de-identified research bank.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"imagebank {__version__}")
        raise typer.Exit


@app.callback()
def imagebank(
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log every step to standard error.")] = False,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show it.")] = False,  # noqa: ARG001
) -> None:
    """Start here: `imagebank demo` builds a pretend hospital and banks it."""
    start_logging(verbose=verbose)


@app.command()
def init(
    bank: BankFolder,
    name: Annotated[str, typer.Option(help="Name of the bank; the folder's name if not given.")] = "",
    images: Annotated[list[Path] | None, typer.Option(help="Folder of DICOM files; may be given often.")] = None,
    records: Annotated[list[Path] | None, typer.Option(help="Folder of CSV extracts; may be given often.")] = None,
    key_file: Annotated[
        Path | None, typer.Option(help="Where to write the new key: outside the bank. Default: BANK.key.")
    ] = None,
    pretend: Annotated[
        bool, typer.Option("--pretend", help="Patients are invented: accept test NHS numbers, and say so on pages.")
    ] = False,
) -> None:
    """Make a new bank: a folder with a commented bank.toml, and a key file beside it.

    Keep the key safe and apart from the bank: without it the vault cannot be opened, with it anybody can. Give the key
    in the environment variable IMAGEBANK_KEY (64 hexadecimal digits) to have no key file.
    """
    from imagebank.core.config import KEY_VARIABLE
    from imagebank.workflows.init import init as make

    from_environment = KEY_VARIABLE in os.environ and key_file is None
    made = make(
        bank,
        name=name,
        images=images or [],
        records=records or [],
        key_file=key_file,
        key_from_environment=from_environment,
        pretend=pretend,
    )
    typer.echo(f"made the bank {made.root}")
    if made.key_file:
        typer.echo(f"its key is {made.key_file}: back it up, apart from the bank; it cannot be made again")
    if not (images and records):
        typer.echo(f"next: name your sources in {made.root / 'bank.toml'}")
    typer.echo(f"then: imagebank update {bank}")


@app.command()
def update(
    bank: BankFolder,
    recheck: Annotated[
        bool, typer.Option("--recheck", help="Look at every series again, also where nothing seems new.")
    ] = False,
) -> None:
    """Bring the bank up to date: index, link, de-identify, convert and publish all that is new.

    Can be stopped at any moment and run again: it goes on where it stopped. With nothing new it changes nothing.
    """
    from imagebank.cli.progress import TerminalProgress
    from imagebank.cli.report import print_funnel
    from imagebank.workflows.status import status as read_status
    from imagebank.workflows.update import update as bring_up_to_date

    result = bring_up_to_date(bank, environ=os.environ, progress=TerminalProgress(), recheck=recheck)
    if not result.anything_new:
        typer.echo(f"nothing new; the tables are {result.version}")
        return
    print_funnel(read_status(bank, environ=os.environ))
    typer.echo(f"the tables are now {result.version}")


@app.command()
def status(
    bank: BankFolder,
    as_json: AsJson = False,
) -> None:
    """Show what was offered and where it ended: by outcome and reason, per source and per scanner."""
    from imagebank.cli.report import print_status, status_json
    from imagebank.workflows.status import status as read_status

    told = read_status(bank, environ=os.environ)
    if as_json:
        typer.echo(status_json(told))
    else:
        print_status(told)


@app.command()
def check(bank: BankFolder) -> None:
    """Prove the laws of the bank from its disk and its ledger; ends with 7 when one is broken.

    Every file offered has one outcome; every output is as it was written; nothing else is there; the tables are equal
    to the ledger. Nothing is changed.
    """
    from imagebank.cli.progress import TerminalProgress
    from imagebank.cli.report import print_checked
    from imagebank.workflows.check import check as prove

    checked = prove(bank, environ=os.environ, progress=TerminalProgress())
    print_checked(checked)
    if not checked.holds:
        broken = sum(bool(finding.complaints) for finding in checked.findings)
        raise LawBroken(
            f"{broken} of {len(checked.findings)} laws are broken.",
            "imagebank update --recheck makes missing outputs again; ask why before you trust the rest",
        )


@app.command()
def profile(
    bank: BankFolder,
    exact: Exact = False,
    show: OpenPage = False,
) -> None:
    """Write the profile of the bank: a page with Table 1 and figures, and the same as CSV and Parquet."""
    from imagebank.cli.show import show_page
    from imagebank.workflows.profiling import profile as write_profile

    page = write_profile(bank, exact=exact)
    typer.echo(f"the profile is {page}")
    if show:
        show_page(page)


app.command()(quality)


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(metavar="[FOLDER]", help="Where to build it.")] = Path("imagebank-demo"),
    patients: Annotated[int, typer.Option(min=3, max=2000, help="How many imaged patients to invent.")] = 50,
    seed: Annotated[int, typer.Option(help="Another seed, other people.")] = 1,
    pacs: Annotated[
        bool, typer.Option("--pacs", help="Serve the images by a PACS (Orthanc, where installed), and acquire them.")
    ] = False,
    show: Annotated[bool, typer.Option("--open/--no-open", help="Open the profile in a browser.")] = True,
) -> None:
    """Build a pretend hospital, bank it, and show the profile. Run it again to go on where it stopped."""
    from imagebank.cli.demo import run_demo

    run_demo(folder, patients=patients, seed=seed, show=show, pacs=pacs)


app.add_typer(acquire_app)
app.command()(receive)
app.add_typer(policy_app)
app.add_typer(link_app)
app.add_typer(optouts_app)
app.add_typer(records_app)
app.add_typer(cohort_app)
for command in (standalone.deidentify, standalone.leaks, standalone.score):
    app.command()(command)
app.command()(classify)
app.command()(signatures)


def main() -> None:
    """Run the command line; the process ends with the exit code of what happened."""
    try:
        app(standalone_mode=True)
    except ImagebankError as error:
        _say(f"imagebank: {error.what}", f"  try: {error.advice}")
        sys.exit(error.exit_code)
    except SystemExit as end:
        if end.code == EXIT_INTERRUPTED:  # Typer's answer to Ctrl-C
            _say("imagebank: stopped; run the same command again to go on")
        raise
    except BrokenPipeError:
        sys.exit(EXIT_UNEXPECTED)
    except Exception as error:
        if DEBUG_VARIABLE in os.environ:
            raise
        from imagebank.engine.failures import failure_of

        told = failure_of(error)
        if told.reason == "disk-full":
            _say("imagebank: No space is left on the disk.", "  try: free some space, then run the same command again")
            sys.exit(DiskFull.exit_code)
        _say(
            f"imagebank: something unexpected happened ({type(error).__name__} at {told.where}).",
            f"  try: run it again; if it stays, report that line. {DEBUG_VARIABLE}=1 shows more, perhaps identifiers",
        )
        sys.exit(EXIT_UNEXPECTED)


def _say(*lines: str) -> None:
    for line in lines:
        typer.echo(line, err=True)
