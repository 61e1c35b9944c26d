"""classify: what every series of a folder shows, without a bank. One row a series; nothing is written but the CSV."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from imagebank.core.errors import SourceError
from imagebank.core.files import write_text
from imagebank.core.progress import Progress
from imagebank.dicom.agents import AgentFacts, settle_agents
from imagebank.dicom.classify import Classification, VolumeLabel, agent_facts, classify
from imagebank.dicom.folder import FoundInstance, FoundSeries, files_below, group_series, read_folder
from imagebank.dicom.signatures import signature_of

COLUMNS = (
    "series_instance_uid",
    "sequence",
    "plane",
    "dimension",
    "contrast_agent",
    "coverage",
    "confidence",
    "rule",
    "evidence",
    "variant",
    "component",
    "body_part",
    "phantom",
    "fat_suppressed",
    "inverted",
    "volumes",
    "runners_up",
    "study_instance_uid",
    "files",
)
"""Columns of the CSV file, in order."""

YES_NO = {True: "yes", False: "no", None: ""}


@dataclass(frozen=True)
class Classified:
    """What came of a folder: each series with its answer, and the files that were left out by reason."""

    series: tuple[tuple[FoundSeries, Classification], ...]
    files: int
    left_out: Mapping[str, int]


def classify_folder(folder: Path, *, progress: Progress) -> Classified:
    """Classify every series below a folder, or of one file. Raises SourceError when there is none."""
    if not folder.exists():
        raise SourceError(
            f"`{folder}` does not exist.", "name the folder that holds the DICOM files; subfolders are read too"
        )
    paths = files_below(folder)
    with progress.stage("classify", len(paths), "files") as stage:
        series, left_out = group_series(_counted(read_folder(paths), stage.advance))
    if not series:
        raise SourceError(
            f"No DICOM series was found in the {len(paths)} file(s) of `{folder}`{_reasons(left_out)}.",
            "name a folder of DICOM files; zipped ones must be unpacked first",
        )
    answers = [classify(each.instances) for each in series]
    return Classified(tuple(zip(series, with_agents(series, answers), strict=True)), len(paths), dict(left_out))


def _counted(found: Iterator[FoundInstance | str], advance: Callable[[], None]) -> Iterator[FoundInstance | str]:
    for each in found:
        yield each
        advance()


def _reasons(left_out: Counter[str]) -> str:
    told = ", ".join(f"{count} {reason}" for reason, count in sorted(left_out.items()))
    return f" ({told})" if told else ""


def with_agents(series: Sequence[FoundSeries], answers: Sequence[Classification]) -> list[Classification]:
    """The answers with contrast agent judged over each whole study."""
    studies: dict[str, list[int]] = {}
    for place, each in enumerate(series):
        studies.setdefault(each.study_uid, []).append(place)
    settled = list(answers)
    for places in studies.values():
        told = [_agent(series[place]) for place in places]
        for place, answer in zip(places, settle_agents(told), strict=True):
            settled[place] = replace(answers[place], contrast_agent=answer)
    return settled


def _agent(series: FoundSeries) -> AgentFacts:
    protocol = signature_of(series.instances).digest
    return agent_facts(series.instances, protocol=protocol, number=series.number)


def row_of(series: FoundSeries, answer: Classification) -> dict[str, str]:
    """One row of the CSV file."""
    return {
        "series_instance_uid": series.series_uid,
        "sequence": answer.sequence,
        "plane": answer.plane,
        "dimension": answer.dimension,
        "contrast_agent": answer.contrast_agent,
        "coverage": answer.coverage,
        "confidence": f"{answer.confidence:g}",
        "rule": answer.rule,
        "evidence": "; ".join(answer.evidence),
        "variant": answer.variant,
        "component": answer.component,
        "body_part": answer.body_part,
        "phantom": YES_NO[answer.phantom],
        "fat_suppressed": YES_NO[answer.fat_suppressed],
        "inverted": YES_NO[answer.inverted],
        "volumes": "; ".join(_volume(each) for each in answer.volumes),
        "runners_up": "; ".join(answer.runners_up),
        "study_instance_uid": series.study_uid,
        "files": str(len(series.instances)),
    }


def _volume(told: VolumeLabel) -> str:
    echo = f" TE {told.echo_time_ms:g}" if told.echo_time_ms else ""
    part = f" {told.component}" if told.component else ""
    return f"{told.volumes} {told.sequence}{part}{echo}"


def check_csv(path: Path) -> None:
    """Raises SourceError where a file cannot be written, before hours of reading."""
    if path.is_dir() or not path.parent.is_dir():
        why = "is a folder" if path.is_dir() else "lies in a folder that does not exist"
        raise SourceError(f"`{path}` {why}.", "name a file in an existing folder, such as --csv series.csv")


def write_csv(classified: Classified, path: Path) -> None:
    """Write one row a series."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(row_of(*each) for each in classified.series)
    write_text(path, text.getvalue())
