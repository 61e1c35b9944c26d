"""What a de-identification without a bank does with wrong use and runs that were cut short."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import imagebank
from imagebank.core.errors import ConfigError
from imagebank.core.private import Private
from imagebank.dicom.decisions import Refused
from imagebank.identities.pseudonyms import Keys
from imagebank.workflows.standalone.offered import Offered
from imagebank.workflows.standalone.state import open_state
from imagebank.workflows.standalone.steps import read_offered
from standalone_runs import key, run, some

__all__ = ["key", "some"]  # fixtures


@pytest.mark.parametrize("inside", ["source/out", "."])
def test_source_and_destination_must_not_lie_in_one_another(inside: str, key: Path, tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    with pytest.raises(ConfigError, match="in one another"):
        run(tmp_path / "source", tmp_path / inside, key)


def test_a_destination_with_something_else_is_left_alone(some: Path, key: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("mine")
    with pytest.raises(ConfigError, match="did not write"):
        run(some, tmp_path / "out", key)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("nowhere", "out", "--key", "{key}"), 4),
        (("{key}", "out", "--key", "{key}"), 4),
        (("{some}", "out", "--key", "missing"), 5),
        (("{some}", "out", "--key", "{bad}"), 5),
        (("{some}", "out", "--key", "{key}", "--policy", "none"), 3),
        (("{some}", "out", "--key", "{key}", "--subject-map", "missing"), 3),
        (("{some}", "out"), 2),
    ],
)
def test_wrong_use_ends_with_its_code_and_no_traceback(
    arguments: tuple[str, ...], code: int, some: Path, key: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad"
    bad.write_text("12ab")
    told = [each.format(key=key, some=some, bad=bad) for each in arguments]
    told[1] = str(tmp_path / told[1])
    ran = imagebank("deidentify", *told)
    assert ran.code == code, ran.err
    assert "Traceback" not in ran.err


def test_a_file_that_is_gone_is_refused_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="file-vanished"):
        read_offered(Offered(0, Private("x"), Private(str(tmp_path / "gone"))))


def test_a_state_cut_by_a_kill_is_read_up_to_the_cut(tmp_path: Path) -> None:
    keys = Keys(b"k" * 32, "x")
    with open_state(tmp_path / "log" / "state", keys):
        pass
    with open(tmp_path / "log" / "state", "a") as file:
        file.write('{"done":"a","path":"p","sha256":"s","set":"d"}\n{"done":"b","pa')
    with open_state(tmp_path / "log" / "state", keys) as state:
        assert list(state.written) == ["a"]
