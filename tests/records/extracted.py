"""Record sources for the tests, read as the bank reads them: staged, and settled."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from pyarrow import parquet

from imagebank.records.judging import Rules
from imagebank.records.mapping import load_mapping, parse_mapping
from imagebank.records.model import People
from imagebank.records.registry import load_registry
from imagebank.records.settling import EVENT_NAMES, Life, StagedPart, settle
from imagebank.records.sources import open_source
from imagebank.records.staging import Room, refused_file
from imagebank.records.store import Lookups, Stored, bring_up_to_date
from imagebank.records.stored_people import read_characteristics

TODAY = date(2026, 1, 1)
HEAD = "hospital_number,nhs_number,given_name,family_name,birth_date,sex\n"
PEOPLE = HEAD + "K1,9434765919,Ann,Lee,1950-03-02,female\nK2,,Bo,Ray,1960-01-01,male\n"
SCORES = "hospital_number,date,name,score,out_of\nK1,2010-01-01,MMSE,25,30\nK2,2010-01-02,MMSE,26,30\n"
Imported = tuple[Stored, dict[str, list[dict[str, Any]]], list[tuple[int, str]]]


def imported(folder: Path, to: Path, *, mapping: str = "", text: str = "", url: str = "", known: str = "") -> Imported:
    """A source as it is staged and settled: accepted rows by table, and line and reason of all others."""
    chosen = parse_mapping("test.toml", text) if text else load_mapping(mapping, folder)
    room = Room(to, threads=2)
    rules = Rules(chosen, load_registry(), TODAY, "secret")
    with open_source("ehr", chosen, room, **({"url": url} if url else {"folder": folder})) as source:  # type: ignore[arg-type]
        stored = bring_up_to_date(source, room, rules, Lookups(), people_known=known)
    lives = [
        Life("ehr", each.person, each.keys, each.birth_date, each.death_date)
        for each in read_characteristics(to / "people.parquet")
    ]
    parts = [StagedPart(p.target, "ehr", p.what, p.place, to / p.key, "import") for p in stored.pieces]
    accepted, refused = {}, []
    with room.database() as database:
        settle(database, parts, lives)
        for name in EVENT_NAMES:
            rows = database.sql(f"SELECT * FROM judged_{name}").to_arrow_table().to_pylist()
            accepted[name] = [row for row in rows if not row["reason"]]
            refused += [(row["number"], row["reason"]) for row in rows if row["reason"]]
    for part in parts:
        refused += [(row["number"], row["reason"]) for row in parquet.read_table(refused_file(part.path)).to_pylist()]
    return stored, accepted, sorted(refused)


def extract(folder: Path, **tables: str | bytes) -> Path:
    """A folder of CSV extracts."""
    folder.mkdir(exist_ok=True)
    for name, text in {"patients": PEOPLE, **tables}.items():
        (folder / f"{name}.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def nothing_lost(stored: Stored, accepted: dict[str, list[Any]], refused: list[Any]) -> None:
    """Every row that was offered is accepted or refused."""
    assert sum(p.counted.offered for p in stored.pieces) == sum(map(len, accepted.values())) + len(refused)


def people_of(tmp_path: Path, **tables: str) -> People:
    stored, _, _ = imported(extract(tmp_path / "in", **tables), tmp_path / "out")
    assert stored.people
    return stored.people
