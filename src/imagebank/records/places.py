"""From a postcode to the tenth of deprivation of its neighbourhood, by look-ups that the site supplies.

Postcode to lower layer super output area (LSOA): the ONS Postcode Directory. LSOA to decile: the English Indices of
Deprivation, whose edition of 2019 uses the areas of 2011 and that of 2025 the areas of 2021. Both are public files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imagebank.core.errors import SourceError
from imagebank.records.csv_files import style_of
from imagebank.records.shaping import identifier, quoted
from imagebank.records.staging import Room

POSTCODE_COLUMNS = ("pcds", "pcd", "pcd2", "pcd7", "pcd8", "postcode")
AREA_COLUMNS = {"2011": ("lsoa11", "lsoa11cd", "lsoa11_code"), "2021": ("lsoa21", "lsoa21cd", "lsoa21_code")}
RELEASES = {"2011": "IoD2019", "2021": "IoD2025"}
"""Edition of the index by the census whose areas it uses."""


@dataclass(frozen=True)
class Index:
    """The index of deprivation as a file has it."""

    path: Path
    area: str
    decile: str
    census: str

    @property
    def release(self) -> str:
        """Name of the edition."""
        return RELEASES[self.census]


def find_index(path: Path) -> Index:
    """How the file of an index is laid out. Raises SourceError where it is none."""
    header = style_of(path).header
    area = next((name for name in header if re.fullmatch(r"lsoa code \((2011|2021)\)", name.strip().lower())), "")
    decile = next((name for name in header if _is_decile(name)), "")
    if not area or not decile:
        raise SourceError(
            f"{path.name} is no file of the English Indices of Deprivation.",
            "take File 7 (all ranks, deciles and scores, or the Index of Multiple Deprivation) of IoD2019 or IoD2025",
        )
    return Index(path, area, decile, area[-5:-1])


def _is_decile(name: str) -> bool:
    plain = name.strip().lower()
    return plain.startswith("index of multiple deprivation") and "decile" in plain


def find_areas(path: Path, census: str) -> tuple[str, str]:
    """The columns of the postcode and of the area. Raises SourceError where the directory lacks one."""
    plain = {name.strip().lower(): name for name in style_of(path).header}
    postcode = next((plain[name] for name in POSTCODE_COLUMNS if name in plain), "")
    area = next((plain[name] for name in AREA_COLUMNS[census] if name in plain), "")
    if not postcode or not area:
        raise SourceError(
            f"{path.name} has no postcodes with the areas of {census}.",
            f"take an ONS Postcode Directory with the column {AREA_COLUMNS[census][0]}",
        )
    return postcode, area


def deciles(room: Room, where: Mapping[str, tuple[str, str]], index: Path, directory: Path | None) -> dict[str, int]:
    """The decile of each person, from a postcode and an area by person; whoever lives outside the index has none.

    Of a postcode that the directory has twice the most deprived decile counts. Raises SourceError for a damaged file.
    """
    import duckdb

    try:
        with room.database() as database:
            rows = _found(database, where, index, directory)
    except duckdb.Error as error:
        names = " or ".join(path.name for path in (index, directory) if path)
        raise SourceError(f"{names} cannot be read ({type(error).__name__}).", "take it as it was published") from None
    return {person: decile for person, decile in rows if decile and 1 <= decile <= 10}


def _found(
    database: Any, where: Mapping[str, tuple[str, str]], index: Path, directory: Path | None
) -> list[tuple[str, int]]:
    import pyarrow as pa

    told = find_index(index)
    people = {"person": list(where), "pcd": [p for p, _ in where.values()], "area": [a for _, a in where.values()]}
    database.register("people", pa.table({name: pa.array(each, pa.string()) for name, each in people.items()}))
    _view(database, "indexed", told.path)
    areas, join = "people.area", ""
    if directory:
        _view(database, "directory", directory)
        postcode, area = find_areas(directory, told.census)
        areas = f"coalesce(nullif(directory.{identifier(area)}, ''), people.area)"
        join = f"LEFT JOIN directory ON {_plain(f'directory.{identifier(postcode)}')} = {_plain('people.pcd')}"
    found: list[tuple[str, int]] = database.sql(
        f"SELECT people.person, min(try_cast(indexed.{identifier(told.decile)} AS INTEGER)) "  # noqa: S608
        f"FROM people {join} JOIN indexed ON indexed.{identifier(told.area)} = {areas} GROUP BY people.person"
    ).fetchall()
    return found


def _view(database: Any, name: str, path: Path) -> None:
    """A view of a CSV file of any making. Letters that are not ASCII stand in names alone, which nobody asks for."""
    style = style_of(path)
    encoding = {"utf-16-le": "utf-16", "utf-16": "utf-16", "cp1252": "latin-1"}.get(style.encoding, "utf-8")
    told = f"delim = {quoted(style.delimiter)}, encoding = '{encoding}', skip = {style.before}"
    database.execute(
        f"CREATE VIEW {name} AS SELECT * FROM read_csv({quoted(str(path))}, all_varchar = true, header = true, {told})"  # noqa: S608
    )


def _plain(column: str) -> str:
    """A postcode without blanks, in capitals; the empty one meets nothing."""
    return f"nullif(upper(regexp_replace({column}, '[^0-9A-Za-z]', '', 'g')), '')"


def release_of(index: Path) -> str:
    """Name of the edition of an index."""
    return find_index(index).release
