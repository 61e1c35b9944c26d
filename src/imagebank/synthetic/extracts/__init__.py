"""The records as hospitals export them: CSV, Parquet, a CRIS-like database, OMOP CDM 5.4; the same facts in all.

`export` takes people with their notes, one after another, and writes every form to every place asked for.
"""

from imagebank.synthetic.extracts.codes_as_typed import Habits
from imagebank.synthetic.extracts.database import Database
from imagebank.synthetic.extracts.export import Exported, export
from imagebank.synthetic.extracts.forms import Form, cris_form, extracts_form, omop_form
from imagebank.synthetic.folders import CsvFolder, ParquetFolder

__all__ = [
    "CsvFolder",
    "Database",
    "Exported",
    "Form",
    "Habits",
    "ParquetFolder",
    "cris_form",
    "export",
    "extracts_form",
    "omop_form",
]
