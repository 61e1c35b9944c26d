"""The figures of an answer: Vega-Lite specifications made of shown numbers alone.

A hidden number is never drawn as nothing: a dagger stands in its place. Colours are those of Okabe and Ito, and nothing
is told by colour alone where print would lose it.
"""

from __future__ import annotations

from typing import Any

from imagebank.cohorts.answers.answer import SafeAnswer
from imagebank.cohorts.answers.pictured import BANK, DAY_LABELS
from imagebank.cohorts.answers.variables import DIAGNOSES
from imagebank.cohorts.disclosure import Shown, share_of
from imagebank.cohorts.facts import Key
from imagebank.cohorts.figures import SCHEMA, Figure
from imagebank.cohorts.marks import CONFIG, INK, PALETTE, Spec, daggers, number, stack

WIDE, SMALL = 620, 250  # of the plot, in pixels
PANELS = 4
DAGGER = "†"
PADDING = {"left": 40, "right": 16, "top": 8, "bottom": 8}  # a reader's font may be wider than ours
TITLES = {
    "ages": "Age by diagnosis",
    "scans": "By year and scanner",
    "ethnicity": "Ethnic group, against the bank",
    "deprivation": "Deprivation, against the bank",
    "days": "Time from the scan to the first diagnosis",
}
"""What stands above each figure."""
LEGEND = {"title": None, "orient": "top", "direction": "horizontal"}


def figures(answer: SafeAnswer) -> tuple[Figure, ...]:
    """The figures that the answer has numbers for."""
    made = (
        ages(answer),
        scans(answer),
        against_bank(answer, "ethnicity", "Ethnic group", "ethnic group"),
        against_bank(answer, "deprivation", "Deprivation", "decile of deprivation, 1 = most deprived"),
        days(answer),
    )
    return tuple(figure for figure in made if figure is not None)


def ages(answer: SafeAnswer) -> Figure | None:
    """Age at the scan by diagnosis: 5th to 95th percentile, quartiles and median."""
    rows: list[Spec] = [
        {
            "label": DIAGNOSES[name],
            **{f"q{round(100 * share)}": value for share, value in (spread.quantiles or {}).items()},
        }
        for name, spread in answer.ages.items()
        if spread.at(0.5) is not None
    ]
    if not rows:
        return None
    x = {"type": "quantitative", "scale": {"zero": False}, "axis": {"title": "age at the scan (years)"}}
    layers = [
        _span("rule", "q5", "q95", x, {"color": INK, "strokeWidth": 1.5}),
        _span("bar", "q25", "q75", x, {"color": PALETTE[4], "stroke": INK, "strokeWidth": 1, "height": 14}),
        {
            "mark": {"type": "tick", "color": INK, "thickness": 3, "height": 18},
            "encoding": {"x": {"field": "q50", **x}},
        },
    ]
    y = {"field": "label", "type": "nominal", "sort": [row["label"] for row in rows], "axis": {"title": None}}
    body = {"width": WIDE - 160, "height": {"step": 30}, "encoding": {"y": y}, "layer": layers}
    texts = "; ".join(f"{row['label']}: median {row['q50']:g}" for row in rows)
    caption = (
        "Age at the scan by diagnosis at any time. Thick line: median; box: quartiles; thin line: 5th to 95th "
        "percentile. What rests on too few patients is left out."
    )
    return _figure("ages", caption, texts, rows, body)


def _span(mark: str, start: str, end: str, x: Spec, look: Spec) -> Spec:
    test = f"isValid(datum.{start}) && isValid(datum.{end})"
    encoding = {"x": {"field": start, **x}, "x2": {"field": end}}
    return {"transform": [{"filter": test}], "mark": {"type": mark, **look}, "encoding": encoding}


def scans(answer: SafeAnswer) -> Figure | None:
    """Units of the cohort by year, stacked by scanner."""
    cells = {key: shown for key, shown in answer.safe.shown.items() if key[0] == "scan"}
    rows = [{**_datum(str(year), shown), "part": scanner} for (_, scanner, year), shown in cells.items()]
    names = list(dict.fromkeys(str(row["part"]) for row in rows if not row["hidden"]))
    years = sorted({row["label"] for row in rows if not row["hidden"]})
    rows = [row for row in rows if row["part"] in names and row["label"] in years]
    if not rows:
        return None
    axis = {"title": "year of shifted dates", "labelAngle": -45 if len(years) > 10 else 0}
    x = {"field": "label", "type": "nominal", "sort": years, "axis": axis}
    bars = stack("y", answer.unit, names, "scanner")
    bars["encoding"]["color"]["legend"] |= {"columns": 2, "columnPadding": 40}
    layers = [
        bars,
        {**daggers("y", rows), "mark": {"type": "text", "baseline": "bottom", "dy": -3, "fontSize": 13}},
    ]
    body = {"width": WIDE, "height": 260, "encoding": {"x": x}, "layer": layers}
    caption = f"{answer.unit.capitalize()} by year of shifted dates and scanner. A dagger marks bars that lack numbers."
    return _figure("scans", caption, _said(rows, "part"), rows, body)


def against_bank(answer: SafeAnswer, variable: str, title: str, axis: str) -> Figure | None:
    """The shares of the patients of the cohort beside those of the whole bank."""
    safe = answer.safe.shown
    sides: tuple[tuple[str, Key], ...] = (("this cohort", answer.people), ("the whole bank", BANK))
    rows = [
        {**_datum(str(key[2]), safe[key]), "side": side, "share": share_of(safe[key], safe[whole])}
        for side, whole in sides
        for key in safe
        if len(key) == 3 and key[:2] == (whole[0], variable)
    ]
    if not any(row["share"] is not None for row in rows if row["side"] == "this cohort"):
        return None
    labels = list(dict.fromkeys(row["label"] for row in rows))
    where: Spec = {
        "x": {"field": "label", "type": "nominal", "sort": labels, "axis": {"title": axis, "labelAngle": 0}},
        "xOffset": {"field": "side", "sort": [side for side, _ in sides]},
    }
    colour = {
        "field": "side",
        "scale": {"domain": [side for side, _ in sides], "range": [PALETTE[0], "#c9d1d9"]},
        "legend": LEGEND,
    }
    layers = [
        {
            "transform": [{"filter": "isValid(datum.share)"}],
            "mark": {"type": "bar", "stroke": INK, "strokeWidth": 0.6},
            "encoding": {**where, "y": number("share", "share of patients (%)"), "color": colour},
        },
        {
            "transform": [{"filter": "!isValid(datum.share)"}, {"calculate": "0", "as": "foot"}],
            "mark": {"type": "text", "baseline": "bottom", "fontSize": 13},
            "encoding": {**where, "y": number("foot", "share of patients (%)"), "text": {"value": DAGGER}},
        },
    ]
    texts = "; ".join(f"{row['label']}, {row['side']}: {row['text']}" for row in rows)
    caption = f"{title}: patients of this cohort beside the whole bank. A dagger stands for a hidden number."
    return _figure(variable, caption, texts, rows, {"width": WIDE, "height": 220, "layer": layers})


def days(answer: SafeAnswer) -> Figure | None:
    """When the first diagnosis was made, seen from the scan; a panel for each of the most common diagnoses."""
    safe = answer.safe.shown
    totals = {name: safe["diagnosed", name].value or 0 for name in DIAGNOSES if ("diagnosed", name) in safe}
    rows = [
        {**_datum(str(key[2]), safe[key]), "panel": DIAGNOSES[str(key[1])]}
        for key in safe
        if key[0] == "days" and key[2] in DAY_LABELS
    ]
    seen = {row["panel"] for row in rows if not row["hidden"]}
    names = [DIAGNOSES[name] for name in sorted(totals, key=lambda each: -totals[each]) if DIAGNOSES[name] in seen]
    rows = [row for row in rows if row["panel"] in names[:PANELS]]
    if not rows:
        return None
    where = {"field": "label", "type": "nominal", "sort": list(DAY_LABELS), "axis": {"title": None}}
    layers = [
        {
            "transform": [{"filter": "!datum.hidden"}],
            "mark": {"type": "bar", "color": PALETTE[0]},
            "encoding": {"y": where, "x": number("count", answer.unit)},
        },
        {
            "mark": {"type": "text", "align": "left", "dx": 3},
            "encoding": {"y": where, "x": number("end", answer.unit), "text": {"field": "mark"}},
        },
    ]
    facet = {"field": "panel", "type": "nominal", "sort": names, "header": {"title": None, "labelFontSize": 12}}
    body = {"facet": facet, "columns": 2, "spec": {"width": SMALL, "height": {"step": 20}, "layer": layers}}
    caption = (
        "Time from the scan to the first diagnosis of each kind in the record; undated ones are left out. A dagger "
        "stands for a hidden number."
    )
    return _figure("days", caption, _said(rows, "panel"), rows, body)


def _datum(label: str, shown: Shown) -> Spec:
    hidden = shown.value is None
    text = "hidden" if shown.value is None else f"{shown.value:,}"
    mark = DAGGER if hidden else text
    return {
        "label": label,
        "count": shown.value,
        "hidden": hidden,
        "end": shown.value or 0,
        "text": text,
        "mark": mark,
    }


def _said(rows: list[Spec], part: str) -> str:
    return "; ".join(f"{row['label']}, {row[part]}: {row['text']}" for row in rows)


def _figure(name: str, caption: str, texts: str, rows: list[Spec], body: dict[str, Any]) -> Figure:
    spec = {"$schema": SCHEMA, "config": CONFIG, "padding": PADDING, "data": {"values": rows}, **body}
    return Figure(name, caption, f"{caption} {texts}.", spec)
