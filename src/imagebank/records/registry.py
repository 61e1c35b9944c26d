"""The registry: which names the tables may use, and under which other spellings they come in. Pure.

A name that nobody declared could be anything, also a person's name, so none enters a table. The registry is a file
(`data/registry.toml`); a site adds to it, or changes entries, in a file of the same form.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked

from imagebank.core.errors import ConfigError

STRICT = ConfigDict(extra="forbid")
OTHER = "other"
_NO_LETTER = re.compile(r"[^0-9a-z%]+")
Spellings = dict[str, list[str]]


@checked(frozen=True, config=STRICT)
class Instrument:
    """An instrument: how high its score and each of its items can be."""

    out_of: Annotated[float, Field(gt=0)]
    also: tuple[str, ...] = ()
    lowest: float = 0
    item_max: float | None = None
    unknown_item: float | None = None


@checked(frozen=True, config=STRICT)
class Measure:
    """A measurement: its unit, other units with their factors, and what is plausible."""

    kind: str
    unit: str = ""
    also: tuple[str, ...] = ()
    units: Mapping[str, float] = Field(default_factory=dict)
    plausible: tuple[float, float] | None = None
    results: tuple[str, ...] = ()


@checked(frozen=True, config=STRICT)
class FindingKind:
    """A finding on images, with the highest grade of its scale where it has one."""

    also: tuple[str, ...] = ()
    grade_max: float | None = None


@checked(frozen=True, config=STRICT)
class RegistryFile:
    """What a registry file may hold."""

    assessments: dict[str, Instrument] = Field(default_factory=dict)
    biomarkers: dict[str, Measure] = Field(default_factory=dict)
    symptoms: Spellings = Field(default_factory=dict)
    drugs: dict[str, Spellings] = Field(default_factory=dict)
    services: Spellings = Field(default_factory=dict)
    notes: Spellings = Field(default_factory=dict)
    reports: Spellings = Field(default_factory=dict)
    findings: dict[str, FindingKind] = Field(default_factory=dict)
    units: Spellings = Field(default_factory=dict)
    routes: Spellings = Field(default_factory=dict)
    frequencies: Spellings = Field(default_factory=dict)


@dataclass(frozen=True)
class Registry:
    """Every name that is known, and the hash of the files that say so."""

    told: RegistryFile
    digest: str

    @cached_property
    def drugs(self) -> Spellings:
        """Every drug with its spellings."""
        return {drug: also for drugs in self.told.drugs.values() for drug, also in drugs.items()}

    @cached_property
    def drug_classes(self) -> dict[str, str]:
        """Class of each drug."""
        return {drug: name for name, drugs in self.told.drugs.items() for drug in drugs}

    @cached_property
    def _names(self) -> dict[str, dict[str, str]]:
        return {kind: _keyed(self.spellings(kind)) for kind in KINDS}

    def spellings(self, kind: str) -> Spellings:
        """The names of a kind, such as `symptoms`, each with its other spellings."""
        if kind == "drugs":
            return self.drugs
        told = getattr(self.told, kind)
        return {name: list(each.also) if hasattr(each, "also") else each for name, each in told.items()}

    def name(self, kind: str, written: str) -> str | None:
        """The registry's own name for what somebody wrote, None where it has none."""
        return self._names[kind].get(name_key(written))

    def service(self, team: str) -> str:
        """The kind of service of a team: the longest words that its name has decide; `other` where none fits."""
        words = f" {name_key(team)} "
        found = [(len(key), name) for key, name in self._names["services"].items() if f" {key} " in words]
        return max(found, key=lambda each: each[0])[1] if found else OTHER


KINDS = (
    "assessments",
    "biomarkers",
    "symptoms",
    "drugs",
    "services",
    "notes",
    "reports",
    "findings",
    "units",
    "routes",
    "frequencies",
)
"""The kinds of names that a registry holds."""


def name_key(written: str) -> str:
    """A name without capitals, punctuation and doubled blanks: spellings with the same key are the same name."""
    return _NO_LETTER.sub(" ", written.casefold()).strip()


def _keyed(spellings: Spellings) -> dict[str, str]:
    """The names by the keys of all spellings; a name's own spelling goes before another name's alias."""
    keyed = {name_key(each): name for name, also in spellings.items() for each in also}
    return keyed | {name_key(name): name for name in spellings}


@cache
def shipped_registry() -> Registry:
    """The registry without the files of a site."""
    return _checked(tomllib.loads(shipped_text()))


def load_registry(*sites: Path) -> Registry:
    """The shipped registry with the files of a site laid over it. Raises ConfigError for a file that does not fit."""
    if not sites:
        return shipped_registry()
    told: dict[str, Any] = tomllib.loads(shipped_text())
    for site in sites:
        told = _laid_over(told, _read(site))
    return _checked(told)


def shipped_text() -> str:
    """The text of the shipped registry."""
    return (files("imagebank.records") / "data" / "registry.toml").read_text(encoding="utf-8")


def _read(site: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(site.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(
            f"The registry {site.name} cannot be read ({type(error).__name__}: {error}).",
            "it is a TOML file; the shipped one shows the form: imagebank records registry",
        ) from None


def _laid_over(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Tables are merged key by key; anything else in `over` wins."""
    merged = dict(under)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _laid_over(merged[key], value) if both else value
    return merged


def _checked(told: dict[str, Any]) -> Registry:
    try:
        checked_file = TypeAdapter(RegistryFile).validate_python(told)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(each) for each in first["loc"])
        raise ConfigError(
            f"The registry does not fit at `{where}`: {first['msg'].lower()}.",
            "compare it with the shipped registry: imagebank records registry",
        ) from None
    return Registry(checked_file, hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest())
