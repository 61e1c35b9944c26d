"""The shape of the code: small modules, short functions, narrow doors, names that say something."""

from __future__ import annotations

import ast
import importlib
import inspect
import statistics
from collections.abc import Iterator
from dataclasses import is_dataclass
from pathlib import Path

import pytest
from repository import PACKAGE, module_id, modules, parsed

MOST_LINES = 300
MOST_LINES_OF_A_FUNCTION = 40
MOST_PUBLIC_NAMES = 15
SAYS_NOTHING = {"utils", "util", "helpers", "helper", "base", "manager", "misc", "common", "tools"}
FOLDERS = sorted(path.parent for path in PACKAGE.rglob("__init__.py"))

every_module = pytest.mark.parametrize("path", modules(), ids=module_id)


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from `def` to the end, docstring and all."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def classes() -> list[type]:
    found = set()
    for path in modules():
        if path.name == "__main__.py":
            continue
        name = ".".join(("imagebank", *path.relative_to(PACKAGE).with_suffix("").parts))
        module = importlib.import_module(name.removesuffix(".__init__"))
        found |= {each for _, each in inspect.getmembers(module, inspect.isclass) if each.__module__ == name}
    return sorted(found, key=lambda each: f"{each.__module__}.{each.__name__}")


@every_module
def test_no_module_is_longer_than_300_lines(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= MOST_LINES


@every_module
def test_no_function_is_longer_than_40_lines(path: Path) -> None:
    assert [node.name for node in functions(parsed(path)) if length(node) > MOST_LINES_OF_A_FUNCTION] == []


def test_nine_in_ten_functions_are_short() -> None:
    lengths = sorted(length(node) for path in modules() for node in functions(parsed(path)))
    ninety = lengths[int(0.9 * len(lengths))]
    print(f"{len(lengths)} functions: median {statistics.median(lengths):.0f} lines, 90 % have at most {ninety}")
    assert ninety <= 20


@every_module
def test_modules_and_their_public_functions_and_classes_are_documented(path: Path) -> None:
    tree = parsed(path)
    assert ast.get_docstring(tree)
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    public = [node for node in tree.body if isinstance(node, kinds) and not node.name.startswith("_")]
    methods = [each for node in public for each in node.body if isinstance(node, ast.ClassDef)]
    public += [each for each in methods if isinstance(each, kinds) and not each.name.startswith("_")]
    assert [node.name for node in public if not ast.get_docstring(node)] == []


@every_module
def test_names_of_modules_say_something(path: Path) -> None:
    assert not SAYS_NOTHING & set(path.relative_to(PACKAGE).with_suffix("").parts)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_a_folder_offers_at_most_15_names(folder: Path) -> None:
    name = ".".join(("imagebank", *folder.relative_to(PACKAGE).parts))
    assert len(getattr(importlib.import_module(name), "__all__", [])) <= MOST_PUBLIC_NAMES


def test_no_class_inherits_from_one_of_ours_that_itself_does() -> None:
    def depth(kind: type) -> int:
        return sum(each.__module__.startswith("imagebank.") for each in kind.__mro__) - 1

    assert [kind.__name__ for kind in classes() if depth(kind) > 1] == []


def test_public_records_are_frozen() -> None:
    """Not in the pretend hospital, which fills its book of answers as it goes."""
    ours = [kind for kind in classes() if ".synthetic." not in kind.__module__]
    records = [kind for kind in ours if is_dataclass(kind) and not kind.__name__.startswith("_")]
    assert records
    assert [kind.__name__ for kind in records if not kind.__dataclass_params__.frozen] == []  # type: ignore[attr-defined]
