"""The vault opens for whoever has its key, or says why not."""

from __future__ import annotations

import getpass
import json
import os
from pathlib import Path

import pytest
from sqlcipher3 import dbapi2 as sqlcipher

from imagebank.core.config import open_bank
from imagebank.core.errors import VaultError
from imagebank.workflows.init import init
from vaults import vault_of


@pytest.fixture
def bank(tmp_path: Path) -> Path:
    return init(tmp_path / "bank", pretend=True).root


def test_every_opening_is_audited_also_of_a_user_without_a_name(bank: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container the number of the user need not have a name."""

    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 12345")

    monkeypatch.setattr(getpass, "getuser", nobody)
    with vault_of(bank):
        pass
    line = json.loads(open_bank(bank).layout.vault_audit.read_text("utf-8").splitlines()[-1])
    assert (line["user"], line["purpose"]) == (f"user {os.getuid()}", "test")


def test_a_vault_that_cannot_be_opened_does_not_blame_the_key(bank: Path) -> None:
    with vault_of(bank):
        pass
    database = open_bank(bank).layout.vault_database
    database.unlink()
    database.mkdir()
    with pytest.raises(VaultError, match="unable to open database file"), vault_of(bank):
        pass


def test_another_key_does_not_open_it(bank: Path) -> None:
    database = open_bank(bank).layout.vault_database
    database.parent.mkdir(exist_ok=True)
    other = sqlcipher.connect(str(database))
    other.execute(f"PRAGMA key = \"x'{'ab' * 32}'\"")
    other.execute("CREATE TABLE meta (name TEXT)")
    other.close()
    with pytest.raises(VaultError, match="The key does not open this vault"), vault_of(bank):
        pass
