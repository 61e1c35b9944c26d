"""link: every study is linked to a person, or is not, with a reason."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from imagebank.core.private import Private
from imagebank.identities.linkage import VERSION, Register, link_study, normalise_id
from imagebank.identities.model import Claim, Link, Person
from imagebank.identities.whereabouts import Header, Whereabouts
from imagebank.workflows.opening import Work

SCANNERS = "scanners"  # the ledger's name for what may be shown of each scanner


@dataclass(frozen=True)
class Linked:
    """The studies of the bank: what their headers say, whom they show, and what is known of those people."""

    headers: Mapping[str, frozenset[Header]] = field(repr=False)  # by series
    links: Mapping[str, Link] = field(repr=False)  # by study
    people: Mapping[str, Person] = field(repr=False)
    pseudonyms: Mapping[str, str] = field(repr=False)
    opted_out: frozenset[str] = field(repr=False)

    def link_of(self, series: str) -> Link:
        """The link of the study that a series belongs to."""
        studies = sorted({header.study for header in self.headers.get(series, ())})
        return self.links[studies[0]] if studies else Link(None, "", "no-identity")


def link_studies(work: Work) -> Linked:
    """Link all studies afresh, because new records can change any of them, and keep the decisions in the vault."""
    headers = Whereabouts(work.vault).headers_of_series()
    claims = _claims_by_study(headers)
    people = work.vault.people()
    accept = work.bank.config.linkage.accept_test_numbers
    register = Register.of(people, accept_test_numbers=accept)
    shared = _shared_accessions(claims)
    links = {
        study: link_study(told, register, shared_accession=bool({claim.accession for claim in told} & shared))
        for study, told in claims.items()
    }
    work.vault.replace_links(links, VERSION)
    _keep_scanner_names(work, headers)
    known = {person.person: person for person in people}
    return Linked(headers, links, known, work.vault.pseudonyms(), frozenset(work.vault.opted_out()))


def _claims_by_study(headers: Mapping[str, frozenset[Header]]) -> dict[str, frozenset[Claim]]:
    claims: dict[str, set[Claim]] = defaultdict(set)
    for told in headers.values():
        for header in told:
            claims[header.study].add(header.claim)
    return {study: frozenset(told) for study, told in claims.items()}


def _shared_accessions(claims: Mapping[str, frozenset[Claim]]) -> set[Private]:
    """Accession numbers under which more than one patient id appears in different studies."""
    patients: dict[Private, set[str]] = defaultdict(set)
    for told in claims.values():
        for claim in told:
            if claim.accession:
                patients[claim.accession].add(normalise_id(claim.patient_id))
    return {accession for accession, ids in patients.items() if len(ids) > 1}


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
