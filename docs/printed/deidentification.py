"""What de-identification does and keeps, how it is proved, and today's scores."""

from __future__ import annotations

import json
import textwrap
import tomllib
from collections.abc import Iterable, Mapping
from typing import Any

from imagebank.core.markdown import section, table
from imagebank.dicom.policy_page import policy_markdown
from imagebank.workflows.standalone.offered import OF_MEMBERS
from imagebank.workflows.standalone.subjects import REASONS as SUBJECT_REASONS
from printed.errors import reasons
from printed.parts import DOCS, TESTS, examples, filled


def deidentification_page() -> str:
    """What de-identification does and how it is proved; the numbers are those that docs/measure.py wrote."""
    leaks, score = (json.loads((DOCS / "scores" / name).read_text("utf-8")) for name in ("leaks.json", "score.json"))
    rows = [(each["action"], each["meaning"], f"{each['checks']:,}", *_share(each)) for each in score["actions"]]
    told = {
        "reasons": reasons({**OF_MEMBERS, **SUBJECT_REASONS}),
        "leak_policy": leaks["policy"],
        "leak_counts": ", ".join(f"{number:,} {name}" for name, number in leaks["files"].items() if number),
        "verdict": f"**{leaks['leaks']} leaks**; {leaks['blind']} values not seen.",
        "leaks": _leaks(sorted(leaks["kinds"], key=lambda each: (-each["leaked"], each["kind"]))),
        "depths": _leaks(leaks["depths"]),
        "hospital": _leaks(leaks["hospital"]),
        "score_policy": score["policy"],
        "scores": table(("action", "meaning", "checks", "held", "95 % interval"), rows),
    }
    return filled("deidentification", told)


def _share(each: Mapping[str, Any]) -> tuple[str, str]:
    """A share and its interval, in percent."""
    share = each["share"] if "share" in each else each["recall"]
    return f"{100 * share:.2f} %", f"{100 * each['low']:.2f} to {100 * each['high']:.2f} %"


def _leaks(kinds: Iterable[Mapping[str, Any]]) -> str:
    rows = [
        (
            each["kind"],
            f"{each['planted']:,}",
            f"{each['leaked']:,}",
            *_share(each),
        )
        for each in kinds
    ]
    return table(("kind", "planted", "leaked", "recall", "95 % interval"), rows)


def policy_page() -> str:
    """What happens to each DICOM attribute, and the examples that the tests hold."""
    told = (section(title, text) for title, text in map(examples, sorted((TESTS / "dicom/specs").glob("*.txt"))))
    return "\n".join([policy_markdown(), *told])


def utility_page() -> str:
    """What survives of what converters read, and what does not, with the reason."""
    contract = tomllib.loads((TESTS / "dicom/utility_contract.toml").read_text("utf-8"))
    rows = ((_coded(each["fields"].split()), each["where"], each["reason"]) for each in contract["exception"])
    told = {
        "equal": textwrap.fill(_coded(contract["equal"].split()), 120),
        "exceptions": table(("fields", "where", "why they differ"), rows),
        "not_compared": table(("field", "reason"), contract["not_compared"].items()),
    }
    return filled("deidentification-utility", told)


def _coded(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
