"""Every setting of bank.toml with its help and default, and the variables of the environment."""

from __future__ import annotations

import json
from dataclasses import MISSING, fields

from imagebank.cli.app import DEBUG_VARIABLE
from imagebank.core.config import KEY_VARIABLE, Config, ImageSource
from imagebank.core.config_file import default_config, setting_help
from imagebank.core.markdown import section, table
from imagebank.core.pacs_settings import PacsSource
from imagebank.core.record_settings import RecordSource
from imagebank.records.targets import TARGETS

EXAMPLE = default_config("example", "00000000")
LISTED: dict[str, type] = {"images": ImageSource, "records": RecordSource, "pacs": PacsSource}
"""Settings that may be given often, and the kind of each."""

VARIABLES = (
    (f"`{KEY_VARIABLE}`", "Key of the vault, 64 hexadecimal digits; goes before `[vault] key_file`."),
    (f"`{DEBUG_VARIABLE}`", "When set, an unexpected error shows its traceback, which may hold identifiers."),
    ("the one that `[ledger] url_variable` names", "Database URL of the ledger, where it is not `ledger.db`."),
    ("the one that `[[records]] database` names", "Database URL of a record source."),
)

EXTRACTS = """
Without a mapping a record source is a folder with one file a table: CSV with a header line, Parquet or JSON lines. Only
the patients must be there, and of each table the columns that stand like `this`. Dates are written 2026-01-31. The
pretend hospital writes such a folder: `demo/hospital/records` after `./run demo`. [Any other form](records.md) needs a
mapping.
"""


def settings_page() -> str:
    """The page of settings."""
    parts = [
        "# Settings\n",
        "`bank.toml` says what a bank is; `imagebank init` writes it with these comments. Unknown keys are refused.\n"
        "Secrets never lie in it. Relative paths start at the folder of the bank.\n",
    ]
    parts += [_settings(field.name) for field in fields(Config)]
    extracts = (
        (f"`{name}.csv`", each.meaning, ", ".join(f"`{one}`" if one in each.required else one for one in each.names))
        for name, each in TARGETS.items()
    )
    parts.append(section("Record extracts", EXTRACTS, table(("file", "one row is", "columns"), extracts)))
    return "\n".join([*parts, section("Environment", table(("variable", "meaning"), VARIABLES))])


def _settings(name: str) -> str:
    kind = LISTED.get(name) or type(getattr(EXAMPLE, name))
    defaults = {field.name: field.default for field in fields(kind)}
    rows = [(f"`{key}`", text, _default(defaults[key])) for key, text in setting_help(kind)]
    title = f"[[{name}]]" if name in LISTED else f"[{name}]"
    return section(f"`{title}`", kind.__doc__ or "", table(("setting", "meaning", "default"), rows))


def _default(value: object) -> str:
    """A default as bank.toml writes it."""
    return "must be given" if value is MISSING else f"`{json.dumps(value)}`"
