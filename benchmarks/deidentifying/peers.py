"""Other packages on the same files, run by the benchmark in an environment of their own.

    python peers.py PEER SOURCE TARGET

Reads each file of SOURCE, de-identifies it and writes it below TARGET; prints the CPU milliseconds a file.
"""

from __future__ import annotations

import logging
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

Work = Callable[[Path, Path], None]
WARM_UP = 3  # files, so that tables are loaded before the clock runs


def dicognito() -> Work:
    """Dicognito with its defaults."""
    import pydicom
    from dicognito.anonymizer import Anonymizer

    anonymizer = Anonymizer(seed="benchmark")

    def work(path: Path, to: Path) -> None:
        with pydicom.dcmread(path) as dataset:
            anonymizer.anonymize(dataset)
            dataset.save_as(to)

    return work


def dicom_anonymizer() -> Work:
    """dicom-anonymizer with its defaults: private elements go."""
    from dicomanonymizer import anonymize_dicom_file

    return lambda path, to: anonymize_dicom_file(str(path), str(to))


def deid() -> Work:
    """Deid with its default recipe."""
    from deid.config import DeidRecipe
    from deid.dicom import replace_identifiers

    recipe = DeidRecipe()

    def work(path: Path, to: Path) -> None:
        replace_identifiers([str(path)], deid=recipe, save=True, overwrite=True, output_folder=str(to.parent))

    return work


PEERS = {"dicognito": dicognito, "dicom-anonymizer": dicom_anonymizer, "deid": deid}


def main(peer: str, source: str, target: str) -> None:
    """Time one peer on one folder; files that it cannot take are left out and counted."""
    logging.disable()
    warnings.simplefilter("ignore")
    work, paths = PEERS[peer](), sorted(Path(source).iterdir())
    failed, timed, started = 0, 0, time.process_time()
    for number, path in enumerate([*paths[:WARM_UP], *paths]):
        if number == WARM_UP:
            failed, timed, started = 0, 0, time.process_time()
        try:
            work(path, Path(target) / path.name)
            timed += 1
        except Exception:
            failed += 1
    print(f"\n{(time.process_time() - started) * 1e3 / max(1, timed):.3f} {failed}")


if __name__ == "__main__":
    main(*sys.argv[1:])
