"""How the figures of a profile look: fonts, colours, and the marks that they have in common. Pure."""

from __future__ import annotations

from typing import Any

from imagebank.cohorts.disclosure import Shown, percent

FONT = "Helvetica, Arial, 'Liberation Sans', sans-serif"
INK, QUIET, GRID = "#1f2933", "#52606d", "#e4e7eb"
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000")

Spec = dict[str, Any]
CONFIG: Spec = {
    "font": FONT,
    "background": "white",
    "view": {"stroke": None},
    "axis": {
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelColor": INK,
        "titleColor": QUIET,
        "gridColor": GRID,
        "domainColor": "#9aa5b1",
        "tickColor": "#9aa5b1",
        "labelLimit": 420,
        "titlePadding": 10,
    },
    "legend": {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "labelLimit": 260},
    "text": {"font": FONT, "fontSize": 11, "color": INK},
}


def datum(label: str, shown: Shown, total: Shown | None = None) -> Spec:
    """One bar as people may see it: its length, or the most that it can be."""
    share = percent(shown, total) if total is not None else ""
    hidden = shown.value is None
    most = 0 if not hidden or shown.most == float("inf") else int(shown.most)
    return {
        "label": label,
        "count": shown.value,
        "hidden": hidden,
        "most": most,
        "end": most if hidden else shown.value,
        "text": f"{shown.text} ({share})" if share else shown.text,
    }


def number(field: str, title: str) -> Spec:
    """An axis of counts from 0."""
    axis = {"title": title, "format": ",d", "tickMinStep": 5, "tickCount": 6}
    return {"field": field, "type": "quantitative", "axis": axis}


def mirrored(rows: list[Spec]) -> Spec:
    """An axis that runs from the middle to both sides, equally far."""
    end = max(row["end"] for row in rows) if rows else 1
    axis = {"title": "patients", "labelExpr": "format(abs(datum.value), ',d')", "tickMinStep": 5, "tickCount": 8}
    return {"field": "x", "type": "quantitative", "axis": axis, "scale": {"domain": [-end, end], "nice": True}}


def hollow() -> Spec:
    """The mark of a hidden count."""
    return {"type": "bar", "fill": "#f5f7fa", "stroke": QUIET, "strokeDash": [3, 2], "strokeWidth": 1}


def stack(channel: str, title: str, names: list[str], legend: str) -> Spec:
    """Bars of shown counts, stacked in the order of `names`."""
    colours = [PALETTE[place % len(PALETTE)] for place in range(len(names))]
    return {
        "transform": [{"filter": "!datum.hidden"}],
        "mark": {"type": "bar"},
        "encoding": {
            channel: {**number("count", title), "stack": "zero"},
            "color": {
                "field": "part",
                "scale": {"domain": names, "range": colours},
                "legend": {"title": legend, "orient": "bottom", "columns": 3},
            },
            "order": {"field": "part"},
        },
    }


def daggers(channel: str, rows: list[Spec]) -> Spec:
    """A dagger at the end of each stack that lacks a hidden count."""
    heights = {row["label"]: 0 for row in rows if row["hidden"]}
    for row in rows:
        if row["label"] in heights:
            heights[row["label"]] += row["count"] or 0
    return {
        "data": {"values": [{"label": label, "height": height} for label, height in heights.items()]},
        "encoding": {channel: {"field": "height", "type": "quantitative"}, "text": {"value": "†"}},
    }
