"""The page stands alone, says what it must say, and is the same when nothing changed."""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import random_bank

from imagebank.catalogue import publish, read_table
from imagebank.cohorts import Disclosure, write_profile
from imagebank.cohorts.rows import ProfileRow
from imagebank.core.errors import BankError
from imagebank.core.layout import Layout

CHROMIUM = Path("/usr/bin/chromium")
QUIET_CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
]


def hashes(folder: Path) -> dict[str, tuple[str, int]]:
    return {
        path.relative_to(folder).as_posix(): (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def write(layout: Layout, rule: Disclosure | None = None, *, name: str = "Bank", synthetic: bool = False) -> str:
    return write_profile(layout, rule or Disclosure(), bank_name=name, synthetic=synthetic).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    folder = tmp_path_factory.mktemp("bank")
    layout = Layout(folder, folder / "vault")
    publish(layout, random_bank.bank(300), {"policy": "0123abc", "software": "imagebank 0.1.0"})
    write_profile(layout, Disclosure(), bank_name="Example Bank", synthetic=True)
    return layout


@pytest.fixture
def small(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path / "bank", tmp_path / "vault")
    publish(layout, random_bank.bank(40), {})
    return layout


def test_the_page_names_bank_snapshot_rule_and_provenance(bank: Layout) -> None:
    page = (bank.profile / "index.html").read_text(encoding="utf-8")
    for words in ("Example Bank", bank.current.read_text().strip(), "are hidden", "0123abc", "Pretend patients"):
        assert words in page
    assert "Exact numbers, for stewards" not in page


def test_an_unchanged_bank_gives_untouched_files(small: Layout) -> None:
    write(small)
    before = hashes(small.profile)
    write(small)
    assert hashes(small.profile) == before
    assert {"index.html", "table1.csv", "table1.parquet", "figures/age.svg", "figures/age.json"} <= set(before)


def test_the_same_tables_in_another_bank_give_the_same_files(small: Layout, tmp_path: Path) -> None:
    other = Layout(tmp_path / "other", tmp_path / "vault")
    publish(other, random_bank.bank(40), {})
    write(small)
    write(other)
    assert {name: each[0] for name, each in hashes(small.profile).items()} == {
        name: each[0] for name, each in hashes(other.profile).items()
    }


def test_files_of_an_earlier_profile_go(small: Layout) -> None:
    write(small)
    (small.profile / "figures" / "old.svg").write_text("x")
    (small.profile / "more").mkdir()
    (small.profile / "more" / "old.html").write_text("x")
    publish(small, {}, {})
    write(small)
    assert set(hashes(small.profile)) == {"index.html", "table1.csv", "table1.parquet"}
    assert not (small.profile / "more").exists()


def test_csv_and_parquet_hold_the_same_shown_numbers(bank: Layout) -> None:
    with open(bank.profile / "table1.csv", encoding="utf-8", newline="") as file:
        from_csv = list(csv.DictReader(file))
    from_parquet = read_table(bank.profile / "table1.parquet", ProfileRow)
    assert [row["shown"] for row in from_csv] == [row.shown for row in from_parquet]
    assert [row.position for row in from_parquet] == list(range(1, len(from_parquet) + 1))
    assert all(row.count is None or row.count % 5 == 0 for row in from_parquet)
    assert any(row.shown == "<10" and row.count is None and row.percent is None for row in from_parquet)


def test_exact_numbers_carry_a_red_banner(small: Layout) -> None:
    assert 'class="alarm"' in write(small, Disclosure(exact=True))
    assert 'class="alarm"' not in write(small)


def test_no_pseudonym_reaches_a_file(bank: Layout) -> None:
    for path in bank.profile.rglob("*"):
        if path.is_file():
            assert not re.search(rb"p00\d{3}|sc\d\b", path.read_bytes()), path


def test_names_from_headers_are_escaped(tmp_path: Path) -> None:
    from dataclasses import replace

    tables = random_bank.bank(30)
    tables["scanners"] = [replace(each, model="<script>alert(1)</script>") for each in tables["scanners"]]
    layout = Layout(tmp_path, tmp_path / "vault")
    publish(layout, tables, {"<b>": "<i>"})
    page = write(layout, name="<script>bank</script>")
    assert "<script" not in page
    assert "<i>" not in page
    assert "&lt;script&gt;bank" in page


def test_a_bank_without_patients_has_a_page(tmp_path: Path) -> None:
    layout = Layout(tmp_path, tmp_path / "vault")
    publish(layout, {}, {})
    page = write(layout)
    assert "holds no patients yet" in page
    assert "<img" not in page


def test_a_bank_without_a_snapshot_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BankError) as caught:
        write(Layout(tmp_path, tmp_path / "vault"))
    assert "imagebank update" in caught.value.advice


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=QUIET_CHROMIUM)
        yield chromium
        chromium.close()


@pytest.mark.parametrize("width", [400, 1280])
def test_the_page_in_a_browser_needs_nothing_and_fits(bank: Layout, browser: Any, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    path = bank.profile / "index.html"
    page.goto(path.as_uri())
    assert said == []
    assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("main table").count() == 15
    assert page.locator("table:not(:has(caption))").count() == 0
    assert page.locator("tbody th:not([scope=row]), thead th:not([scope=col])").count() == 0
    assert page.locator("figure img").count() == 6
    assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 100 && image.alt)")
    page.close()
