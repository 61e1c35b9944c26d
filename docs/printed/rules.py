"""Rules that are data, with the examples that the tests hold: classification, records, cohorts."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from imagebank.cohorts.query.codelists import library
from imagebank.cohorts.query.reading_words import MEANT
from imagebank.core.markdown import section, table
from imagebank.dicom.agents import AGENT_ANSWERS
from imagebank.dicom.body_parts import part_names
from imagebank.dicom.geometry import COVERAGES, DIMENSIONS, PLANES
from imagebank.dicom.rules import describe_rules, rules_hash
from imagebank.dicom.witness import CONTRADICTIONS
from printed.errors import reasons
from printed.parts import TESTS, examples, filled

RULES = """# Rules on records

What becomes of single values of the health record, each with examples. What it is all for: [Records](records.md).
"""


def records_rules_page() -> str:
    """The examples that the tests of the records hold."""
    return "\n".join([RULES, *(section(*examples(path)) for path in sorted((TESTS / "records/specs").glob("*.txt")))])


def classification_page() -> str:
    """The decision list that tells what a series shows, and what is said beside it."""
    beside = {
        "plane": PLANES,
        "dimension": DIMENSIONS,
        "contrast_agent": AGENT_ANSWERS,
        "coverage": COVERAGES,
        "body_part": part_names(),
    }
    told = {
        "digest": rules_hash()[:16],
        "beside": table(("column", "values"), ((f"`{name}`", ", ".join(words)) for name, words in beside.items())),
        "rules": describe_rules(),
        "headers": str(len((TESTS / "dicom/vendor_headers.csv").read_text("utf-8").splitlines()) - 1),
        "contradictions": reasons(CONTRADICTIONS),
    }
    return filled("classification", told)


def cohorts_page() -> str:
    """The language of cohorts, with its words, its library, and the examples that the tests hold."""
    sys.path.insert(0, str(TESTS / "cohorts"))
    people = import_module("spec_bank").described()
    lists = (
        (f"`{name}`", " ".join(codes.include) + (f" not {' '.join(codes.exclude)}" if codes.exclude else ""))
        for name, codes in library().items()
    )
    told = {
        "words": table(("word", "what it is worth"), ((f"`{word}`", text) for word, text in MEANT.items())),
        "bank": table(("who", "scans", "MMSE", "diagnoses", "episodes"), people),
        "library": table(("name", "codes"), lists),
        **{name: _titled(TESTS / f"cohorts/specs/{name}.txt") for name in ("conditions", "values", "refused")},
    }
    return filled("cohorts", told)


def _titled(path: Path) -> str:
    title, text = examples(path)
    return f"**{title}**\n\n" + text.partition("\n\n")[2]
