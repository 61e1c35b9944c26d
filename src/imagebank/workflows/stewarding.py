"""What a steward has to look at: lists of refused files and unlinked studies.

They name files and people, so they lie in the quarantine folder, which only its owner may enter.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Sequence

from imagebank.core.files import write_text
from imagebank.dicom.archive import BANK_SERIES
from imagebank.dicom.filing import fate_of_verdict
from imagebank.engine import Outcome
from imagebank.identities.model import Claim
from imagebank.identities.whereabouts import Whereabouts
from imagebank.workflows.banking import planned_series
from imagebank.workflows.linking import Linked
from imagebank.workflows.opening import Work

FILE_COLUMNS = ("source", "file", "reason")
STUDY_COLUMNS = ("patient_id", "study_date", "series", "reason")


def write_lists(work: Work, linked: Linked) -> None:
    """Write the lists anew; those already right are left alone."""
    folder = work.bank.layout.quarantine
    folder.mkdir(exist_ok=True)
    folder.chmod(0o700)
    write_text(folder / "files.csv", _csv(FILE_COLUMNS, sorted(_refused_files(work, linked))))
    write_text(folder / "unlinked.csv", _csv(STUDY_COLUMNS, sorted(_unlinked_studies(linked))))


def _refused_files(work: Work, linked: Linked) -> Iterable[tuple[str, str, str]]:
    reason = "show a steward which file was refused"
    for series in planned_series(work, linked):
        for file, (outcome, why) in series.plan.settled:
            if outcome is Outcome.QUARANTINED:
                yield file.source, file.path.reveal(reason), why
        entry = work.ledger.entry(BANK_SERIES.name, series.plan.series) if series.plan.bank else None
        for position, why in entry.facts["refused"] if entry else ():
            file = series.plan.bank[position]
            yield file.source, file.path.reveal(reason), why
    roots = {source.name: str(work.bank.source_path(source)) for source in work.bank.image_sources()}
    for name, file in Whereabouts(work.vault).all_files(roots):
        outcome, why = fate_of_verdict(file.verdict)
        if not name and outcome is Outcome.QUARANTINED:
            yield file.source, file.path.reveal(reason), why


def _unlinked_studies(linked: Linked) -> Iterable[tuple[str, str, int, str]]:
    claims: dict[str, list[Claim]] = defaultdict(list)
    for told in linked.headers.values():
        for header in told:
            claims[header.study].append(header.claim)
    for study, link in linked.links.items():
        if link.person is None:
            patient = min(claim.patient_id for claim in claims[study])
            dated = min((str(claim.study_date) for claim in claims[study] if claim.study_date), default="")
            shown = patient.reveal("show a steward whom nobody was found for")
            yield shown, dated, len(claims[study]), link.reason


def _csv(columns: tuple[str, ...], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()
