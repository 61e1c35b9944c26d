"""The grammar of the notes and reports, compiled once from the files in `data/`."""

from __future__ import annotations

from functools import cache

from imagebank.synthetic.text.flags import FLAGS
from imagebank.synthetic.text.grammar import Grammar
from imagebank.synthetic.text.slots import SLOTS
from imagebank.synthetic.text.story import WORDS
from imagebank.synthetic.text.vocabulary import read

NOTE_FILES = ("grammar_common", "grammar_history", "grammar_letters", "grammar_notes", "grammar_radiology")


@cache
def text_grammar() -> Grammar:
    """The grammar of every kind of note and of reports."""
    return Grammar("\n".join(read(f"{name}.txt") for name in NOTE_FILES), SLOTS, WORDS, FLAGS)
