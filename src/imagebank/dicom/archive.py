"""One series from its source into one zip of de-identified instances: the step that a worker runs.

Laws: an instance that raises is quarantined and the others go on; the content is what the index saw (its digest is
compared), or nothing; the zip is the same to the byte whatever the worker and the order of the files.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset

from imagebank.core.digests import digest_of
from imagebank.core.files import atomic_file, hide_time, sha256
from imagebank.core.private import Private
from imagebank.dicom.acquisition import Acquisition, read_acquisition
from imagebank.dicom.classify import Classification, agent_facts, classify
from imagebank.dicom.decisions import Decision, Refused
from imagebank.dicom.deidentify import VERSION as DEIDENTIFY_VERSION
from imagebank.dicom.instance import Cleaned, Cleaner
from imagebank.dicom.original import Original, header_of
from imagebank.dicom.policy import load_policy
from imagebank.dicom.rules import rules_hash
from imagebank.dicom.signatures import Signature, signature_of
from imagebank.dicom.values import Subject
from imagebank.engine.failures import PASSING
from imagebank.engine.step import Step

VERSION = f"2.{DEIDENTIFY_VERSION}"
EPOCH = (1980, 1, 1, 0, 0, 0)  # the first date that a zip can hold: the same for all, so that it tells nothing

REFUSALS = {
    "changed-while-read": "The file is not the one that was indexed.",
    "file-vanished": "The file was there when it was indexed and is gone.",
    "no-permission": "The file may no longer be read.",
    "read-error": "The disk or the network failed while the file was read.",
    "unreadable": "The instance cannot be read to its end.",
    "no-pixel-data": "The instance has no pixels.",
    "no-pixel-geometry": "The header does not say how large the image is.",
    "truncated-pixels": "There are fewer pixels than the header promises.",
    "burned-in-text": "Text is burned into the pixels: the header says so, or it was found there.",
    "pixels-not-readable": "The pixels are packed in a way that is not understood: for JPEG install imagebank[jpeg].",
    "not-writable": "The de-identified instance cannot be written as valid DICOM.",
}
"""Why an instance of a linked series may end in quarantine."""


@dataclass(frozen=True)
class SourceFile:
    """One file to bank: where it lies, what it must contain, and the id of its instance."""

    path: Private
    digest: bytes
    size: int
    instance: str


@dataclass(frozen=True)
class SeriesTask:
    """One series to bank; `files` in the order of their instance ids."""

    zip_path: Path
    files: tuple[SourceFile, ...]
    subject: Subject
    policy: str


@dataclass(frozen=True)
class SeriesResult:
    """What came of a series: the files refused with their reason, and the banked zip, if any file was left."""

    refused: tuple[tuple[int, str], ...]  # (position in the task's files, reason)
    zip_sha256: str = ""
    zip_bytes: int = 0
    facts: dict[str, Any] = field(default_factory=dict)
    decisions: tuple[Decision, ...] = ()


def bank_series(task: SeriesTask) -> SeriesResult:
    """De-identify every file of a series into its zip, one at a time: memory does not grow with the series."""
    cleaner = Cleaner(task.subject, load_policy(task.policy))
    refused: list[tuple[int, str]] = []
    acquisitions: list[Acquisition] = []
    decisions: set[Decision] = set()
    first = b""
    with atomic_file(task.zip_path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for position, source in enumerate(task.files):
            try:
                clean = cleaner.clean(_read(source))
            except Refused as refusal:
                refused.append((position, str(refusal)))
                continue
            _store(archive, clean)
            acquisitions.append(read_acquisition(clean.original))
            first = first or clean.header
            decisions |= clean.decisions
    if not acquisitions:
        task.zip_path.unlink()
        return SeriesResult(tuple(refused), decisions=tuple(sorted(decisions)))
    facts = _facts(acquisitions, header_of(first))
    size, digest = task.zip_path.stat().st_size, sha256(task.zip_path)
    hide_time(task.zip_path, digest)
    return SeriesResult(tuple(refused), digest, size, facts, tuple(sorted(decisions)))


BANK_SERIES: Step[SeriesTask, SeriesResult] = Step("deidentify", f"{VERSION}.{rules_hash()[:8]}", bank_series)


def _read(source: SourceFile) -> bytes:
    try:
        content = Path(source.path.reveal("read a file of the source")).read_bytes()
    except OSError as error:
        if error.errno not in PASSING:
            raise
        raise Refused(PASSING[error.errno]) from None
    if digest_of(content) != source.digest:
        raise Refused("changed-while-read")
    return content


def _store(archive: zipfile.ZipFile, clean: Cleaned) -> None:
    entry = _entry(clean.instance_uid)
    entry.file_size = clean.size
    with archive.open(entry, "w") as file:
        for part in clean.parts:
            file.write(part)


def _entry(uid: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(f"{uid}.dcm", EPOCH)
    entry.external_attr = 0o644 << 16
    entry.create_system = 3
    return entry


def _facts(acquisitions: Sequence[Acquisition], first: Original | Dataset) -> dict[str, Any]:
    """What the tables say of the series, as JSON values; `first` is the header of the first clean instance."""
    shown = classify(acquisitions)
    one, signature = acquisitions[0], signature_of([read_acquisition(first)])
    return {
        **_classified(shown),
        **_protocol(signature, acquisitions),
        "repetition_time_ms": one.repetition_time_ms,
        "echo_time_ms": min((a.echo_time_ms for a in acquisitions if a.echo_time_ms), default=None),
        "inversion_time_ms": one.inversion_time_ms,
        "flip_angle_deg": one.flip_angle_deg,
        "row_spacing_mm": one.row_spacing_mm,
        "column_spacing_mm": one.column_spacing_mm,
        "slice_thickness_mm": one.slice_thickness_mm,
        "rows": one.rows,
        "columns": one.columns,
        "instances": len(acquisitions),
        "frames": sum(a.frames for a in acquisitions),
        "series_number": _whole(first.get("SeriesNumber")),
        "description": str(first.get("SeriesDescription", "")),
        "contrast": one.contrast_agent,
        "echoes": len({a.echo_time_ms for a in acquisitions}),
    }


def _classified(shown: Classification) -> dict[str, Any]:
    return {
        "sequence": shown.sequence,
        "sequence_rule": shown.rule,
        "sequence_confidence": shown.confidence,
        "plane": shown.plane,
        "acquisition": shown.acquisition,
        "variant": shown.variant,
        "component": shown.component,
        "dimension": shown.dimension,
        "contrast_agent": shown.contrast_agent,
        "fat_suppressed": shown.fat_suppressed,
        "inverted": shown.inverted,
        "body_part": shown.body_part,
        "coverage": shown.coverage,
        "phantom": shown.phantom,
        "evidence": list(shown.evidence),
        "runners_up": list(shown.runners_up),
        "volumes": [asdict(each) for each in shown.volumes],
    }


def _protocol(signature: Signature, acquisitions: Sequence[Acquisition]) -> dict[str, Any]:
    """The signature, and what the judgement of contrast agent over a whole study needs."""
    agent = agent_facts(acquisitions, protocol=signature.digest)
    return {
        "signature": signature.digest,
        "protocol": asdict(signature),
        "agent": asdict(agent),
    }


def _whole(value: Any) -> int | None:
    return None if value in (None, "") else int(value)


def decisions_json(decisions: Sequence[Decision]) -> str:
    """The decisions of a series as one text: the same for most series of a protocol, so that it is kept once."""
    return json.dumps([[each.place, each.action, each.rule] for each in decisions], separators=(",", ":"))
