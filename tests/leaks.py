"""Looks for planted identifiers in everything that a bank wrote outside vault, landing and quarantine."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Iterator
from pathlib import Path

import ahocorasick
import pyarrow.parquet as parquet

from imagebank.synthetic import read_answers

IDENTIFIABLE = ("vault", "landing", "quarantine")
CHARSETS = ("utf-8", "latin-1", "utf-16-le")


def planted(answers: Path, *, dates: bool) -> dict[str, str]:
    """Every planted identifier and its kind; dates, which a moved date may equal by chance, only when asked for."""
    rows = read_answers(answers, "identifiers")
    return {row["value"]: row["kind"] for row in rows if (row["kind"] == "date") == dates}


def contents(bank: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of everything in the research zone: members of zips, decoded tables and images, file names."""
    for path in sorted(bank.rglob("*")):
        name = path.relative_to(bank).as_posix()
        if name.split("/")[0] in IDENTIFIABLE or name == "bank.toml":
            continue
        yield f"name of {name}", name.encode()
        if path.is_file():
            yield from _opened(name, path)


def _opened(name: str, path: Path) -> Iterator[tuple[str, bytes]]:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                yield f"{name}:{member}", archive.read(member) + member.encode()
    elif path.suffix == ".gz":
        yield name, gzip.decompress(path.read_bytes())
    elif path.suffix == ".parquet":
        yield name, repr(parquet.read_table(path).to_pylist()).encode() + str(parquet.read_schema(path)).encode()
    else:
        yield name, path.read_bytes()


def found(bank: Path, identifiers: dict[str, str], extra: dict[str, bytes]) -> list[tuple[str, str, str]]:
    """Place, kind and value of each identifier found; `extra` are logs and other texts to search as well."""
    automaton = _automaton(identifiers)
    hits = set()
    for place, content in [*contents(bank), *extra.items()]:
        hits |= {(place, identifiers[value], value) for _, value in automaton.iter(content.decode("latin-1").lower())}
    return sorted(hits)


def _automaton(identifiers: dict[str, str]) -> ahocorasick.Automaton:
    """Finds each identifier in any case and in any of the character sets that headers and files use."""
    automaton = ahocorasick.Automaton()
    for value in identifiers:
        for text in (value, value.upper(), value.lower()):
            for charset in CHARSETS:
                form = text.encode(charset, "ignore")
                if form.decode(charset) == text:
                    automaton.add_word(form.decode("latin-1").lower(), value)
    automaton.make_automaton()
    return automaton
