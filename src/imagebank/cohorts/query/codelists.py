"""Codelists: sets of diagnosis codes as data, from a library, a file, or written in the question.

`F00` is F00 and everything below it; `F00-F09` is a block; what follows `not` is left out. Codes of ICD-10 are brought
into the form that the tables have (F001 is F00.1, F03X is F03), as a code in another form would find nobody. A list is
known by the hash of what it holds, so that a result can name it, whatever the file was called.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from imagebank.cohorts.query.schema import QueryError, near
from imagebank.records.codes import normalise_icd10

LIBRARY = "codelists"
BLOCK = re.compile(r"([A-Z])(\d\d) ?[-\u2010-\u2015] ?([A-Z])(\d\d)")
NO_CODE = re.compile(r"[-\s,;:\u2010-\u2015]")
"""What stands in no code of any system, but between two of them."""
ICD10_CODE = re.compile(r"[A-Z](\d(\d(\.?[0-9A-Z]*)?)?)?")
"""An ICD-10 code or its beginning."""
ICD10_SYSTEMS = "ICD-10"  # how the names of ICD-10 and of its national variants begin
COLUMNS = ("code", "use", "title")
USES = ("include", "exclude")


@dataclass(frozen=True)
class Codelist:
    """A set of codes, by prefix: every code that begins with one of `include` and with none of `exclude`."""

    include: tuple[str, ...]
    exclude: tuple[str, ...] = ()
    name: str = ""

    @property
    def is_icd10(self) -> bool:
        """Whether all its codes are of ICD-10: of another system a code of the same letters means something else."""
        return all(ICD10_CODE.fullmatch(code) for code in self.include)


def codelist(include: Iterable[str], exclude: Iterable[str] = (), name: str = "") -> Codelist:
    """A codelist of prefixes and blocks. Raises QueryError for what is no code or block, or where no code is left."""
    made = Codelist(_prefixes(include), _prefixes(exclude), name)
    if not made.include:
        raise QueryError("A codelist has no code.", "name at least one, such as F00 or F00-F09")
    if made.exclude and all(code.startswith(made.exclude) for code in made.include):
        raise QueryError("A codelist leaves all of its codes out again.", "exclude less, such as F00.1 of F00")
    return made


def _prefixes(codes: Iterable[str]) -> tuple[str, ...]:
    found = {prefix for code in codes for prefix in _expanded(code.strip().upper())}
    return tuple(sorted(found))


def _expanded(code: str) -> tuple[str, ...]:
    """A code in the form of the tables; a block as its codes of three characters. `F00.-` is how lists write F00."""
    code = code.removesuffix(".-")
    if not code:
        raise QueryError("A codelist has an empty code, which every code begins with.", "take it out")
    if block := BLOCK.fullmatch(code):
        if block[1] != block[3] or int(block[2]) > int(block[4]):
            raise QueryError(f"`{code}` is no block of codes.", "write it like F00-F09, within one letter")
        return tuple(f"{block[1]}{number:02d}" for number in range(int(block[2]), int(block[4]) + 1))
    if NO_CODE.search(code):
        raise QueryError(
            f"`{code}` is neither a code nor a block.", "write each code for itself, and blocks like F00-F09"
        )
    return (normalise_icd10(code) or code,)


def has_code(codes: Codelist, code: str) -> bool:
    """Whether a code belongs to a list."""
    return code.startswith(codes.include) and not (bool(codes.exclude) and code.startswith(codes.exclude))


def codelist_hash(codes: Codelist) -> str:
    """The hash of what a list holds; its name does not matter."""
    text = "\n".join([*sorted(codes.include), *(f"not {code}" for code in sorted(codes.exclude))])
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def library() -> dict[str, Codelist]:
    """The concepts that come with the program, by name."""
    folder = resources.files("imagebank.cohorts").joinpath(LIBRARY)
    files = sorted((each for each in folder.iterdir() if each.name.endswith(".csv")), key=lambda each: each.name)
    return {(name := each.name.removesuffix(".csv")): parsed(each.read_text("utf-8"), name) for each in files}


def concept(name: str) -> Codelist:
    """A list of the library. Raises QueryError when it has none of that name."""
    known = library()
    if name not in known:
        raise QueryError(f"The library has no codelist `{name}`.", near(name, known))
    return known[name]


def read_codelist(path: Path) -> Codelist:
    """A codelist from a CSV file with the column `code`, and if wanted `use` (include or exclude) and `title`."""
    try:
        return parsed(path.read_text("utf-8-sig"), path.stem)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise QueryError(
            f"The codelist {path} cannot be read ({type(error).__name__}).", "check its path, and that it is UTF-8 CSV"
        ) from None


def parsed(text: str, name: str) -> Codelist:
    """A codelist from the text of a CSV file."""
    rows = list(csv.DictReader(text.splitlines()))
    if not rows or "code" not in rows[0]:
        raise QueryError(
            f"The codelist {name} has no column `code`, or no row.", f"its columns are {', '.join(COLUMNS)}"
        )
    uses = {use: [row["code"] for row in rows if (row.get("use") or "include") == use] for use in USES}
    if sum(map(len, uses.values())) != len(rows):
        raise QueryError(f"The codelist {name} uses a code in another way.", "write include or exclude under `use`")
    return codelist(uses["include"], uses["exclude"], name)
