"""A pretend hospital that is quickly de-identified: the first files of each series of another."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet

from imagebank.synthetic import Hospital

FILES_A_SERIES = 2


def trimmed(hospital: Hospital, folder: Path) -> Path:
    """Copy the first files of each series, and the answers about them, to a folder; returns it."""
    shutil.copytree(hospital.answers, folder / "answers")
    files = parquet.read_table(hospital.answers / "files.parquet")
    taken: Counter[str] = Counter()
    kept = []
    for row in files.to_pylist():
        taken[row["series_uid"]] += 1
        if not row["series_uid"] or taken[row["series_uid"]] <= FILES_A_SERIES:
            kept.append(row)
            target = folder / "pacs" / row["path"]
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(hospital.images / row["path"], target)
    parquet.write_table(pa.Table.from_pylist(kept, files.schema), folder / "answers" / "files.parquet")
    return folder
