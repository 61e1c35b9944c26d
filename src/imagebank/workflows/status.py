"""status: the funnel of a bank, from its ledger alone; the vault stays shut."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imagebank.catalogue import snapshots
from imagebank.core.config import open_bank
from imagebank.dicom import archive, filing, headers
from imagebank.engine.funnel import Funnel, funnel
from imagebank.identities import linkage
from imagebank.workflows.banking import WAITING
from imagebank.workflows.linking import LINKAGE, SCANNERS
from imagebank.workflows.merging import MERGING
from imagebank.workflows.opening import open_ledger
from imagebank.workflows.opting_out import TOMBSTONES

MEANINGS = {
    **headers.EXCLUDED,
    **headers.QUARANTINED,
    **filing.EXCLUDED_HERE,
    **filing.QUARANTINED_HERE,
    **archive.REFUSALS,
    **linkage.REASONS,
    "out-of-memory": "The series needs more memory than a worker may use.",
}
"""What each reason means; a reason that is not here begins with `raised-` and names a class of exception."""


@dataclass(frozen=True)
class Status:
    """What a person wants to know first."""

    name: str
    version: str | None
    funnel: Funnel
    scanners: Mapping[str, str]  # what is shown of each scanner
    tables: Mapping[str, int]  # rows of the current snapshot
    conversions: Mapping[str, int]  # studies by what came of their conversion
    linkage: Mapping[str, Any]  # studies by rule and guard
    merging: Mapping[str, Any]  # registrations and persons, by rule and guard
    opted_out: int  # people who were banked and left
    waiting: int  # series that would be banked anew, but whose originals were deleted


def status(root: Path, *, environ: Mapping[str, str]) -> Status:
    """Read the ledger and the manifest of the current snapshot."""
    bank = open_bank(root)
    version = snapshots.current_version(bank.layout)
    manifest = snapshots.load_manifest(bank.layout, version) if version else None
    with open_ledger(bank, environ) as ledger:
        failures: dict[str, int] = {}
        for entry in ledger.entries("convert"):
            failures[entry.reason or "converted"] = failures.get(entry.reason or "converted", 0) + 1
        return Status(
            name=bank.config.bank.name,
            version=version,
            funnel=funnel(ledger.lots()),
            scanners=json.loads(ledger.meta(SCANNERS) or "{}"),
            tables={name: entry.rows for name, entry in manifest.tables.items()} if manifest else {},
            conversions=failures,
            linkage=json.loads(ledger.meta(LINKAGE) or "{}"),
            merging=json.loads(ledger.meta(MERGING) or "{}"),
            opted_out=len(json.loads(ledger.meta(TOMBSTONES) or "[]")),
            waiting=len(json.loads(ledger.meta(WAITING) or "[]")),
        )
