"""`imagebank policy`: what a de-identification policy does, how two differ, and what one does to a file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from imagebank.cli.arguments import AsJson

if TYPE_CHECKING:
    from imagebank.dicom.policy_report import Line

PolicyName = Annotated[str, typer.Option(metavar="POLICY", help="`default`, or the path of a policy file.")]

policy_app = typer.Typer(
    name="policy", help="Read the de-identification policy: show, diff, explain.", no_args_is_help=True
)


@policy_app.command()
def show(
    policy: PolicyName = "default",
    attribute: Annotated[
        str, typer.Option(help="One attribute only, by keyword (PatientName) or tag ((0010,0010), (0019,xx0C)).")
    ] = "",
    kept: Annotated[bool, typer.Option("--kept", help="Leave out what is removed everywhere.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what happens to each attribute, by which rule and why, and what Table E.1-1 of DICOM PS3.15 says of it.

    What is not listed is removed. A * stands where the action depends on the kind of object; --attribute tells how.
    """
    from imagebank.dicom.policy import load_policy
    from imagebank.dicom.policy_report import find_lines, lines

    loaded = load_policy(policy)
    found = find_lines(loaded, attribute) if attribute else lines(loaded)
    found = [line for line in found if not kept or line.action != "remove" or line.objects]
    if as_json:
        head = {"policy": loaded.name, "version": loaded.version, "hash": loaded.digest, "options": loaded.options}
        typer.echo(json.dumps({**head, "attributes": [asdict(line) for line in found]}, indent=1))
        return
    typer.echo(f"policy {loaded.name} {loaded.version}, hash {loaded.digest}; options: {', '.join(loaded.options)}")
    rows = [(line.tag, _named(line.name, line.creator), _acted(line), line.rule, line.columns) for line in found]
    _print_table(("tag", "attribute", "action", "rule", "Table E.1-1"), rows)
    if attribute:
        for line in found:
            typer.echo("; ".join(filter(None, (f"why: {line.why}", line.objects, line.form and f"form: {line.form}"))))


@policy_app.command()
def diff(
    first: Annotated[str, typer.Argument(metavar="A", help="`default`, or the path of a policy file.")],
    second: Annotated[str, typer.Argument(metavar="B", help="`default`, or the path of a policy file.")],
    as_json: AsJson = False,
) -> None:
    """Show where two policies differ: options, settings, and attributes with what each policy does to them."""
    from imagebank.dicom.policy import load_policy
    from imagebank.dicom.policy_report import differences

    found = differences(load_policy(first), load_policy(second))
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in found], indent=1))
    elif found:
        _print_table(("what", "name", "A", "B"), [(each.what, each.name, each.first, each.second) for each in found])
    else:
        typer.echo("the two policies treat every attribute alike")


@policy_app.command()
def explain(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="One DICOM file.", show_default=False)],
    policy: PolicyName = "default",
    as_json: AsJson = False,
) -> None:
    """Show for one file what happens to each element and by which rule. Never shows a value."""
    from imagebank.dicom.explain import explain_file
    from imagebank.dicom.policy import load_policy

    told = explain_file(file, load_policy(policy))
    if as_json:
        typer.echo(json.dumps(asdict(told), indent=1))
        return
    if told.verdict:
        typer.echo(f"this file would not be banked: {told.verdict}")
    if told.refused:
        typer.echo(f"this file would be refused: {told.refused}; below is what the policy asks for")
    rows = [(each.place, each.name, each.action, each.rule) for each in told.elements]
    _print_table(("place", "attribute", "action", "rule"), rows)


def _named(name: str, creator: str) -> str:
    return f"{creator}: {name}" if creator else name


def _acted(line: Line) -> str:
    """The action, with a mark where it depends on the object: `--attribute` tells how."""
    return f"{line.action} *" if line.objects else line.action


def _print_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    every = [head, *rows]
    widths = [max(len(row[column]) for row in every) for column in range(len(head))]
    for row in every:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
