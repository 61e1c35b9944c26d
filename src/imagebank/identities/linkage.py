"""Which person a study shows: the rules, in order, and the guards that stop them. Pure.

1. A valid NHS number, and the birth date or the name agrees.
2. The hospital number, and the birth date agrees; then zeros in front may be lost.
3. The model: enough evidence, and enough more than for anybody else.
Everything else stays unlinked with a reason. A contradiction is never linked: two identities in one study, numbers that
belong to different people, another sex, a scan before birth or after death, an accession number of several people.
What a person decided on review goes before the rules, but not before the contradictions of a study.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from imagebank.core.private import Private
from imagebank.identities.comparing import normalise_names, real_birth_date
from imagebank.identities.deciding import Choice, Scored, Verdict, choose
from imagebank.identities.guards import GUARDS, Rules, doubt, is_contradictory, objection, rival
from imagebank.identities.model import Claim, Link, Person
from imagebank.identities.nhs import is_test_number
from imagebank.identities.register import Register, births_of, names_of

VERSION = "4"
REVIEWED = "reviewed"
PROBABILISTIC = "probabilistic"
SURE = math.inf  # the lead where nobody else is near

REASONS = {
    "no-identity": "The header names no patient id.",
    "nobody-found": "No person in the records has the patient id or NHS number of the header.",
    "nhs-unconfirmed": "The NHS number is known, but neither birth date nor name agrees.",
    "close-call": "Two people fit the header about equally well.",
    "weak-evidence": "Somebody fits the header in part; a person must look.",
    "rejected": "A person looked and said that it is not the one whom the rules proposed.",
    **GUARDS,
}
"""Why a study may stay unlinked; every reason that `link_study` gives is in this table."""
UNCONFIRMED = ("no-birth-date", "birth-date-differs", "placeholder-birth-date")
"""Reasons with which a number was not confirmed; the model may know enough to confirm it."""
UNREVIEWABLE = ("two-patients", "shared-accession", "several-people", "no-identity", "nobody-found", "rejected")
"""Reasons with which no single person can be proposed, or nobody need look again."""


@dataclass(frozen=True)
class Evidence:
    """What the model says of an identity: who it may be, best or not, and the hash of the weights."""

    candidates: tuple[Scored, ...] = ()
    model: str = ""


NO_EVIDENCE = Evidence()


def link_study(
    claims: frozenset[Claim],
    register: Register,
    *,
    shared_accession: bool = False,
    shared_number: bool = False,
    evidence: Evidence = NO_EVIDENCE,
    people: dict[str, Person] | None = None,
    rules: Rules | None = None,
) -> Link:
    """The link of one study from all the identities that its series claim, and what the model makes of them."""
    if is_contradictory(claims):
        return _unlinked("two-patients")
    if shared_accession:
        return _unlinked("shared-accession")
    rules = rules or Rules()
    choice = choose(evidence.candidates, false_link_weighs=rules.false_link_weighs)
    claim = merge(claims)
    link = _by_number(claim, register, rules)
    if link.person is None:
        link = _by_model(claim, register, rules, choice, people or {}, link)
        if link.person and shared_number:
            link = _unlinked("shared-number", link.person)
    return _with_evidence(link, evidence)


def merge(claims: frozenset[Claim]) -> Claim:
    """What claims that do not contradict each other say together. The latest study date stands for all."""
    return Claim(
        patient_id=max(claim.patient_id for claim in claims),
        other_ids=tuple(sorted({number for claim in claims for number in claim.other_ids})),
        name=max(claim.name for claim in claims),
        birth_date=max((c.birth_date for c in claims if c.birth_date), default=None),
        sex=max(claim.sex for claim in claims),
        accession=max(claim.accession for claim in claims),
        study_date=max((c.study_date for c in claims if c.study_date), default=None),
        postcode=max(claim.postcode for claim in claims),
    )


def identity_of(claim: Claim) -> Claim:
    """What a claim says of a person, whatever the examination."""
    return replace(claim, accession=Private(""), study_date=None)


def _by_number(claim: Claim, register: Register, rules: Rules) -> Link:
    by_nhs = register.found_by_nhs_number((claim.patient_id, *claim.other_ids))
    by_hospital = register.found_by_hospital_number((claim.patient_id, *claim.other_ids))
    if not by_nhs and not by_hospital:
        by_hospital = register.found_without_zeros(
            (claim.patient_id, *claim.other_ids), real_birth_date(claim.birth_date)
        )
    found = {person.person: person for person in by_nhs + by_hospital}
    if len(found) > 1:
        return _unlinked("several-people")
    if by_nhs:
        return _confirmed(claim, by_nhs[0], _nhs_rule(claim, by_nhs[0]), "nhs-unconfirmed", register, rules)
    if by_hospital:
        missing = _missing(claim, by_hospital[0])
        return _confirmed(claim, by_hospital[0], _hospital_rule(claim, by_hospital[0]), missing, register, rules)
    return _unlinked(_nobody(claim))


def _nobody(claim: Claim) -> str:
    numbers = [each.reveal("see whether it is a test number") for each in (claim.patient_id, *claim.other_ids) if each]
    if not numbers:
        return "no-identity"
    return "test-number" if all(map(is_test_number, numbers)) else "nobody-found"


def _missing(claim: Claim, person: Person) -> str:
    """Why a known hospital number is not confirmed."""
    if claim.birth_date is None:
        return "no-birth-date"
    unknown = real_birth_date(claim.birth_date) is None or (person.birth_date and not births_of(person))
    return "placeholder-birth-date" if unknown else "birth-date-differs"


def _nhs_rule(claim: Claim, person: Person) -> str | None:
    if real_birth_date(claim.birth_date) in births_of(person):
        return "nhs-number+birth-date"
    names = {pair for pair in normalise_names(claim.name) if all(pair)}
    return "nhs-number+name" if names & names_of(person) else None


def _hospital_rule(claim: Claim, person: Person) -> str | None:
    return "hospital-number+birth-date" if real_birth_date(claim.birth_date) in births_of(person) else None


def _confirmed(claim: Claim, person: Person, rule: str | None, missing: str, register: Register, rules: Rules) -> Link:
    if rule is None:
        return _unlinked(rival(claim, person, register) or missing, person.person)
    against = objection(claim, person, rules) or rival(claim, person, register)
    return _unlinked(against, person.person) if against else Link(person.person, rule)


def _by_model(
    claim: Claim, register: Register, rules: Rules, choice: Choice, people: dict[str, Person], found: Link
) -> Link:
    """The link that the model makes, or the reason why there is none; `found` is what the numbers came to."""
    stopped = found.reason in GUARDS and found.reason not in UNCONFIRMED
    if stopped or choice.best is None or choice.verdict is Verdict.NOBODY:
        return found
    best = people[choice.best.person]
    if found.candidate not in (None, best.person):
        return _unlinked("several-people")
    if choice.verdict is not Verdict.LINK:
        vague = found.reason in ("nobody-found", "no-identity")
        reason = "close-call" if choice.verdict is Verdict.CLOSE else "weak-evidence"
        return _unlinked(reason if vague else found.reason, best.person)
    against = objection(claim, best, rules) or rival(claim, best, register) or doubt(claim, best, register)
    return _unlinked(against, best.person) if against else Link(best.person, PROBABILISTIC)


def _with_evidence(link: Link, evidence: Evidence) -> Link:
    """The link with weight and lead of whom it names or would name."""
    whom = link.person or link.candidate
    weights = {each.person: each.weight for each in evidence.candidates}
    if whom is None or whom not in weights:
        return replace(link, model=evidence.model)
    others = [weight for person, weight in weights.items() if person != whom]
    lead = round(weights[whom] - max(others), 3) if others else SURE
    return replace(link, weight=weights[whom], lead=lead, model=evidence.model)


def reviewed(link: Link, decision: str | None) -> Link:
    """The link after a person's decision on its candidate: `same`, `other`, or None where nobody decided."""
    if decision is None or link.candidate is None or link.person:
        return link
    if decision == "same":
        return replace(link, person=link.candidate, rule=REVIEWED, reason="", candidate=None)
    return replace(link, reason="rejected", candidate=None)


def to_review(links: Sequence[Link]) -> list[Link]:
    """The links that a person should look at."""
    return [link for link in links if link.candidate and link.reason not in UNREVIEWABLE]


def _unlinked(reason: str, candidate: str | None = None) -> Link:
    return Link(None, "", reason, candidate=candidate)
