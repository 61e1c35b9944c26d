"""Letters as an old console types them."""

from __future__ import annotations

import unicodedata

PLAIN_LETTERS = str.maketrans({"ł": "l", "Ł": "L", "ı": "i", "ß": "ss", "ø": "o"})


def plain_letters(text: str) -> str:
    """ASCII letters only, where accents can be dropped."""
    decomposed = unicodedata.normalize("NFKD", text.translate(PLAIN_LETTERS))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))
