"""What the pretend scanners cost: processor time, files and bytes of a series, with and without painting.

Visits as in routine practice (four series; every third with diffusion, BOLD or susceptibility) on every machine and
software in turn, in the smallest size. At full scale there are 58,620 series. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "synthetic"))
from sample_person import sample_person, sample_visit

from imagebank.synthetic.scanning import write_visit, writing
from imagebank.synthetic.scanning.machines import all_machines
from imagebank.synthetic.visits import Grid, Physics

USUAL = ("localizer", "T1w-3D", "T2w-2D", "FLAIR-2D")
RARER = ("DWI", "ADC", "SWI", "BOLD")
FULL_SCALE = 58_620  # series


@dataclass(frozen=True)
class Cost:
    """What one run came to."""

    series: int
    files: int
    bytes: int
    cpu_seconds: float


def flat(_head: Any, _physics: Physics, grid: Grid) -> Any:
    """A painter that paints nothing."""
    return np.full((grid.slices, grid.rows, grid.columns), 300, dtype=np.int32)


def run(visits: int) -> Cost:
    """Write so many visits, each to a folder that is thrown away with the rest."""
    days = [(machine, era.since) for machine in all_machines().values() for era in machine.eras]
    person, series, files, size = sample_person(), 0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        began = time.process_time()
        for number in range(visits):
            machine, day = days[number % len(days)]
            kinds = USUAL if number % 3 else (*USUAL[:3], RARER[number // 3 % 4])
            visit = sample_visit(f"{number + 1}-1", day + timedelta(30), machine.name, *kinds)
            made = write_visit(Path(folder), replace(person, key=str(number)), visit, seed=1, size="tiny")
            series += len(made.series)
            files += sum(len(each.paths) for each in made.series)
        spent = time.process_time() - began
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
    return Cost(series, files, size, spent)


def report(name: str, cost: Cost) -> None:
    """One line."""
    each = 1000 * cost.cpu_seconds / cost.series
    print(
        f"{name:<10} {each:6.2f} CPU-ms a series, {cost.files / cost.series:.1f} files and "
        f"{cost.bytes / cost.series / 1024:.0f} kB a series; "
        f"{FULL_SCALE:,} series: {each * FULL_SCALE / 60_000:.1f} CPU minutes"
    )


def main() -> None:
    """Measure with the painter and with a flat one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visits", type=int, default=200)
    visits = parser.parse_args().visits
    print(f"{platform.python_version()}, {os.cpu_count()} processors, {visits} visits of each kind")
    run(15)
    report("painted", run(visits))
    writing.paint = flat
    report("flat", run(visits))
    print(f"largest memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")


if __name__ == "__main__":
    main()
