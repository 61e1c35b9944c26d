"""A pretend hospital that is quickly de-identified: the first files of each series of another."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from pathlib import Path

from imagebank.synthetic import Hospital

FILES_A_SERIES = 2


def trimmed(hospital: Hospital, folder: Path) -> Path:
    """Copy the first files of each series, and the answers about them, to a folder; returns it."""
    shutil.copytree(hospital.answers, folder / "answers")
    taken: Counter[str] = Counter()
    with open(hospital.answers / "files.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    kept = []
    for row in rows:
        taken[row["series_uid"]] += 1
        if taken[row["series_uid"]] <= FILES_A_SERIES:
            kept.append(row)
            target = folder / "pacs" / row["path"]
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(hospital.images / row["path"], target)
    with open(folder / "answers" / "files.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(kept)
    return folder
