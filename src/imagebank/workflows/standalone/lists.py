"""What a de-identification without a bank tells: a log without identifiers, and lists for those who may see them.

Beside the destination `out` lie `out.log` (counts, decisions; nothing that identifies) and `out.quarantine`
(identifiable: which file was refused or left out and why), which only its owner may enter.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imagebank.core.files import write_bytes, write_text
from imagebank.dicom.archive import REFUSALS
from imagebank.dicom.filing import EXCLUDED_HERE, QUARANTINED_HERE, Fate
from imagebank.dicom.headers import EXCLUDED, QUARANTINED
from imagebank.engine.model import Outcome
from imagebank.workflows.standalone.offered import OF_MEMBERS
from imagebank.workflows.standalone.state import State
from imagebank.workflows.standalone.subjects import REASONS

MEANINGS = {
    **EXCLUDED, **EXCLUDED_HERE, **QUARANTINED, **QUARANTINED_HERE, **REFUSALS, **OF_MEMBERS, **REASONS
}  # fmt: skip


@dataclass(frozen=True)
class Places:
    """Where everything goes: the output, the log beside it, and the identifiable lists."""

    output: Path

    @property
    def log(self) -> Path:
        """Holds nothing that identifies."""
        return self.output.with_name(f"{self.output.name}.log")

    @property
    def quarantine(self) -> Path:
        """Identifiable: what was refused or left out, and why."""
        return self.output.with_name(f"{self.output.name}.quarantine")

    @property
    def state(self) -> Path:
        """What is remembered between runs."""
        return self.log / "state.jsonl"


@dataclass(frozen=True)
class Counts:
    """How many files were offered and where they ended: offered = written + excluded + quarantined."""

    offered: int
    written: int
    excluded: int
    quarantined: int
    reasons: Mapping[tuple[str, str], int] = field(default_factory=dict)
    patients: int = 0
    left_from_before: int = 0  # outputs of earlier runs that this source did not give


def count(fates: Mapping[int, Fate], patients: int, left: int) -> Counts:
    """The counts of all fates."""
    outcomes = Counter(outcome for outcome, _ in fates.values())
    reasons = Counter((outcome.value, reason) for outcome, reason in fates.values() if reason)
    return Counts(
        offered=len(fates),
        written=outcomes[Outcome.BANKED],
        excluded=outcomes[Outcome.EXCLUDED],
        quarantined=outcomes[Outcome.QUARANTINED],
        reasons=dict(sorted(reasons.items())),
        patients=patients,
        left_from_before=left,
    )


def write_log(places: Places, counts: Counts, state: State, about: Mapping[str, Any]) -> None:
    """The decisions, one line for each distinct set of them, and the counts."""
    used = Counter(each.decisions for each in state.kept().values())
    lines = (
        json.dumps({"instances": used[name], "decisions": [list(each) for each in state.sets[name]]})
        for name in sorted(used)
    )
    write_text(places.log / "decisions.jsonl", "".join(f"{line}\n" for line in lines))
    told = {name: value for name, value in vars(counts).items() if name != "reasons"}
    reasons = [{"outcome": o, "reason": r, "files": n} for (o, r), n in counts.reasons.items()]
    summary = {**about, "files": told, "reasons": reasons}
    write_text(places.log / "summary.json", json.dumps(summary, indent=2, sort_keys=True) + "\n")


def write_lists(places: Places, rows: Mapping[Outcome, Iterable[Sequence[str]]]) -> None:
    """The identifiable lists: every file refused or left out, with its reason."""
    for outcome, name in ((Outcome.QUARANTINED, "refused.csv"), (Outcome.EXCLUDED, "excluded.csv")):
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(("file", "reason", "meaning"))
        writer.writerows((file, reason, MEANINGS.get(reason, "")) for file, reason in rows[outcome])
        write_bytes(places.quarantine / name, text.getvalue().encode("utf-8", "surrogateescape"))
