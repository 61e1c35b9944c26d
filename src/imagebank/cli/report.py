"""What the commands print: tables of counts, never of people."""

from __future__ import annotations

import json
import shutil

import typer

from imagebank.engine import Outcome
from imagebank.engine.funnel import Count, Funnel
from imagebank.workflows.check import SHOWN, Checked
from imagebank.workflows.status import MEANINGS, Status


def print_funnel(told: Status) -> None:
    """Offered and outcomes, by file and by series; and which series keep an older result."""
    counted = told.funnel
    rows = [("offered", counted.offered), *((outcome.value, counted.outcomes[outcome]) for outcome in Outcome)]
    print_table(("", "files", "series", "MB"), [_row(name, count) for name, count in rows])
    if told.waiting:
        typer.echo(
            f"{told.waiting:,} series would be banked anew, but their originals were deleted: what is banked of them "
            "stays; imagebank acquire status says how to have them again"
        )


def print_status(told: Status) -> None:
    """The whole status of a bank."""
    typer.echo(f"{told.name}: tables {told.version or 'not published yet'}\n")
    print_funnel(told)
    typer.echo("\nwhy")
    print_table(("outcome", "reason", "files", "series", "meaning"), _reasons(told.funnel))
    typer.echo("\nper source")
    print_table(("source", *(o.value for o in Outcome), "files"), _split(told.funnel.by_source))
    typer.echo("\nper scanner (series)")
    named = {_scanner(told, label): counts for label, counts in told.funnel.by_scanner.items() if label}
    print_table(("scanner", *(o.value for o in Outcome), "files"), _split(named, series=True))
    if told.tables:
        typer.echo("\ntables")
        print_table(("table", "rows"), [(name, f"{rows:,}") for name, rows in told.tables.items()])
    if told.linkage:
        _print_linkage(told)
    if told.conversions:
        told_of = ", ".join(f"{count} {reason}" for reason, count in sorted(told.conversions.items()))
        typer.echo(f"\nstudies: {told_of}")


def _print_linkage(told: Status) -> None:
    """Studies by the rule that linked them and the guard that stopped them; registrations by what merged them."""
    linkage, merging = told.linkage, told.merging
    typer.echo(f"\nlinkage ({linkage['studies']:,} studies)")
    rows: list[tuple[str, ...]] = [("rule", name, f"{count:,}") for name, count in linkage["rules"].items()]
    rows += [("guard", name, f"{count:,}") for name, count in linkage["guards"].items()]
    if merging:
        rows += [("merge", name, f"{count:,}") for name, count in merging["rules"].items()]
        rows += [("kept apart", name, f"{count:,}") for name, count in merging["guards"].items()]
    print_table(("", "name", "count"), rows)
    if linkage["to_review"]:
        typer.echo(f"{linkage['to_review']:,} studies wait for a person: imagebank link review BANK")
    if told.opted_out:
        typer.echo(f"{told.opted_out:,} people were banked and have opted out since; nothing of them is left")


def _reasons(counted: Funnel) -> list[tuple[str, ...]]:
    return [
        (outcome.value, reason, f"{count.files:,}", f"{count.series:,}", MEANINGS.get(reason, ""))
        for (outcome, reason), count in counted.by_reason.items()
        if reason
    ]


def _split(groups: dict[str, dict[Outcome, Count]], *, series: bool = False) -> list[tuple[str, ...]]:
    rows = []
    for name, counts in groups.items():
        shown = [counts[outcome].series if series else counts[outcome].files for outcome in Outcome]
        files = sum(count.files for count in counts.values())
        rows.append((name, *(f"{number:,}" for number in shown), f"{files:,}"))
    return rows


def _scanner(told: Status, label: str) -> str:
    return f"{told.scanners.get(label, 'unknown')} ({label[:4]})"


def _row(name: str, count: Count) -> tuple[str, ...]:
    return (name, f"{count.files:,}", f"{count.series:,}", f"{count.size / 1e6:,.1f}")


def print_table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """Columns as wide as their content; numbers to the right; the last column cut to the width of the terminal."""
    every = [head, *rows]
    widths = [max(len(row[column]) for row in every) for column in range(len(head))]
    room = shutil.get_terminal_size((160, 40)).columns
    for row in every:
        cells = [_cell(text, width, column) for column, (text, width) in enumerate(zip(row, widths, strict=True))]
        typer.echo("  ".join(cells).rstrip()[: max(room, 80)])


def _cell(text: str, width: int, column: int) -> str:
    is_number = column > 0 and text[:1].isdigit()
    return text.rjust(width) if is_number else text.ljust(width)


def print_checked(checked: Checked) -> None:
    """Each law with its verdict, and the first complaints where it is broken."""
    for finding in checked.findings:
        typer.echo(f"{'broken' if finding.complaints else 'holds '}  {finding.law}")
        for complaint in finding.complaints[:SHOWN]:
            typer.echo(f"          {complaint}")
        if len(finding.complaints) > SHOWN:
            typer.echo(f"          and {len(finding.complaints) - SHOWN} more")
    if checked.waiting:
        typer.echo(f"{checked.waiting} files wait for the next update")


def status_json(told: Status) -> str:
    """The status as JSON, for other programs."""
    counted = told.funnel
    content = {
        "name": told.name,
        "version": told.version,
        "offered": vars(counted.offered),
        "outcomes": {outcome.value: vars(count) for outcome, count in counted.outcomes.items()},
        "reasons": [
            {"outcome": o.value, "reason": reason, **vars(count)} for (o, reason), count in counted.by_reason.items()
        ],
        "sources": _json_split(counted.by_source),
        "scanners": _json_split({_scanner(told, label): c for label, c in counted.by_scanner.items() if label}),
        "tables": dict(told.tables),
        "conversions": dict(told.conversions),
        "linkage": dict(told.linkage),
        "merging": dict(told.merging),
        "opted_out": told.opted_out,
    }
    return json.dumps(content, indent=2, sort_keys=True)


def _json_split(groups: dict[str, dict[Outcome, Count]]) -> dict[str, dict[str, dict[str, int]]]:
    return {name: {o.value: vars(count) for o, count in counts.items()} for name, counts in groups.items()}
