"""Where each file of a series goes before it is opened for banking. Pure: what is known in, a plan out.

Laws: every file of the series is in the plan exactly once; the order in which files were found does not matter; of two
files that claim to be the same instance with other content, neither is chosen.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from imagebank.dicom.headers import EXCLUDED, IMAGE
from imagebank.engine.model import Lot, Outcome
from imagebank.identities.guards import is_contradictory
from imagebank.identities.model import Link
from imagebank.identities.offered import Header, Whereabout
from imagebank.identities.opting_out import NOT_CHECKED, OPTED_OUT

EXCLUDED_HERE = {
    "identical-duplicate": "The same file was offered before.",
    OPTED_OUT: "The person has opted out.",
    NOT_CHECKED: "Nobody has asked yet whether the person is on the national opt-out list, as this bank requires.",
}
QUARANTINED_HERE = {
    "two-patients": "The files of one series name two patients.",
    "two-studies": "The files of one series name two studies.",
    "instance-conflict": "Files with the same instance UID have different content.",
    "waiting-for-originals": "The files of the series were deleted once banked, and are needed again: run acquire.",
}

Fate = tuple[Outcome, str]


@dataclass(frozen=True)
class SeriesPlan:
    """What is to become of a series: the files to bank, in the order of their instances, and the fate of the rest."""

    series: str
    bank: tuple[Whereabout, ...]
    settled: tuple[tuple[Whereabout, Fate], ...]


def fate_of_verdict(verdict: str) -> Fate:
    """Where a file goes that is no image."""
    return (Outcome.EXCLUDED if verdict in EXCLUDED else Outcome.QUARANTINED, verdict)


def plan_series(
    series: str, files: Sequence[Whereabout], headers: frozenset[Header], link: Link, *, held_back: str
) -> SeriesPlan:
    """Decide on every file of a series from what the index saw and whom its study was linked to.

    `held_back` is the reason why that person must not be banked, or nothing.
    """
    settled = [(file, fate_of_verdict(file.verdict)) for file in files if file.verdict != IMAGE]
    images = [file for file in files if file.verdict == IMAGE]
    whole = _fate_of_series(headers, link, held_back=held_back)
    if whole and whole[0] is Outcome.EXCLUDED:  # also what would be quarantined for a steward to look at
        return SeriesPlan(series, (), (*settled, *((file, whole) for file in images)))
    bank: list[Whereabout] = []
    for group in _same_instance(images):
        fates = _fates_of_copies(group)
        settled += [(file, fate) for file, fate in zip(group[1:], fates[1:], strict=True) if fate]
        first = fates[0] or whole
        if first:
            settled.append((group[0], first))
        else:
            bank.append(group[0])
    return SeriesPlan(series, tuple(bank), tuple(settled))


def may_keep(plan: SeriesPlan) -> bool:
    """Whether what is banked of a series may stay: no file of it has another outcome by now."""
    return not any(file.expired == Outcome.BANKED.value for file, _ in plan.settled)


def hold(plan: SeriesPlan, *, keeps: bool) -> SeriesPlan:
    """The plan of a series that cannot be banked anew, because files of it were deleted once they were banked.

    With `keeps` what is banked stays as it is, and what came since waits; without, all of it waits.
    """
    waits: Fate = (Outcome.QUARANTINED, "waiting-for-originals")
    banked: Fate = (Outcome.BANKED, "")
    fates = [(file, banked if keeps and file.expired == Outcome.BANKED.value else waits) for file in plan.bank]
    return SeriesPlan(plan.series, (), (*plan.settled, *fates))


def _same_instance(images: Iterable[Whereabout]) -> list[list[Whereabout]]:
    groups: dict[bytes, list[Whereabout]] = defaultdict(list)
    for file in images:
        groups[file.instance].append(file)
    return [sorted(groups[instance], key=lambda file: (file.digest, file.path)) for instance in sorted(groups)]


def _fates_of_copies(group: list[Whereabout]) -> list[Fate | None]:
    """The fate of files with one instance UID; None for the one that goes on."""
    if len({file.digest for file in group}) > 1:
        return [(Outcome.QUARANTINED, "instance-conflict")] * len(group)
    return [None, *[(Outcome.EXCLUDED, "identical-duplicate")] * (len(group) - 1)]


def _fate_of_series(headers: frozenset[Header], link: Link, *, held_back: str) -> Fate | None:
    if is_contradictory(header.claim for header in headers):
        return (Outcome.QUARANTINED, "two-patients")
    if len({header.study for header in headers}) > 1:
        return (Outcome.QUARANTINED, "two-studies")
    if link.person is None:
        return (Outcome.UNLINKED, link.reason)
    return (Outcome.EXCLUDED, held_back) if held_back else None


def lots_of(item: str, fates: Iterable[tuple[Whereabout, Fate]], *, scanner: str, is_series: bool = True) -> list[Lot]:
    """The ledger's rows for the files of one item."""
    groups: dict[tuple[str, Outcome, str], list[Whereabout]] = defaultdict(list)
    for file, (outcome, reason) in fates:
        groups[(file.source, outcome, reason)].append(file)
    return [
        Lot(
            item=item,
            source=source,
            outcome=outcome,
            reason=reason,
            files=len(files),
            size=sum(file.size for file in files),
            digests=b"".join(sorted(file.digest for file in files)),
            is_series=is_series,
            scanner=scanner,
        )
        for (source, outcome, reason), files in sorted(groups.items())
    ]


def main_scanner(headers: frozenset[Header]) -> str:
    """The scanner that the headers of a series name; the commonest, then the first, where they differ."""
    counted = Counter(header.scanner for header in headers)
    return min(counted, key=lambda scanner: (-counted[scanner], scanner), default="")
