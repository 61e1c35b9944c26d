"""signatures: the protocols of a bank by how often they were used, with what they show, for a curator.

The vault stays shut: everything here comes from the ledger and the banked, de-identified zips.
"""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from imagebank.core.config import Bank, open_bank
from imagebank.core.errors import ConfigError
from imagebank.core.files import write_text
from imagebank.core.progress import Progress
from imagebank.dicom import opinion
from imagebank.dicom.acquisition import Acquisition, read_acquisition
from imagebank.dicom.archive import BANK_SERIES
from imagebank.dicom.curation import Curation, Decision, add_decisions, read_curation
from imagebank.dicom.original import header_of
from imagebank.dicom.signatures import case_of
from imagebank.dicom.thumbnail import Array, read_run, read_volume, thumbnail
from imagebank.dicom.witness import RUNS, contradictions, contradictions_of_run
from imagebank.engine import Entry
from imagebank.workflows.opening import open_ledger

FEWEST_DIGITS = 6
"""So many digits of a signature are enough to name it, when no other one begins with them."""

MOST_INSTANCES_OF_A_CASE = 40


@dataclass(frozen=True)
class Listed:
    """One signature: how many series and patients it has, what they show, and what speaks against it."""

    signature: str
    series: int
    patients: int
    sequence: str
    variant: str
    confidence: float
    rule: str
    protocol: Mapping[str, Any]
    facts: Mapping[str, Any]
    example: Path
    curated: str = ""
    by: str = ""
    against: tuple[str, ...] = ()
    second: str = ""
    picture: bytes = b""

    @property
    def label(self) -> str:
        """What counts: the curator's word, else the rules'."""
        return self.curated or self.sequence

    @property
    def name(self) -> str:
        """The scanner and the name of the protocol, in known words."""
        told = self.protocol
        return " ".join(filter(None, (told["manufacturer"], told["model"], told["name"] or told["sequence_name"])))


def list_signatures(root: Path, *, environ: Mapping[str, str]) -> list[Listed]:
    """All signatures of the bank in `root`, those with most series first. Raises BankError, ConfigError."""
    bank = open_bank(root)
    curation = read_curation(bank.layout.root)
    groups: dict[str, list[Entry]] = {}
    with open_ledger(bank, environ) as ledger:
        for entry in ledger.entries(BANK_SERIES.name):
            if entry.files and "signature" in entry.facts:
                groups.setdefault(entry.facts["signature"], []).append(entry)
    listed = [_listed(bank, signature, groups[signature], curation) for signature in groups]
    return sorted(listed, key=lambda each: (-each.series, each.signature))


def _listed(bank: Bank, signature: str, entries: Sequence[Entry], curation: Curation) -> Listed:
    """A signature with the answer of most of its series, and the least confidence among them."""
    labels = Counter((each.facts["sequence"], each.facts["variant"], each.facts["sequence_rule"]) for each in entries)
    (sequence, variant, rule), _ = min(labels.items(), key=lambda each: (-each[1], each[0]))
    example = min(entries, key=lambda each: (each.facts["sequence"] != sequence, each.item))
    decision = curation.current.get(signature)
    return Listed(
        signature=signature,
        series=len(entries),
        patients=len({each.facts["patient"] for each in entries}),
        sequence=sequence,
        variant=variant,
        confidence=min(each.facts["sequence_confidence"] for each in entries),
        rule=rule if len(labels) == 1 else f"{rule} and {len(labels) - 1} others",
        protocol=example.facts["protocol"],
        facts=example.facts,
        example=bank.layout.root / example.files[0][0],
        curated=decision.sequence if decision else "",
        by=decision.by if decision else "",
    )


def with_pictures(listed: Iterable[Listed], total: int, *, progress: Progress) -> list[Listed]:
    """The signatures with a thumbnail of one series each, and with what its pixels say against the label."""
    seen = []
    with progress.stage("look", total, "signatures") as stage:
        for each in listed:
            seen.append(_looked_at(each))
            stage.advance()
    return seen


def _looked_at(each: Listed) -> Listed:
    try:
        volume = read_volume(each.example)
    except (OSError, ValueError, zipfile.BadZipFile):
        return replace(each, against=("no-pixels",))
    return replace(each, picture=thumbnail(volume), against=_against(each, volume))


def _against(each: Listed, volume: Array) -> tuple[str, ...]:
    told = each.facts
    if each.label in RUNS:
        run = read_run(each.example)
        return () if run is None else tuple(contradictions_of_run(run, each.label))
    if "MOSAIC" in each.protocol["image_type"] or told["component"] not in ("", "magnitude"):
        return ()  # a mosaic is many slices in one picture, and phase is noise where there is air
    return tuple(contradictions(volume, each.label, plane=told["plane"], coverage=told["coverage"]))


def with_second_opinion(listed: Sequence[Listed]) -> tuple[list[Listed], opinion.Trained]:
    """The signatures with what a model trained on the curated ones would call them, where it is sure and disagrees."""
    examples = [opinion.Example(each.facts, each.curated, _scanner(each)) for each in listed if each.curated]
    trained = opinion.train(examples)
    said = opinion.opinions(trained, [each.facts for each in listed])
    return [
        replace(each, second=told.sequence if told.sequence != each.label else "")
        for each, told in zip(listed, said, strict=True)
    ], trained


def _scanner(each: Listed) -> str:
    return f"{each.protocol['manufacturer']} {each.protocol['model']}"


def decide(
    root: Path,
    listed: Sequence[Listed],
    *,
    confirm: Sequence[str],
    correct: Sequence[str],
    by: str,
    on: str,
    note: str = "",
) -> tuple[Decision, ...]:
    """Write down what a curator decided: `confirm` signatures, and `correct` as SIGNATURE=SEQUENCE.

    Raises ConfigError for a signature or sequence that does not exist, and when nobody is named; then nothing is
    written.
    """
    if not by:
        raise ConfigError("Nobody is named who decided.", "add --by with your name or initials")
    new = [Decision(each.signature, each.label, by, on, note) for each in (_find(listed, name) for name in confirm)]
    for change in correct:
        name, _, sequence = change.partition("=")
        new.append(Decision(_find(listed, name).signature, sequence.strip(), by, on, note))
    add_decisions(open_bank(root).layout.root, tuple(new))
    return tuple(new)


def _find(listed: Sequence[Listed], name: str) -> Listed:
    found = [each for each in listed if len(name) >= FEWEST_DIGITS and each.signature.startswith(name.strip().lower())]
    if len(found) != 1:
        told = "several signatures begin" if found else "no signature begins"
        raise ConfigError(
            f"In this bank {told} with what was given.",
            f"give {FEWEST_DIGITS} digits or more of a signature that `imagebank signatures` lists",
        )
    return found[0]


def write_cases(listed: Iterable[Listed], folder: Path) -> list[Path]:
    """Write each curated signature as a case for the tests: resolved fields and the right answer, nobody's name.

    The files belong into `tests/dicom/corrections`, where a test classifies each again.
    """
    written = []
    for each in listed:
        if each.curated:
            case = {"sequence": each.curated, **case_of(_instances(each.example))}
            path = folder / f"{each.signature}.json"
            write_text(path, json.dumps(case, sort_keys=True, separators=(",", ":")) + "\n")
            written.append(path)
    return written


def _instances(archive: Path) -> list[Acquisition]:
    """The facts of some instances of a banked series."""
    with zipfile.ZipFile(archive) as file:
        names = sorted(file.namelist())
        chosen = names[:: max(1, -(-len(names) // MOST_INSTANCES_OF_A_CASE))]
        return [read_acquisition(header_of(file.read(name))) for name in chosen]
