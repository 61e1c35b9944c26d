"""Every command with its arguments and options, from the command line itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import typer

from imagebank.cli.app import app
from imagebank.core.markdown import section, table


def commands_page() -> str:
    """The page of commands."""
    group: Any = typer.main.get_command(app)
    parts = ["# Commands\n", f"{group.help.strip()}\n\n{group.epilog}. See [errors](errors.md).\n"]
    parts.append(section("imagebank", "Before any command:", _parameters(group)))
    parts += [_command(name, command) for name, command in commands_of(group)]
    return "\n".join(parts)


def commands_of(group: Any, before: str = "") -> Iterable[tuple[str, Any]]:
    """Name and command of every command of a group, those of groups inside it as `policy show`."""
    for name, command in group.commands.items():
        yield f"{before}{name}", command
        yield from commands_of(command, f"{before}{name} ") if hasattr(command, "commands") else ()


def _command(name: str, command: Any) -> str:
    arguments = [each.metavar for each in command.params if each.param_type_name == "argument"]
    usage = f"```\nimagebank {' '.join([name, *arguments, '[OPTIONS]'])}\n```"
    return section(f"imagebank {name}", command.help, usage, _parameters(command))


def _parameters(command: Any) -> str:
    shown = (_parameter(each) for each in command.params if not each.hidden)
    return table(("argument or option", "meaning", "default"), shown)


def _parameter(each: Any) -> tuple[str, str, str]:
    if each.param_type_name == "argument":
        return f"`{each.metavar}`", each.help, "" if each.required else f"`{each.default}`"
    names = " / ".join(f"`{name}`" for name in (*each.opts, *each.secondary_opts))
    default = "" if each.default in (None, False, "") or each.is_flag else f"`{each.default}`"
    if each.secondary_opts:
        default = f"`{(each.opts if each.default else each.secondary_opts)[0]}`"
    return names, each.help, default
