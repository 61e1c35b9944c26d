"""A bank that is spoilt, locked, or opened with the wrong key says so, and nothing of it is touched."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import imagebank


def test_the_wrong_key_opens_nothing_and_says_so(own_bank: Path) -> None:
    ran = imagebank("update", own_bank, environ={"IMAGEBANK_KEY": "ab" * 32})
    assert ran.code == 5
    assert "does not open this vault" in ran.err


@pytest.mark.parametrize("key", ["", "short", "zz" * 32])
def test_a_key_that_is_none_is_refused(own_bank: Path, key: str) -> None:
    ran = imagebank("update", own_bank, environ={"IMAGEBANK_KEY": key})
    assert ran.code == 5
    assert "64 hexadecimal digits" in ran.err


def test_the_vault_of_another_bank_is_refused(own_bank: Path) -> None:
    config = own_bank / "bank.toml"
    lines = [
        'id = "abcdefghijkmnpqr"' if line.startswith("id = ") else line for line in config.read_text().splitlines()
    ]
    config.write_text("\n".join(lines) + "\n")
    (own_bank / "ledger.db").unlink()
    ran = imagebank("update", own_bank)
    assert ran.code == 5
    assert "another bank" in ran.err


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda text: text[: len(text) // 2 - 7], "bank.toml"),
        (lambda text: text[: text.index("[engine]")], "is missing"),
        (lambda text: text.replace("workers =", "worker ="), "did you mean `workers`?"),
        (lambda text: text.replace("[engine]", "[engin]"), "did you mean `engine`?"),
        (lambda text: text.replace("minimum = 10", "minimum = 3"), "disclosure.minimum"),
        (lambda text: text.replace("[-365, -1]", "[0, 0]"), "shift_days"),
        (lambda text: text.replace("pretend = true", "pretend = false"), "accept_test_numbers"),
        (lambda _text: "", "bank"),
        (lambda _text: "\x00\x01", "bank.toml"),
    ],
)
def test_a_spoilt_bank_toml_is_refused_with_the_place_named(
    own_bank: Path, spoil: Callable[[str], str], says: str
) -> None:
    config = own_bank / "bank.toml"
    config.write_text(spoil(config.read_text()))
    ran = imagebank("status", own_bank)
    assert ran.code == 3, ran.err
    assert says in ran.err
    assert "Traceback" not in ran.err


def test_two_commands_on_one_bank_do_not_meet(own_bank: Path) -> None:
    from imagebank.core.config import open_bank
    from imagebank.workflows.opening import locked

    with locked(open_bank(own_bank)):
        ran = imagebank("update", own_bank)
    assert ran.code == 6
    assert "Another command" in ran.err


def test_init_does_not_touch_a_folder_that_holds_something(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x")
    ran = imagebank("init", tmp_path)
    assert ran.code == 6
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_key_file_inside_the_bank_is_refused(tmp_path: Path) -> None:
    ran = imagebank("init", tmp_path / "bank", "--key-file", tmp_path / "bank" / "key")
    assert ran.code == 3
