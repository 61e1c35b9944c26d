"""The page of the scanners says what the tables say, and the tables agree with each other."""

from __future__ import annotations

from pathlib import Path

import pytest
from scanned import eras, ordered_kind, visit_of

from imagebank.synthetic.scanning.describe import main, page
from imagebank.synthetic.scanning.machines import all_machines
from imagebank.synthetic.scanning.protocols import grid_of, protocol_of
from imagebank.synthetic.scanning.scan import uid_below
from imagebank.synthetic.scanning.tables import rows
from imagebank.synthetic.scanning.wording import wording_of
from imagebank.synthetic.visits import SERIES_KINDS, SIZES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "pretend-hospital" / "scanners.md"


def test_the_page_is_what_the_tables_say() -> None:
    assert PAGE.read_text("utf-8") == page(), f"run python -m imagebank.synthetic.scanning.describe {PAGE.name}"


def test_the_page_is_written_to_a_file_and_nowhere_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "page.md")]) == 0
    assert (tmp_path / "page.md").read_text("utf-8") == page()
    assert main([]) == 2
    assert "usage" in capsys.readouterr().err


def test_every_kind_has_a_protocol_a_grid_a_class_and_words_on_every_machine() -> None:
    kinds = {row["kind"] for row in rows("kinds")}
    assert kinds == set(SERIES_KINDS) == {row["kind"] for row in rows("enhanced")}
    for machine, day in eras():
        visit = visit_of(machine, day, 9, *SERIES_KINDS)
        maker = all_machines()[machine].maker
        for kind in SERIES_KINDS:
            protocol = protocol_of(machine, kind)
            plane = "axial" if protocol.plane == "several" else protocol.plane
            assert [grid_of(protocol, size, plane).slices > 0 for size in SIZES] == [True] * 3
            words = wording_of(maker, visit, ordered_kind(visit, kind), seed=1, family="X")
            assert words.series
            assert max(map(len, (words.series, words.protocol, words.study))) <= 64


def test_a_machine_has_software_from_its_first_day_on_and_in_order() -> None:
    for machine in all_machines().values():
        since = [era.since for era in machine.eras]
        assert since == sorted(since)
        assert since[0] == machine.start
        assert since[-1] < machine.end


def test_uids_stay_within_64_characters_and_apart() -> None:
    long = "1.2.826.0.1.3680043.8.498." + "9" * 35
    below = {uid_below(long, number, instance) for number in range(5) for instance in range(50)}
    assert len(below) == 250
    assert max(map(len, below)) <= 64
    assert uid_below("1.2.3", 4, 5) == "1.2.3.4.5"
