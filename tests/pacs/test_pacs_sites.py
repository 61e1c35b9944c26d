"""Several sources of one site: the first is asked, the next gives what it left, and whoever brought it keeps it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pretend import Hurried, RudePacs, add_source, bank_of, instance, landed
from pydicom.dataset import Dataset
from rude_web import RudeWeb, rude_web

from imagebank.core.progress import Silent
from imagebank.workflows.acquiring import SourceRun, acquire
from imagebank.workflows.acquisition import acquisition_status


@contextmanager
def north(folder: Path, held: list[Dataset], **manners: Any) -> Iterator[tuple[Path, type[RudeWeb], RudePacs]]:
    pacs, told = RudePacs(held), {"site": "north", "settle_minutes": 60}
    with rude_web(held, **manners) as (url, web), pacs.serving() as port:
        bank = bank_of(folder, port=port, **told)
        add_source(bank, name="web", kind="dicomweb", url=url, **told)
        yield bank, web, pacs


def night(bank: Path, hurried: Hurried) -> dict[str, SourceRun]:
    hurried.passed += 24 * 3600
    return {each.source: each for each in acquire(bank, environ={}, progress=Silent(), world=hurried.world())}


def states(bank: Path) -> dict[str, dict[str, int]]:
    return {each.source: dict(each.states) for each in acquisition_status(bank, environ={})}


def test_a_source_that_stood_in_for_another_goes_on_with_what_it_brought(tmp_path: Path) -> None:
    def down(self: RudeWeb) -> bool:
        return self.answer(500)

    held, hurried = [instance(number) for number in range(3)], Hurried()
    with north(tmp_path, held, spoiled=down) as (bank, web, pacs):
        assert night(bank, hurried)["web"].ended == "given-up"
        assert states(bank) == {"rude": {"agreed": 1}}
        web.spoiled = None
        assert night(bank, hurried)["web"].left == {"elsewhere": 1}
        assert states(bank)["rude"] == {"complete": 1}
        held.append(instance(77))
        pacs.add(held[-1])
        assert night(bank, hurried)["rude"].received == 1
        night(bank, hurried)
        assert states(bank) == {"rude": {"complete": 1}, "web": {}}
        assert len(landed(bank)) == 4


def test_what_another_source_brought_is_no_longer_missing_here(tmp_path: Path) -> None:
    def broken(self: RudeWeb) -> bool:
        return self.wants_files and self.parts[1] == "1.9.2" and self.answer(500)

    held, hurried = [instance(1, study=number) for number in (1, 2)], Hurried()
    with north(tmp_path, held, spoiled=broken) as (bank, web, _):
        assert night(bank, hurried)["web"].states == {"agreed": 1, "wanted": 1}
        web.spoiled = None
        ended = night(bank, hurried)
        assert ended["rude"].asked == 1, "only what it brought itself is asked for"
        assert states(bank) == {"rude": {"complete": 1}, "web": {"complete": 1}}
    assert (len(landed(bank, "web")), len(landed(bank))) == (1, 1)
