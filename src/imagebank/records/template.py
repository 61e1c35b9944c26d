"""A mapping to fill in, guessed from the names of files, tables and columns. Pure."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from imagebank.records.targets import TARGETS, Target, Wanted

ENOUGH = 0.6  # how well columns and name fit, from 0 to 1
TAKEN_BACK = {"withdrawn", "deleted", "void", "cancelled"}
"""Words in the names of tables whose rows must not count, however well their columns fit."""


@dataclass(frozen=True)
class Offered:
    """A file or table of a source with its columns."""

    name: str
    columns: tuple[str, ...]
    kind: str  # files or table


@dataclass(frozen=True)
class Guess:
    """A table of ours that something offered may fill, and with which columns."""

    target: Target
    offered: Offered
    columns: Mapping[str, str]
    score: float


def guess(offered: Offered) -> Guess | None:
    """The table of ours that fits best; none where too little does, or where the rows were taken back."""
    if TAKEN_BACK & set(_stem(offered).split("_")):
        return None
    scored = [_scored(target, offered) for target in TARGETS.values()]
    best = max(scored, key=lambda each: each.score)
    return best if best.score >= ENOUGH else None


def _scored(target: Target, offered: Offered) -> Guess:
    columns: dict[str, str] = {}
    for wanted in target.columns:
        free = [name for name in offered.columns if name not in columns.values()]
        found = _column(wanted, free)
        if found:
            columns[wanted.name] = found
    must = [name in columns for name in target.required]
    explained = len(columns) / len(offered.columns) if offered.columns else 0.0
    alike = max(difflib.SequenceMatcher(None, _stem(offered), each).ratio() for each in (target.name, *target.also))
    return Guess(target, offered, columns, 0.35 * sum(must) / len(must) + 0.25 * explained + 0.4 * alike)


def _column(wanted: Wanted, free: Iterable[str]) -> str:
    plain = {_plain(name): name for name in reversed(list(free))}
    for each in (wanted.name, *wanted.also):
        if each in plain:
            return plain[each]
    tail = [name for key, name in plain.items() if key.endswith(f"_{wanted.name}")]
    return tail[0] if len(tail) == 1 else ""


def _plain(name: str) -> str:
    return name.strip().casefold().replace(" ", "_").replace("-", "_")


def template(offered: Iterable[Offered]) -> str:
    """A mapping in TOML: what was guessed, what is missing, what is not used, and every other table to fill in."""
    offered = list(offered)
    if {"person", "condition_occurrence"} <= {_stem(each) for each in offered}:
        return OMOP
    guesses = _best([(each, guess(each)) for each in offered])
    filled = {made.target.name for _, made in guesses if made}
    parts = [HEAD]
    parts += [_table(made) for name in TARGETS for _, made in guesses if made and made.target.name == name]
    left = [each for each, made in guesses if not made]
    if left:
        told = "\n".join(f"#   {_shown(each)}" for each in left)
        parts.append(f"# Not used, as they look like no table of ours, or like rows that were taken back:\n{told}")
    parts += [_skeleton(target) for name, target in TARGETS.items() if name not in filled]
    return "\n\n".join(parts) + "\n"


def _best(guesses: list[tuple[Offered, Guess | None]]) -> list[tuple[Offered, Guess | None]]:
    """Of people and what belongs to them only the best guess counts: two tables of patients are hardly meant."""
    best = {
        name: max((g.score for _, g in guesses if g and g.target.name == name), default=0.0)
        for name, target in TARGETS.items()
        if not target.event
    }
    return [(each, g if g and g.score >= best.get(g.target.name, 0.0) else None) for each, g in guesses]


def _stem(each: Offered) -> str:
    return _plain(each.name.rsplit("/", 1)[-1].split(".")[0])


OMOP = """# This looks like the OMOP Common Data Model, which is understood as it is: mapping = "omop" is enough.
# Where it differs, name this file instead, and write the tables anew that differ.

[source]
like = "omop"
"""
HEAD = """# What is where in this record source. Guessed from names: check every line, then run imagebank records check.
# A column of ours that is not listed is filled from a column of the same name. Instead of files or table a query can be
# given: query = "SELECT ..."; its columns need our names. See docs/records.md.

[source]
# like = "cris"            # begin with a shipped mapping, and say only what differs
dates = []                 # forms of dates beside 2026-01-31, such as "%d/%m/%Y"
nulls = []                 # words that stand for nothing, beside NULL, N/A and their like
digits = 0                 # 7: hospital number 12345 is 0012345, where a spreadsheet took the zeros
encoding = "auto"          # of CSV files
delimiter = "auto\""""


def _shown(each: Offered) -> str:
    return f"{each.name}: {', '.join(each.columns)}"


def _table(made: Guess) -> str:
    target, offered = made.target, made.offered
    lines = [f"# {target.meaning}", f"[[{target.name}]]", f"{offered.kind} = {json.dumps(offered.name)}"]
    lines.append(f"[{target.name}.columns]")
    for wanted in target.columns:
        if wanted.name in made.columns:
            if made.columns[wanted.name] != wanted.name:
                lines.append(f"{wanted.name} = {json.dumps(made.columns[wanted.name], ensure_ascii=False)}")
        elif wanted.required:
            lines.append(f'# {wanted.name} = "?"  # MUST be filled: {wanted.meaning}')
        else:
            lines.append(f'# {wanted.name} = ""  # {wanted.meaning}')
    unused = [name for name in offered.columns if name not in made.columns.values()]
    if unused:
        lines.append(f"# not used: {', '.join(unused)}")
    return "\n".join(lines)


def _skeleton(target: Target) -> str:
    told = [f"# {target.meaning} Nothing was found for it.", f"# [[{target.name}]]"]
    told += [f'# files = "{target.name}*.csv"', f"# [{target.name}.columns]"]
    told += [
        f'# {each.name} = ""  # {"MUST be filled: " if each.required else ""}{each.meaning}' for each in target.columns
    ]
    return "\n".join(told)
