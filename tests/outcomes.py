"""Where each file of a bank's sources ended, by path: what the ledger and the vault say together."""

from __future__ import annotations

from pathlib import Path

from imagebank.core.progress import Silent
from imagebank.dicom.filing import fate_of_verdict
from imagebank.identities.whereabouts import Whereabouts
from imagebank.workflows.banking import planned_series
from imagebank.workflows.linking import link_studies
from imagebank.workflows.opening import open_for_work


def outcome_of_files(bank: Path) -> dict[str, tuple[str, str]]:
    """Outcome and reason of every file ever offered; fails when a file is told of twice."""
    ended: list[tuple[str, tuple[str, str]]] = []
    with open_for_work(bank, "test", environ={}, progress=Silent()) as work:
        for series in planned_series(work, link_studies(work)):
            entry = work.ledger.entry("deidentify", series.plan.series)
            refused = dict(entry.facts["refused"]) if entry and series.plan.bank else {}
            for file, (outcome, reason) in series.plan.settled:
                ended.append((file.path.reveal("test"), (outcome.value, reason)))
            for position, file in enumerate(series.plan.bank):
                told = ("quarantined", refused[position]) if position in refused else ("banked", "")
                ended.append((file.path.reveal("test"), told))
        roots = {source.name: str(work.bank.source_path(source)) for source in work.bank.image_sources()}
        for name, file in Whereabouts(work.vault).all_files(roots):
            if not name:
                outcome, reason = fate_of_verdict(file.verdict)
                ended.append((file.path.reveal("test"), (outcome.value, reason)))
    assert len(ended) == len(dict(ended))
    return dict(ended)
