"""Where each offered file lies and what the index saw in it: tables of the vault, because paths may name people.

One row a file, without its UIDs: the ids kept here are the bank's own. Files are found again by folder and name; a file
whose size and time are unchanged is not opened again.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from imagebank.core.private import Private
from imagebank.identities.model import Claim
from imagebank.identities.offered import Header, Indexed, Listed, Whereabout
from imagebank.identities.vault import Vault

__all__ = ["Header", "Indexed", "Listed", "Whereabout", "Whereabouts"]

RULES = "index rules"
NEVER = -1  # no file was changed then
LAST_NUMBER = 2**63 - 1  # of SQLite


class Whereabouts:
    """The index of all files ever offered."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def folders(self, source: str) -> dict[bytes, tuple[int, str]]:
        """Number and listing hash of each folder that was indexed completely, by its path below the source."""
        query = "SELECT path, folder, listing FROM folders WHERE source = ?"
        return {path: (folder, listing) for path, folder, listing in self._vault.connection.execute(query, (source,))}

    def listings(self) -> str:
        """A text that changes whenever a file of any source came, went or changed."""
        rows = self._rows("SELECT source, hex(path), listing FROM folders ORDER BY source, path")
        return hashlib.sha256(repr(rows).encode()).hexdigest()

    def known(self, source: str, path: bytes, passing: Iterable[str]) -> dict[bytes, Listed]:
        """The files of a folder that need not be opened again; those with a passing verdict are left out."""
        codes = list(passing)
        marks = ",".join("?" * len(codes))
        query = f"""SELECT name, size, modified FROM files JOIN folders USING (folder)
                    WHERE source = ? AND path = ? AND verdict NOT IN ({marks})"""  # noqa: S608 - only question marks
        rows = self._vault.connection.execute(query, (source, path, *codes))
        return {name: Listed(name, size, modified) for name, size, modified in rows}

    def read_again_unless(self, rules: str) -> None:
        """Have every file opened again that lies where it lay, where other rules than these saw it last."""
        with self._vault.write() as connection:
            if self._vault.meta(RULES) != rules:
                connection.execute("UPDATE files SET modified = ?", (NEVER,))
                connection.execute("UPDATE folders SET listing = ''")
                connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (RULES, rules))

    def add(self, source: str, path: bytes, files: Iterable[Indexed], *, listing: str = "") -> None:
        """Keep what the index saw; `listing` is given with the last files of a folder, and marks it as complete."""
        with self._vault.write() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO folders (source, path, listing) VALUES (?, ?, '')", (source, path)
            )
            query = "SELECT folder FROM folders WHERE source = ? AND path = ?"
            folder = connection.execute(query, (source, path)).fetchone()[0]
            connection.execute("UPDATE folders SET listing = ? WHERE folder = ?", (listing, folder))
            every = list(files)
            numbers = {header: self._header(connection, header) for header in {each.header for each in every}}
            rows = [(folder, *_file_row(each), numbers[each.header]) for each in every]
            connection.executemany("INSERT OR REPLACE INTO files VALUES (?,?,?,?,?,?,?,?,?)", rows)

    def _header(self, connection: Any, header: Header | None) -> int:
        if header is None:
            return 0
        content = _header_json(header)
        connection.execute("INSERT OR IGNORE INTO headers (content) VALUES (?)", (content,))
        return int(connection.execute("SELECT header FROM headers WHERE content = ?", (content,)).fetchone()[0])

    def headers_of_series(self) -> dict[str, frozenset[Header]]:
        """The distinct headers that the images of each series carry."""
        found: dict[str, set[Header]] = defaultdict(set)
        known = {number: _header(content) for number, content in self._rows("SELECT header, content FROM headers")}
        query = "SELECT 1 FROM files WHERE series = ? AND header = ? AND verdict = 'image' LIMIT 1"
        for series, number in self._series_and_headers():
            if number and self._rows(query, series, number):
                found[series].add(known[number])
        return {series: frozenset(headers) for series, headers in found.items()}

    def _series_and_headers(self) -> Iterator[tuple[str, int]]:
        """Each series with the number of each of its headers, in order, without a look at every file."""
        query = "SELECT series, header FROM files WHERE (series, header) > (?, ?) ORDER BY series, header LIMIT 1"
        last = [("", LAST_NUMBER)]  # behind the files of no series
        while last := self._rows(query, *last[0]):
            yield last[0]

    def loose_folders(self) -> Iterator[tuple[str, bytes, int]]:
        """Source, path and number of each folder with files that belong to no series."""
        query = """SELECT source, path, folder FROM folders WHERE folder IN (SELECT folder FROM files WHERE series = '')
                   ORDER BY source, path"""
        yield from self._rows(query)

    def loose_files(self, folder: int) -> list[tuple[str, int, bytes]]:
        """Verdict, size and digest of the files of a folder that belong to no series."""
        query = "SELECT verdict, size, digest FROM files WHERE folder = ? AND series = '' ORDER BY name"
        return self._rows(query, folder)

    def series(self) -> list[str]:
        """Every series that a file belongs to, also where none of its files is an image."""
        return list(dict.fromkeys(series for series, _ in self._series_and_headers()))

    def files_of(self, series: str, roots: dict[str, str]) -> list[Whereabout]:
        """The files of a series, by source, folder and name. `roots` gives the folder of each source."""
        query = """SELECT source, path, name, size, digest, verdict, instance, outcome
                   FROM files JOIN folders USING (folder) LEFT JOIN expired USING (folder, name)
                   WHERE series = ? ORDER BY source, path, name"""
        return [_whereabout(row, roots) for row in self._rows(query, series)]

    def digests(self) -> Iterator[tuple[str, int, bytes]]:
        """Series, folder number and digest of every file."""
        yield from self._vault.connection.execute("SELECT series, folder, digest FROM files")

    def count(self) -> int:
        """How many files were ever offered."""
        return int(self._rows("SELECT count(*) FROM files")[0][0])

    def all_files(self, roots: dict[str, str]) -> Iterator[tuple[str, Whereabout]]:
        """Series and whereabout of every file ever offered."""
        query = """SELECT series, source, path, name, size, digest, verdict, instance, ''
                   FROM files JOIN folders USING (folder) ORDER BY source, path, name"""
        for row in self._vault.connection.execute(query):
            yield row[0], _whereabout(row[1:], roots)

    def expire(self, files: Iterable[tuple[Whereabout, str]], roots: dict[str, str]) -> None:
        """The files are about to be deleted, each after an outcome; what was offered stays known."""
        rows = []
        for file, outcome in files:
            whole = os.fsencode(file.path.reveal("remember which file is deleted"))
            folder, name = os.path.split(whole)
            rows.append((outcome, file.source, os.path.relpath(folder, os.fsencode(roots[file.source])), name))
        with self._vault.write() as connection:
            connection.executemany(
                """INSERT OR REPLACE INTO expired SELECT folder, name, ? FROM files JOIN folders USING (folder)
                   WHERE source = ? AND path = ? AND name = ?""",
                rows,
            )

    def found_again(self, series: str) -> None:
        """A series was banked anew from files that came again: they are as any other."""
        with self._vault.write() as connection:
            connection.execute(
                """DELETE FROM expired WHERE (folder, name) IN (SELECT folder, name FROM files WHERE series = ?)""",
                (series,),
            )

    def expired(self) -> Iterator[tuple[str, bytes, str]]:
        """Series, digest and outcome of every file that the landing zone let go of."""
        query = "SELECT series, digest, outcome FROM expired JOIN files USING (folder, name)"
        yield from self._vault.connection.execute(query)

    def wanted_again(self) -> list[str]:
        """The series that would be banked anew if their files were still here."""
        return [row[0] for row in self._rows("SELECT series FROM wanted_again ORDER BY series")]

    def want_again(self, series: Iterable[str]) -> None:
        """Make these the series whose files are wanted again."""
        now, before = set(series), set(self.wanted_again())
        if now != before:
            with self._vault.write() as connection:
                connection.execute("DELETE FROM wanted_again")
                connection.executemany("INSERT INTO wanted_again VALUES (?)", [(each,) for each in sorted(now)])

    def _rows(self, query: str, *values: object) -> list[Any]:
        return self._vault.connection.execute(query, values).fetchall()  # type: ignore[no-any-return]


def _file_row(file: Indexed) -> tuple[Any, ...]:
    listed = file.listed
    return (listed.name, listed.size, listed.modified, file.digest, file.verdict, file.series, file.instance)


def _whereabout(row: tuple[Any, ...], roots: dict[str, str]) -> Whereabout:
    source, path, name, size, digest, verdict, instance, expired = row
    whole = os.path.normpath(b"/".join((os.fsencode(roots.get(source, "")), path, name)))
    return Whereabout(source, Private(os.fsdecode(whole)), size, digest, verdict, instance, expired or "")


def _header_json(header: Header) -> str:
    claim = header.claim
    texts = [claim.patient_id, claim.name, claim.accession]
    plain = {
        **{name: value for name, value in vars(header).items() if name != "claim"},
        "claim": [text.reveal("store in the vault") for text in texts],
        "others": [text.reveal("store in the vault") for text in claim.other_ids],
        "sex": claim.sex,
        "birth": claim.birth_date and claim.birth_date.isoformat(),
        "dated": claim.study_date and claim.study_date.isoformat(),
        **({"postcode": claim.postcode.reveal("store in the vault")} if claim.postcode else {}),
    }
    return json.dumps(plain, sort_keys=True)


def _header(content: str) -> Header:
    plain = json.loads(content)
    patient_id, name, accession = (Private(text) for text in plain["claim"])
    claim = Claim(
        patient_id=patient_id,
        other_ids=tuple(Private(text) for text in plain["others"]),
        name=name,
        birth_date=plain["birth"] and date.fromisoformat(plain["birth"]),
        sex=plain["sex"],
        accession=accession,
        study_date=plain["dated"] and date.fromisoformat(plain["dated"]),
        postcode=Private(plain.get("postcode", "")),
    )
    told = ("study", "scanner", "manufacturer", "model", "field_strength_t")
    return Header(claim=claim, **{name: plain[name] for name in told})
