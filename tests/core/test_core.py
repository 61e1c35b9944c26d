"""Identifiers that cannot speak, files that are whole or not there, and settings that explain themselves."""

from __future__ import annotations

import errno
import logging
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebank.core.config import Config, open_bank, parse_config
from imagebank.core.config_file import default_config, render_config, setting_help
from imagebank.core.errors import EXIT_CODES, ConfigError, DiskFull
from imagebank.core.files import atomic_file, disk_errors, remove_temporaries, replace_folder, write_text
from imagebank.core.private import Private


@given(st.text(min_size=4, max_size=30).filter(lambda text: text not in "Private(<private>)"))
def test_a_private_text_shows_itself_nowhere(text: str) -> None:
    hidden = Private(text)
    shown = [
        repr(hidden),
        str(hidden),
        f"{hidden}",
        f"{hidden:>40}",
        "{} {!r}".format(hidden, hidden),  # noqa: UP032 - as a logger does it
        repr([hidden, {1: hidden}]),
    ]
    assert not [each for each in shown if text in each]
    assert hidden.reveal("test") == text
    assert pickle.loads(pickle.dumps(hidden)) == hidden


def test_a_private_text_in_a_log_and_in_an_error_stays_hidden(caplog: pytest.LogCaptureFixture) -> None:
    hidden = Private("Featherstone")
    with caplog.at_level(logging.INFO):
        logging.getLogger("test").info("linked %s", hidden)
    assert "Featherstone" not in caplog.text + repr(ValueError(hidden)) + str(KeyError(hidden))


def test_revealing_takes_a_reason() -> None:
    with pytest.raises(ValueError, match="reason"):
        Private("x").reveal("")


def test_a_file_whose_writing_fails_is_not_there_and_leaves_nothing(tmp_path: Path) -> None:
    def write_half() -> None:
        with atomic_file(tmp_path / "a" / "file") as file:
            file.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()
    assert list((tmp_path / "a").iterdir()) == []


def test_an_unchanged_file_is_not_written_again(tmp_path: Path) -> None:
    write_text(tmp_path / "file", "same")
    before = (tmp_path / "file").stat().st_mtime_ns, (tmp_path / "file").stat().st_ino
    write_text(tmp_path / "file", "same")
    assert ((tmp_path / "file").stat().st_mtime_ns, (tmp_path / "file").stat().st_ino) == before


def test_a_folder_is_replaced_whole(tmp_path: Path) -> None:
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.txt").write_text(name)
    replace_folder(tmp_path / "new", tmp_path / "old")
    assert [path.name for path in (tmp_path / "old").iterdir()] == ["new.txt"]


def test_half_written_files_and_folders_are_removed_wherever_they_lie(tmp_path: Path) -> None:
    (tmp_path / "deep" / ".tmp-1-folder" / ".tmp-2-inner").mkdir(parents=True)
    (tmp_path / "deep" / ".tmp-3-file").write_text("x")
    (tmp_path / "deep" / "kept").write_text("x")
    remove_temporaries(tmp_path)
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["kept"]


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "x"), OSError(errno.EDQUOT, "x"), RuntimeError("database or disk is full")]
)
def test_a_full_disk_is_told_in_one_way_however_it_shows(error: Exception) -> None:
    with pytest.raises(DiskFull), disk_errors():
        raise error


def test_other_errors_are_not_taken_for_a_full_disk() -> None:
    with pytest.raises(PermissionError), disk_errors():
        raise PermissionError(errno.EACCES, "x")


def test_what_init_writes_reads_back_as_it_was() -> None:
    config = default_config('A "quoted" näme', "abcdefgh")
    assert parse_config(render_config(config)) == config


def test_every_setting_has_help_and_stands_in_the_file() -> None:
    text = render_config(default_config("x", "abcdefgh"))
    for section in Config.__dataclass_fields__:
        assert f"[{section}]" in text or f"[[{section}]]" in text
    for kind in {
        type(value) for value in vars(default_config("x", "abcdefgh")).values() if not isinstance(value, tuple)
    }:
        for name, words in setting_help(kind):
            assert f"\n{name} = " in text
            assert words in text


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("workers", "worker", "did you mean `workers`?"),
        ("[disclosure]", "[disclousre]", "did you mean `disclosure`?"),
        ("shift_days = [-365, -1]", "shift_days = [5, 1]", "-365"),
        ("memory_mb = 4096", "memory_mb = 1", "Most memory one worker may use"),
        ("round_to = 5", "round_to = 1", "rounded to a multiple"),
        ('path = "vault"', "path = 3", "Folder of the vault"),
    ],
)
def test_a_wrong_setting_is_refused_with_the_way_to_right_it(old: str, new: str, says: str) -> None:
    text = render_config(default_config("x", "abcdefgh"))
    assert old in text
    with pytest.raises(ConfigError) as raised:
        parse_config(text.replace(old, new))
    assert says in raised.value.advice


def test_two_sources_of_one_name_are_refused() -> None:
    sources = '[[images]]\nname = "a"\npath = "x"\n[[records]]\nname = "a"\npath = "y"\n'
    with pytest.raises(ConfigError, match="two sources"):
        parse_config(render_config(default_config("x", "abcdefgh")) + sources)


def test_exit_codes_are_all_different() -> None:
    codes = [kind.exit_code for kind in EXIT_CODES]
    assert len(set(codes)) == len(codes)
    assert not {0, 2, 130} & set(codes)


def test_settings_that_a_windows_editor_saved_are_read(tmp_path: Path) -> None:
    config = default_config("x", "abcdefgh")
    (tmp_path / "bank.toml").write_text(render_config(config), encoding="utf-8-sig")
    assert open_bank(tmp_path).config == config


def test_a_key_inside_the_bank_is_refused(tmp_path: Path) -> None:
    from imagebank.core.config import open_bank

    text = render_config(default_config("x", "abcdefgh")).replace('key_file = ""', 'key_file = "vault/key"')
    (tmp_path / "bank.toml").write_text(text)
    with pytest.raises(ConfigError, match="inside the bank"):
        open_bank(tmp_path).key_file()


def test_a_bank_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    from imagebank.core.config import open_bank

    (tmp_path / "bank.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="cannot be read"):
        open_bank(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["bank.toml"]
