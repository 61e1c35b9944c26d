"""A bank whose ledger is on PostgreSQL goes the same path and says the same."""

from __future__ import annotations

from pathlib import Path

from conftest import imagebank
from imagebank.synthetic import Hospital
from imagebank.workflows.init import init
from postgres import Postgres, postgres

__all__ = ["postgres"]


def test_the_whole_path_with_the_ledger_on_postgresql(
    postgres: Postgres, hospital: Hospital, banked: Path, tmp_path: Path
) -> None:
    bank = tmp_path / "bank"
    init(bank, images=[hospital.images], records=[hospital.records], pretend=True)
    config = bank / "bank.toml"
    config.write_text(config.read_text().replace('url_variable = ""', 'url_variable = "BANK_LEDGER"'))
    environ = {"BANK_LEDGER": postgres.new_database()}
    assert imagebank("update", bank, environ=environ).code == 0
    assert not (bank / "ledger.db").exists()
    assert imagebank("check", bank, environ=environ).code == 0
    assert "nothing new" in imagebank("update", bank, environ=environ).out
    told, reference = (imagebank("status", root, environ=environ).out for root in (bank, banked))
    assert _counts(told) == _counts(reference)


def test_a_missing_variable_is_named(own_bank: Path) -> None:
    config = own_bank / "bank.toml"
    config.write_text(config.read_text().replace('url_variable = ""', 'url_variable = "NOT_THERE"'))
    ran = imagebank("status", own_bank)
    assert ran.code == 3
    assert "NOT_THERE" in ran.err


def _counts(status: str) -> list[str]:
    """The funnel and the reasons; scanners have other keyed ids in another bank."""
    return status.split("per scanner")[0].splitlines()[1:]
