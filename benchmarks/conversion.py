"""What the bank adds to dcm2niix: whole sessions of real files, beside the converter alone on the same files.

Both run in turns on the same disk, and the median is taken. A person who runs dcm2niix gets compressed images from a
folder of files (`-z y`), and so does the bank from the zips that it keeps; so the budget, a tenth of the converter's
own time, is held against that, at the converter's default level and at its fastest (`-1`). What the bank does beside
converting (unpacking, reading what came out, names, sidecars, digests, moving into place) is told as well, against the
converter that does not compress: it does little more than read each file once, so that this is the hardest comparison.
Processor time does not depend on what else the machine does; that of the clock is told too.

    .venv/bin/python benchmarks/conversion.py [--runs N] [--data FOLDER] [--work FOLDER]
"""

from __future__ import annotations

import argparse
import resource
import shutil
import statistics
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path

import dcm2niix

from imagebank.imaging import ConvertTask, SeriesToConvert, convert, convert_study, unpacking
from imagebank.imaging.dcm2niix import OPTIONS

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
BUDGET = 0.10

SESSIONS = {
    "T1w, Philips, 170 files": (("neurolabusc+dcm_qa_philips_enh/In/cl", "T1w"),),
    "BOLD, GE, 150 files": (("neurolabusc+dcm_qa_nih/In/20180918GE/mr_0004", "BOLD"),),
    "DWI, UIH, 17 files": (("neurolabusc+dcm_qa_uih/In", "DWI"),),
    "session, Siemens XA, 12 files": (
        ("neurolabusc+dcm_qa_xa30/In/5_anat-T1w_acq-tfl", "T1w"),
        ("neurolabusc+dcm_qa_xa30/In/7_func-bold_task-fa_run-1", "BOLD"),
        ("neurolabusc+dcm_qa_xa30/In/8_gre_field_mapping", "fieldmap"),
        ("neurolabusc+dcm_qa_xa30/In/9_gre_field_mapping", "fieldmap"),
        ("neurolabusc+dcm_qa_xa30/In/10_DWI_dir80_PA", "DWI"),
    ),
}


@dataclass(frozen=True)
class Timed:
    """Seconds of the clock and of the processor for one way."""

    clock_s: float
    processor_s: float


@dataclass(frozen=True)
class Measured:
    """One session: size, and the median of each way."""

    megabytes: float
    plain: Timed  # dcm2niix that does not compress
    fastest: Timed  # dcm2niix that compresses at its fastest level
    usual: Timed  # dcm2niix that compresses at its default level
    bank: Timed  # the bank without its compression
    packing: Timed  # the bank's compression
    unpacking: Timed  # of it, writing the files that the converter reads and removing them again

    @property
    def whole(self) -> Timed:
        """The bank in all."""
        return total((self.bank, self.packing))


def added(bank: Timed, alone: Timed) -> str:
    """What the bank adds as a share of the converter's own time: by the processor and by the clock."""
    return f"{bank.processor_s / alone.processor_s - 1:+.0%} ({bank.clock_s / alone.clock_s - 1:+.0%} by the clock)"


def now() -> Timed:
    """Clock, and processor time of this process and its children."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return Timed(time.perf_counter(), sum(each.ru_utime + each.ru_stime for each in used))


def since(start: Timed, less: Timed = Timed(0, 0)) -> Timed:
    """What passed since `start`, without `less`."""
    end = now()
    return Timed(end.clock_s - start.clock_s - less.clock_s, end.processor_s - start.processor_s - less.processor_s)


def total(times: Iterable[Timed]) -> Timed:
    """The sum."""
    every = list(times)
    return Timed(sum(each.clock_s for each in every), sum(each.processor_s for each in every))


def median(times: list[Timed]) -> Timed:
    """The median of each, the first run left out."""
    return Timed(
        statistics.median(each.clock_s for each in times[1:]),
        statistics.median(each.processor_s for each in times[1:]),
    )


def bank_session(root: Path, series: tuple[tuple[str, str], ...], data: Path) -> ConvertTask:
    """Zips of the series as the bank keeps them."""
    banked = []
    for number, (folder, sequence) in enumerate(series):
        place = f"dicom/P/S/{number}.zip"
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(root / place, "w", zipfile.ZIP_STORED) as archive:
            for name, path in enumerate(sorted(path for path in (data / folder).rglob("*") if path.is_file())):
                archive.write(path, f"2.25.{name}.dcm")
        banked.append(SeriesToConvert(str(number), place, sequence, "axial", "2D", None, number))
    return ConvertTask(root, "P", "S", None, tuple(banked))


def unpack(task: ConvertTask, folder: Path) -> list[Path]:
    """The instances of each series in a folder of its own."""
    places = []
    for series in task.series:
        places.append(folder / series.series)
        with zipfile.ZipFile(task.root / series.zip_path) as archive:
            archive.extractall(places[-1])
    return places


def run_alone(places: list[Path], output: Path, *packing: str) -> Timed:
    """What dcm2niix takes for all series, with the options that the bank gives it and these for compression."""
    options = [option for before, option in pairwise(("", *OPTIONS)) if "-z" not in (before, option)]
    taken = []
    for number, place in enumerate(places):
        target = output / str(number)
        target.mkdir(parents=True)
        start = now()
        command = [dcm2niix.bin, *options, *packing, "-f", "image", "-o", str(target), str(place)]
        subprocess.run(command, capture_output=True, check=False, env={"LC_ALL": "C"})
        taken.append(since(start))
    shutil.rmtree(output)
    return total(taken)


def run_unpacking(task: ConvertTask, folder: Path) -> Timed:
    """What it takes to write the files of all series out of their zips, and to remove them."""
    start = now()
    for series in task.series:
        unpacking.unpack(task.root / series.zip_path, folder)
        for path in folder.iterdir():
            path.unlink()
    return since(start)


@contextmanager
def compression_timed() -> Iterator[list[Timed]]:
    """Collect what each compression takes."""
    real, taken = convert.compress, list[Timed]()

    def timed(nifti: Path, target: Path) -> None:
        start = now()
        real(nifti, target)
        taken.append(since(start))

    convert.compress = timed
    try:
        yield taken
    finally:
        convert.compress = real


def measure(series: tuple[tuple[str, str], ...], data: Path, work: Path, runs: int) -> Measured:
    """All ways in turns."""
    with tempfile.TemporaryDirectory(dir=work) as folder:
        root = Path(folder).resolve()
        task = bank_session(root / "bank", series, data)
        places = unpack(task, root / "dicom")
        ways: dict[str, list[Timed]] = {field.name: [] for field in fields(Measured) if field.name != "megabytes"}
        for number in range(runs + 1):
            for name, packing in PACKING.items():
                ways[name].append(run_alone(places, root / f"{name}{number}", *packing))
            ways["unpacking"].append(run_unpacking(task, root / "unpacked"))
            with compression_timed() as taken:
                start = now()
                result = convert_study(task)
                ways["packing"].append(total(taken))
                ways["bank"].append(since(start, ways["packing"][-1]))
            if any(each.conversion == "failed" for each in result.series):
                raise RuntimeError("a series was not converted, so that nothing can be compared")
        size = sum((task.root / each.zip_path).stat().st_size for each in task.series) / 1e6
        return Measured(size, **{name: median(times) for name, times in ways.items()})


PACKING = {"plain": ("-z", "n"), "fastest": ("-z", "y", "-1"), "usual": ("-z", "y")}
"""How dcm2niix compresses."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--work", type=Path, default=Path.cwd(), help="a folder on the disk to be measured")
    chosen = parser.parse_args()
    if not chosen.data.is_dir():
        print("The folder of real files is not there; give it with --data.")
        return
    print(HEAD)
    every = [measure(series, chosen.data, chosen.work, chosen.runs) for series in SESSIONS.values()]
    for name, each in zip(SESSIONS, every, strict=True):
        print(row(name, each))
    sums = {
        field.name: total(getattr(each, field.name) for each in every)
        for field in fields(Measured)
        if field.name != "megabytes"
    }
    whole = Measured(sum(each.megabytes for each in every), **sums)
    print(row("all", whole))
    print(f"\nwhat the bank adds (budget {BUDGET:+.0%} of the converter's own time):")
    print(f"  compressed images, beside dcm2niix -z y:      {added(whole.whole, whole.usual)}")
    print(f"  compressed images, beside dcm2niix -z y -1:   {added(whole.whole, whole.fastest)}")
    print(f"  without compression, beside dcm2niix -z n:    {added(whole.bank, whole.plain)}")
    print(
        f"  of that, files written for it and removed:    {whole.unpacking.processor_s / whole.plain.processor_s:+.0%}"
    )


HEAD = "".join(
    f"{title:>{width}}"
    for title, width in zip(
        ("seconds of the clock (processor)", "MB", "dcm2niix -z n", "-z y -1", "-z y", "bank", "isal", "bank in all"),
        (34, 6, 15, 15, 15, 15, 15, 15),
        strict=True,
    )
)


def row(name: str, each: Measured) -> str:
    """One line of the table."""
    ways = (each.plain, each.fastest, each.usual, each.bank, each.packing, each.whole)
    return f"{name:34}{each.megabytes:6.1f}" + "".join(f"{t.clock_s:7.2f} ({t.processor_s:5.2f})" for t in ways)


if __name__ == "__main__":
    main()
