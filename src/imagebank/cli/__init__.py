"""The command line: `app` gathers the commands; each module has those of one name, and imports their work late."""

from imagebank.cli.app import main

__all__ = ["main"]
