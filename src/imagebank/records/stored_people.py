"""What is kept of the people of a source beside its events: facts beyond identity, and which rows were refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from imagebank.core.files import temporary_beside, write_text
from imagebank.records.model import Characteristics, People, RefusedRow

PEOPLE = "people.parquet"


def write_characteristics(path: Path, characteristics: tuple[Characteristics, ...]) -> None:
    """Keep what is said of people beyond identity: hospital numbers, days, categories; no name."""
    import pyarrow as pa
    from pyarrow import parquet

    fields: dict[str, Any] = dict.fromkeys(("person", "ethnic_category", "deprivation_release", "lsoa"), pa.string())
    fields |= {"keys": pa.list_(pa.string()), "deprivation_decile": pa.int64()}
    fields |= {"birth_date": pa.date32(), "death_date": pa.date32()}
    columns = {name: pa.array([getattr(c, name) for c in characteristics], kind) for name, kind in fields.items()}
    temporary = temporary_beside(path)
    parquet.write_table(pa.table(columns), temporary)
    temporary.replace(path)


def read_characteristics(path: Path) -> list[Characteristics]:
    """What is said of people beyond identity."""
    from pyarrow import parquet

    rows = parquet.read_table(path).to_pylist()
    return [Characteristics(**{**row, "keys": tuple(row["keys"])}) for row in rows]


def write_refused_people(folder: Path, people: People) -> None:
    """Keep which rows about people were refused, the repairs, and how many rows each table offered."""
    told = [[each.table, each.what, each.line, each.reason] for each in people.refused]
    counts = {"refused": told, "repairs": people.repairs, "offered": people.offered}
    write_text(folder / "people.json", json.dumps(counts, sort_keys=True))


def read_refused_people(folder: Path) -> tuple[list[RefusedRow], dict[str, int], dict[str, int]]:
    """The rows about people that were refused, the repairs, and how many rows each table offered."""
    told = json.loads((folder / "people.json").read_text("utf-8"))
    return [RefusedRow(*each) for each in told["refused"]], told["repairs"], told["offered"]
