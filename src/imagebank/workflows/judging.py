"""judge: what only a whole study or a person can say of its series, laid over what their headers said one by one.

Contrast agent is judged over the study; a curated signature goes before the rules. Nothing is stored: the ledger keeps
what the headers said, and a changed curation is in force with the next update.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from imagebank.dicom.agents import AgentFacts, settle_agents
from imagebank.dicom.curation import CURATED, Curation, read_curation
from imagebank.engine import Entry
from imagebank.workflows.converting import BankedStudy
from imagebank.workflows.opening import Work

AGENT_KNOWN = {"yes": True, "no": False}


def judged_studies(work: Work, studies: Iterable[BankedStudy]) -> list[BankedStudy]:
    """The studies with their series as the bank's curation and the whole study say."""
    curation = read_curation(work.bank.layout.root)
    return [replace(study, series=judge_series(study.series, curation)) for study in studies]


def judge_series(series: Sequence[Entry], curation: Curation) -> tuple[Entry, ...]:
    """The entries of one study, each with its settled agent and its curated sequence."""
    told = [AgentFacts(**{**each.facts["agent"], "number": each.facts["series_number"] or 0}) for each in series]
    return tuple(
        replace(each, facts={**each.facts, **_agent(answer), **_curated(each, curation)})
        for each, answer in zip(series, settle_agents(told), strict=True)
    )


def _agent(answer: str) -> dict[str, object]:
    return {"contrast_agent": answer, "contrast": AGENT_KNOWN.get(answer)}


def _curated(entry: Entry, curation: Curation) -> dict[str, object]:
    sequence = curation.sequence_of(entry.facts["signature"])
    if not sequence:
        return {}
    changed = sequence != entry.facts["sequence"]
    variant = {"variant": ""} if changed else {}
    return {"sequence": sequence, "sequence_rule": CURATED, "sequence_confidence": 1.0, **variant}
