"""What editors are told of `from imagebank import ...`: every table and column of the bank, with its meaning.

Python makes the columns from the declarations while it runs; this writes the same as a stub, which `./run docs` keeps.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from imagebank.cohorts.query.schema import BANK, Schema
from imagebank.core.columns import Column

WIDTH = 120
HEAD = '''\
"""Researchers' doors of imagebank, for editors and type checkers."""

from imagebank.cohorts.asking import Bank as Bank
from imagebank.cohorts.query.building import Value
from imagebank.cohorts.query.questions import Table
from imagebank.cohorts.query.questions import choose as choose
from imagebank.cohorts.query.questions import codelist as codelist
from imagebank.cohorts.query.questions import earliest as earliest
from imagebank.cohorts.query.reading import read_cohort as read_cohort

__version__: str
'''


def stub(schema: Schema = BANK) -> str:
    """The stub as text."""
    parts = [HEAD]
    for table in schema.tables:
        name = "".join(word.capitalize() for word in table.split("_"))
        parts.append("\n".join([f"class {name}(Table):", *_class(table, schema)]) + "\n")
        parts.append(f"{table}: {name}\n")
    return "\n".join(parts)


def _class(table: str, schema: Schema) -> Iterator[str]:
    told = (schema.record(table).__doc__ or "").strip().splitlines()[0]
    yield from _docstring(told, 4)
    yield ""
    for place, each in enumerate(schema.columns(table)):
        yield from ([""] if place else [])
        yield "    @property"
        yield f"    def {each.name}(self) -> Value:"
        yield from _docstring(_meaning(each), 8)


def _meaning(column: Column) -> str:
    unit = f" In {column.unit}." if column.unit else ""
    values = f" One of: {', '.join(value or 'empty' for value in column.values)}." if column.values else ""
    return f"{column.meaning}{unit}{values}"


def _docstring(text: str, indent: int) -> list[str]:
    margin = " " * indent
    if len(text) + indent + 6 <= WIDTH:
        return [f'{margin}"""{text}"""']
    head, *rest = textwrap.wrap(text, WIDTH - indent - 3)
    return [f'{margin}"""{head}', *(f"{margin}{line}" for line in rest), f'{margin}"""']
