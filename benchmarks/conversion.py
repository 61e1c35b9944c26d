"""What the bank adds to dcm2niix: whole sessions of real files, beside the converter alone on the same files.

Both run in turns on the same disk, and the median is taken. Three times are compared: the converter alone without
compression; the bank without its compression; and, in all, the bank with isal against the converter that compresses by
itself. What the bank adds is unpacking, reading what came out, names, sidecars, digests and moving into place; the
budget is a tenth of the converter's own time. Processor time is told as well, because it does not depend on what else
the machine does.

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
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import dcm2niix

from imagebank.imaging import ConvertTask, SeriesToConvert, convert, convert_study
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
    alone: Timed  # dcm2niix, uncompressed
    bank: Timed  # the bank without compression
    packing: Timed  # the bank's compression
    alone_packing: Timed  # dcm2niix that compresses

    @property
    def added(self) -> tuple[float, float]:
        """What the bank adds as a share of the converter's own time: by the clock and by the processor."""
        return (
            self.bank.clock_s / self.alone.clock_s - 1,
            self.bank.processor_s / self.alone.processor_s - 1,
        )


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


def run_alone(places: list[Path], output: Path, *, packing: bool) -> Timed:
    """What dcm2niix takes for all series, with the options that the bank gives it, or compressing by itself."""
    options = ["y" if packing and before == "-z" else option for before, option in pairwise(("", *OPTIONS))]
    taken = []
    for number, place in enumerate(places):
        target = output / str(number)
        target.mkdir(parents=True)
        start = now()
        command = [dcm2niix.bin, *options, "-f", "image", "-o", str(target), str(place)]
        subprocess.run(command, capture_output=True, check=False, env={"LC_ALL": "C"})
        taken.append(since(start))
    shutil.rmtree(output)
    return total(taken)


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
        alone, bank, packing, alone_packing = ([] for _ in range(4))
        for number in range(runs + 1):
            alone.append(run_alone(places, root / f"alone{number}", packing=False))
            alone_packing.append(run_alone(places, root / f"packing{number}", packing=True))
            with compression_timed() as taken:
                start = now()
                result = convert_study(task)
                packing.append(total(taken))
                bank.append(since(start, packing[-1]))
            if any(each.conversion == "failed" for each in result.series):
                raise RuntimeError("a series was not converted, so that nothing can be compared")
        size = sum((task.root / each.zip_path).stat().st_size for each in task.series) / 1e6
        return Measured(size, *(median(each) for each in (alone, bank, packing, alone_packing)))


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
    sums = (total(getattr(each, name) for each in every) for name in ("alone", "bank", "packing", "alone_packing"))
    whole = Measured(sum(each.megabytes for each in every), *sums)
    print(row("all", whole))
    clock, processor = whole.added
    print(
        f"budget {BUDGET:.0%} of the converter's own time: {clock:.0%} by the clock, {processor:.0%} by the processor"
    )


HEAD = "".join(
    f"{title:>{width}}"
    for title, width in zip(
        ("seconds of the clock (processor)", "MB", "dcm2niix", "bank", "isal", "bank in all", "dcm2niix -z y"),
        (34, 6, 15, 15, 15, 15, 15),
        strict=True,
    )
)


def row(name: str, each: Measured) -> str:
    """One line of the table."""
    ways = (each.alone, each.bank, each.packing, total((each.bank, each.packing)), each.alone_packing)
    return f"{name:34}{each.megabytes:6.1f}" + "".join(f"{t.clock_s:7.2f} ({t.processor_s:5.2f})" for t in ways)


if __name__ == "__main__":
    main()
