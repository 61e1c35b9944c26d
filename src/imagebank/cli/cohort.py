"""imagebank cohort: ask a bank a question that lies in a file, and see how the answer comes about."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from imagebank.cli.arguments import Exact, group_of

QuestionFile = Annotated[
    Path,
    typer.Argument(
        metavar="FILE", help="The question: a .yaml or .json file, or the name of a saved one.", show_default=False
    ),
]
BankOption = Annotated[Path, typer.Option("--bank", help="Folder of the bank.", envvar="IMAGEBANK_BANK")]
EngineOption = Annotated[
    str, typer.Option(help="What computes: duckdb, or a URL: postgresql://USER@HOST/DATABASE, spark:local[2].")
]
ProjectOption = Annotated[
    str,
    typer.Option(
        help="The project that asks: projects/NAME.yaml in the bank says what it may see, and what it was told before "
        "decides what it is told now."
    ),
]
VersionOption = Annotated[str, typer.Option("--tables", help="Version of the tables; the newest if not given.")]


cohort_app = typer.Typer(
    name="cohort",
    cls=group_of("ask"),
    help="Ask a bank a question that lies in a file: `imagebank cohort FILE --bank BANK`.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@cohort_app.command()
def ask(
    file: QuestionFile,
    bank: BankOption = Path(),
    table: Annotated[
        Path | None, typer.Option(help="Write the rows of the cohort, for the research zone: .parquet or .csv.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(help="Write the whole answer here: page, flow chart, Table 1, figures, methods; safe to show."),
    ] = None,
    project: ProjectOption = "",
    engine: EngineOption = "duckdb",
    tables: VersionOption = "",
    exact: Exact = False,
) -> None:
    """Answer a question: what each step leaves, in numbers that may be shown.

    `imagebank cohort FILE` is short for this. docs/cohorts.md teaches the language; examples/cohorts has ten questions.
    `hidden` is a number that is not shown: nobody, fewer patients than the minimum, or what would give such a number
    away; docs/disclosure.md says what is done to numbers and why.
    """
    from imagebank.cli.report import print_table
    from imagebank.workflows.cohort import Wanted, ask_bank

    wanted = Wanted(table, output)
    answer = ask_bank(bank, file, wanted=wanted, project=project, engine=engine, version=tables or None, exact=exact)
    typer.echo(f"{answer.name}\n{answer.sentence}\n")
    units = () if answer.unit == "patients" else (answer.unit,)
    rows: list[tuple[str, ...]] = [
        (each.name, *((each.units,) if units else ()), each.patients, each.lost, each.sentence)
        for each in answer.stages
    ]
    print_table(("step", *units, "patients", "lost", "what it asks"), rows)
    for line in answer.notes:
        typer.echo(f"\n{line}")
    if answer.page is not None:
        typer.echo(f"\nthe whole answer: {answer.page}")


@cohort_app.command()
def explain(
    file: QuestionFile,
    bank: BankOption = Path(),
    project: ProjectOption = "",
    engine: EngineOption = "duckdb",
    tables: VersionOption = "",
) -> None:
    """Show how a question would be answered: the sentence, the plan, and the SQL, which only reads."""
    from imagebank.workflows.cohort import explain_to

    told = explain_to(bank, file, project=project, engine=engine, version=tables or None)
    typer.echo(told.sentence)
    typer.echo("\nplan")
    for place, line in enumerate(told.plan, start=1):
        typer.echo(f"{place:3d}. {line}")
    typer.echo(f"\nSQL\n{told.sql}")


@cohort_app.command()
def save(file: QuestionFile, bank: BankOption = Path()) -> None:
    """Keep a question in the bank under its name; a question that changed becomes a new version.

    `imagebank cohort NAME` then asks the newest version, `imagebank cohort NAME@v0001` an old one.
    """
    from imagebank.workflows.cohort import save as keep

    saved = keep(bank, file)
    typer.echo(f"saved as {saved.name} {saved.version}")
