"""Showing a page to the person at the screen, if there is one."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import typer


def show_page(page: Path) -> None:
    """Open a page in the browser; without a screen, as on a server, say nothing: its name was printed already."""
    if sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        typer.launch(str(page))
