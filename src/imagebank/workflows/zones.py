"""Where a file that names people may lie: outside the bank, or in its identifiable folders."""

from __future__ import annotations

from pathlib import Path

from imagebank.core.errors import SourceError
from imagebank.core.layout import Layout


def refuse_research_zone(layout: Layout, path: Path) -> None:
    """Raise SourceError for a place in the research or release zone of a bank."""
    place = path.resolve()
    zones = (layout.vault, layout.quarantine, layout.landing)
    if place.is_relative_to(layout.root) and not any(place.is_relative_to(zone) for zone in zones):
        raise SourceError(
            "That place lies in the research zone of the bank, and what is written there would name people.",
            f"name a place outside the bank, or in {layout.quarantine}",
        )
