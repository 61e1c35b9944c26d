"""A policy as its file says it, merged over the one that it extends. Refuses what it does not understand, and teaches.

Reads the policy and the files that it names, nothing else. Whether what it says may be done is decided in `policy`.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from imagebank.core.errors import ConfigError
from imagebank.core.files import read_text
from imagebank.dicom.data_files import read_data
from imagebank.dicom.dates import TIMES
from imagebank.dicom.options import options

BUILT_IN = {"default": "policy.toml"}
SAFE_PRIVATE = "safe_private.toml"
PROTOCOL_WORDS = "protocol_words.txt"
KEYS = ("extends", "name", "version", "options", "settings", "keep", "remove", "words", "private")
SETTINGS = {"times": TIMES, "burned_in": ("quarantine", "mask")}
SECTION_KEYS = ("action", "option", "why", "keywords")
_WORD = re.compile(r"[a-z][a-z0-9]*")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,30}")
CANARIES = (  # what people write where it does not belong: a pattern that accepts one of these accepts too much
    "Featherstone",
    "SMITH",
    "o'neill",
    "Jones^Ann",
    "Dr Jones",
    "19650312",
    "12.03.1965",
    "1965-03-12",
    "9434765919",
    "943 476 5919",
    "ab12345678",
    "SE5 8AZ",
)


@dataclass(frozen=True)
class Section:
    """A portion of the keep list: attributes under one action, and the option that switches it."""

    name: str
    action: str
    option: str
    why: str
    keywords: tuple[str, ...]


@dataclass(frozen=True)
class PolicyText:
    """All that a policy file says. `texts` is what its hash is made of."""

    name: str
    version: str
    options: Mapping[str, bool]
    settings: Mapping[str, str]
    keep: tuple[Section, ...]
    removed: frozenset[str]
    words: tuple[str, ...]
    private: tuple[Mapping[str, Any], ...]
    texts: tuple[str, ...]
    inherited: tuple[Section, ...] = ()


def read_policy(source: str | Path) -> PolicyText:
    """The policy of a built-in name or of a TOML file. Raises ConfigError where it cannot be understood."""
    if str(source) in BUILT_IN:
        return _built_in(str(source))
    path = Path(source)
    if path.suffix != ".toml":
        raise ConfigError(f"There is no policy `{source}`.", f"use {_listed(BUILT_IN)}, or the path of a .toml file")
    text = _read(path)
    told = _parse(text, path.name)
    _known(told, KEYS, path.name)
    if "extends" not in told:
        raise ConfigError(f"{path.name} does not say what it extends.", 'begin it with: extends = "default"')
    if told["extends"] not in BUILT_IN:
        raise ConfigError(f"{path.name} extends a policy that does not exist.", f"use {_listed(BUILT_IN)}")
    return _extended(_built_in(told["extends"]), told, text, path)


def _built_in(name: str) -> PolicyText:
    texts = tuple(map(read_data, (BUILT_IN[name], SAFE_PRIVATE, PROTOCOL_WORDS)))
    told = _parse(texts[0], name)
    private = tuple(_parse(texts[1], SAFE_PRIVATE)["creator"])
    sections = tuple(_section(key, each, name) for key, each in told["keep"].items())
    switches, settings = told["options"], told["settings"]
    return PolicyText(
        told["name"], told["version"], switches, settings, sections, frozenset(), (texts[2],), private, texts
    )


def _extended(parent: PolicyText, told: Mapping[str, Any], text: str, path: Path) -> PolicyText:
    where = path.name
    keep = tuple(_section(key, each, where, parent) for key, each in told.get("keep", {}).items())
    words = tuple(_read(path.parent / name) for name in told.get("words", []))
    private = tuple(_read(path.parent / name) for name in told.get("private", []))
    for name, content in zip(told.get("words", []), words, strict=True):
        _check_words(content, name)
    creators = [each for content, name in zip(private, told.get("private", []), strict=True)
                for each in _creators(content, name)]  # fmt: skip
    remove = told.get("remove", {})
    _known(remove, ("keywords",), f"{where}: [remove]")
    return replace(
        parent,
        name=_named(told, where),
        version=str(told.get("version", "1")),
        options={**parent.options, **_switches(told.get("options", {}), where)},
        settings={**parent.settings, **_settings(told.get("settings", {}), where)},
        keep=(*parent.keep, *keep),
        inherited=parent.keep,
        removed=frozenset(remove.get("keywords", "").split()),
        words=(*parent.words, *words),
        private=(*parent.private, *creators),
        texts=(*parent.texts, text, *words, *private),
    )


def _read(path: Path) -> str:
    advice = "give the path of a UTF-8 text file that you may read; paths in a policy start at the policy's folder"
    return read_text(path, advice)


def _parse(text: str, where: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{where} is not valid TOML: {error}.", "correct that line") from None


def _known(told: Mapping[str, Any], names: Iterable[str], where: str) -> None:
    known = list(names)
    for key in told:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
            advice = f"did you mean `{near[0]}`?" if near else f"known here: {_listed(known)}"
            raise ConfigError(f"{where}: `{key}` is not known.", advice)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _named(told: Mapping[str, Any], where: str) -> str:
    name = told.get("name", "")
    if not _NAME.fullmatch(str(name)) or name in BUILT_IN:
        advice = 'for example name = "our-site": it is written into every instance'
        raise ConfigError(f"{where}: `name` is missing, taken, or not of small letters, digits, - and _.", advice)
    return str(name)


def _section(name: str, each: Any, where: str, parent: PolicyText | None = None) -> Section:
    if not isinstance(each, dict) or not str(each.get("keywords", "")).strip():
        advice = f'for example [keep.{name}] and below it: keywords = "StudyDescription"'
        raise ConfigError(f"{where}: [keep.{name}] names no keywords.", advice)
    _known(each, SECTION_KEYS, f"{where}: [keep.{name}]")
    base = next((section for section in parent.keep if section.name == name), None) if parent else None
    option = str(each.get("option", base.option if base else ""))
    if option:
        _known({option: True}, options(), f"{where}: [keep.{name}] option")
    action = str(each.get("action", base.action if base else name))
    why = str(each.get("why", base.why if base else ""))
    return Section(name, action, option, why, (*each["keywords"].split(),))


def _switches(told: Mapping[str, Any], where: str) -> Mapping[str, bool]:
    _known(told, options(), f"{where}: [options]")
    for name, value in told.items():
        if not isinstance(value, bool):
            raise ConfigError(f"{where}: the option `{name}` is neither true nor false.", f"write {name} = true")
        if name == "basic" and not value:
            raise ConfigError(f"{where}: `basic` is the floor and cannot be switched off.", "take that line out")
    return told


def _settings(told: Mapping[str, Any], where: str) -> Mapping[str, str]:
    _known(told, SETTINGS, f"{where}: [settings]")
    for name, value in told.items():
        if value not in SETTINGS[name]:
            advice = f"use one of {_listed(SETTINGS[name])}"
            raise ConfigError(f"{where}: the setting `{name}` is not right.", advice)
    return told


def _check_words(content: str, where: str) -> None:
    for number, line in enumerate(content.splitlines(), 1):
        if line.startswith("~"):
            check_pattern(line[1:].strip(), f"{where}, line {number}")
        elif not line.startswith("#") and not all(map(_WORD.fullmatch, line.split())):
            advice = "write words in small letters, as in protocol_words.txt; a pattern begins with ~"
            raise ConfigError(f"{where}, line {number}: not a word.", advice)


def check_pattern(pattern: str, where: str) -> None:
    """Raise ConfigError for a pattern that is none, or that accepts what may be a name, a date or a number."""
    try:
        form = re.compile(pattern)
    except re.error:
        raise ConfigError(f"{where}: the pattern is no regular expression.", "correct it") from None
    if any(form.fullmatch(text) or form.fullmatch(text.lower()) for text in CANARIES):
        advice = "name the texts that it may be, as in NONE|DIRECTIONAL, or bound its digits, as in [0-9]{1,3}"
        raise ConfigError(f"{where}: the pattern accepts names, dates or long numbers.", advice)


def _creators(content: str, where: str) -> list[Mapping[str, Any]]:
    found = _parse(content, where).get("creator", [])
    for creator in found:
        if not all(key in creator for key in ("name", "group", "elements")):
            advice = 'for example [[creator]], name = "MAKER HEADER", group = "0019", elements = [...]'
            raise ConfigError(f"{where}: a creator lacks its name, group or elements.", advice)
    return list(found)
