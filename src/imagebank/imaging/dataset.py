"""The files that make the bank's `bids` folder a BIDS dataset: what it is, who is in it, and when they came.

Everything is derived from the arguments and from which session folders exist, so that it can be written again at any
time: a participant without a converted session is not listed. Ages are capped, dates are the moved ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from imagebank import __version__
from imagebank.core.files import write_text
from imagebank.core.layout import Layout
from imagebank.imaging.convert import scan_time
from imagebank.imaging.sidecar import sidecar_text

BIDS_VERSION = "1.10.0"
OLDEST_AGE_YEARS = 90.0
"""Ages of 90 and over are given as 90: so few are older that an age would point to a person."""

BIDS_SEXES = ("female", "male", "other")


@dataclass(frozen=True)
class Participant:
    """One person: pseudonym, sex as in the records, and age at the first scan."""

    patient: str
    sex: str
    age_years: float | None


@dataclass(frozen=True)
class Session:
    """One study of one person."""

    patient: str
    session: str
    study_date: date | None


def write_dataset_files(
    layout: Layout, participants: Sequence[Participant], sessions: Sequence[Session], *, name: str = "imagebank"
) -> None:
    """Write the dataset's own files; those already right are left alone. Raises DiskFull."""
    present = [each for each in sessions if layout.bids_session(each.patient, each.session).is_dir()]
    listed = {each.patient for each in present}
    root, unsorted = layout.bids, layout.bids / "derivatives" / "unsorted"
    files = {
        root / "dataset_description.json": sidecar_text(_description(name, "raw")),
        root / "README.md": README.format(name=name),
        root / "participants.json": sidecar_text(PARTICIPANT_COLUMNS),
        root / "participants.tsv": _participants([each for each in participants if each.patient in listed]),
        root / "sessions.json": sidecar_text(SESSION_COLUMNS),
        unsorted / "dataset_description.json": sidecar_text(_description(f"{name}, unsorted images", "derivative")),
        unsorted / "README.md": UNSORTED_README,
    }
    for path, text in files.items():
        write_text(path, text)
    for patient in sorted(listed):
        mine = [each for each in present if each.patient == patient]
        write_text(root / f"sub-{patient}" / f"sub-{patient}_sessions.tsv", _sessions(mine))


def _description(name: str, kind: str) -> dict[str, object]:
    return {
        "Name": name,
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": kind,
        "License": "Not for redistribution. Use only as agreed with the bank that released it.",
        "GeneratedBy": [{"Name": "imagebank", "Version": __version__}, {"Name": "dcm2niix"}],
    }


def _participants(participants: Sequence[Participant]) -> str:
    rows = sorted((f"sub-{each.patient}", _sex(each.sex), _age(each.age_years)) for each in participants)
    return _table([("participant_id", "sex", "age"), *rows])


def _sessions(sessions: Sequence[Session]) -> str:
    rows = sorted((f"ses-{each.session}", scan_time(each.study_date)) for each in sessions)
    return _table([("session_id", "acq_time"), *rows])


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    return "".join("\t".join(row) + "\n" for row in rows)


def _sex(sex: str) -> str:
    return sex if sex in BIDS_SEXES else "n/a"


def _age(age_years: float | None) -> str:
    return "n/a" if age_years is None else f"{min(age_years, OLDEST_AGE_YEARS):g}"


PARTICIPANT_COLUMNS: dict[str, object] = {
    "participant_id": {"Description": "Pseudonym of the patient."},
    "sex": {
        "Description": "Sex as recorded in the health record.",
        "Levels": {sex: sex for sex in BIDS_SEXES},
    },
    "age": {"Description": "Age at the first scan; 90 and over are given as 90.", "Units": "year"},
}

SESSION_COLUMNS: dict[str, object] = {
    "session_id": {"Description": "One MR examination."},
    "acq_time": {"Description": "Date of the study, moved by the patient's offset; the time of day is not kept."},
}

README = """# {name}

Routine brain MRI of a hospital, de-identified, in the Brain Imaging Data Structure.

- Participants are pseudonyms. Every date of a participant is moved by the same whole number of days.
- Images keep what the scanner measured; faces have not been removed: `Defaced` in each sidecar and `defaced` in
  `*_scans.tsv` say so of every image.
- `ses-*/*_scans.tsv` names the series of the bank that each image was made of.
- `task-unknown`: the headers do not say what the patient was asked to do during functional series.
- Images for which BIDS has no certain name are under `derivatives/unsorted`.
"""

UNSORTED_README = """# Unsorted images

NIfTI images of series for which BIDS has no certain name: localizers, maps computed by the scanner, perfusion and
field-mapping series without the facts that BIDS requires of them, and series of unknown kind. Each file is named for
the bank's id of its series and a number.
"""
