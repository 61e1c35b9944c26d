"""The figures of a profile: Vega-Lite specifications made of shown numbers alone, and their SVG.

A hidden count is never drawn as nothing: it has a hollow, dashed bar of the greatest length that it can have, or, in a
stacked chart, a dagger. Colours are those of Okabe and Ito, which colour-blind people can tell apart. Nothing is
fetched, and the same profile gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from imagebank.cohorts.disclosure import Shown
from imagebank.cohorts.marks import CONFIG, PALETTE, Spec, daggers, datum, hollow, mirrored, number, stack
from imagebank.cohorts.model import Profile, Section

VEGALITE = "5.21"
SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
FEMALE, MALE = "#CC79A7", "#0072B2"
WIDE, NARROW = 640, 420  # of the plot, in pixels
LONGEST_LABEL = 62  # characters


@dataclass(frozen=True)
class Figure:
    """One figure: an id, a caption, the text that stands for it, and its Vega-Lite specification."""

    id: str
    caption: str
    description: str
    spec: Spec


def figures(profile: Profile) -> tuple[Figure, ...]:
    """The figures that the profile has numbers for."""
    makers: tuple[Callable[[Profile], Figure | None], ...] = (
        age_pyramid,
        ethnicity,
        deprivation,
        icd10_blocks,
        scanner_years,
        sequences,
    )
    return tuple(figure for figure in (make(profile) for make in makers) if figure is not None)


def svg(figure: Figure) -> str:
    """The figure as SVG."""
    import vl_convert

    return str(vl_convert.vegalite_to_svg(figure.spec, vl_version=VEGALITE, allowed_base_urls=[]))


def age_pyramid(profile: Profile) -> Figure | None:
    """Women to the left, men to the right, by age at the first study."""
    section = profile.section("age")
    rows = [
        {**datum(row.label, cell), "sex": heading.label, "sign": -1 if heading.label == "female" else 1}
        for row in section.rows
        for heading, cell in zip(section.headings, row.cells, strict=True)
    ]
    order = [row.label for row in section.rows][::-1]
    legend = {"title": None, "orient": "top", "direction": "horizontal"}
    layers = [
        {
            "transform": [{"filter": "!datum.hidden"}, {"calculate": "datum.count * datum.sign", "as": "x"}],
            "mark": {"type": "bar"},
            "encoding": {
                "x": mirrored(rows),
                "color": {
                    "field": "sex",
                    "scale": {"domain": ["female", "male"], "range": [FEMALE, MALE]},
                    "legend": legend,
                },
            },
        },
        {
            "transform": [{"filter": "datum.hidden"}, {"calculate": "datum.most * datum.sign", "as": "x"}],
            "mark": hollow(),
            "encoding": {"x": mirrored(rows), "x2": {"datum": 0}},
        },
    ]
    band = {"field": "label", "type": "nominal", "sort": order, "axis": {"title": "age at first study (years)"}}
    return _figure(
        section,
        rows,
        {"width": NARROW, "height": {"step": 20}, "encoding": {"y": band}, "layer": layers},
        f"Age at the first study by sex ({_of(section)}).",
    )


def ethnicity(profile: Profile) -> Figure | None:
    """Patients by ethnic group."""
    return _bars(profile.section("ethnicity"), "Ethnic group", 360, skip="all other than White")


def deprivation(profile: Profile) -> Figure | None:
    """Patients by decile of deprivation."""
    section = profile.section("deprivation")
    total = section.headings[0].total
    kept = [row for row in section.rows if not row.label.startswith("Quintile")]
    rows = [datum(row.label.removeprefix("Decile "), row.cells[0], total) for row in kept]
    axis = {"title": "decile of deprivation, 1 = most deprived", "labelAngle": 0}
    x = {"field": "label", "type": "nominal", "sort": [row["label"] for row in rows], "axis": axis}
    layers = [
        {
            "transform": [{"filter": "!datum.hidden"}],
            "mark": {"type": "bar", "color": PALETTE[0]},
            "encoding": {"y": number("count", f"patients (of {_shown(total)})")},
        },
        {
            "transform": [{"filter": "datum.hidden"}],
            "mark": hollow(),
            "encoding": {"y": number("most", f"patients (of {_shown(total)})"), "y2": {"datum": 0}},
        },
        {
            "mark": {"type": "text", "baseline": "bottom", "dy": -3},
            "encoding": {"y": number("end", ""), "text": {"field": "text"}},
        },
    ]
    body = {"width": 460, "height": 220, "encoding": {"x": x}, "layer": layers}
    return _figure(section, rows, body, f"Patients by decile of deprivation ({_of(section)}).")


def icd10_blocks(profile: Profile) -> Figure | None:
    """Patients with a diagnosis in each block."""
    return _bars(profile.section("blocks"), "Patients with a diagnosis in each ICD-10 block", NARROW)


def scanner_years(profile: Profile) -> Figure | None:
    """Studies by year, stacked by scanner."""
    section = profile.section("scanners")
    rows = [
        {**datum(row.label, cell), "part": heading.label}
        for row in section.rows
        if row.level
        for heading, cell in zip(section.headings, row.cells, strict=True)
    ]
    names = [heading.label for heading in section.headings]
    labels = [row.label for row in section.rows if row.level]
    axis = {"title": "year of shifted dates", "labelAngle": -45 if len(labels) > 12 else 0}
    x = {"field": "label", "type": "nominal", "sort": labels, "axis": axis}
    layers = [
        stack("y", "MR studies", names, "scanner"),
        {**daggers("y", rows), "mark": {"type": "text", "baseline": "bottom", "dy": -3, "fontSize": 13}},
    ]
    body = {"width": WIDE, "height": 260, "encoding": {"x": x}, "layer": layers}
    return _figure(section, rows, body, "MR studies by year of shifted dates and scanner.")


def sequences(profile: Profile) -> Figure | None:
    """Series by sequence, stacked by manufacturer."""
    section = profile.section("sequences")
    names = [heading.label for heading in section.headings[1:]]
    rows = [
        {**datum(row.label, cell), "part": name}
        for row in section.rows
        for name, cell in zip(names, row.cells[1:], strict=True)
    ]
    y = {"field": "label", "type": "nominal", "sort": [row.label for row in section.rows], "axis": {"title": None}}
    layers = [
        stack("x", f"MR series (of {_shown(section.headings[0].total)})", names, "manufacturer"),
        {**daggers("x", rows), "mark": {"type": "text", "align": "left", "dx": 4, "fontSize": 13}},
    ]
    body = {"width": WIDE, "height": {"step": 24}, "encoding": {"y": y}, "layer": layers}
    return _figure(section, rows, body, "MR series by sequence and manufacturer.")


def _bars(section: Section, caption: str, width: int, *, skip: str = "") -> Figure | None:
    """Horizontal bars for the one column of a section."""
    total = section.headings[0].total
    rows = [datum(_short(row.label), row.cells[0], total) for row in section.rows if row.label != skip]
    title = f"patients (of {_shown(total)})"
    y = {"field": "label", "type": "nominal", "sort": [row["label"] for row in rows], "axis": {"title": None}}
    layers = [
        {
            "transform": [{"filter": "!datum.hidden"}],
            "mark": {"type": "bar", "color": PALETTE[0]},
            "encoding": {"x": number("count", title)},
        },
        {
            "transform": [{"filter": "datum.hidden"}],
            "mark": hollow(),
            "encoding": {"x": number("most", title), "x2": {"datum": 0}},
        },
        {
            "mark": {"type": "text", "align": "left", "dx": 4},
            "encoding": {"x": number("end", title), "text": {"field": "text"}},
        },
    ]
    body = {"width": width, "height": {"step": 24}, "encoding": {"y": y}, "layer": layers}
    return _figure(section, rows, body, f"{caption} ({_of(section)}).")


def _figure(section: Section, rows: list[Spec], body: Spec, caption: str) -> Figure | None:
    """The figure, unless there is nothing to draw."""
    if not any(row["count"] or row["hidden"] for row in rows):
        return None
    hidden = any(row["hidden"] for row in rows)
    stacked = "part" in rows[0]
    mark = (
        "A dagger marks bars that lack counts of few patients" if stacked else "Dashed outlines are hidden small counts"
    )
    words = f"{caption} {mark}, which are not zero." if hidden else caption
    spec = {"$schema": SCHEMA, "config": CONFIG, "padding": 8, "data": {"values": rows}, **body}
    return Figure(section.id, words, f"{words} {describe(rows)}", spec)


def describe(rows: Iterable[Spec]) -> str:
    """The numbers of a figure as a sentence, for those who do not see it."""
    named = (
        ", ".join(str(row[key]) for key in ("label", "sex", "part") if key in row) + f": {row['text']}" for row in rows
    )
    return "; ".join(named) + "."


def _of(section: Section) -> str:
    totals = [f"{_shown(heading.total)} {heading.label}" for heading in section.headings if heading.total is not None]
    return "of " + ", ".join(totals)


def _shown(total: Shown | None) -> str:
    return total.text if total is not None else ""


def _short(label: str) -> str:
    return label if len(label) <= LONGEST_LABEL else label[: LONGEST_LABEL - 1].rstrip(" ,[") + "…"
