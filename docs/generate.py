"""Writes the pages of this folder that the code itself declares; `--check` only says whether they are up to date."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

from imagebank.catalogue import dictionary_markdown
from imagebank.cohorts.query.editors import stub
from imagebank.imaging.describe import bids_page
from imagebank.imaging.quality.page import metrics_markdown
from imagebank.synthetic.text.samples import sample_page
from imagebank.synthetic.truth.book import readme
from printed.commands import commands_page
from printed.deidentification import deidentification_page, policy_page, utility_page
from printed.errors import errors_page
from printed.hospital import records_page
from printed.rules import classification_page, cohorts_page, records_rules_page
from printed.settings import settings_page

HERE = Path(__file__).parent
MADE = "<!-- Made by `./run docs` from the code. Do not edit. -->\n\n"

PAGES: dict[str, Callable[[], str]] = {
    "commands.md": commands_page,
    "settings.md": settings_page,
    "errors.md": errors_page,
    "tables.md": dictionary_markdown,
    "quality-metrics.md": metrics_markdown,
    "deidentification.md": deidentification_page,
    "policy.md": policy_page,
    "classification.md": classification_page,
    "bids.md": bids_page,
    "cohorts.md": cohorts_page,
    "../src/imagebank/__init__.pyi": stub,
    "records-rules.md": records_rules_page,
    "pretend-hospital/records.md": records_page,
    "pretend-hospital/answers.md": readme,
    "pretend-hospital/sample-notes.md": sample_page,
    "deidentification-utility.md": utility_page,
}


def render(name: str) -> str:
    """The whole text of a page, with one blank line between its parts; of a stub as it is."""
    if name.endswith(".pyi"):
        return PAGES[name]()
    return re.sub(r"\n{3,}", "\n\n", MADE + PAGES[name]()).rstrip() + "\n"


def stale_pages(folder: Path = HERE) -> list[str]:
    """The pages in a folder that are not what the code says now."""
    kept = {name: (folder / name).read_text("utf-8") for name in PAGES if (folder / name).exists()}
    return [name for name in PAGES if kept.get(name) != render(name)]


def main(arguments: list[str]) -> int:
    """Write the pages that are not up to date, or with `--check` name them and fail."""
    stale = stale_pages()
    if "--check" in arguments:
        for name in stale:
            sys.stderr.write(f"docs/{name} is not what the code says; ./run docs writes it\n")
        return 1 if stale else 0
    for name in stale:
        (HERE / name).parent.mkdir(exist_ok=True)
        (HERE / name).write_text(render(name), "utf-8")
        sys.stderr.write(f"wrote docs/{name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
