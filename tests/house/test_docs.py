"""The documentation: complete, up to date, and true where it names commands, files and functions."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import typer
from repository import DOCS, ROOT, pages, parsed

import imagebank
from generate import PAGES, render, stale_pages
from imagebank.catalogue import TABLES
from imagebank.cli.app import app
from imagebank.core.columns import columns
from imagebank.core.config import Config
from imagebank.core.config_file import setting_help
from imagebank.core.errors import EXIT_CODES
from imagebank.dicom.policy import Action, load_policy
from imagebank.dicom.policy_page import ACTIONS
from imagebank.workflows import acquisition, media
from imagebank.workflows.status import MEANINGS
from printed.commands import commands_of
from printed.settings import EXAMPLE, LISTED

GROUP: Any = typer.main.get_command(app)
COMMANDS = dict(commands_of(GROUP))
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]+)\)")
BLOCK = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)


def page(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


def rows(text: str) -> list[list[str]]:
    """The cells of every table row of a page, without marks."""
    lines = (line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| ---"))
    return [[cell.strip().strip("`*") for cell in line.strip("| ").split(" | ")] for line in lines]


def part(text: str, title: str) -> str:
    """A section of a page."""
    return text.split(f"\n## {title}\n")[1].split("\n## ")[0]


def settings() -> Iterator[tuple[str, str]]:
    for field in fields(Config):
        kind = LISTED.get(field.name) or type(getattr(EXAMPLE, field.name))
        title = f"`[[{field.name}]]`" if field.name in LISTED else f"`[{field.name}]`"
        yield from ((title, name) for name, _ in setting_help(kind))


def shown_commands() -> Iterator[tuple[str, str, str]]:
    """Page, program and first argument of each command line that a page shows."""
    for path in pages():
        text = path.read_text("utf-8")
        lines = [line for block in BLOCK.findall(text) for line in block.splitlines()] + CODE.findall(text)
        for line in lines:
            words = line.split()
            if len(words) > 1 and words[0] in ("./run", "imagebank") and not words[1].startswith("-"):
                yield path.name, words[0], words[1]


def defined(path: Path) -> set[str]:
    """Every name that a module defines: functions, classes, their methods, constants."""
    found: set[str] = set()
    for node in parsed(path).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{each.name}" for each in node.body if isinstance(each, ast.FunctionDef)}
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {each.id for each in targets if isinstance(each, ast.Name)}
    return found


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_generated_page_is_what_the_code_says(name: str) -> None:
    assert page(name) == render(name), "run ./run docs"


def test_a_page_that_was_edited_by_hand_is_found(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    for name in PAGES:
        (docs / name).resolve().parent.mkdir(parents=True, exist_ok=True)
        (docs / name).resolve().write_text(page(name), "utf-8")
    assert stale_pages(docs) == []
    (docs / "errors.md").write_text(page("errors.md") + "and more\n", "utf-8")
    (docs / "tables.md").unlink()
    assert sorted(stale_pages(docs)) == ["errors.md", "tables.md"]


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_and_option_has_its_section(command: str) -> None:
    told = part(page("commands.md"), f"imagebank {command}")
    for each in COMMANDS[command].params:
        names = [each.metavar] if each.param_type_name == "argument" else each.opts
        assert all(f"`{name}`" in told for name in names)
        assert each.help in told


@pytest.mark.parametrize(("section", "name"), list(settings()))
def test_every_setting_is_documented(section: str, name: str) -> None:
    assert name in [row[0] for row in rows(part(page("settings.md"), section))]


@pytest.mark.parametrize("code", sorted({0, 2, 130, *(kind.exit_code for kind in EXIT_CODES)}))
def test_every_exit_code_is_documented_once(code: int) -> None:
    assert [row[0] for row in rows(part(page("errors.md"), "Exit codes"))].count(str(code)) == 1


@pytest.mark.parametrize("reason", sorted(MEANINGS))
def test_every_reason_is_documented(reason: str) -> None:
    assert reason in [row[0] for row in rows(page("errors.md"))]


@pytest.mark.parametrize("reason", sorted({**acquisition.MEANINGS, **media.NOT_LANDED}))
def test_every_state_and_reason_of_acquisition_is_documented(reason: str) -> None:
    assert reason in [row[0] for row in rows(part(page("errors.md"), "Acquisition: states and reasons"))]


@pytest.mark.parametrize("table", sorted(TABLES))
def test_every_column_is_documented(table: str) -> None:
    told = [row[0] for row in rows(part(page("tables.md"), table))]
    assert [each.name for each in columns(TABLES[table])] == told[1:]


def test_every_action_of_the_policy_is_explained() -> None:
    assert {action.value for action in Action} - {"remove"} == set(ACTIONS)


def test_every_kept_attribute_and_private_element_is_documented() -> None:
    policy = load_policy()
    told = [row[0] for row in rows(page("policy.md"))]
    assert {f"({tag >> 16:04X},{tag & 0xFFFF:04X})" for tag in policy.rules} <= set(told)
    assert len([each for each in told if ",xx" in each]) == len(policy.private)


@pytest.mark.parametrize(("where", "program", "verb"), sorted(set(shown_commands())))
def test_a_command_that_a_page_shows_exists(where: str, program: str, verb: str) -> None:
    usage = subprocess.run([ROOT / "run"], capture_output=True, text=True, check=True).stdout
    verbs = re.findall(r"^  ([a-z]+) ", usage, re.MULTILINE)
    assert verb in (verbs if program == "./run" else COMMANDS), where


def test_the_readme_shows_how_to_begin() -> None:
    blocks = "\n".join(BLOCK.findall((ROOT / "README.md").read_text("utf-8")))
    assert "./run demo" in blocks
    assert "./run test" in blocks
    assert "imagebank init" in blocks


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_of_a_page_leads_somewhere(path: Path) -> None:
    for _, target in LINK.findall(CODE.sub("", path.read_text("utf-8"))):  # patterns may look like links
        place, _, anchor = target.partition("#")
        if not target.startswith("https://"):
            assert not place or (path.parent / place).exists(), target
        assert not anchor or place.startswith("https://"), "anchors are not checked, so pages do not use them"


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_name_linked_to_a_module_is_defined_there(path: Path) -> None:
    for label, target in LINK.findall(path.read_text("utf-8")):
        if target.endswith(".py") and CODE.fullmatch(label) and not label.endswith(".py`") and "/" not in label:
            assert label.strip("`") in defined(path.parent / target), f"{label} in {target}"


def test_the_tour_passes_through_every_folder_of_the_path() -> None:
    told = page("tour.md")
    for folder in ("workflows", "dicom", "identities", "engine", "records", "imaging", "catalogue", "cohorts"):
        assert f"../src/imagebank/{folder}/" in told


def test_the_changelog_has_the_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert imagebank.__version__ == project["version"]
    assert f"\n## [{project['version']}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_words_of_the_glossary_stand_once_and_in_order() -> None:
    words = re.findall(r"^\*\*(.+?)\*\*", (ROOT / "GLOSSARY.md").read_text("utf-8"), re.MULTILINE)
    assert len(words) > 10
    assert words == sorted(set(words), key=str.lower)


def decisions() -> list[Path]:
    return sorted((DOCS / "decisions").glob("*.md"))


def test_decisions_are_numbered_without_gaps() -> None:
    assert [path.name[:4] for path in decisions()] == [f"{number:04d}" for number in range(1, len(decisions()) + 1)]


@pytest.mark.parametrize("path", decisions(), ids=lambda path: path.stem)
def test_a_decision_is_one_page_that_says_what_would_change_our_mind(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= 80
    assert "change our mind" in text.lower()


def test_the_map_of_the_largest_folder_names_each_of_its_modules() -> None:
    folder = ROOT / "src/imagebank/dicom"
    told = set(re.findall(r"`(\w+)`", ast.get_docstring(parsed(folder / "__init__.py")) or ""))
    there = {path.stem for path in folder.glob("*.py")} - {"__init__"} | {"pacs"}
    assert told == there
