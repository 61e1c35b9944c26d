"""The files that make the bank's `bids` folder a BIDS dataset: what it is, who is in it, and when they came.

Everything is derived from the arguments and from which session folders exist, so that it can be written again at any
time: a participant without a converted session is not listed. Ages are capped, dates are the moved ones, and of the
time of day only the distance from the first image of the session is told.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from imagebank import __version__
from imagebank.core.files import hide_time, remove_empty_parents, write_text
from imagebank.core.layout import Layout
from imagebank.imaging.columns import PARTICIPANTS, SCANS, SESSIONS, UNSORTED_IMAGES
from imagebank.imaging.dcm2niix import converter_version
from imagebank.imaging.model import ConvertedSeries, PlacedImage
from imagebank.imaging.sidecar import sidecar_text

BIDS_VERSION = "1.10.0"
OLDEST_AGE_YEARS = 90.0
"""Ages of 90 and over are given as 90: so few are older that an age would point to a person."""

BIDS_SEXES = ("female", "male", "other")
NOTHING = "n/a"
IGNORED = "sub-*/\n"
"""Of the unsorted images: their names are no BIDS names, so a validator that looks at derivatives passes them by."""


@dataclass(frozen=True)
class Participant:
    """One person: pseudonym, sex as in the records, and age at the first scan."""

    patient: str
    sex: str
    age_years: float | None


@dataclass(frozen=True)
class Session:
    """One study of one person: the moved date, the age on that day, the scanner's keyed id, its images and failures."""

    patient: str
    session: str
    study_date: date | None
    age_years: float | None = None
    scanner: str = ""
    images: tuple[PlacedImage, ...] = ()
    failed: tuple[ConvertedSeries, ...] = ()


def write_dataset_files(
    layout: Layout,
    participants: Sequence[Participant],
    sessions: Sequence[Session],
    *,
    name: str = "imagebank",
    quality: Mapping[str, str] | None = None,
) -> None:
    """Write the dataset's own files; those already right are left alone. Raises DiskFull.

    `quality` is the verdict on an image by its path in the bank; an image without one is `n/a`.
    """
    present = [each for each in sessions if layout.bids_session(each.patient, each.session).is_dir()]
    listed = {each.patient for each in present}
    for path, text in _dataset_files(layout, participants, listed, sessions, name):
        _write(path, text)
    for patient in sorted(listed):
        mine = [each for each in present if each.patient == patient]
        _write(layout.bids / f"sub-{patient}" / f"sub-{patient}_sessions.tsv", _sessions(mine))
    for each in present:
        _write(scans_path(layout, each), scans_table(each, quality or {}))
    _remove_tables_of_others(layout, {scans_path(layout, each) for each in present}, listed)


def _remove_tables_of_others(layout: Layout, scans: set[Path], listed: set[str]) -> None:
    """Remove what describes sessions and participants that are gone: somebody may have withdrawn."""
    for path in layout.bids.glob("sub-*/ses-*/*_scans.tsv"):
        if path not in scans:
            path.unlink()
            remove_empty_parents(path.parent, stop=layout.bids)
    for path in layout.bids.glob("sub-*/*_sessions.tsv"):
        if path.parent.name.removeprefix("sub-") not in listed:
            path.unlink()
            remove_empty_parents(path.parent, stop=layout.bids)


def scans_path(layout: Layout, session: Session) -> Path:
    """Where the table of a session's images lies."""
    folder = layout.bids_session(session.patient, session.session)
    return folder / f"sub-{session.patient}_ses-{session.session}_scans.tsv"


def scans_table(session: Session, quality: Mapping[str, str]) -> str:
    """Each image of a session in BIDS, in the order of its acquisition."""
    named = [each for each in session.images if not each.reason]
    rows = [
        (
            "/".join(each.path.split("/")[-2:]),
            image_time(session.study_date, each.seconds),
            each.series,
            each.sequence,
            quality.get(each.path, NOTHING),
            "no",
            ",".join(each.notes) or NOTHING,
        )
        for each in sorted(named, key=lambda each: (each.seconds or 0.0, each.path))
    ]
    return _table([tuple(SCANS), *rows])


def image_time(study_date: date | None, seconds: float | None) -> str:
    """A moved date, and the time since the first image of the session as BIDS writes a time; or `n/a`."""
    if study_date is None:
        return NOTHING
    return (datetime.combine(study_date, time()) + timedelta(seconds=round(seconds or 0))).isoformat()


def _write(path: Path, text: str) -> None:
    """Write a file without a trace of when: see `hide_time`."""
    write_text(path, text)
    hide_time(path, hashlib.sha256(text.encode()).hexdigest())


def _dataset_files(
    layout: Layout, participants: Sequence[Participant], listed: set[str], sessions: Sequence[Session], name: str
) -> Iterator[tuple[Path, str]]:
    root, unsorted = layout.bids, layout.bids / "derivatives" / "unsorted"
    yield root / "dataset_description.json", sidecar_text(_description(name, "raw"))
    yield root / "README.md", README.format(name=name)
    yield root / "participants.json", sidecar_text(PARTICIPANTS)
    yield root / "participants.tsv", _participants([each for each in participants if each.patient in listed])
    yield root / "sessions.json", sidecar_text(SESSIONS)
    yield root / "scans.json", sidecar_text(SCANS)
    yield unsorted / "dataset_description.json", sidecar_text(_description(f"{name}, unsorted images", "derivative"))
    yield unsorted / "README.md", UNSORTED_README
    yield unsorted / ".bidsignore", IGNORED
    yield unsorted / "unsorted.json", sidecar_text(UNSORTED_IMAGES)
    yield unsorted / "unsorted.tsv", unsorted_table(sessions)


def _description(name: str, kind: str) -> dict[str, object]:
    sources = {} if kind == "raw" else {"SourceDatasets": [{"URL": "file://../../"}]}
    return {
        "Name": name,
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": kind,
        "License": "Not for redistribution. Use only as agreed with the bank that released it.",
        "GeneratedBy": [
            {"Name": "imagebank", "Version": __version__},
            {"Name": "dcm2niix", "Version": converter_version()},
        ],
        **sources,
    }


def unsorted_table(sessions: Sequence[Session]) -> str:
    """Every image without a BIDS name and every series without an image, each with its reason."""
    rows = []
    for session in sessions:
        who = (f"sub-{session.patient}", f"ses-{session.session}")
        for image in session.images:
            if image.reason:
                place = "/".join(image.path.split("/")[-3:])
                rows.append((*who, place, image.series, image.sequence, image.reason))
        rows += [(*who, NOTHING, each.series, NOTHING, each.reason) for each in session.failed]
    return _table([tuple(UNSORTED_IMAGES), *sorted(rows)])


def _participants(participants: Sequence[Participant]) -> str:
    rows = sorted((f"sub-{each.patient}", _sex(each.sex), _age(each.age_years)) for each in participants)
    return _table([tuple(PARTICIPANTS), *rows])


def _sessions(sessions: Sequence[Session]) -> str:
    rows = sorted(
        (
            f"ses-{each.session}",
            image_time(each.study_date, None),
            _age(each.age_years),
            each.scanner or NOTHING,
        )
        for each in sessions
    )
    return _table([tuple(SESSIONS), *rows])


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    return "".join("\t".join(row) + "\n" for row in rows)


def _sex(sex: str) -> str:
    return sex if sex in BIDS_SEXES else NOTHING


def _age(age_years: float | None) -> str:
    return NOTHING if age_years is None else f"{min(age_years, OLDEST_AGE_YEARS):g}"


README = """# {name}

Routine brain MRI of a hospital, de-identified, in the Brain Imaging Data Structure.

- Participants are pseudonyms. Every date of a participant is moved by the same whole number of days.
- A session is one examination. Its label counts days from a day that only the bank knows, another for each
  participant: labels of one participant stand in the order of time.
- `ses-*/*_scans.tsv` tells of each image when it was acquired within its session, which series of the bank it was made
  of, what the series shows, the verdict on its quality, and what the converter noted.
- Images keep what the scanner measured; faces have not been removed: `Defaced` in each sidecar and `defaced` in
  `*_scans.tsv` say so of every image.
- Every name has a `run`, so that names stay as they are when a session grows.
- `task-unknown`: the headers do not say what the patient was asked to do during functional series.
- Images for which BIDS has no certain name are under `derivatives/unsorted`; `unsorted.tsv` lists them with reasons.
"""

UNSORTED_README = """# Unsorted images

NIfTI images of series for which BIDS has no certain name: localizers, maps computed by the scanner,
susceptibility-weighted images, perfusion and field-mapping series without the facts that BIDS requires of them, damaged
and unknown series. `unsorted.tsv` names each with its reason, and every series that could not be converted. `desc` in a
name is what the series shows.
"""
