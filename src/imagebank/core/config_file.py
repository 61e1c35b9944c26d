"""The bank.toml that `init` writes: every setting with its help and its default, made from the declarations."""

from __future__ import annotations

import json
import typing
from dataclasses import fields
from typing import Any

from pydantic.fields import FieldInfo

from imagebank.core.config import (
    BankSettings,
    Config,
    DateSettings,
    DisclosureSettings,
    EngineSettings,
    ImageSource,
    LedgerSettings,
    LinkageSettings,
    VaultSettings,
)
from imagebank.core.pacs_settings import PacsSource
from imagebank.core.record_settings import RecordSource

HEAD = """# What this bank is. Unknown keys are refused; secrets do not belong here.
# Relative paths start at the folder of this file.
"""
ORDER = (
    "bank",
    "images",
    "records",
    "pacs",
    "landing",
    "receive",
    "vault",
    "dates",
    "policy",
    "linkage",
    "reading",
    "opt_outs",
    "engine",
    "ledger",
    "disclosure",
)

EXAMPLES: dict[str, Any] = {
    "images": ImageSource(name="exported", path="/path/to/images"),
    "records": RecordSource(name="ehr", path="/path/to/records"),
    "pacs": PacsSource(name="pacs", kind="dimse", host="pacs.example", called_title="PACS"),
}


def render_config(config: Config) -> str:
    """A commented bank.toml that reads back as `config`."""
    sections = [HEAD]
    for name in ORDER:
        value = getattr(config, name)
        if isinstance(value, tuple):
            sections.append(_sources(name, value))
        else:
            sections.append(_section(f"[{name}]", value))
    return "\n".join(sections)


def _sources(name: str, sources: tuple[Any, ...]) -> str:
    if sources:
        return "\n".join(_section(f"[[{name}]]", source) for source in sources)
    example = EXAMPLES[name]
    text = _section(f"[[{name}]]", example)
    return "".join(line if line.startswith("#") else f"# {line}" for line in text.splitlines(keepends=True))


def _section(title: str, value: Any) -> str:
    lines = [f"# {type(value).__doc__}", title]
    for name, help_text in setting_help(type(value)):
        lines += [f"# {help_text}", f"{name} = {_toml(getattr(value, name))}"]
    return "\n".join(lines) + "\n"


def setting_help(kind: type) -> list[tuple[str, str]]:
    """Name and help of each setting of a section."""
    hints = typing.get_type_hints(kind, include_extras=True)
    return [(field.name, _description(hints[field.name])) for field in fields(kind)]


def _description(hint: Any) -> str:
    return next(str(a.description) for a in typing.get_args(hint) if isinstance(a, FieldInfo))


def _toml(value: object) -> str:
    """TOML of a string, number, truth value or list of numbers: for these JSON and TOML agree."""
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)


def default_config(name: str, bank_id: str) -> Config:
    """The settings of a new bank."""
    return Config(
        bank=BankSettings(name=name, id=bank_id),
        vault=VaultSettings(),
        dates=DateSettings(),
        linkage=LinkageSettings(),
        engine=EngineSettings(),
        ledger=LedgerSettings(),
        disclosure=DisclosureSettings(),
    )
