"""The words of a patient's own names, in every script and spelling in which a description may repeat them. Pure.

Names are read in the character set that their dataset or item declares, and in UTF-8 and Latin-1 as well, since many
files declare one and write another: a word too many only makes a description shorter. Each word stands in small letters
without accents, with umlauts spelt out, and in Latin letters where it is Greek, Cyrillic, kana or Korean. What the bank
writes is ASCII alone, so its files declare no character set and are valid in the default one.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
import warnings
from collections.abc import Iterable
from functools import cache, lru_cache
from itertools import zip_longest

from pydicom.valuerep import PersonName

from imagebank.dicom.data_files import read_data

TRANSLITERATION = "transliteration.toml"
SHORTEST = 2  # letters: initials are no words
_WORD = re.compile(r"[^\W\d_]+")
_HANGUL = range(0xAC00, 0xD7A4)


@lru_cache(maxsize=4096)
def words_in(content: bytes, charset: tuple[str, ...]) -> frozenset[str]:
    """The words of a name as it is written in a file, read in every character set that it may be meant in.

    `charset` are Python's names of the declared ones.
    """
    texts = (_decoded(content, charset), content.decode("latin-1"), content.decode("utf-8", "ignore"))
    return frozenset().union(*map(spelt, texts))


def _decoded(content: bytes, charset: tuple[str, ...]) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they quote the name
        try:
            return str(PersonName(content, list(charset)))
        except (LookupError, UnicodeError, ValueError):
            return ""


def spelt(text: str) -> frozenset[str]:
    """The words of a name in every spelling."""
    words = _WORD.findall(unicodedata.normalize("NFKC", text))
    return frozenset(each for word in words for each in spellings(word) if len(each) >= SHORTEST)


@lru_cache(maxsize=4096)
def spellings(word: str) -> frozenset[str]:
    """A word in small letters as it is, without accents, spelt out, and in Latin letters."""
    small = unicodedata.normalize("NFC", word.casefold())
    plain = _without_accents(small)
    bases = {small, plain, *(_replaced(small, letters) for letters in _latin())}
    forms = {*bases, *map(_without_accents, bases)}
    latin = {_without_accents(_replaced(form, letters)) for form in forms for letters in _scripts()}
    return frozenset({*forms, *latin, *_korean(small)})


def _without_accents(text: str) -> str:
    return "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))


def _replaced(text: str, letters: tuple[tuple[str, str], ...]) -> str:
    for source, target in letters:
        text = text.replace(source, target)
    return text


@cache
def _latin() -> tuple[tuple[tuple[str, str], ...], ...]:
    told = tomllib.loads(read_data(TRANSLITERATION))["latin"]
    return tuple(tuple((letter, spelt[usage]) for letter, spelt in told.items()) for usage in (0, 1))


@cache
def _scripts() -> tuple[tuple[tuple[str, str], ...], ...]:
    """One table of letters a usage, for all scripts at once, those of two letters first."""
    loaded = tomllib.loads(read_data(TRANSLITERATION))
    scripts = [loaded[name] for name in ("greek", "cyrillic", "kana")]
    usages = [[_pairs(script["letters"], usage) for usage in script["spellings"]] for script in scripts]
    tables = zip_longest(*usages, fillvalue=())
    return tuple(tuple(pair for pairs in table for pair in pairs) for table in tables)


def _pairs(letters: str, usage: str) -> tuple[tuple[str, str], ...]:
    pairs = zip(letters.split(), usage.split(), strict=True)
    return tuple(each for source, target in pairs for each in _both_kana(source, target.strip("-")))


def _both_kana(source: str, target: str) -> Iterable[tuple[str, str]]:
    """A letter, its form without accents, and for hiragana the same in katakana."""
    forms = [source, "".join(chr(ord(each) + 0x60) if "ぁ" <= each <= "ゖ" else each for each in source)]
    return dict.fromkeys((form, target) for form in forms)


def _korean(text: str) -> set[str]:
    told = tomllib.loads(read_data(TRANSLITERATION))["hangul"] if any(ord(each) in _HANGUL for each in text) else {}
    usages = [[told[part].split() for part in (initial, "vowel", "final")] for initial in told if "initial" in initial]
    return {"".join(_syllable(each, usage) for each in text) for usage in usages}


def _syllable(letter: str, usage: list[list[str]]) -> str:
    number = ord(letter) - _HANGUL.start
    if ord(letter) not in _HANGUL:
        return letter
    places = number // 588, number % 588 // 28, number % 28
    return "".join(spelt[place].strip("-") for spelt, place in zip(usage, places, strict=True))
