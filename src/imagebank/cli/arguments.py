"""What many commands take, and groups in which the name of the usual command may be left out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

BankFolder = Annotated[Path, typer.Argument(metavar="BANK", help="Folder of the bank.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Exact = Annotated[bool, typer.Option("--exact", help="Exact numbers, unsafe to show to others: for stewards only.")]
OpenPage = Annotated[bool, typer.Option("--open/--no-open", help="Open the page in a browser.")]


def group_of(usual: str) -> type[TyperGroup]:
    """A kind of group: where its first word is none of its commands, the `usual` one is meant."""

    class Group(TyperGroup):
        def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
            if args and args[0] not in self.commands and args[0] != "--help":
                args = [usual, *args]
            return super().parse_args(ctx, args)

    return Group
