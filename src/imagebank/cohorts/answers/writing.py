"""The files of an answer: a page that needs nothing else, flow chart, figures, Table 1 and methods.

All of them hold shown numbers alone, load nothing, and name no time of day: the same question gives the same bytes.
"""

from __future__ import annotations

import base64
import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path

from imagebank.cohorts.answers.answer import SafeAnswer
from imagebank.cohorts.answers.figures import TITLES, figures
from imagebank.cohorts.answers.flow import flow_chart
from imagebank.cohorts.answers.table_one import TableOne
from imagebank.cohorts.disclosure import Disclosure
from imagebank.cohorts.figures import Figure, svg
from imagebank.cohorts.page import pages
from imagebank.core.files import atomic_file, write_bytes, write_text

PNG_SCALE = 2.0


@dataclass(frozen=True)
class Heading:
    """What the page says of the answer besides its numbers."""

    bank_name: str
    version: str
    question: str
    synthetic: bool


def write_answer(folder: Path, answer: SafeAnswer, heading: Heading, methods: str, rule: Disclosure) -> Path:
    """Write every file of an answer below `folder` and return its page. Files of an earlier answer are replaced."""
    drawn = [(figure, svg(figure)) for figure in figures(answer)]
    flow = flow_chart(answer.stages, answer.unit)
    write_text(folder / "flow.svg", flow)
    write_bytes(folder / "flow.png", _png_of(flow))
    for figure, image in drawn:
        write_text(folder / "figures" / f"{figure.id}.svg", image)
        write_bytes(folder / "figures" / f"{figure.id}.png", _png_of(image))
        write_text(folder / "figures" / f"{figure.id}.json", f"{json.dumps(figure.spec, indent=2, sort_keys=True)}\n")
    write_text(folder / "methods.txt", f"{methods}\n")
    write_text(folder / "attrition.csv", _attrition_csv(answer))
    if answer.table is not None:
        _write_table(folder, answer.table)
    _remove_others(folder, {figure.id for figure, _ in drawn})
    page = folder / "index.html"
    write_text(page, render(answer, heading, methods, rule, flow, drawn))
    return page


def _png_of(image: str) -> bytes:
    import vl_convert

    return bytes(vl_convert.svg_to_png(image, scale=PNG_SCALE))


def _attrition_csv(answer: SafeAnswer) -> str:
    rows = [(each.name, each.units, each.patients, each.lost, each.sentence) for each in answer.stages]
    return _csv([("step", answer.unit, "patients", "lost", "what it asks"), *rows])


def _write_table(folder: Path, table: TableOne) -> None:
    import pyarrow
    import pyarrow.parquet as parquet

    rows = table_rows(table)
    write_text(folder / "table1.csv", _csv(rows))
    columns = {name: [row[place] for row in rows[1:]] for place, name in enumerate(rows[0])}
    with atomic_file(folder / "table1.parquet") as file:
        parquet.write_table(pyarrow.table(columns), file)


def table_rows(table: TableOne) -> list[tuple[str, ...]]:
    """Table 1 as rows of texts, the heading first; a line below another names both."""
    names = [name for name, _ in table.groups]
    rows: list[tuple[str, ...]] = [("variable", "value", *names, "standardised difference")]
    rows.append((table.unit, "", *(total for _, total in table.groups), ""))
    above = ""
    for line in table.lines:
        above = above if line.level else line.label
        rows.append((above, line.label if line.level else "", *line.cells, line.difference))
    return rows


def _csv(rows: list[tuple[str, ...]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _remove_others(folder: Path, kept: set[str]) -> None:
    """Remove figures that an earlier answer in the same folder had and this one does not have."""
    for path in (folder / "figures").glob("*"):
        if path.stem not in kept:
            path.unlink()


def render(
    answer: SafeAnswer,
    heading: Heading,
    methods: str,
    rule: Disclosure,
    flow: str,
    drawn: list[tuple[Figure, str]],
) -> str:
    """The page as HTML."""
    text: str = (
        pages()
        .get_template("answer.html")
        .render(
            answer=answer,
            heading=heading,
            paragraphs=methods.split("\n\n"),
            rule=rule,
            titles=TITLES,
            flow=_data(flow),
            flow_text="; ".join(f"{each.name}: {each.units} {answer.unit}" for each in answer.stages),
            figures=[(figure, _data(image)) for figure, image in drawn],
        )
    )
    return text


def _data(image: str) -> str:
    return base64.b64encode(image.encode()).decode()
