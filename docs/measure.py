"""Measures what `deidentification.md` tells: the leak test and the scores, written to docs/scores as JSON.

usage: python docs/measure.py [FOLDER OF DICOM]

Invents a hospital, and takes one file of each MR series below the folder, if one is named. Then run ./run docs.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from imagebank.cli.progress import TerminalProgress
from imagebank.dicom.headers import IMAGE, read_facts
from imagebank.proof.report import as_json as leaks_json
from imagebank.proof.scores import as_json as scores_json
from imagebank.synthetic import build_hospital
from imagebank.workflows.leak_test import LeakTest, measure_leaks
from imagebank.workflows.scoring import score_hospital

SCORES = Path(__file__).parent / "scores"
PATIENTS, SIZE = 60, "tiny"


def one_of_each_series(root: Path) -> list[Path]:
    """The first file of each MR series, in the order of the paths."""
    found: dict[str, Path] = {}
    for path in sorted(root.rglob("*")):
        if path.is_file():
            facts = read_facts(path)
            if facts.verdict == IMAGE:
                found.setdefault(facts.series_uid.reveal("take one file of each series"), path)
    return list(found.values())


def main(arguments: list[str]) -> int:
    """Measure, and write."""
    progress = TerminalProgress()
    files = [path for root in arguments for path in one_of_each_series(Path(root))]
    with tempfile.TemporaryDirectory() as folder:
        hospital = build_hospital(Path(folder) / "hospital", patients=PATIENTS, size=SIZE)
        report = measure_leaks(files, hospital.folder, LeakTest(progress=progress))
        scores, policy = score_hospital(hospital.folder, progress=progress)
    SCORES.mkdir(exist_ok=True)
    (SCORES / "leaks.json").write_text(leaks_json(report))
    (SCORES / "score.json").write_text(scores_json(scores, policy))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
