"""records: people and opt-outs go into the vault; events wait in memory for the tables."""

from __future__ import annotations

from imagebank.core.config import RecordSource
from imagebank.records import Extract, read_extract
from imagebank.records.extracts import extract_hash
from imagebank.workflows.opening import Work, source_folder


def import_records(work: Work) -> list[Extract]:
    """Read every record source; the vault then knows exactly the people that the newest extracts name."""
    extracts = [_import_source(work, source) for source in work.bank.config.records]
    work.vault.drop_people_except(extract.source for extract in extracts)
    return extracts


def _import_source(work: Work, source: RecordSource) -> Extract:
    folder = source_folder(work.bank, source)
    extract = read_extract(source.name, folder)
    content = extract_hash(folder)
    if work.vault.meta(f"people:{source.name}") != content:
        work.vault.replace_people(source.name, extract.people, extract.opt_outs, content)
    if extract.refused:
        work.progress.note(f"records `{source.name}`: {len(extract.refused)} rows refused; see quarantine/records.csv")
    return extract
