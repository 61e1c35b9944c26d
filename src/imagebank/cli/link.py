"""link: two tables of people without a bank; the review of doubtful links, and the report on the linkage, of a bank."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from imagebank.cli.arguments import BankFolder, Exact, OpenPage, group_of
from imagebank.core.processes import user_name

if TYPE_CHECKING:
    from imagebank.workflows.reviewing import Question

TABLES = "tables"  # the command that `imagebank link A.csv B.csv` means
KEYS = {"s": "same", "same": "same", "o": "other", "other": "other", "": "skip", "k": "skip", "skip": "skip",
        "q": "quit", "quit": "quit"}  # fmt: skip
PAIRS = (("numbers", "header_numbers", "records_numbers"), ("name", "header_name", "records_names"),
         ("birth date", "header_birth_date", "records_birth_dates"), ("sex", "header_sex", "records_sex"),
         ("postcode", "header_postcode", "records_postcodes"))  # fmt: skip


link_app = typer.Typer(
    name="link",
    cls=group_of(TABLES),
    help="Link two tables of people (imagebank link A.csv B.csv), or look at the links of a bank.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@link_app.command(TABLES)
def tables(
    first: Annotated[
        Path,
        typer.Argument(
            metavar="A", help="Table of people to look for: CSV, Parquet or JSON lines.", show_default=False
        ),
    ],
    second: Annotated[Path, typer.Argument(metavar="B", help="Table of people who are known.", show_default=False)],
    out: Annotated[Path | None, typer.Option(help="CSV to write; standard output if not given.")] = None,
    report: Annotated[Path | None, typer.Option(help="Folder for a report, which names nobody.")] = None,
    test_numbers: Annotated[
        bool, typer.Option("--test-numbers", help="Accept NHS numbers of the test range 999: for invented people.")
    ] = False,
    false_link_weighs: Annotated[float, typer.Option(min=1.01, help="Missed links that a false one weighs.")] = 20,
    train_from: Annotated[int, typer.Option(min=100, help="Rows from which the model is trained on them.")] = 1000,
    engine: Annotated[str, typer.Option(help="Spark master instead of DuckDB in memory, such as local[4].")] = "",
) -> None:
    """Link any two tables of people with the same rules, model and guards; no bank is needed.

    Short form: imagebank link A.csv B.csv. Columns are found by their usual names: id, hospital_number, nhs_number,
    given_name, family_name, birth_date, sex, postcode, death_date, date. Each row of A gets one line: the row of B that
    is the same person, or the reason why there is none. The output names people's rows: keep it where they may lie.
    """
    settings: dict[str, Any] = {"false_link_weighs": false_link_weighs, "train_from": train_from, "engine_url": engine}
    _link_tables(first, second, out, report, {"accept_test_numbers": test_numbers, **settings})


def _link_tables(first: Path, second: Path, out: Path | None, report: Path | None, settings: dict[str, Any]) -> None:
    """Link, write the links where asked, and say what came of it."""
    from imagebank.core.config import LinkageSettings
    from imagebank.core.files import write_text
    from imagebank.workflows.linkage_report import write_tables_report
    from imagebank.workflows.linking_tables import link_tables, links_csv

    chosen = LinkageSettings(**settings)
    told = link_tables(first, second, chosen)
    text = links_csv(told)
    if out:
        write_text(out, text)
    else:
        sys.stdout.write(text)
    linked = sum(link.person is not None for link in told.links.values())
    typer.echo(f"{linked:,} of {len(told.links):,} rows of {first.name} are linked", err=True)
    for name, count in told.counts.items():
        typer.echo(f"  {count:>9,}  {name}", err=True)
    if told.unread_dates:
        typer.echo(f"{told.unread_dates:,} dates could not be read: write them as 1950-01-31", err=True)
    if report:
        typer.echo(f"the report is {write_tables_report(told, report, chosen)}", err=True)


@link_app.command()
def review(
    bank: BankFolder,
    sheet: Annotated[Path | None, typer.Option(help="Where to write the sheet; default is in quarantine.")] = None,
    record: Annotated[Path | None, typer.Option(help="Remember the decisions of a sheet that was filled in.")] = None,
    by: Annotated[str, typer.Option(help="Who decides: initials or a user name; default is the system user.")] = "",
    terminal: Annotated[bool, typer.Option("--terminal", help="Ask one question after the other, here.")] = False,
) -> None:
    """Decide the links that neither evidence nor a guard lets pass: write a sheet, read it back, or answer here.

    Each question shows what a header claims beside what the records know. Write `same` or `other` into the column
    decision, then give the sheet to --record. Decisions are remembered in the vault with who and when, and hold until
    the identity, the reason or the proposal changes. The sheet names people: it never lies in the research zone.
    """
    from imagebank.workflows.reviewing import record_sheet, review_in_terminal, write_sheet

    who = by or user_name()
    if record:
        new, left = record_sheet(bank, record, by=who, environ=os.environ)
        typer.echo(f"remembered {new} decisions by {who}; {left} rows are still open")
        typer.echo(f"then: imagebank update {bank}")
    elif terminal:
        decided = review_in_terminal(bank, _ask, by=who, environ=os.environ)
        typer.echo(f"remembered {decided} decisions by {who}")
        if decided:
            typer.echo(f"then: imagebank update {bank}")
    else:
        place, asked = write_sheet(bank, sheet, environ=os.environ)
        typer.echo(f"{place} has {asked} questions: write same or other beside each")
        typer.echo(f"then: imagebank link review {shlex.quote(str(bank))} --record {shlex.quote(str(place))}")


def _ask(question: Question, place: int, total: int) -> str:
    """Show one question and read the answer."""
    cells = question.cells
    typer.echo(
        f"\n{place} of {total}: {cells['studies']} studies, {cells['meaning']} (weight {cells['weight'] or '?'})"
    )
    for label, header, records in PAIRS:
        typer.echo(f"  {label:<11}{cells[header] or '-':<36}{cells[records] or '-'}")
    if cells["compared"]:
        typer.echo(f"  {cells['compared']}")
    while True:
        told = typer.prompt("  [s]ame, [o]ther, s[k]ip, [q]uit", default="skip", show_default=False).strip().lower()
        if told in KEYS:
            return KEYS[told]


@link_app.command("report")
def report_command(
    bank: BankFolder,
    hospital: Annotated[Path | None, typer.Option(help="A pretend hospital: judge the links by its answers.")] = None,
    exact: Exact = False,
    show: OpenPage = False,
) -> None:
    """Write the report on the linkage, as a page and as JSON: the way of the studies, the weights, and who is lost.

    It names nobody, and small numbers are hidden.
    """
    from imagebank.cli.show import show_page
    from imagebank.workflows.linkage_report import write_report

    page = write_report(bank, environ=os.environ, exact=exact, hospital=hospital)
    typer.echo(f"the report is {page}")
    if show:
        show_page(page)
