"""update: everything new in the sources goes the whole path, and everything that changed is put right.

index, link, de-identify, convert, measure, publish. Each stage asks the ledger what it already did; a run that was
killed anywhere goes on where it stopped, and a run with nothing new does nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from imagebank.catalogue import snapshots
from imagebank.core.errors import SourceError
from imagebank.core.files import hide_folder_times
from imagebank.core.progress import Progress
from imagebank.dicom.archive import BANK_SERIES
from imagebank.dicom.curation import read_curation
from imagebank.dicom.policy import load_policy
from imagebank.engine import key_of
from imagebank.identities.linkage import VERSION as LINKAGE_VERSION
from imagebank.identities.matching.weights import Weights
from imagebank.identities.merging import VERSION as MERGING_VERSION
from imagebank.identities.remembered import NationalChecks, Remembered
from imagebank.identities.whereabouts import Whereabouts
from imagebank.workflows.banking import AGAIN, bank_series
from imagebank.workflows.converting import CONVERT, banked_studies, convert_studies
from imagebank.workflows.expiring import expire_landing
from imagebank.workflows.importing import Records, import_records
from imagebank.workflows.indexing import index_sources
from imagebank.workflows.judging import judged_studies
from imagebank.workflows.linking import link_studies
from imagebank.workflows.opening import Work, open_for_work, tidy
from imagebank.workflows.opting_out import banked_pseudonyms, record_departures, refuse_stale_list
from imagebank.workflows.publishing import publish_tables
from imagebank.workflows.quality import QUALITY, measure_images
from imagebank.workflows.stewarding import write_lists

SETTLED = "settled"  # the ledger's name for the state that the last complete run left


@dataclass(frozen=True)
class Updated:
    """What a run came to: the snapshot that is now current, and whether there was anything to do."""

    version: str
    anything_new: bool


def update(root: Path, *, environ: Mapping[str, str], progress: Progress, recheck: bool = False) -> Updated:
    """Bring the bank in `root` up to date with its sources.

    `recheck` looks at every series again, also where nothing seems new. Raises SourceError, after everything else was
    done, when a folder of a source could not be listed; DiskFull when no space is left.
    """
    with open_for_work(root, "update", environ=environ, progress=progress) as work:
        load_policy(work.bank.policy())  # a wrong policy is refused before any work is done
        refuse_stale_list(work.vault, work.bank.config)
        tidy(work)
        unlisted = index_sources(work)
        records = import_records(work)
        state, current = _state(work, records), snapshots.current_version(work.bank.layout)
        if current and work.ledger.meta(SETTLED) == state and not recheck:
            result = Updated(current, anything_new=False)
        else:
            linked = link_studies(work)
            before = banked_pseudonyms(work)
            bank_series(work, linked)
            record_departures(work, before, linked.pseudonyms, linked.held_back)
            studies = judged_studies(work, banked_studies(work, linked))
            convert_studies(work, studies)
            measure_images(work, studies)
            version = publish_tables(work, linked, studies, records)
            write_lists(work, linked)
            for folder in (work.bank.layout.dicom, work.bank.layout.bids, work.bank.layout.tables):
                hide_folder_times(folder)
            if not _anything_to_try_again(work):
                work.ledger.set_meta(SETTLED, state)
            result = Updated(version, anything_new=version != current)
        expire_landing(work)
    _complain_of(unlisted)
    return result


def _state(work: Work, records: Records) -> str:
    """A hash of everything that the result of an update depends on."""
    config = json.dumps(asdict(work.bank.config), sort_keys=True)
    files = work.vault.keys.label("listings", Whereabouts(work.vault).listings(), 26)
    policy = load_policy(work.bank.policy()).digest
    curation = read_curation(work.bank.layout.root).digest
    told = [
        Remembered(work.vault).count(),
        NationalChecks(work.vault).state(),
        Weights.shipped().digest,
        MERGING_VERSION,
    ]
    versions = [BANK_SERIES.version, CONVERT.version, QUALITY.version, LINKAGE_VERSION, policy, curation]
    return key_of("update", "3", config, records.digest, files, versions, told)


def _anything_to_try_again(work: Work) -> bool:
    return any(AGAIN in work.ledger.keys(step.name).values() for step in (BANK_SERIES, CONVERT, QUALITY))


def _complain_of(unlisted: int) -> None:
    if unlisted:
        raise SourceError(
            f"{unlisted} folders of the image sources could not be listed; all others are done.",
            "give this user the right to read them, then run imagebank update again",
        )
