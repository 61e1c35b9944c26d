"""The language of cohorts: what may be asked of a bank, as frozen values with three faces and one meaning.

`nodes` are the values; `schema` knows how tables hang together; `checking` refuses what makes no sense; `reading` and
`writing` are the faces in YAML and JSON, `building` and `questions` the one in Python; `codelists` are sets of codes;
`sentences` says a question in words. Everything here is pure but the reading of files.
"""

from imagebank.cohorts.query.checking import check
from imagebank.cohorts.query.nodes import Cohort
from imagebank.cohorts.query.reading import from_document, from_json, from_yaml, read_cohort
from imagebank.cohorts.query.schema import BANK, QueryError, Schema
from imagebank.cohorts.query.writing import canonical, digest, to_document, to_json, to_yaml

__all__ = [
    "BANK",
    "Cohort",
    "QueryError",
    "Schema",
    "canonical",
    "check",
    "digest",
    "from_document",
    "from_json",
    "from_yaml",
    "read_cohort",
    "to_document",
    "to_json",
    "to_yaml",
]
