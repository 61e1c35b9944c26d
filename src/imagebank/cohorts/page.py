"""The profile as one page that needs nothing else, with its numbers as CSV and Parquet and its figures as SVG.

The page holds shown numbers alone and loads nothing: styles are inline, figures are data. It names the snapshot and the
rule that made it and no time of day, so that an unchanged bank gives an unchanged page.
"""

from __future__ import annotations

import base64
import json
from importlib import resources
from pathlib import Path
from typing import Any

from imagebank.catalogue.snapshots import Manifest, current_version, load_manifest, open_snapshot
from imagebank.catalogue.store import write_table
from imagebank.cohorts.disclosure import OLDEST_SHOWN_AGE, Disclosure, Mark, Shown, percent, share_of
from imagebank.cohorts.figures import Figure, figures, svg
from imagebank.cohorts.model import Heading, Profile
from imagebank.cohorts.profile import profile
from imagebank.cohorts.rows import ProfileRow, profile_rows, table_csv
from imagebank.core.errors import BankError
from imagebank.core.files import write_bytes, write_text
from imagebank.core.layout import Layout

FIGURES_BESIDE = ("age", "ethnicity", "deprivation")
"""Sections whose figure is narrow enough to stand beside the table on a wide screen."""


def write_profile(layout: Layout, disclosure: Disclosure, *, bank_name: str, synthetic: bool) -> Path:
    """Write the profile of the current snapshot below `profile/` and return the path of its page.

    Files of an earlier profile that this one does not have are removed; unchanged files are not touched. `synthetic`
    says on the page that the patients are pretend ones. Raises BankError when nothing has been published.
    """
    version = current_version(layout)
    if version is None:
        raise BankError("The bank has no snapshot yet.", "run `imagebank update` first")
    found = profile(open_snapshot(layout, version), disclosure)
    drawn = [(figure, svg(figure)) for figure in figures(found)]
    rows = profile_rows(found)
    page = layout.profile / "index.html"
    for figure, image in drawn:
        write_text(layout.profile / "figures" / f"{figure.id}.svg", image)
        write_text(layout.profile / "figures" / f"{figure.id}.json", _json(figure.spec))
    write_text(layout.profile / "table1.csv", table_csv(rows))
    _write_parquet(layout.profile / "table1.parquet", rows)
    write_text(page, render(found, drawn, load_manifest(layout, version), bank_name=bank_name, synthetic=synthetic))
    names = {f"figures/{figure.id}.{kind}" for figure, _ in drawn for kind in ("svg", "json")}
    _remove_stale(layout.profile, names | {"index.html", "table1.csv", "table1.parquet"})
    return page


def _json(content: Any) -> str:
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _write_parquet(path: Path, rows: list[ProfileRow]) -> None:
    """Write through a second name, so that a file that would not change is not touched."""
    fresh = path.with_name(f".tmp-{path.name}")
    write_table(fresh, ProfileRow, rows)
    content = fresh.read_bytes()
    fresh.unlink()
    write_bytes(path, content)


def _remove_stale(folder: Path, kept: set[str]) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_file() and path.relative_to(folder).as_posix() not in kept:
            path.unlink()
        elif path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def render(
    found: Profile, drawn: list[tuple[Figure, str]], manifest: Manifest, *, bank_name: str, synthetic: bool
) -> str:
    """The page as HTML."""
    environment = pages()
    environment.globals.update(cell_text=cell_text, bar=bar, is_hidden=is_hidden)
    images = {figure.id: (figure, base64.b64encode(image.encode()).decode()) for figure, image in drawn}
    text: str = environment.get_template("profile.html").render(
        bank_name=bank_name,
        synthetic=synthetic,
        profile=found,
        images=images,
        beside=FIGURES_BESIDE,
        manifest=manifest,
        rule=rule_in_words(found.disclosure),
        empty=not any(row.cells[0].value != 0 for row in found.section("sex").rows),
    )
    return text


def pages() -> Any:
    """The templates of pages, which share one style."""
    import jinja2

    def read(name: str) -> str:
        return resources.files("imagebank.cohorts").joinpath(f"templates/{name}").read_text("utf-8")

    return jinja2.Environment(
        loader=jinja2.FunctionLoader(read),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )


def cell_text(cell: Shown, heading: Heading) -> str:
    """The share of a count, from shown numbers, or nothing."""
    return percent(cell, heading.total) if heading.total is not None else ""


def bar(cell: Shown, heading: Heading) -> float:
    """The length of the bar behind a count, in percent of its denominator."""
    share = share_of(cell, heading.total) if heading.total is not None else None
    return share or 0.0


def is_hidden(cell: Shown) -> bool:
    """Whether a count is hidden."""
    return cell.mark is not Mark.SHOWN


def rule_in_words(rule: Disclosure) -> str:
    """The disclosure rule as a sentence."""
    if rule.exact:
        return "Exact numbers: no count is hidden or rounded."
    return (
        f"Counts from 1 to {rule.minimum - 1} patients are hidden (<{rule.minimum}, or “few” for studies and series); "
        f"all others are rounded to {rule.round_to}, a few of them to the other side, so that no hidden count can be "
        "worked out. Percentages come from the rounded numbers, so parts need not add up to their totals. Medians and "
        f"quartiles are of at least {rule.minimum} patients. Ages from {OLDEST_SHOWN_AGE} are one group."
    )
