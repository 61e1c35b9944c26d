"""Where the files of a series lie. Folders carry names, numbers or UIDs by turns: paths are identifiers too."""

from __future__ import annotations

from pathlib import Path

from imagebank.synthetic.scanning.scan import number_of
from imagebank.synthetic.visits import Visit, compact

HABITS = 4


def series_folder(visit: Visit, hospital_number: str, number: int, label: str, uid: str) -> Path:
    """Four habits of exporting: by name, by hospital number and date, by UID, by plain counters."""
    person = number_of(visit.key)
    folder = f"{number:03d}_{label.replace('*', '').replace('+', '_')}"
    match person % HABITS:
        case 0:
            name = visit.told.name.split("=")[0].replace("^", "_").replace(" ", "_").replace("/", "_")
            return Path("export") / f"{name}_{visit.told.patient_id}" / f"{visit.day.isoformat()}_MRI_Head" / folder
        case 1:
            return Path(compact(visit.day)[:4]) / hospital_number / compact(visit.day) / f"{visit.study_id}" / folder
        case 2:
            return Path("archive") / visit.uid / uid
        case _:
            study = visit.key.partition("-")[2] or "1"
            return Path("DICOM") / f"PA{person:06d}" / f"ST{study:0>6}" / f"SE{number:06d}"


def file_name(visit: Visit, number: int, instance: int, uid: str) -> str:
    """Some exports have an extension, others none."""
    match number_of(visit.key) % HABITS:
        case 0:
            return f"IM-{number:04d}-{instance:04d}.dcm"
        case 1:
            return f"MR{instance:06d}"
        case 2:
            return f"{uid}.dcm"
        case _:
            return f"IM{instance:06d}"
