"""What measuring image quality costs, and which planted faults it finds.

First the seconds and the peak memory of one image of 256 x 256 x 192 voxels, in a process of its own. Then a pretend
hospital with many faults is banked, and the verdict on each image is held against what was planted: sensitivity by
fault, over the images that can be judged and over all, and false alarms on sound images. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import re
import tempfile
import time
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import nibabel
import numpy as np
import pyarrow.parquet as parquet

from imagebank.core.config import open_bank
from imagebank.core.progress import Silent
from imagebank.engine import Outcome
from imagebank.identities.vault import open_vault
from imagebank.imaging.quality import QualityTask, assess_image
from imagebank.synthetic import build_hospital, read_answers
from imagebank.synthetic.anatomy import grain, head_of, paint
from imagebank.synthetic.register import DEFAULT_RATES
from imagebank.synthetic.visits import Anatomy, Grid, Physics
from imagebank.workflows.init import init
from imagebank.workflows.opening import open_ledger
from imagebank.workflows.update import update

WHOLE = Grid("sagittal", 192, 256, 256, 1.0, 1.0)
MPRAGE = Physics("mprage", 2300, 2.98, 900, 9, 3.0)
REFUSED = "files refused"
ALARMS = ("caution", "unusable")
RUNS = 3


def whole_head(folder: Path) -> QualityTask:
    """A T1-weighted head of 256 x 256 x 192 voxels, compressed as the bank does it."""
    anatomy = Anatomy(1, "female", 71.0, 1400.0, 1050.0, 42.0, 3.0, 3.1, 8.0)
    painted = grain(paint(head_of(anatomy, "full"), MPRAGE, WHOLE), sigma=9.0, chance=np.random.default_rng(1))
    affine = np.array([[0, 0, 1, -96], [-1, 0, 0, 128], [0, -1, 0, 128], [0, 0, 0, 1]], dtype=float)
    image = nibabel.Nifti1Image(np.ascontiguousarray(painted.transpose(2, 1, 0).astype(np.int16)), affine)
    nibabel.save(image, folder / "sub-x_T1w.nii.gz")
    return QualityTask(folder, "sub-x_T1w.nii.gz", "none.zip", "mosaic.png", "T1w", "3D")


def cost(task: QualityTask) -> tuple[float, float, float, float]:
    """Seconds of the quickest run by the clock and of the processor, peak memory in MiB, and what was there before."""
    before = peak_mib()
    spans = []
    for _ in range(RUNS):
        start, busy = time.perf_counter(), time.process_time()
        assess_image(task)
        spans.append((time.perf_counter() - start, time.process_time() - busy))
    return min(clock for clock, _ in spans), min(busy for _, busy in spans), peak_mib(), before


def peak_mib() -> float:
    """The highest memory of this process; getrusage would tell that of the parent, from which it was started."""
    told = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", told)[1]) / 1024


def report_cost(folder: Path) -> None:
    """Time and memory of a whole head."""
    task = whole_head(folder)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:  # a fresh process: its own peak
        seconds, busy, peak, before = pool.submit(cost, task).result()
    print(f"256 x 256 x 192: {seconds:.2f} s ({busy:.2f} s of processor), budget 4 s")
    print(f"peak {peak:.0f} MiB, {before:.0f} of them before it began; budget 1536 MiB")


def judged(folder: Path, patients: int, share: float) -> list[tuple[str, str]]:
    """Fault (empty: sound) and verdict of every image of a pretend hospital with a share of faults.

    A series of which de-identification refused a file truly lacks a slice, though nobody planted that.
    """
    rates = DEFAULT_RATES.having(fault=share, phantom=0.0)
    hospital = build_hospital(folder / "hospital", patients=patients, trouble=False, rates=rates, workers=0)
    bank = folder / "bank"
    init(bank, images=[hospital.images], records=[hospital.records], pretend=True)
    version = update(bank, environ={}, progress=Silent()).version
    with open_ledger(open_bank(bank), {}) as ledger:
        refused = {lot.item for lot in ledger.lots() if lot.outcome is Outcome.QUARANTINED}
    with open_vault(open_bank(bank), "benchmark", environ={}) as vault:
        item = vault.keys.uid_map.item
        answers = read_answers(hospital.answers, "series")
        faults = {item(row["series_uid"]): row["fault"] or "" for row in answers}
    rows = parquet.read_table(bank / "tables" / version / "quality.parquet").to_pylist()
    return [(faults[row["series"]] or (REFUSED if row["series"] in refused else ""), row["verdict"]) for row in rows]


def report_faults(found: list[tuple[str, str]]) -> None:
    """Sensitivity by fault, and false alarms."""
    by_fault: dict[str, Counter[str]] = defaultdict(Counter)
    for fault, verdict in found:
        by_fault[fault][verdict] += 1
    print(f"{'fault':<20}{'images':>8}{'judged':>8}{'found':>8}{'of judged':>11}{'of all':>9}{'unusable':>10}")
    for fault, verdicts in sorted(by_fault.items()):
        total, alarms = verdicts.total(), sum(verdicts[each] for each in ALARMS)
        assessed = total - verdicts["not-assessable"]
        shares = f"{alarms / max(assessed, 1):>11.0%}{alarms / total:>9.0%}{verdicts['unusable']:>10}"
        print(f"{fault or 'none (false alarms)':<20}{total:>8}{assessed:>8}{alarms:>8}{shares}")


def main() -> None:
    """Run both parts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=60)
    parser.add_argument("--faults", type=float, default=0.3, help="share of series with a fault")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        report_cost(Path(name))
        report_faults(judged(Path(name), chosen.patients, chosen.faults))


if __name__ == "__main__":
    main()
