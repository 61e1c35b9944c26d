"""How quickly and how rightly series are told apart: series a second from headers, and accuracy beside dcm2niix.

`benchmarks/imaging.py classify` reads the real files beside the project (`--data`). Budget: 500 series a second and
core from headers that were read, of which the first, middle and last instance suffice.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
import time
import warnings
from collections import defaultdict
from pathlib import Path
from typing import Any

from dcm2niix import bin_path

from imagebank.dicom.acquisition import Acquisition, read_acquisition
from imagebank.dicom.classify import Classification, classify
from imagebank.dicom.folder import FoundInstance, read_instance
from imagebank.dicom.original import read_original

ROOT = Path(__file__).resolve().parent.parent
REPEATS = 5
BUDGET = 500

GUESSES = {
    "T1w": "T1w",
    "T2w": "T2w",
    "FLAIR": "FLAIR",
    "PDw": "PDw",
    "PDT2": "PD+T2",
    "T2starw": "T2starw",
    "dwi": "DWI",
    "bold": "BOLD",
    "sbref": "BOLD",
    "asl": "ASL",
    "angio": "MRA",
    "epi": "fieldmap",
    "magnitude1": "fieldmap",
    "magnitude2": "fieldmap",
    "magnitude": "fieldmap",
    "phase1": "fieldmap",
    "phase2": "fieldmap",
    "phasediff": "fieldmap",
    "fieldmap": "fieldmap",
    "UNIT1": "UNIT1",
    "swi": "SWI",
    "localizer": "localizer",
    "derivedDWI": "derived-DWI",
    "FA": "derived-DWI",
    "TENSOR": "derived-DWI",
}
"""What dcm2niix's BidsGuess calls a series by its suffix, in our words."""

Series = dict[str, list[Path]]


def labelled(data: Path) -> tuple[Series, dict[str, set[str]], set[str]]:
    """Files of each series, accepted labels of those whose label is not uncertain, and which of them are MR images."""
    files: Series = defaultdict(list)
    for row in _rows(data / "manifest.csv"):
        files[row["series_instance_uid"]].append(data / row["path"])
    accepted: dict[str, set[str]] = defaultdict(set)
    left_out, images = set(), set()
    for row in _rows(data / "labels.csv"):
        uid = row["uid_in_set"]
        accepted[uid] |= set(row["accept_labels"].split("|"))
        if row["label_confidence"] == "uncertain" or not uid:
            left_out.add(uid)
        if row["modality"] == "MR" and row["label"] not in ("non-image", "MRS"):
            images.add(uid)
    return files, {uid: labels for uid, labels in accepted.items() if uid not in left_out}, images


def _rows(path: Path) -> list[dict[str, str]]:
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def ours(files: list[Path]) -> tuple[Classification, list[Acquisition]]:
    """Our answer, and the facts it was made of."""
    found = [read_instance(path) for path in files]
    facts = [each.acquisition for each in found if isinstance(each, FoundInstance)]
    return classify(facts), facts


def theirs(files: list[Path]) -> str:
    """What dcm2niix guesses, in our words; empty where it guesses nothing."""
    with tempfile.TemporaryDirectory() as place:
        source, made = Path(place, "in"), Path(place, "out")
        source.mkdir()
        made.mkdir()
        for number, path in enumerate(files):
            (source / f"{number}.dcm").symlink_to(path.resolve())
        command = [bin_path, "-b", "o", "-z", "n", "-f", "s%s_%d", "-o", str(made), str(source)]
        subprocess.run(command, capture_output=True, check=False, timeout=120)
        guesses = [json.loads(path.read_text()).get("BidsGuess") for path in sorted(made.glob("*.json"))]
    return next((GUESSES.get(_suffix(guess), "") for guess in guesses if guess), "")


def _suffix(guess: Any) -> str:
    return str([*guess, ""][1]).split("_")[-1]


def measure_accuracy(data: Path) -> dict[str, list[Acquisition]]:
    """Print the table of right and wrong, and every error; gives the facts for the clock."""
    files, accepted, images = labelled(data)
    kept: dict[str, list[Acquisition]] = {}
    right: dict[str, list[bool]] = defaultdict(list)
    for uid, labels in sorted(accepted.items()):
        answer, kept[uid] = ours(files[uid])
        is_right = answer.sequence in labels
        right["ours, all series"].append(is_right)
        if uid in images:
            right["ours, MR images"].append(is_right)
            right["dcm2niix's BidsGuess, MR images"].append(theirs(files[uid]) in labels)
        if not is_right:
            told = "|".join(sorted(labels))
            print(f"  wrong: {told} was called {answer.sequence} by {answer.rule}, confidence {answer.confidence:g}")
    for name, each in right.items():
        print(f"{name:34s} {sum(each):3d} of {len(each):3d} right, {sum(each) / len(each):.1%}")
    return kept


def measure_speed(kept: dict[str, list[Acquisition]], data: Path) -> None:
    """Print series a second: from facts, and from the bytes of three headers of each series."""
    chosen = [[facts[0], facts[len(facts) // 2], facts[-1]] for facts in kept.values() if facts]
    start = time.process_time()
    for _ in range(REPEATS):
        for facts in chosen:
            classify(facts)
    spent = (time.process_time() - start) / REPEATS
    print(f"from resolved facts: {len(chosen) / spent:,.0f} series/s and core (budget {BUDGET})")
    files, accepted, images = labelled(data)
    headers = [contents for uid in sorted(accepted) if uid in images and (contents := _headers(files[uid]))]
    forms: dict[str, list[list[bytes]]] = defaultdict(list)
    for contents in headers:
        enhanced = "PerFrameFunctionalGroupsSequence" in read_original(contents[0])
        forms["enhanced" if enhanced else "classic"].append(contents)
    for form, each in sorted(forms.items()):
        _read_and_classify(each)  # a worker has met most values before: the second pass is the usual one
        start = time.process_time()
        _read_and_classify(each)
        spent = time.process_time() - start
        print(f"from the bytes of up to three {form} headers: {len(each) / spent:,.0f} series/s and core")


def _read_and_classify(series: list[list[bytes]]) -> None:
    for contents in series:
        classify([read_acquisition(read_original(content)) for content in contents])


def _headers(files: list[Path]) -> list[bytes]:
    readable = []
    for path in dict.fromkeys((files[0], files[len(files) // 2], files[-1])):
        content = path.read_bytes()
        try:
            read_original(content)
        except Exception:  # an odd file goes the slow way, which is not what is measured here
            continue
        readable.append(content)
    return readable


def main() -> None:
    """Run the part that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="?", default="classify", choices=("classify",))
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    told = parser.parse_args()
    if not (told.data / "labels.csv").is_file():
        sys.exit(f"{told.data} holds no labels.csv; name the folder of real files with --data")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        measure_speed(measure_accuracy(told.data), told.data)


if __name__ == "__main__":
    main()
