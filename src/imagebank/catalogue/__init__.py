"""What the bank knows, as tables: declared once, stored as Parquet, published as immutable snapshots.

`tables` declares the records, `store` turns them into files and back, `snapshots` publishes and opens versions,
`dictionary` writes the data dictionary.
"""

from imagebank.catalogue.dictionary import dictionary_csv, dictionary_json, dictionary_markdown
from imagebank.catalogue.snapshots import Manifest, current_version, load_manifest, open_snapshot, publish, verify
from imagebank.catalogue.store import BadRow, read_table, schema_of, write_table
from imagebank.catalogue.tables import TABLES

__all__ = [
    "TABLES",
    "BadRow",
    "Manifest",
    "current_version",
    "dictionary_csv",
    "dictionary_json",
    "dictionary_markdown",
    "load_manifest",
    "open_snapshot",
    "publish",
    "read_table",
    "schema_of",
    "verify",
    "write_table",
]
