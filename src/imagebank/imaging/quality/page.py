"""The metrics, the fixed limits and the reasons as a page of documentation, straight from their declarations."""

from __future__ import annotations

from imagebank.core.markdown import meanings, table
from imagebank.imaging.quality.model import ABSENT, metrics
from imagebank.imaging.quality.verdict import (
    CAUTION_FROM,
    FEWEST_ALIKE,
    JUDGED,
    REASONS,
    UNUSABLE_FROM,
    limits,
    outlier_reason,
)

START = f"""# Metrics of image quality

What each number of the table `quality` is, which limits are fixed, and what each reason means. How they are used is
told in [image quality](quality.md).

A judged metric gives its reason from {CAUTION_FROM:g} robust standard deviations on the bad side of usual on (caution),
and from {UNUSABLE_FROM:g} on (unusable), among at least {FEWEST_ALIKE} images. Judged are: {", ".join(JUDGED)}.
"""


def metrics_markdown() -> str:
    """The page, without its first line."""
    parts = [START, "## Metrics", _metrics(), "## Fixed limits", _limits(), "## Not assessable", meanings(REASONS)]
    return "\n\n".join([*parts, "## Not measured", meanings(ABSENT)]) + "\n"


def _metrics() -> str:
    head = ("metric", "definition", "unit", "better", "judged", "reference")
    rows = (
        (
            f"`{each.name}`",
            each.definition,
            each.unit or "",
            each.better,
            _judged(each.name),
            each.reference,
        )
        for each in metrics().values()
    )
    return table(head, rows)


def _judged(name: str) -> str:
    metric = metrics()[name]
    if not metric.judged:
        return ""
    how = [f"`{outlier_reason(name)}`", *(["by its logarithm"] if metric.scale == "log" else [])]
    return ", ".join([*how, *(["on one scanner"] if metric.within else [])])


def _limits() -> str:
    head = ("reason", "metric", "caution from", "unusable from", "holds for maps and localizers", "because")
    rows = (
        (
            f"`{each.reason}`",
            f"`{each.metric}`",
            f"{each.caution:g}",
            "" if each.unusable is None else f"{each.unusable:g}",
            "yes" if each.everywhere else "",
            each.because,
        )
        for each in limits()
    )
    return table(head, rows)
