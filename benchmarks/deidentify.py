"""What de-identification costs: CPU time a file of copying, of imagebank, of pydicom and of other packages.

    python benchmarks/deidentify.py [--files 200] [--rounds 3] [--real FOLDER] [--peers FOLDER] [--no-peers]

All work on the same files in one run: pretend MR series of 144 kB a file, and real files where a folder of them is
given. Everybody reads a file and writes a new one. The least of several rounds counts, because other work on the
machine only adds. User and system time are both counted: what writing costs depends on the disk, so name one with
TMPDIR. Peers are installed into an environment of their own, below --peers, when they are not there yet.
"""

from __future__ import annotations

import argparse
import logging
import os
import platform
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pydicom

from deidentifying.peers import PEERS
from deidentifying.series import write_series
from imagebank.core.digests import digest_of
from imagebank.core.private import Private
from imagebank.dicom.archive import SeriesTask, SourceFile, bank_series
from imagebank.dicom.decisions import Refused
from imagebank.dicom.headers import read_facts
from imagebank.dicom.instance import Cleaner, clean_slowly
from imagebank.dicom.policy import load_policy
from imagebank.dicom.values import Subject
from imagebank.identities.pseudonyms import Keys

SUBJECT = Subject("pretendpseudo", -123, "scanner", Keys(b"k" * 32, "benchmark").uid_map)
POLICY = load_policy()
CACHE = Path.home() / ".cache" / "imagebank" / "peers"
EDITS = 50
PER_SERIES = 100
LARGEST = 1_000_000  # bytes of a real file: larger ones are all pixels, and every way costs the same
MEMORY = """
import resource, sys
from pathlib import Path
sys.path.insert(0, {folder!r})
from deidentify import bank, tasks_of
bank(tasks_of([sorted(Path({source!r}).iterdir())], Path({target!r})))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""

Series = Sequence[Sequence[Path]]


@dataclass(frozen=True)
class Line:
    """One row of a table: who, the CPU milliseconds a file, and files that could not be done."""

    who: str
    milliseconds: float
    failed: int = 0


def copy(series: Series, to: Path) -> None:
    """Read and write, nothing else: what nobody can beat."""
    for path in (path for paths in series for path in paths):
        (to / path.name).write_bytes(path.read_bytes())


def quick(series: Series, to: Path, look: Callable[[bytes], object] = len) -> None:
    """The fast path: bytes in, file out."""
    for paths in series:
        cleaner = Cleaner(SUBJECT, POLICY)
        for path in paths:
            content = path.read_bytes()
            look(content)
            clean = cleaner.clean(content)
            with open(to / path.name, "wb", buffering=0) as file:
                os.writev(file.fileno(), clean.parts)


def hashed(series: Series, to: Path) -> None:
    """The fast path, and the digest that compares each file with what the index saw."""
    quick(series, to, digest_of)


def twin(series: Series, to: Path) -> None:
    """The slow way that defines what is right."""
    for path in (path for paths in series for path in paths):
        (to / path.name).write_bytes(clean_slowly(path.read_bytes(), SUBJECT, POLICY).content)


def edit(series: Series, to: Path) -> None:
    """Read, change or delete 50 elements, write, as a script on pydicom does it."""
    for path in (path for paths in series for path in paths):
        dataset = pydicom.dcmread(path)
        for number, tag in enumerate(sorted(dataset.keys())[4 : 4 + EDITS]):
            element = dataset[tag]
            if number % 2 or element.VR in ("SQ", "OB", "OW", "UN") or tag.group == 0x0028:
                continue
            element.value = element.value
        for tag in sorted(dataset.keys())[5 : 4 + EDITS : 2]:
            if tag.group not in (0x0008, 0x0020, 0x0028, 0x7FE0):
                del dataset[tag]
        dataset.save_as(to / path.name)


def tasks_of(series: Series, to: Path) -> list[SeriesTask]:
    """The series as the bank's own step takes them, each with the digests that the index left."""
    return [
        SeriesTask(to / f"{number}.zip", tuple(map(_source, range(len(paths)), paths)), SUBJECT, "default")
        for number, paths in enumerate(series)
    ]


def _source(number: int, path: Path) -> SourceFile:
    content = path.read_bytes()
    digest = digest_of(content)
    return SourceFile(Private(str(path)), digest, len(content), str(number))


def bank(tasks: Sequence[SeriesTask]) -> None:
    """The bank's own step: digest, de-identify, classify, zip with its checksums, hash the zip."""
    for task in tasks:
        bank_series(task)


def index(series: Series) -> None:
    """What the index does before: digest and header of each file."""
    for path in (path for paths in series for path in paths):
        read_facts(path)


def measure(series: Series, to: Path, rounds: int) -> list[Line]:
    """Our own lines, each round in turn, so that a busy moment hits all of them."""
    tasks = tasks_of(series, to)
    works: dict[str, Callable[[Path], None]] = {
        "plain copy": lambda new: copy(series, new),
        "imagebank, fast path": lambda new: quick(series, new),
        "imagebank, fast path + digest": lambda new: hashed(series, new),
        "imagebank, whole step (zip)": lambda _: bank(tasks),
        "imagebank, index": lambda _: index(series),
        "imagebank, twin": lambda new: twin(series, new),
        f"pydicom, {EDITS} edits": lambda new: edit(series, new),
    }
    best = dict.fromkeys(works, float("inf"))
    for _ in range(rounds):
        for who, work in works.items():
            with tempfile.TemporaryDirectory(dir=to) as new:
                started = time.process_time()
                work(Path(new))
                best[who] = min(best[who], time.process_time() - started)
    files = sum(map(len, series))
    return [Line(who, seconds * 1e3 / files) for who, seconds in best.items()]


def peers_python(folder: Path) -> Path | None:
    """The Python that has the peers, installed now if need be; None where they cannot be had."""
    python = folder / "bin" / "python"
    try:
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PEERS]
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return python


def measure_peers(python: Path, source: Path, to: Path, rounds: int) -> list[Line]:
    """One line for each peer, each in a process of its own."""
    script = Path(__file__).parent / "deidentifying" / "peers.py"
    lines = []
    for peer in PEERS:
        told = []
        for _ in range(rounds):
            with tempfile.TemporaryDirectory(dir=to) as new:
                told.append(_told(python, script, peer, source, Path(new)))
        lines.append(Line(peer, min(each[0] for each in told), int(told[0][1])))
    return lines


def _told(python: Path, script: Path, peer: str, source: Path, to: Path) -> list[float]:
    ran = subprocess.run([python, script, peer, source, to], check=True, capture_output=True, text=True)
    return [float(each) for each in ran.stdout.split()[-2:]]


def real_series(folder: Path, to: Path) -> list[list[Path]]:
    """Real files that can be banked, linked into one folder under plain names; one list for each folder they lie in."""
    cleaner, found = Cleaner(SUBJECT, POLICY), dict[Path, list[Path]]()
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or not 1_000 < path.stat().st_size <= LARGEST:
            continue
        content = path.read_bytes()
        try:
            quick = content[128:132] == b"DICM" and cleaner.clean(content).quick
        except Refused:
            continue
        if quick:
            link = to / f"{sum(map(len, found.values())):04d}.dcm"
            link.write_bytes(content)
            found.setdefault(path.parent, []).append(link)
    return list(found.values())


def print_table(title: str, series: Series, lines: Sequence[Line]) -> None:
    """CPU time, times the copy, and times the fast path."""
    files = [path for paths in series for path in paths]
    size = sum(path.stat().st_size for path in files) / len(files) / 1e3
    print(f"\n{title}: {len(files)} files in {len(series)} series, {size:,.0f} kB a file\n")
    print(f"{'':<32} {'CPU ms/file':>11} {'x copy':>8} {'x fast path':>12}  not done")
    for line in lines:
        times = f"{line.milliseconds / lines[0].milliseconds:8.1f} {line.milliseconds / lines[1].milliseconds:12.1f}"
        print(f"{line.who:<32} {line.milliseconds:11.3f} {times}  {line.failed or ''}")


def print_memory(folder: Path) -> None:
    """The highest memory of the whole step, on a short series and on a long one."""
    for files in (100, 2000):
        source, target = folder / f"long-{files}", folder / f"zips-{files}"
        write_series(source, files)
        script = MEMORY.format(folder=str(Path(__file__).parent), source=str(source), target=str(target))
        ran = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
        print(f"highest memory of the whole step, {files:>5,} files: {int(ran.stdout):,} MiB")


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--real", type=Path, help="a folder of real DICOM files")
    parser.add_argument("--peers", type=Path, default=CACHE, help="where the environment of the peers is, or goes")
    parser.add_argument("--no-peers", action="store_true")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable()
    python = None if arguments.no_peers else peers_python(arguments.peers)
    print(f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, ", end="")
    print(f"pydicom {pydicom.__version__}")
    if python is None:
        print("other packages: left out" if arguments.no_peers else "other packages: could not be installed here")
    with tempfile.TemporaryDirectory() as name:
        run(Path(name), arguments, python)


def run(folder: Path, arguments: argparse.Namespace, python: Path | None) -> None:
    """Measure both sets of files, then memory."""
    made, real, to = folder / "made", folder / "real", folder / "out"
    real.mkdir()
    to.mkdir()
    paths = write_series(made, arguments.files)
    sets = [("pretend series", made, [paths[at : at + PER_SERIES] for at in range(0, len(paths), PER_SERIES)])]
    if arguments.real:
        sets.append(("real files", real, real_series(arguments.real, real)))
    for title, source, series in sets:
        lines = measure(series, to, arguments.rounds)
        lines += measure_peers(python, source, to, min(arguments.rounds, 2)) if python else []
        print_table(title, series, lines)
    print()
    print_memory(folder)


if __name__ == "__main__":
    main()
