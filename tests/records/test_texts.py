"""No text of a source enters a table: in whatever column, it is understood, emptied, or the row is refused."""

from __future__ import annotations

import pytest
from extracted import extract, imported, nothing_lost

from imagebank.records.registry import load_registry
from imagebank.records.targets import EVENTS, Target

PLANTED = ("Smith", "Ann Lee", "9434765919", "SE5 8AF", "Dr Lee", "LEE", "lee1 2 v3 ann")
BASE = {
    "hospital_number": "K1", "date": "2010-01-01", "start_date": "2010-01-01", "code": "F20", "score": "2",
    "drug": "aspirin", "name": "MMSE", "item": "4", "value": "5", "kind": "letter", "grade": "1", "state": "present",
    "out_of": "", "dose": "5", "text": "Dear Ann Lee",
}  # fmt: skip
NAMES = {"assessment_items": "HoNOS", "biomarkers": "CRP", "symptoms": "anhedonia"}
NAMES["findings"] = next(iter(load_registry().spellings("findings")))
NOT_IN_TABLES = {"who", "id", "updated", "number", "person", "what", "place", "part", "imported", "source"}


def rows_of(target: Target) -> str:
    """A table in which each row has a planted text in another column."""
    names = [name for name in target.names if name not in ("id", "updated", "withdrawn")]
    base = {**BASE, **({"name": NAMES[target.name]} if target.name in NAMES else {})}
    rows = [[base.get(name, "") for name in names]]
    for at in range(1, len(names)):
        rows += [[planted if k == at else text for k, text in enumerate(rows[0])] for planted in PLANTED]
    return "\n".join(",".join(row) for row in (names, *rows)) + "\n"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, object]]]:
    root = tmp_path_factory.mktemp("texts")
    folder = extract(root / "in", **{target.name: rows_of(target) for target in EVENTS})
    stored, accepted, refused = imported(folder, root / "out")
    nothing_lost(stored, accepted, refused)
    return accepted


@pytest.mark.parametrize("target", EVENTS, ids=lambda each: each.name)
def test_no_text_of_a_source_enters_a_table(target: Target, told: dict[str, list[dict[str, object]]]) -> None:
    rows = told[target.name]
    assert rows, "the plain row is valid"
    for row in rows:
        kept = {name: str(value) for name, value in row.items() if name not in NOT_IN_TABLES}
        words = {name: text for name, text in kept.items() if any(each.lower() in text.lower() for each in PLANTED)}
        assert not words


def test_the_text_of_a_document_is_told_by_its_length_alone(told: dict[str, list[dict[str, object]]]) -> None:
    for name in ("notes", "reports"):
        assert {row["characters"] for row in told[name]} >= {len("Dear Ann Lee"), len("Smith")}
        assert not [key for row in told[name] for key in row if key == "text"]
