"""The settings of health records: where they lie, what is where in them, and how they are read."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as setting

STRICT = ConfigDict(extra="forbid")


def _help(text: str, **bounds: Any) -> Any:
    return Field(description=text, **bounds)


@setting(frozen=True, config=STRICT)
class RecordSource:
    """Health records: a folder of CSV, Parquet or JSON lines, or a database. Read only."""

    name: Annotated[str, _help("Short name that tables and reports use.", pattern=r"^[a-z0-9][a-z0-9-]*$")]
    path: Annotated[str, _help("The folder; relative paths start at the bank. Empty for a database.")] = ""
    database: Annotated[
        str,
        _help("Environment variable with the URL of a database, such as postgresql+psycopg://; empty for a folder."),
    ] = ""
    mapping: Annotated[
        str, _help("What is where: extracts, cris, omop, or a .toml file of your own; empty means extracts.")
    ] = ""
    registry: Annotated[
        str, _help("A .toml file that adds names of instruments, tests, drugs and services to the shipped registry.")
    ] = ""
    postcodes: Annotated[
        str, _help("ONS Postcode Directory, a .csv file that leads from a postcode to a neighbourhood.")
    ] = ""
    deprivation: Annotated[str, _help("File 7 of the English Indices of Deprivation 2019 or 2025, a .csv file.")] = ""


@setting(frozen=True, config=STRICT)
class RecordSettings:
    """How health records are read."""

    memory_mb: Annotated[int, _help("Most memory for sorting and joining events; the rest goes to disk.", ge=256)] = 700
    ethnic_grouping: Annotated[
        Literal["nhs-2001", "census-2021"], _help("How ethnic categories are grouped: Chinese is Other, or Asian.")
    ] = "nhs-2001"
