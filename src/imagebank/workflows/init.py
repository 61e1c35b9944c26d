"""init: a new, empty bank with a commented bank.toml and a key of its own."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from imagebank.core.config import Config, ImageSource
from imagebank.core.config_file import default_config, render_config
from imagebank.core.errors import BankError, ConfigError
from imagebank.core.files import write_text
from imagebank.core.layout import CONFIG_NAME, Layout
from imagebank.core.record_settings import RecordSource
from imagebank.identities.pseudonyms import ALPHABET
from imagebank.identities.vault import write_new_key

ID_LETTERS = 16


@dataclass(frozen=True)
class NewBank:
    """What init made: the folder, and the key file unless the key comes from the environment."""

    root: Path
    key_file: Path | None


def init(
    root: Path,
    *,
    name: str = "",
    images: Sequence[Path] = (),
    records: Sequence[Path] = (),
    key_file: Path | None = None,
    key_from_environment: bool = False,
    pretend: bool = False,
) -> NewBank:
    """Make a bank in a new or empty folder. Raises BankError when the folder holds something already.

    Without `key_file` the key is written beside the bank, as `<bank>.key`. `pretend` is for invented patients only.
    """
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise BankError(f"{root} is there already and not an empty folder.", "name a new folder for the bank")
    root.mkdir(parents=True, exist_ok=True)
    root = root.resolve()
    key = None if key_from_environment else (key_file or root.with_name(f"{root.name}.key")).resolve()
    if key and key.is_relative_to(root):
        raise ConfigError("The key file would lie inside the bank.", "name a place outside the bank with --key-file")
    config = _config(name or root.name, root, images, records, key, pretend=pretend)
    if key:
        write_new_key(key)
    _make_folders(Layout(root, root / config.vault.path))
    write_text(root / CONFIG_NAME, render_config(config))
    return NewBank(root, key)


def _config(
    name: str, root: Path, images: Sequence[Path], records: Sequence[Path], key: Path | None, *, pretend: bool
) -> Config:
    bank_id = "".join(secrets.choice(ALPHABET) for _ in range(ID_LETTERS))
    default = default_config(name, bank_id)
    return replace(
        default,
        bank=replace(default.bank, pretend=pretend),
        vault=replace(default.vault, key_file=_relative(key, root) if key else ""),
        linkage=replace(default.linkage, accept_test_numbers=pretend),
        images=tuple(ImageSource(name=_source("images", i), path=_relative(p, root)) for i, p in enumerate(images)),
        records=tuple(RecordSource(name=_source("records", i), path=_relative(p, root)) for i, p in enumerate(records)),
    )


def _source(kind: str, position: int) -> str:
    return f"{kind}-{position + 1}" if position else kind


def _relative(path: Path, root: Path) -> str:
    """A path as bank.toml names it: relative where it lies beside the bank, so that both can be moved together."""
    path = path.resolve()
    return f"../{path.relative_to(root.parent).as_posix()}" if path.is_relative_to(root.parent) else str(path)


def _make_folders(layout: Layout) -> None:
    for folder in (layout.vault, layout.landing, layout.quarantine):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
