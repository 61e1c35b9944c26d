"""The columns of the dataset's tables, as the JSON dictionaries beside them tell their meaning."""

from __future__ import annotations

from imagebank.imaging.model import FAILED, NOTES, UNSORTED

PARTICIPANTS: dict[str, object] = {
    "participant_id": {"Description": "Pseudonym of the patient."},
    "sex": {
        "Description": "Sex as recorded in the health record.",
        "Levels": {"female": "female", "male": "male", "other": "other"},
    },
    "age": {"Description": "Age at the first scan; 90 and over are given as 90.", "Units": "year"},
}

SESSIONS: dict[str, object] = {
    "session_id": {"Description": "One MR examination."},
    "acq_time": {"Description": "Date of the study, moved by the patient's offset; the time of day is not kept."},
    "age": {"Description": "Age on that day, from the true dates; 90 and over are given as 90.", "Units": "year"},
    "scanner": {"Description": "The bank's keyed id of the scanner; its make and model are in the sidecars."},
}

SCANS: dict[str, object] = {
    "filename": {"Description": "The image, relative to the folder of its session."},
    "acq_time": {
        "Description": "Date of the study, moved by the patient's offset. The time of day is not kept: it counts from "
        "the first image of the session, which is at midnight."
    },
    "series": {"Description": "The bank's keyed id of the series that the image was made of."},
    "sequence": {"Description": "What the series shows, as the bank's classification says."},
    "quality": {
        "Description": "Verdict on the quality of the image; n/a until it was assessed.",
        "Levels": {
            "usable": "No fault was found.",
            "caution": "Something is unusual: look before use.",
            "unusable": "A fault that makes it worthless for measurements.",
            "not-assessable": "The measures make no sense of this image.",
        },
    },
    "defaced": {
        "Description": "Whether the face was removed from the image.",
        "Levels": {"no": "The image shows whatever the scanner saw, faces included."},
    },
    "notes": {"Description": "What the converter noted of the series, as codes separated by commas.", "Levels": NOTES},
}

UNSORTED_IMAGES: dict[str, object] = {
    "participant_id": {"Description": "Pseudonym of the patient."},
    "session_id": {"Description": "One MR examination."},
    "filename": {"Description": "The image, relative to this table; n/a for a series that gave none."},
    "series": {"Description": "The bank's keyed id of the series."},
    "sequence": {
        "Description": "What the series shows, as the bank's classification says; n/a where it gave no image."
    },
    "reason": {"Description": "Why the image has no BIDS name, or the series no image.", "Levels": UNSORTED | FAILED},
}
