"""`imagebank signatures`: the protocols of a bank, what they show, and a curator's word on them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from imagebank.cli.arguments import BankFolder

if TYPE_CHECKING:
    from imagebank.workflows.signatures import Listed

HEAD = ("signature", "series", "patients", "shows", "confidence", "curated", "protocol", "against")


def signatures(
    bank: BankFolder,
    confirm: Annotated[
        list[str] | None, typer.Option(help="Signature that is right as it is listed; may be given often.")
    ] = None,
    correct: Annotated[
        list[str] | None, typer.Option(help="SIGNATURE=SEQUENCE for one that is wrong; may be given often.")
    ] = None,
    by: Annotated[str, typer.Option(help="Who confirms or corrects: a name or initials.")] = "",
    note: Annotated[str, typer.Option(help="Why, in a few words.")] = "",
    html: Annotated[Path | None, typer.Option(help="Write a page with a thumbnail of each signature.")] = None,
    second_opinion: Annotated[
        bool, typer.Option("--second-opinion", help="Train a model on the curated signatures and say where it differs.")
    ] = False,
    cases: Annotated[
        Path | None, typer.Option(help="Write each curated signature as a test case into this folder.")
    ] = None,
) -> None:
    """List the protocol signatures of a bank by number of series, with what they show and how sure that is.

    A curator confirms or corrects a signature; the decision is a line in signatures.csv in the bank, and the next
    imagebank update puts it in force for every series of the signature. --html also looks at the pixels of one series
    of each and says where they contradict the label.
    """
    from imagebank.workflows import signatures as work

    listed = work.list_signatures(bank, environ=os.environ)
    if confirm or correct:
        _decide(bank, listed, confirm or [], correct or [], by, note)
        return
    if second_opinion:
        listed, trained = work.with_second_opinion(listed)
        told = f"{trained.right} right, {trained.wrong} wrong, {trained.abstained} abstained"
        typer.echo(f"second opinion on scanners left out of training: {told}")
    if html:
        listed = _page(bank, listed, html)
    if cases:
        written = work.write_cases(listed, cases)
        typer.echo(f"{len(written)} cases are in {cases}; put them into tests/dicom/corrections")
    _print_list(listed)


def _decide(bank: Path, listed: list[Listed], confirm: list[str], correct: list[str], by: str, note: str) -> None:
    from imagebank.core.clock import now
    from imagebank.workflows.signatures import decide

    made = decide(bank, listed, confirm=confirm, correct=correct, by=by, on=now().date().isoformat(), note=note)
    series = {each.signature: each.series for each in listed}
    for each in made:
        typer.echo(f"{each.signature} shows {each.sequence} ({series[each.signature]} series)")
    typer.echo(f"in force after: imagebank update {bank}")


def _page(bank: Path, listed: list[Listed], html: Path) -> list[Listed]:
    from imagebank.cli.progress import TerminalProgress
    from imagebank.core.config import open_bank
    from imagebank.workflows.signature_page import write_page
    from imagebank.workflows.signatures import with_pictures

    seen = with_pictures(listed, len(listed), progress=TerminalProgress())
    write_page(seen, html, bank_name=open_bank(bank).config.bank.name)
    typer.echo(f"the page is {html}")
    return seen


def _print_list(listed: list[Listed]) -> None:
    from imagebank.cli.report import print_table
    from imagebank.workflows.signature_page import objections

    if not listed:
        typer.echo("the bank has no banked series yet")
        return
    rows: list[tuple[str, ...]] = [
        (
            each.signature,
            f"{each.series:,}",
            f"{each.patients:,}",
            each.label,
            f"{each.confidence:g}",
            each.by,
            each.name,
            " ".join(objections(each)),
        )
        for each in listed
    ]
    print_table(HEAD, rows)
    sure = sum(each.series for each in listed if each.curated)
    every = sum(each.series for each in listed)
    typer.echo(f"{len(listed)} signatures of {every:,} series; {sure:,} series ({sure / every:.0%}) have a curated one")
