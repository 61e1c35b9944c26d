"""The command line: `imagebank init`, `update`, `status`, `check`, `profile`, `policy`, `demo`."""

from imagebank.cli.app import main

__all__ = ["main"]
