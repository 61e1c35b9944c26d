"""Free text rebuilt from words that cannot name anybody: protocol words, defined terms, makes and models. Pure.

A text is cut at everything that is not a letter or a digit; a piece survives when every run of letters in it is a known
word and its numbers are short. Whatever else was written, a name, a date, a number, is dropped.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cache

from imagebank.dicom.data_files import read_data, read_rows, read_words

_PIECE = re.compile(r"[^\W_]+")
_RUN = re.compile(r"[^\W\d_]+|\d+")
_CODE = re.compile(r"[A-Z0-9 _\-/]{0,32}")
_BESIDE_A_MODEL = re.compile(r"[0-9](\.[0-9])?T|X")
CODE_DIGITS = 3
NUMBERED_TERMS = ("00", "01")  # of LossyImageCompression: no other defined term is a number
KNOWN_CODES = "known_codes.csv"
UNKNOWN_CODE = "OTHER"  # stands for a coded value that is not on the list, so that the others keep their places


@dataclass(frozen=True)
class Vocabulary:
    """Known words, in small letters, whole pieces by pattern, and the most digits of a number inside a piece."""

    words: frozenset[str] = field(repr=False)
    digits: int = 3
    patterns: tuple[re.Pattern[str], ...] = ()

    def accepts(self, piece: str, forbidden: AbstractSet[str] = frozenset()) -> bool:
        """Whether a piece of text holds nothing but known words and short numbers, and at least one word."""
        small = piece.lower()
        if not small.isascii() or small in forbidden:
            return False
        if any(pattern.fullmatch(small) for pattern in self.patterns):
            return True
        runs = _RUN.findall(small)
        words = [run for run in runs if not run.isdigit() and len(run) > 1]
        short = all(len(run) <= self.digits for run in runs if run.isdigit())
        return bool(words) and short and all(word in self.words and word not in forbidden for word in words)


@dataclass(frozen=True)
class Devices:
    """Makes, models and software that may be shown."""

    models: Vocabulary
    software: tuple[re.Pattern[str], ...]
    makers: dict[str, str]
    spellings: dict[str, str]
    older: dict[str, str]


@cache
def protocol_words() -> Vocabulary:
    """What series, study and protocol names may say."""
    return vocabulary(read_data("protocol_words.txt"))


def vocabulary(*texts: str) -> Vocabulary:
    """The words and patterns of word lists."""
    lines = (line for text in texts for line in text.splitlines() if line.startswith("~"))
    known = frozenset().union(*map(read_words, texts))
    return Vocabulary(known, patterns=tuple(re.compile(line[1:].strip()) for line in lines))


@cache
def code_words() -> frozenset[str]:
    """What coded strings may say."""
    return read_words(read_data("code_words.txt"))


@cache
def devices() -> Devices:
    """What may be said of a scanner."""
    loaded = tomllib.loads(read_data("device_words.toml"))
    models = Vocabulary(frozenset(loaded["models"].split()), digits=4)
    software = tuple(re.compile(pattern) for pattern in loaded["software"])
    return Devices(models, software, loaded["makers"], loaded["spellings"], loaded["older"])


def clean_description(text: str, forbidden: AbstractSet[str], known: Vocabulary | None = None) -> str:
    """The protocol words of a description, joined by `_`. `forbidden` are the words of the patient's own names."""
    accepts = (known or protocol_words()).accepts
    return "_".join(piece for piece in _PIECE.findall(text) if accepts(piece, forbidden))


def clean_code(value: str) -> str:
    """A coded string whose words are all known, in capitals, else OTHER: numbers alone may be an id in groups."""
    capitals = value.strip().upper()
    runs = _RUN.findall(capitals.lower())
    known = all(len(run) <= CODE_DIGITS if run.isdigit() else run in code_words() for run in runs)
    says_something = not capitals.isdigit() or capitals in NUMBERED_TERMS
    return capitals if known and says_something and _CODE.fullmatch(capitals) else UNKNOWN_CODE


def clean_known(value: str) -> str:
    """A scheme, value or meaning of a code that is on the list, else OTHER."""
    told = value.strip()
    return told if told in known_codes() else UNKNOWN_CODE


@cache
def known_codes() -> frozenset[str]:
    """Every scheme, value and meaning of the codes that may stay."""
    return frozenset(each for row in read_rows(KNOWN_CODES) for each in row.values())


def maker(manufacturer: str) -> str:
    """The maker in one spelling, or `other`."""
    capitals = manufacturer.strip().upper()
    return next((name for start, name in devices().makers.items() if capitals.startswith(start)), "other")


def clean_manufacturer(manufacturer: str) -> str:
    """The maker as the DICOM attribute should spell it; empty when unknown."""
    capitals = manufacturer.strip().upper()
    older = next((shown for start, shown in devices().older.items() if capitals.startswith(start)), "")
    return older or devices().spellings.get(maker(manufacturer), "")


def clean_model(model: str) -> str:
    """The known words of a model name, and behind them one short number: uMR 770, Prisma_fit, Eclipse 1.5T.

    A field strength and an X may stand beside it; of more numbers, which may be a date or an id in groups, none but the
    first.
    """
    kept, numbered = "", False
    for between, piece in re.findall(r"([^\w]*_?)([^\W_]+(?:\.[0-9]T\b)?)", model):
        if piece.isascii() and piece.isdecimal():
            stays, numbered = bool(kept) and not numbered and len(piece) <= CODE_DIGITS, True
        else:
            stays = devices().models.accepts(piece) or (bool(kept) and _BESIDE_A_MODEL.fullmatch(piece) is not None)
        if stays:
            kept += ("_" if between == "_" else " " if kept else "") + piece
    return kept.strip("_")


def clean_software(versions: str) -> str:
    """The first version in a text that has a known form."""
    found = (pattern.search(versions) for pattern in devices().software)
    return next((match.group() for match in found if match), "")
