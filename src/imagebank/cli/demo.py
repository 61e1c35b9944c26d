"""demo: a pretend hospital, its bank and its profile, from one command."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
import time
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import typer

from imagebank.catalogue import snapshots
from imagebank.cli.demo_pacs import Serve, acquire_from_pretend_pacs
from imagebank.cli.progress import TerminalProgress
from imagebank.cli.report import print_funnel
from imagebank.cli.show import show_page
from imagebank.core.config import open_bank
from imagebank.core.errors import BankError
from imagebank.core.layout import CONFIG_NAME
from imagebank.core.progress import Stage
from imagebank.workflows.init import init
from imagebank.workflows.profiling import profile
from imagebank.workflows.status import status
from imagebank.workflows.update import update


def run_demo(folder: Path, *, patients: int, seed: int, show: bool, pacs: bool = False) -> None:
    """Build, bank and profile a pretend hospital in `folder`. Raises BankError when something else lies there."""
    started = time.monotonic()
    progress = TerminalProgress()
    hospital = _hospital(folder, patients, seed, progress)
    bank = folder / "bank"
    environ = {name: value for name, value in os.environ.items() if name != "IMAGEBANK_KEY"}  # it has a key of its own
    if not (bank / CONFIG_NAME).is_file():
        images, records = [] if pacs else [hospital / "pacs"], [hospital / "records"]
        init(bank, name="Pretend hospital", images=images, records=records, key_file=folder / "demo.key", pretend=True)
    if pacs:
        images_of = hospital / "pacs"
        acquire_from_pretend_pacs(bank, images_of, folder / "orthanc", environ, progress, _pretend_pacs(images_of))
    update(bank, environ=environ, progress=progress)
    page = profile(bank)
    _tell(bank, page, time.monotonic() - started, environ)
    if show:
        show_page(page)


def _pretend_pacs(images: Path) -> Serve:
    """A PACS in this process, for machines without Orthanc."""

    def serve(port: int) -> AbstractContextManager[int]:
        from imagebank.synthetic.pacs import PretendPacs

        return PretendPacs(sorted(path for path in images.rglob("*") if path.is_file())).serving(port)

    return serve


def _hospital(folder: Path, patients: int, seed: int, progress: TerminalProgress) -> Path:
    """The pretend hospital, built now or by an earlier run with the same size and seed."""
    from imagebank.synthetic import build_hospital

    hospital, wanted = folder / "hospital", {"patients": patients, "seed": seed}
    stamp = folder / "demo.json"
    if stamp.is_file():
        if json.loads(stamp.read_text()) == wanted:
            return hospital
        raise BankError(f"{folder} holds a demo of another size or seed.", "name another folder, or delete this one")
    if folder.exists() and any(each.name != "hospital" for each in folder.iterdir()):
        raise BankError(f"{folder} is there already and holds something else.", "name a new folder for the demo")
    with ExitStack() as stack:
        stages: list[Stage] = []

        def tell(_done: int, total: int) -> None:
            if not stages:  # only the hospital knows how many studies there will be
                stages.append(stack.enter_context(progress.stage("hospital", total, "studies")))
            stages[0].advance()

        build_hospital(hospital, patients=patients, seed=seed, progress=tell)
    stamp.write_text(json.dumps(wanted) + "\n")
    return hospital


def _tell(bank: Path, page: Path, seconds: float, environ: dict[str, str]) -> None:
    told = status(bank, environ=environ)
    version = snapshots.current_version(open_bank(bank).layout)
    shown, program = shlex.quote(str(bank)), _program()
    typer.echo(f"\nBanked in {seconds:.0f} s: {told.tables['patients']} linked patients, tables {version}\n")
    print_funnel(told)
    typer.echo(
        f"\nprofile   {page}\n"
        f"images    {bank / 'bids'}\n"
        f"tables    {bank / 'tables' / str(version)}\n\n"
        "next:\n"
        f"  {program} status {shown}    what was offered, where it ended, and why\n"
        f"  {program} check {shown}     prove that nothing was lost\n"
        f"  {program} update {shown}    nothing new: done in a moment"
    )


def _program() -> str:
    """How this user can start imagebank: by its name, or by the path of the environment that it lies in."""
    if shutil.which("imagebank"):
        return "imagebank"
    path = Path(sys.executable).with_name("imagebank")
    return shlex.quote(os.path.relpath(path) if path.is_file() else f"{sys.executable} -m imagebank")
