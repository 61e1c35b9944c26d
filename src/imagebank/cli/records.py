"""`imagebank records`: connect the health records of a hospital, and see what became of every row."""

from __future__ import annotations

import csv
import os
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from imagebank.cli.arguments import AsJson, BankFolder
from imagebank.core.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imagebank.records.checking import Checked
    from imagebank.workflows.refusing import Tally


MOST_UNREAD = 10  # names of files that are shown

records_app = typer.Typer(
    name="records", help="Connect health records: template, check, report, registry.", no_args_is_help=True
)


@records_app.command()
def check(
    bank: BankFolder,
    source: Annotated[str, typer.Option(help="One record source only, by name.")] = "",
    rows: Annotated[int, typer.Option(min=1, help="Rows of each table that are looked at.")] = 1000,
    as_json: AsJson = False,
) -> None:
    """Look at a sample of every record source, and say what an import would make of it. Nothing is imported.

    Tells, for each table, which columns fill ours, which are missing and which nobody uses, how many rows of the sample
    are valid, repaired or refused and why, in which form dates are written, and which names the registry lacks.
    """
    from imagebank.workflows.records_check import check_records

    told = check_records(bank, only=source, rows=rows, environ=os.environ)
    if as_json:
        import json

        typer.echo(json.dumps([asdict(each) for each in told], indent=1))
    else:
        for each in told:
            typer.echo(f"record source {each.source}")
            for table in each.tables:
                _print_checked(table)
            _print_around(each.absent, each.unread)
    if any(each.absent or any(table.problem for table in each.tables) for each in told):
        raise typer.Exit(SourceError.exit_code)


def _print_around(absent: tuple[str, ...], unread: tuple[str, ...]) -> None:
    """What the mapping names and is not there, and files that nothing is read from."""
    for each in absent:
        typer.echo(f"\nPROBLEM     {each}")
    if unread:
        more = f" and {len(unread) - MOST_UNREAD:,} more" if len(unread) > MOST_UNREAD else ""
        typer.echo(f"\nnot read    {', '.join(unread[:MOST_UNREAD])}{more}")
        typer.echo("            no table comes from these; CSV, Parquet and JSON lines can be read")


def _print_checked(told: Checked) -> None:
    typer.echo(f"\n{told.table} from {told.what}")
    if told.problem:
        typer.echo(f"  PROBLEM   {told.problem}")
    renamed = [f"{ours} <- {theirs}" for ours, theirs in told.filled if ours != theirs]
    same = [ours for ours, theirs in told.filled if ours == theirs]
    for title, words in (("filled", [*same, *renamed]), ("empty", list(told.empty))):
        if words:
            typer.echo(f"  {title:<9} {', '.join(words)}")
    unused = [f"{name} (perhaps {near})" if near else name for name, near in told.unused]
    if unused:
        typer.echo(f"  unused    {', '.join(unused)}")
    _print_counts(told)


def _print_counts(told: Checked) -> None:
    from imagebank.records.reasons import REFUSALS, REPAIRS

    counted = told.counted
    refused = sum(counted.refused.values())
    if counted.offered:
        shown = f"{counted.offered:,} rows: {counted.valid:,} valid, {counted.repaired:,} of them repaired"
        typer.echo(f"  sample    {shown}, {refused:,} refused")
    for what, reasons, meanings in (("refused", counted.refused, REFUSALS), ("repaired", counted.repairs, REPAIRS)):
        for reason, count in sorted(reasons.items(), key=lambda each: -each[1]):
            typer.echo(f"  {what:<9} {count:>6,} {reason}: {meanings[reason]}")
    for column, forms in told.dates:
        advice = f"write dates = [{', '.join(map(repr, forms))}]" if forms else "no form fits that is known here"
        advice = f"could be {' or '.join(forms)}: only you can tell" if len(forms) > 1 else advice
        typer.echo(f"  dates     {column} holds dates that were not understood; {advice}")
    for each in told.unknown:
        near = f"; nearest: {each.nearest}" if each.nearest else ""
        typer.echo(f"  unknown   {each.rows:>6,} rows say `{each.name}`, which is not in the registry{near}")
    if told.hidden_unknown:
        typer.echo(f"  unknown   {told.hidden_unknown:>6,} more rows, with names too rare to show")


@records_app.command()
def template(
    place: Annotated[
        str, typer.Argument(metavar="PLACE", help="Folder of the extracts, or the variable with a database URL.")
    ],
    out: Annotated[Path | None, typer.Option(help="Write it to this file instead of the screen.")] = None,
) -> None:
    """Write a mapping to fill in, guessed from the names of the files, tables and columns. Reads no patient's row."""
    from imagebank.core.files import write_text
    from imagebank.workflows.records_check import write_template

    text = write_template(place, environ=os.environ)
    if out is None:
        typer.echo(text, nl=False)
        return
    if out.exists():
        raise SourceError(f"{out} is there already.", "name another file: what you filled in is never overwritten")
    write_text(out, text)
    typer.echo(f"{out} is written: fill it in, name it as `mapping` of [[records]], then run imagebank records check")


@records_app.command()
def report(
    bank: BankFolder,
    rows: Annotated[bool, typer.Option("--rows", help="List the refused rows: place, line and reason.")] = False,
    reason: Annotated[str, typer.Option(help="With --rows: one reason only.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="With --rows: list at most so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Tell what became of the rows of the last import: offered = valid + refused, with the reason of each refusal.

    The list of refused rows is for a steward; it names files and lines, and lies in the quarantine folder of the bank.
    """
    from imagebank.workflows.records_check import refused_rows, report_records

    if rows:
        _print_rows(refused_rows(bank), reason, limit)
        return
    told = report_records(bank, environ=os.environ)
    if as_json:
        import json

        typer.echo(json.dumps([each.shown() for each in told], indent=1))
        return
    _print_report(told)


def _print_report(told: Sequence[Tally]) -> None:
    from imagebank.cli.report import print_table
    from imagebank.records.reasons import REFUSALS, REPAIRS

    head = ("source", "table", "offered", "valid", "repaired", "refused")
    counts = [(each, sum(each.refused.values())) for each in told]
    print_table(
        head,
        [(e.source, e.table, f"{e.offered:,}", f"{e.valid:,}", f"{e.repaired:,}", f"{n:,}") for e, n in counts],
    )
    for title, name, meanings in (("why refused", "refused", REFUSALS), ("what was repaired", "repairs", REPAIRS)):
        lines: list[tuple[str, ...]] = [
            (each.source, each.table, f"{count:,}", reason, meanings.get(reason, ""))
            for each in told
            for reason, count in sorted(getattr(each, name).items())
        ]
        if lines:
            typer.echo(f"\n{title}")
            print_table(("source", "table", "rows", "code", "meaning"), lines)


def _print_rows(path: Path, reason: str, limit: int) -> None:
    from imagebank.cli.report import print_table

    with open(path, newline="", encoding="utf-8") as file:
        reader = csv.reader(file)
        head = next(reader)
        found = list(islice((tuple(row) for row in reader if not reason or row[-1] == reason), limit + 1))
    print_table(tuple(head), found[:limit])
    if len(found) > limit:
        typer.echo(f"and more: see {path}")


@records_app.command()
def registry() -> None:
    """Print the shipped registry: the names of instruments, tests, drugs, symptoms and services that tables may use."""
    from imagebank.records.registry import shipped_text

    typer.echo(shipped_text(), nl=False)
