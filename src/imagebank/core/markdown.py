"""Tables and sections of Markdown, for the pages that print what the code declares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table, one line a row."""
    every = [list(head), *(list(row) for row in rows)]
    every.insert(1, ["---"] * len(every[0]))
    return "".join("| " + " | ".join(map(_cell, row)) + " |\n" for row in every)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def meanings(codes: Mapping[str, str], head: str = "reason") -> str:
    """A table of codes and what they mean."""
    return table((head, "meaning"), ((f"`{code}`", text) for code, text in codes.items()))


def section(title: str, *texts: str) -> str:
    """A section of a page; empty texts are left out."""
    return f"\n## {title}\n\n" + "\n".join(f"{text.strip()}\n" for text in texts if text.strip())
