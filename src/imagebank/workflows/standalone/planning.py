"""Decides where each file goes, by the rules of a bank: the plan of a series, a subject, a place in the output."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from imagebank.core.archives import UNPACKED
from imagebank.core.private import NOBODY, Private
from imagebank.dicom.filing import Fate, SeriesPlan, fate_of_verdict, main_scanner, plan_series
from imagebank.dicom.values import Subject
from imagebank.engine.model import Outcome
from imagebank.identities.comparing import normalise_id
from imagebank.identities.linkage import merge
from imagebank.identities.model import Link
from imagebank.identities.offered import Header, Whereabout
from imagebank.identities.pseudonyms import Keys, letters
from imagebank.workflows.indexing import header_of
from imagebank.workflows.standalone.steps import Judged
from imagebank.workflows.standalone.subjects import Subjects


@dataclass(frozen=True)
class Placed:
    """A file that is to be cleaned: for whom, and where the output goes below the destination."""

    person: str = field(repr=False)
    subject: Subject
    path: str


@dataclass(frozen=True)
class Plan:
    """The fate of every file, by its position: settled with a reason, or to be cleaned."""

    settled: dict[int, Fate]
    placed: dict[int, Placed] = field(repr=False)
    withdrawn: frozenset[str] = field(
        default=frozenset(), repr=False
    )  # where an earlier run may have put refused files


def plan_files(judged: Sequence[Judged], subjects: Subjects) -> Plan:
    """The plan of all files that a source offers."""
    series: dict[str, list[int]] = defaultdict(list)
    settled: dict[int, Fate] = {}
    for position, each in enumerate(judged):
        uid = each.facts.series_uid.reveal("gather the files of a series")
        if uid and each.facts.header:
            series[uid].append(position)
        else:
            settled[position] = _fate(each.facts.verdict)
    placed: dict[int, Placed] = {}
    withdrawn: set[str] = set()
    shared = frozenset() if subjects.by_issuer or subjects.mapped is not None else _ids_of_several_issuers(judged)
    for uid, positions in sorted(series.items()):
        for position, fate, place in _plan_series(uid, positions, judged, subjects, shared):
            if fate is None and place is not None:
                placed[position] = place
            elif fate is not None:
                settled[position] = fate
                withdrawn |= {place.path} if place else set()
    return Plan(settled, placed, frozenset(withdrawn - {each.path for each in placed.values()}))


def _fate(verdict: str) -> Fate:
    return (Outcome.EXCLUDED, verdict) if verdict == UNPACKED else fate_of_verdict(verdict)


def _ids_of_several_issuers(judged: Sequence[Judged]) -> frozenset[str]:
    """Patient ids that more than one issuer names; an issuer that is not named contradicts nobody."""
    issuers: dict[str, set[str]] = defaultdict(set)
    for each in judged:
        if each.issuer and each.facts.header:
            issuers[normalise_id(each.facts.header.claim.patient_id)].add(normalise_id(each.issuer))
    return frozenset(number for number, named in issuers.items() if len(named) > 1)


def _plan_series(
    uid: str, positions: list[int], judged: Sequence[Judged], subjects: Subjects, shared: frozenset[str]
) -> Iterator[tuple[int, Fate | None, Placed | None]]:
    """Position, fate and place of each file of a series; a file without a fate is to be cleaned."""
    keys = subjects.keys
    files = [_whereabout(position, judged[position], keys) for position in positions]
    headers = frozenset(_header(judged[position], keys) for position in positions)
    issuers = {judged[position].issuer for position in positions} - {NOBODY}
    patient_id = merge(frozenset(header.claim for header in headers)).patient_id
    link = subjects.link(patient_id, min(issuers, default=NOBODY))
    plan = plan_series(keys.uid_map.item(uid), files, headers, link, held_back="")
    for file, (outcome, reason) in plan.settled:
        refused = Outcome.QUARANTINED if outcome is Outcome.UNLINKED else outcome
        place = _placed(plan, file, headers, link, subjects) if outcome is Outcome.QUARANTINED else None
        yield _position(file), (refused, reason), place
    whole = _fate_of_issuers(issuers, patient_id, shared)
    for file in plan.bank:
        yield _position(file), whole, _placed(plan, file, headers, link, subjects)


def _fate_of_issuers(issuers: set[Private], patient_id: Private, shared: frozenset[str]) -> Fate | None:
    if len(issuers) > 1:
        return Outcome.QUARANTINED, "two-patients"
    return (Outcome.QUARANTINED, "several-issuers") if normalise_id(patient_id) in shared else None


def _placed(
    plan: SeriesPlan, file: Whereabout, headers: frozenset[Header], link: Link, subjects: Subjects
) -> Placed | None:
    """Where the output of a file goes; None where nobody is known to own it."""
    if link.person is None or not file.instance:
        return None
    pseudonym = subjects.pseudonym(link.person)
    study = min(header.study for header in headers)
    subject = Subject(pseudonym, subjects.offset_days(link.person), main_scanner(headers), subjects.keys.uid_map)
    name = f"{letters(file.instance, 26)}.dcm"
    return Placed(link.person, subject, f"{pseudonym}/{study}/{plan.series}/{name}")


def _whereabout(position: int, judged: Judged, keys: Keys) -> Whereabout:
    uid = judged.facts.instance_uid.reveal("derive the id of an instance")
    place = Private(f"{position:012d}")  # orders copies as the source lists them
    instance = keys.uid_map.bits(uid) if uid else b""
    return Whereabout("source", place, judged.facts.size, judged.facts.digest, judged.facts.verdict, instance)


def _position(file: Whereabout) -> int:
    return int(file.path.reveal("find the file of a plan again"))


def _header(judged: Judged, keys: Keys) -> Header:
    if judged.facts.header is None:
        raise AssertionError("only files of a series are planned as one")
    return header_of(judged.facts.header, keys)
