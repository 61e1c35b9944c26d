"""The mapping of a record source: where each column of each table comes from. A TOML file; unknown keys are refused.

Three mappings are shipped: `extracts` (a folder of files under fixed names, which needs no file of its own), `cris` and
`omop`. A mapping of a site may begin with one of them and say only what differs (`like = "omop"`).
"""

from __future__ import annotations

import difflib
import hashlib
import json
import tomllib
from collections.abc import Mapping as Mapped
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked

from imagebank.core.errors import ConfigError
from imagebank.records.days import is_form
from imagebank.records.registry import KINDS
from imagebank.records.targets import TARGETS, Target

SHIPPED = ("extracts", "cris", "omop")
FROM_SHIPPED = ".shipped"  # the key under which a place of a shipped mapping brings the dialect of its query
STRICT = ConfigDict(extra="forbid")
Text = str | int | float | bool


@checked(frozen=True, config=STRICT)
class Entry:
    """One place that a table comes from, as the file writes it."""

    files: str | tuple[str, ...] = ()
    table: str = ""
    query: str = ""
    columns: Mapped[str, str] = Field(default_factory=dict)
    constants: Mapped[str, Text] = Field(default_factory=dict)
    values: Mapped[str, Mapped[str, str]] = Field(default_factory=dict)
    dates: tuple[str, ...] | None = None
    watermark: str = ""
    known_as: str = ""
    not_known_as: str = ""


@dataclass(frozen=True)
class Place:
    """One place that a table comes from: files, a table of a database, or a query over either."""

    target: Target
    files: tuple[str, ...] = ()
    table: str = ""
    query: str = ""
    dialect: str = ""  # of the query, where it may be translated
    shipped: bool = False  # of a mapping that came with imagebank: then it need not be there
    columns: Mapped[str, str] = field(default_factory=dict)
    constants: Mapped[str, str] = field(default_factory=dict)
    values: Mapped[str, Mapped[str, str]] = field(default_factory=dict)
    dates: tuple[str, ...] = ()
    watermark: str = ""
    known_as: str = ""  # only rows whose name the registry has among these are of this table
    not_known_as: str = ""

    def column(self, name: str) -> str:
        """The source's name for a column of ours."""
        return self.columns.get(name, name)


@dataclass(frozen=True)
class Mapping:
    """Every place of every table, how the files are written, and the hash of it all."""

    name: str
    places: tuple[Place, ...]
    encoding: str = "auto"
    delimiter: str = "auto"
    nulls: tuple[str, ...] = ()
    digits: int = 0  # to which hospital numbers of digits alone are filled up with zeros
    digest: str = ""

    def of(self, target: str) -> tuple[Place, ...]:
        """The places of a table."""
        return tuple(each for each in self.places if each.target.name == target)


@checked(frozen=True, config=STRICT)
class Head:
    """What holds for the whole source."""

    like: str = ""
    encoding: str = "auto"
    delimiter: str = "auto"
    dates: tuple[str, ...] = ()
    nulls: tuple[str, ...] = ()
    digits: Annotated[int, Field(ge=0, le=20)] = 0
    dialect: str = ""


def load_mapping(chosen: str, root: Path) -> Mapping:
    """A shipped mapping by name, or the file of a site, relative to `root`. Raises ConfigError on any mistake."""
    name = chosen or "extracts"
    if name in SHIPPED:
        return parse_mapping(name, shipped_text(name))
    path = root / name
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        near = difflib.get_close_matches(name, SHIPPED, n=1)
        also = f", or did you mean `{near[0]}`?" if near else ""
        raise ConfigError(
            f"The mapping {name} cannot be read ({type(error).__name__}).",
            f"name a TOML file, or one that is shipped: {', '.join(SHIPPED)}{also}",
        ) from None
    return parse_mapping(path.name, text)


def shipped_text(name: str) -> str:
    """The text of a shipped mapping."""
    return (files("imagebank.records") / "data" / f"{name}.toml").read_text(encoding="utf-8")


def parse_mapping(name: str, text: str) -> Mapping:
    """The mapping that a text says. Raises ConfigError, naming the place, for what is not understood."""
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"The mapping {name} is no TOML: {error}.", "mend the line that it names") from None
    head = _head(name, told.pop("source", {}))
    if head.like:
        told = _begin_with(name, head, told)
    _check_tables(name, told)
    places = [_place(name, TARGETS[table], each, head) for table, rows in told.items() for each in _rows(rows)]
    said = json.dumps(
        [told, head.encoding, head.delimiter, head.dates, head.nulls, head.digits], sort_keys=True, default=str
    )
    digest = hashlib.sha256(said.encode()).hexdigest()
    return Mapping(name, tuple(places), head.encoding, head.delimiter, head.nulls, head.digits, digest)


def _begin_with(name: str, head: Head, told: dict[str, Any]) -> dict[str, Any]:
    if head.like not in SHIPPED:
        raise ConfigError(f"{name}: there is no mapping `{head.like}`.", f"the shipped ones are: {', '.join(SHIPPED)}")
    under = tomllib.loads(shipped_text(head.like))
    dialect = under.pop("source", {}).get("dialect", "")
    shipped = {table: [{**row, FROM_SHIPPED: dialect} for row in _rows(rows)] for table, rows in under.items()}
    return {**shipped, **told}


def _rows(rows: Any) -> list[Any]:
    return rows if isinstance(rows, list) else [rows]


def _head(name: str, told: Any) -> Head:
    try:
        return TypeAdapter(Head).validate_python(told)
    except ValidationError as error:
        raise _mistake(name, "source", error) from None


def _check_tables(name: str, told: dict[str, Any]) -> None:
    for table in told:
        if table not in TARGETS:
            near = difflib.get_close_matches(table, TARGETS, n=1, cutoff=0.5)
            advice = f"did you mean `{near[0]}`? " if near else ""
            raise ConfigError(f"{name}: there is no table `{table}`.", f"{advice}the tables are: {', '.join(TARGETS)}")


def _place(name: str, target: Target, told: Any, head: Head) -> Place:
    begun = told.pop(FROM_SHIPPED, None) if isinstance(told, dict) else None
    try:
        entry = TypeAdapter(Entry).validate_python(told)
    except ValidationError as error:
        raise _mistake(name, target.name, error) from None
    for kind in ("columns", "constants", "values"):
        _check_columns(name, target, kind, getattr(entry, kind))
    _check_kinds(name, target, entry)
    dates = head.dates if entry.dates is None else entry.dates
    _check_dates(name, target, dates)
    if sum(map(bool, (entry.files, entry.table, entry.query))) > 1:
        raise ConfigError(f"{name}: [{target.name}] names several places at once.", "give files, table or query")
    patterns = (entry.files,) if isinstance(entry.files, str) else entry.files
    return Place(
        target=target,
        files=tuple(filter(None, patterns)),
        table=entry.table,
        query=entry.query.strip().rstrip(";"),
        dialect=head.dialect if begun is None else begun,
        shipped=name in SHIPPED or begun is not None,
        columns=entry.columns,
        constants={column: _plain(value) for column, value in entry.constants.items()},
        values=entry.values,
        dates=dates,
        watermark=entry.watermark,
        known_as=entry.known_as,
        not_known_as=entry.not_known_as,
    )


def _check_kinds(name: str, target: Target, entry: Entry) -> None:
    for kind in filter(None, (entry.known_as, entry.not_known_as)):
        if kind not in KINDS or not {"name", "kind"} & set(target.names):
            raise ConfigError(f"{name}: [{target.name}] cannot ask for `{kind}`.", f"kinds are: {', '.join(KINDS)}")


def _check_dates(name: str, target: Target, forms: tuple[str, ...]) -> None:
    for form in forms:
        if not is_form(form):
            raise ConfigError(
                f"{name}: [{target.name}] `{form}` is no form of dates.",
                'write it with %d, %m (or %b) and %Y (or %y), such as "%d/%m/%Y" for 31/01/2026',
            )


def _plain(value: Text) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _check_columns(name: str, target: Target, kind: str, told: Mapped[str, Any]) -> None:
    for column in told:
        if column not in target.names:
            near = difflib.get_close_matches(column, target.names, n=1, cutoff=0.5)
            advice = f"did you mean `{near[0]}`? " if near else ""
            raise ConfigError(
                f"{name}: [{target.name}.{kind}] has no column `{column}`.",
                f"{advice}the columns are: {', '.join(target.names)}",
            )


def _mistake(name: str, section: str, error: ValidationError) -> ConfigError:
    first = error.errors()[0]
    where = ".".join(str(each) for each in first["loc"] if isinstance(each, str))
    return ConfigError(
        f"{name}: [{section}] `{where}`: {first['msg'].lower()}.",
        "imagebank records template writes a mapping with every key",
    )
