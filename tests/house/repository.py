"""The repository as the house rules see it: its files, its modules and its generated pages."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "imagebank"
DOCS = ROOT / "docs"


def modules() -> list[Path]:
    """Every module of the package."""
    return sorted(PACKAGE.rglob("*.py"))


def module_id(path: Path) -> str:
    """A module as a test names it."""
    return path.relative_to(PACKAGE).as_posix()


def parsed(path: Path) -> ast.Module:
    """The syntax tree of a module."""
    return ast.parse(path.read_text("utf-8"))


def offered_to_git() -> Iterator[Path]:
    """Every file that .gitignore does not leave out."""
    patterns = [line.strip("/") for line in (ROOT / ".gitignore").read_text().splitlines() if line]
    ignored = [*patterns, ".git"]
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [each for each in folders if not any(fnmatch(each, pattern) for pattern in ignored)]
        yield from (Path(folder, name) for name in names if not any(fnmatch(name, pattern) for pattern in ignored))


def pages() -> list[Path]:
    """Every Markdown page."""
    return sorted(path for path in offered_to_git() if path.suffix == ".md")
