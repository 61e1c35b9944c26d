"""Health records: reading a hospital's extracts and normalising their codes.

`codes` is pure; `extracts` reads files. Nothing here stores anything: identities go to the vault and de-identified rows
to the tables, both by the workflows.
"""

from imagebank.records.extracts import Extract, read_extract

__all__ = ["Extract", "read_extract"]
