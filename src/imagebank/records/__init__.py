"""Health records of any hospital: read, brought into our tables, judged row by row, and staged beside the vault.

`targets` says what can be brought and `mapping` where it lies; `sources` reads files and databases in portions;
`plans` and `looks` are the rules on values, `settling` those on lives; `people` is what goes to the vault. Nothing here
opens the vault or writes a table: the workflows do.
"""

from imagebank.records.judging import Rules
from imagebank.records.mapping import Mapping, load_mapping
from imagebank.records.model import People
from imagebank.records.people import read_people
from imagebank.records.reasons import REFUSALS, REPAIRS
from imagebank.records.registry import Registry, load_registry
from imagebank.records.sources import Source, open_source
from imagebank.records.staging import Room, stage
from imagebank.records.store import Stored, bring_up_to_date

__all__ = [
    "REFUSALS",
    "REPAIRS",
    "Mapping",
    "People",
    "Registry",
    "Room",
    "Rules",
    "Source",
    "Stored",
    "bring_up_to_date",
    "load_mapping",
    "load_registry",
    "open_source",
    "read_people",
    "stage",
]
