"""How quickly and how rightly series are told apart: series a second from headers, and accuracy beside dcm2niix.

`benchmarks/imaging.py classify` reads the real files beside the project (`--data`). Budget: 500 series a second and
core, from headers to the label. What is timed is the processor, of one process: `bytes` from whole files in memory,
of which the header is found, read and classified, when a worker has met the scanner before and when it has not;
`files` from files in the disk's cache, opened and read as `imagebank classify` does it; `by pydicom` the slow twin.
Of each series the first, middle and last file are read, which suffice to tell what it shows.
"""

from __future__ import annotations

import argparse
import csv
import gc
import io
import json
import subprocess
import sys
import tempfile
import time
import warnings
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pydicom
from dcm2niix import bin_path

from imagebank.dicom import body_parts, elements, frame_groups, original
from imagebank.dicom.acquisition import Acquisition, read_acquisition
from imagebank.dicom.classify import Classification, classify
from imagebank.dicom.folder import FoundInstance, read_instance
from imagebank.dicom.original import header_of

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
    """Print series a second and core: from facts, from the bytes of headers, and from files."""
    chosen = [[facts[0], facts[len(facts) // 2], facts[-1]] for facts in kept.values() if facts]
    spent = least(lambda: [classify(facts) for facts in chosen])
    print(f"\nfrom facts that were read before: {len(chosen) / spent:,.0f} series/s and core (budget {BUDGET})")
    files, accepted, images = labelled(data)
    series = [some(files[uid]) for uid in sorted(accepted) if uid in images]
    forms: dict[str, list[list[Path]]] = defaultdict(list)
    for paths in series:
        forms["enhanced" if _frames(paths[0].read_bytes()) > 1 else "classic"].append(paths)
    gc.collect()
    gc.freeze()  # what this script holds is no work of a worker's collector
    print(f"{HEAD[0]:34s}" + "".join(f"{title:>14s}" for title in HEAD[1:]))
    for form, each in (*sorted(forms.items()), ("both", series)):
        _measure_form(form, each)


HEAD = ("series/s and core", "series", "headers", "frames", "bytes, first", "bytes", "files", "by pydicom")


def _measure_form(form: str, series: list[list[Path]]) -> None:
    """One line: from bytes in memory when nothing was met before and later, from files, and with pydicom alone."""
    contents = [[path.read_bytes() for path in paths] for paths in series]
    every = [content for each in contents for content in each]
    forget()
    first = clock(lambda: [classify(quickly(each)) for each in contents])
    bytes_s = least(lambda: [classify(quickly(each)) for each in contents])
    files_s = least(lambda: [classify(from_files(paths)) for paths in series])
    pydicom_s = clock(lambda: [classify(slowly(each)) for each in contents])
    sizes = (len(series), len(every), sum(map(_frames, every)))
    rates = (len(series) / seconds for seconds in (first, bytes_s, files_s, pydicom_s))
    print(f"{form:34s}" + "".join(f"{number:14,.0f}" for number in (*sizes, *rates)))


def some(files: list[Path]) -> list[Path]:
    """The first, middle and last file."""
    return list(dict.fromkeys((files[0], files[len(files) // 2], files[-1])))


def quickly(contents: list[bytes]) -> list[Acquisition]:
    """The facts of whole files in memory, pixels and all, as the bank reads them."""
    return [read_acquisition(header_of(content)) for content in contents]


def slowly(contents: list[bytes]) -> list[Acquisition]:
    """The same facts, read by pydicom."""
    headers = (pydicom.dcmread(io.BytesIO(content), stop_before_pixels=True) for content in contents)
    return [read_acquisition(header) for header in headers]


def from_files(paths: list[Path]) -> list[Acquisition]:
    """The facts of files that the disk's cache holds: opened, read as far as needed, and their series told."""
    return [each.acquisition for each in map(read_instance, paths) if isinstance(each, FoundInstance)]


def forget() -> None:
    """Start as a new process does, with no layout or value met before."""
    for known in elements._KNOWN.values():
        known._known = []
    frame_groups._GROUPS.clear()
    frame_groups._ROWS.clear()
    for remembered in (original.decoded, body_parts.body_part):
        remembered.cache_clear()


def clock(work: Callable[[], object]) -> float:
    """Seconds of the processor."""
    start = time.process_time()
    work()
    return time.process_time() - start


def least(work: Callable[[], object]) -> float:
    """The least of several runs."""
    return min(clock(work) for _ in range(REPEATS))


def _frames(content: bytes) -> int:
    return read_acquisition(header_of(content)).frames


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
