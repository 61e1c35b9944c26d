"""link: every study is linked to a person, or is not, with a reason."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from imagebank.identities.comparing import normalise_id
from imagebank.identities.guards import GUARDS, Rules, is_contradictory, shared_accessions, shared_numbers
from imagebank.identities.linkage import (
    NO_EVIDENCE,
    VERSION,
    Evidence,
    identity_of,
    link_study,
    merge,
    reviewed,
    to_review,
)
from imagebank.identities.model import Claim, Link, Person
from imagebank.identities.register import Register
from imagebank.identities.remembered import Remembered
from imagebank.identities.whereabouts import Header, Whereabouts
from imagebank.workflows.merging import merge_people
from imagebank.workflows.opening import Work
from imagebank.workflows.opting_out import people_held_back
from imagebank.workflows.weighing import weigh

SCANNERS = "scanners"  # the ledger's name for what may be shown of each scanner
LINKAGE = "linkage"  # the ledger's name for how many studies each rule linked and each guard stopped


@dataclass(frozen=True)
class Linked:
    """The studies of the bank: what their headers say, whom they show, and what is known of those people.

    `pseudonyms` and `person_of` know every registration; `people` are persons. `held_back` says why somebody is out.
    """

    headers: Mapping[str, frozenset[Header]] = field(repr=False)  # by series
    links: Mapping[str, Link] = field(repr=False)  # by study
    people: Mapping[str, Person] = field(repr=False)
    pseudonyms: Mapping[str, str] = field(repr=False)
    person_of: Mapping[str, str] = field(repr=False)
    held_back: Mapping[str, str] = field(repr=False)

    def link_of(self, series: str) -> Link:
        """The link of the study that a series belongs to."""
        studies = sorted({header.study for header in self.headers.get(series, ())})
        return self.links[studies[0]] if studies else Link(None, "", "no-identity")


def link_studies(work: Work) -> Linked:
    """Link all studies afresh, because new records can change any of them, and keep the decisions in the vault."""
    merge_people(work)
    headers = Whereabouts(work.vault).headers_of_series()
    claims = claims_by_study(headers)
    people = work.vault.people()
    links = proposed_links(work, claims, people)
    work.vault.replace_links(links, VERSION)
    _keep_scanner_names(work, headers)
    _keep_counts(work, links)
    known = {person.person: person for person in people}
    out = people_held_back(work.vault, work.bank.config, people)
    return Linked(headers, links, known, work.vault.pseudonyms(), work.vault.person_of(), out)


def proposed_links(work: Work, claims: Mapping[str, frozenset[Claim]], people: list[Person]) -> dict[str, Link]:
    """The links of the rules, and over them what people decided on review."""
    settings = work.bank.config.linkage
    rules = Rules(settings.false_link_weighs, settings.after_death_days)
    evidence = weigh(work, identities_of(claims), people)
    links = link_claims(claims, people, evidence, rules, accept_test_numbers=settings.accept_test_numbers)
    decisions = Remembered(work.vault).decisions()
    for study, link in links.items() if decisions else ():
        decision = decisions.get(question_of(work, merge(claims[study]), link)) if link.candidate else None
        links[study] = reviewed(link, decision.decision if decision else None)
    return links


def identities_of(claims: Mapping[str, frozenset[Claim]]) -> set[Claim]:
    """The distinct identities of studies that do not contradict themselves."""
    return {identity_of(merge(told)) for told in claims.values() if not is_contradictory(told)}


def link_claims(
    claims: Mapping[str, frozenset[Claim]],
    people: Sequence[Person],
    evidence: Mapping[Claim, Evidence],
    rules: Rules,
    *,
    accept_test_numbers: bool,
) -> dict[str, Link]:
    """The link of each study, by the rules alone."""
    register = Register.of(people, accept_test_numbers=accept_test_numbers)
    shared, known = shared_accessions(claims), {person.person: person for person in people}
    numbers = shared_numbers(claims)
    return {
        study: link_study(
            told,
            register,
            shared_accession=bool({claim.accession for claim in told} & shared),
            shared_number=bool({normalise_id(claim.patient_id) for claim in told} & numbers),
            evidence=evidence.get(identity_of(merge(told)), NO_EVIDENCE),
            people=known,
            rules=rules,
        )
        for study, told in claims.items()
    }


def question_of(work: Work, claim: Claim, link: Link) -> str:
    """The id of what a reviewer is asked: whether this identity, stopped for this reason, is this person."""
    identity = identity_of(claim)
    texts = (identity.patient_id, *identity.other_ids, identity.name, identity.postcode)
    told = [each.reveal("name a question of the review") for each in texts]
    whole = json.dumps([*told, str(identity.birth_date), identity.sex, link.reason, link.candidate])
    return work.vault.keys.label("review", whole, 16)


def claims_by_study(headers: Mapping[str, frozenset[Header]]) -> dict[str, frozenset[Claim]]:
    """All identities that the series of each study claim."""
    claims: dict[str, set[Claim]] = defaultdict(set)
    for told in headers.values():
        for header in told:
            claims[header.study].add(header.claim)
    return {study: frozenset(told) for study, told in claims.items()}


def _keep_counts(work: Work, links: Mapping[str, Link]) -> None:
    """Tell the ledger how many studies each rule linked and each guard stopped; none of it names anybody."""
    told = Counter(link.rule or link.reason for link in links.values())
    guards = {name: told[name] for name in GUARDS}
    models = sorted({link.model for link in links.values() if link.model})
    counts = {
        "studies": len(links),
        "rules": dict(sorted(Counter(link.rule for link in links.values() if link.person).items())),
        "guards": guards,
        "reasons": dict(sorted(Counter(link.reason for link in links.values() if not link.person).items())),
        "to_review": len(to_review(list(links.values()))),
        "model": models[0] if models else "",
    }
    text = json.dumps(counts, sort_keys=True)
    if work.ledger.meta(LINKAGE) != text:
        work.ledger.set_meta(LINKAGE, text)


def _keep_scanner_names(work: Work, headers: Mapping[str, frozenset[Header]]) -> None:
    """Tell the ledger what may be shown of each scanner, so that `status` needs no vault."""
    told = {header for series in headers.values() for header in series}
    names = sorted((h.scanner, " ".join(filter(None, [h.manufacturer, h.model, _field(h)]))) for h in told)
    shown = dict(names)
    text = json.dumps(shown, sort_keys=True)
    if work.ledger.meta(SCANNERS) != text:
        work.ledger.set_meta(SCANNERS, text)


def _field(header: Header) -> str:
    return f"{header.field_strength_t:g} T" if header.field_strength_t else ""
