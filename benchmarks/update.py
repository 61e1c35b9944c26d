"""How fast `imagebank update` is on the pretend hospital, step by step, beside a plain copy of the same files.

    python benchmarks/update.py [--patients 50] [--workers 0]

Prints one table: files and megabytes a second of each step (by wall time), the highest memory of the parent and of any
worker, and the same for copying the files, which no bank can beat.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from imagebank.core.config import open_bank
from imagebank.core.progress import Silent, Stage
from imagebank.workflows.init import init
from imagebank.workflows.opening import open_ledger
from imagebank.workflows.update import update

BUILD = "import sys; from pathlib import Path; from imagebank.synthetic import build_hospital; " + (
    "build_hospital(Path(sys.argv[1]), patients=int(sys.argv[2]))"
)


@dataclass
class Stopwatch(Silent):
    """A progress that nobody sees and that keeps the wall time of each stage."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str, total: int, unit: str) -> Iterator[Stage]:  # noqa: ARG002 - the protocol's arguments
        """Time a stage."""
        started = time.perf_counter()
        yield self
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - started


@dataclass(frozen=True)
class Line:
    """One row of the table."""

    what: str
    files: int
    megabytes: float
    seconds: float
    parent_mb: float
    worker_mb: float | None = None

    def __str__(self) -> str:
        rates = f"{self.files / self.seconds:10,.0f} {self.megabytes / self.seconds:9,.1f}"
        worker = f"{self.worker_mb:10,.0f}" if self.worker_mb else f"{'-':>10}"
        return f"{self.what:<28} {self.seconds:9.1f} {rates} {self.parent_mb:10,.0f} {worker}"


def parent_mb() -> float:
    """Highest memory of this process so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def copy_files(source: Path, to: Path) -> float:
    """Seconds to copy a folder, file by file, as one process does it."""
    started = time.perf_counter()
    shutil.copytree(source, to, copy_function=shutil.copyfile)
    return time.perf_counter() - started


def measure(folder: Path, patients: int, workers: int) -> list[Line]:
    """Build a hospital, copy it, bank it, and bank it again."""
    subprocess.run([sys.executable, "-c", BUILD, folder / "hospital", str(patients)], check=True)
    pacs = folder / "hospital" / "pacs"
    sizes = [path.stat().st_size for path in pacs.rglob("*") if path.is_file()]
    files, megabytes = len(sizes), sum(sizes) / 1e6
    copied = copy_files(pacs, folder / "copy")
    lines = [Line("plain copy (the limit)", files, megabytes, copied, parent_mb())]
    bank = folder / "bank"
    init(bank, images=[pacs], records=[folder / "hospital" / "records"], pretend=True)
    config = bank / "bank.toml"
    config.write_text(config.read_text().replace("workers = 0", f"workers = {workers}"))
    watch = Stopwatch()
    started = time.perf_counter()
    update(bank, environ={}, progress=watch)
    total = time.perf_counter() - started
    memory = _memory_of_workers(bank)
    lines += [Line(f"  {n}", files, megabytes, s, parent_mb(), memory.get(n)) for n, s in watch.seconds.items()]
    rest = total - sum(watch.seconds.values())
    lines += [Line("  link, publish and the rest", files, megabytes, rest, parent_mb())]
    lines += [Line("update", files, megabytes, total, parent_mb(), max(memory.values()))]
    started = time.perf_counter()
    update(bank, environ={}, progress=Silent())
    lines += [Line("update with nothing new", files, megabytes, time.perf_counter() - started, parent_mb())]
    return lines


def _memory_of_workers(bank: Path) -> dict[str, float]:
    with open_ledger(open_bank(bank), {}) as ledger:
        return {cost["step"]: cost["peak_mb"] for cost in ledger.costs()}


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patients", type=int, default=50)
    parser.add_argument("--workers", type=int, default=0, help="worker processes; 0 means one a core")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        lines = measure(Path(folder), arguments.patients, arguments.workers)
    print(f"{lines[0].files:,} files, {lines[0].megabytes:,.0f} MB, {arguments.patients} patients; ", end="")
    print(f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}\n")
    print(f"{'':<28} {'seconds':>9} {'files/s':>10} {'MB/s':>9} {'parent MB':>10} {'worker MB':>10}")
    for line in lines:
        print(line)
    print(f"\nupdate takes {lines[-2].seconds / lines[0].seconds:.0f} times as long as the plain copy")


if __name__ == "__main__":
    main()
