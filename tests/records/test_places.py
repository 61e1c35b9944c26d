"""From a postcode to a decile, however the public files were saved again."""

from __future__ import annotations

from pathlib import Path

import pytest

from imagebank.core.errors import SourceError
from imagebank.records.places import deciles, release_of
from imagebank.records.staging import Room

INDEX = (
    "LSOA code (2011),LSOA name (2011),Index of Multiple Deprivation (IMD) Decile\n"
    "E01000001,Gwynêdd,3\nE01000002,Barnet,7\nE01000003,Brent,\n"
)
POSTCODES = "pcds,lsoa11\nSE5 8AF,E01000001\nSE5 8AG,E01000002\nSE5 8AG,E01000001\nSE5 8AH,E01000003\n"
WHERE = {"a": ("se58af", ""), "b": ("SE5 8AG", ""), "c": ("SE5 8AH", ""), "d": ("ZZ1 1ZZ", "E01000002"), "e": ("", "")}
SAVED = {
    "as published": INDEX.encode(),
    "with a mark": INDEX.encode("utf-8-sig"),
    "as Windows-1252": INDEX.encode("cp1252"),
    "with semicolons": INDEX.replace(",", ";").encode(),
}


@pytest.mark.parametrize("how", SAVED)
def test_a_postcode_gives_the_decile_of_its_area(how: str, tmp_path: Path) -> None:
    index, postcodes = tmp_path / "index.csv", tmp_path / "the postcodes.csv"
    index.write_bytes(SAVED[how])
    postcodes.write_text(POSTCODES)
    assert deciles(Room(tmp_path), WHERE, index, postcodes) == {"a": 3, "b": 3, "d": 7}
    assert deciles(Room(tmp_path), WHERE, index, None) == {"d": 7}
    assert release_of(index) == "IoD2019"


@pytest.mark.parametrize(
    ("index", "postcodes"), [(INDEX + 'E01,"x\n', POSTCODES), ("a,b\n1,2\n", POSTCODES), (INDEX, "a,b\n1,2\n")]
)
def test_a_file_that_is_none_of_them_is_told(index: str, postcodes: str, tmp_path: Path) -> None:
    (tmp_path / "index.csv").write_text(index)
    (tmp_path / "postcodes.csv").write_text(postcodes)
    with pytest.raises(SourceError, match=r"\.csv"):
        deciles(Room(tmp_path), WHERE, tmp_path / "index.csv", tmp_path / "postcodes.csv")
