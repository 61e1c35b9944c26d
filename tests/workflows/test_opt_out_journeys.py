"""Opt-outs: the round trip with the national list, and whoever was never checked."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from conftest import imagebank
from imagebank.core.errors import SourceError
from imagebank.workflows.opting_out import export_numbers, import_answer
from imagebank.workflows.status import status
from vaults import banked_pseudonyms, holds, run, vault_of


def require_list(bank: Path) -> None:
    config = bank / "bank.toml"
    config.write_text(config.read_text().replace("require_national_list = false", "require_national_list = true"))


def test_a_bank_that_requires_the_national_list_stops_without_one_and_lets_go_of_who_is_on_it(
    own_bank: Path, tmp_path: Path
) -> None:
    run(own_bank)
    before = banked_pseudonyms(own_bank)
    require_list(own_bank)
    with pytest.raises(SourceError, match="is not there"):
        run(own_bank)
    assert banked_pseudonyms(own_bank) == before
    (sent, count), *others = export_numbers(own_bank, tmp_path / "sent", environ={})
    assert not others
    numbers = sent.read_text().split()
    assert len(numbers) == count == len(set(numbers))
    with vault_of(own_bank) as vault:
        banked = [each for each in vault.people() if vault.keys.pseudonym(each.person) in before and each.nhs_number]
        out, gone = banked[0].nhs_number.reveal("test"), vault.keys.pseudonym(banked[0].person)
    answer = tmp_path / "cleaned.csv"
    answer.write_text("".join(f"{number}\n" for number in numbers if number != out))
    assert import_answer(own_bank, answer, environ={}) == (count - 1, 1)
    run(own_bank)
    assert banked_pseudonyms(own_bank) == before - {gone}
    assert status(own_bank, environ={}).opted_out == 1
    everything = "".join(path.name + path.read_text() for path in own_bank.glob("bids/**/*.tsv"))
    assert gone not in everything
    holds(own_bank)
    assert json.loads(imagebank("status", "--json", own_bank).out)["opted_out"] == 1
    old = import_answer(own_bank, answer, environ={}, listed=date(2020, 1, 1))
    assert old == (count - 1, 1)
    with pytest.raises(SourceError, match="2020-01-01"):
        run(own_bank)


def test_whoever_was_never_checked_is_held_back_where_the_list_is_required(own_bank: Path, tmp_path: Path) -> None:
    (sent, _), *_ = export_numbers(own_bank, tmp_path, environ={})
    require_list(own_bank)
    with vault_of(own_bank) as vault, vault.write() as connection:
        connection.execute("DELETE FROM national_checks WHERE number != (SELECT min(number) FROM national_checks)")
    import_answer(own_bank, _only_first(sent), environ={})
    run(own_bank)
    reasons = {reason for _, reason in status(own_bank, environ={}).funnel.by_reason}
    assert "opt-out-not-checked" in reasons
    holds(own_bank)


def _only_first(sent: Path) -> Path:
    answer = sent.with_name("answer.csv")
    answer.write_text(min(sent.read_text().split()) + "\n")
    return answer


def test_a_list_of_numbers_that_were_not_sent_is_refused(own_bank: Path, tmp_path: Path) -> None:
    export_numbers(own_bank, tmp_path, environ={})
    answer = tmp_path / "answer.csv"
    answer.write_text("9434765919\n")
    with pytest.raises(SourceError, match="never sent"):
        import_answer(own_bank, answer, environ={})
    with pytest.raises(SourceError, match="research zone"):
        export_numbers(own_bank, own_bank / "releases", environ={})


def test_files_of_numbers_hold_at_most_so_many(own_bank: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imagebank.workflows.opting_out.MOST_NUMBERS", 4)
    files = export_numbers(own_bank, tmp_path, environ={})
    assert all(count <= 4 for _, count in files)
    assert len({number for path, _ in files for number in path.read_text().split()}) == sum(c for _, c in files)
    for path, count in files:
        assert import_answer(own_bank, path, environ={}) == (count, 0)
