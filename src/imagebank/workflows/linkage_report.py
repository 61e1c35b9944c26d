"""linkage report: the way of the studies, what agreement weighs and who is lost, as a page and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from imagebank.cohorts.breakdown import UNKNOWN, age_band
from imagebank.cohorts.disclosure import Disclosure
from imagebank.cohorts.facts import scanner_names
from imagebank.cohorts.linkage import Report, StudyFact, Truth, render, report_json, tally
from imagebank.cohorts.linkage.lines import BY_MODEL, BY_NUMBER, DOUBTFUL, NOBODY, ON_REVIEW, STOPPED
from imagebank.core.config import LinkageSettings
from imagebank.core.errors import BankError
from imagebank.core.files import write_text
from imagebank.core.progress import Silent
from imagebank.identities.deciding import bits_needed
from imagebank.identities.guards import DICOM_SEX, GUARDS
from imagebank.identities.linkage import PROBABILISTIC, REASONS, REVIEWED, merge
from imagebank.identities.matching.weights import Weights, chart_rows
from imagebank.identities.model import Claim, Link, Person
from imagebank.identities.whereabouts import Header, Whereabouts
from imagebank.proof.answers import read_owners, read_true_links
from imagebank.proof.intervals import exact_interval
from imagebank.records.codes import ethnic_group
from imagebank.records.stored_people import PEOPLE, read_characteristics
from imagebank.workflows.linking import claims_by_study, proposed_links
from imagebank.workflows.linking_tables import LinkedTables
from imagebank.workflows.merging import MERGING
from imagebank.workflows.opening import Work, open_for_work
from imagebank.workflows.opting_out import people_held_back
from imagebank.workflows.weighing import EVIDENCE, weights_of

UNDETECTABLE = ("filed-under-another", "twin-swapped")  # what a hospital calls a study that carries another's identity
DAYS_A_YEAR = 365.25


def write_report(root: Path, *, environ: Mapping[str, str], exact: bool = False, hospital: Path | None = None) -> Path:
    """Write the report of a bank and return its page. `hospital` is a pretend one, whose answers judge the links.

    Raises BankError before the first update.
    """
    with open_for_work(root, "link report", environ=environ, progress=Silent()) as work:
        known = json.loads(work.vault.meta(EVIDENCE) or "{}")
        if not known:
            raise BankError("The bank has linked nothing yet.", "run imagebank update first")
        settings = work.bank.config
        headers = Whereabouts(work.vault).headers_of_series()
        claims = claims_by_study(headers)
        people = work.vault.people()
        links = proposed_links(work, claims, people)
        facts = list(_facts(work, headers, claims, people, links))
        rule = Disclosure(settings.disclosure.minimum, settings.disclosure.round_to, exact=exact)
        report = Report(
            name=settings.bank.name,
            synthetic=settings.bank.pretend,
            tally=tally(facts, rule),
            meanings=REASONS,
            merging=json.loads(work.ledger.meta(MERGING) or "{}"),
            truth=_truth(work, links, hospital) if hospital else None,
            **_model(weights_of(known), settings.linkage),
        )
        return _write(work.bank.layout.linkage, report, rule)


def write_tables_report(told: LinkedTables, folder: Path, settings: LinkageSettings) -> Path:
    """Write the report on two linked tables and return its page."""
    facts = [
        StudyFact(link.person or f"row {key}", end_of(link), link.rule or link.reason, False, {})
        for key, link in told.links.items()
    ]
    rule = Disclosure()
    report = Report("two tables", False, tally(facts, rule), REASONS, {}, **_model(told.weights, settings))
    return _write(folder, report, rule)


def _model(weights: Weights, settings: LinkageSettings) -> dict[str, Any]:
    return {
        "weights": chart_rows(weights),
        "model": weights.digest,
        "trained": weights.trained,
        "needed_bits": bits_needed(settings.false_link_weighs),
        "false_link_weighs": settings.false_link_weighs,
    }


def _write(folder: Path, report: Report, rule: Disclosure) -> Path:
    page = folder / "index.html"
    write_text(page, render(report, rule))
    write_text(folder / "linkage.json", report_json(report, rule))
    return page


def end_of(link: Link) -> str:
    """Where a study ends."""
    if link.person:
        return {REVIEWED: ON_REVIEW, PROBABILISTIC: BY_MODEL}.get(link.rule, BY_NUMBER)
    if link.reason in GUARDS:
        return STOPPED
    return NOBODY if link.reason in ("nobody-found", "no-identity") else DOUBTFUL


def _facts(
    work: Work,
    headers: Mapping[str, frozenset[Header]],
    claims: Mapping[str, frozenset[Claim]],
    people: Iterable[Person],
    links: Mapping[str, Link],
) -> Iterable[StudyFact]:
    """Each study with its groups: from its header, and from the records of whom it shows or would show."""
    known = {person.person: person for person in people}
    out, told = people_held_back(work.vault, work.bank.config, list(known.values())), _characteristics(work)
    machines: dict[str, Header] = {}  # of a study on two machines the first by id, so that the page stays as it is
    for header in sorted({each for told in headers.values() for each in told}, key=lambda each: each.scanner):
        machines.setdefault(header.study, header)
    shown = {(h.scanner, h.manufacturer, h.model, h.field_strength_t) for h in machines.values()}
    names = scanner_names(sorted(shown, key=str))
    for study, link in links.items():
        claim, who = merge(claims[study]), link.person or link.candidate or ""
        person, facts = known.get(who), told.get(who, {})
        groups = {
            "sex": DICOM_SEX.get(claim.sex) or (person.sex if person else UNKNOWN),
            "age": age_band(_age(claim, person)),
            "ethnic group": facts.get("ethnic group", UNKNOWN),
            "deprivation": facts.get("deprivation", UNKNOWN),
            "scanner": names.get(machines[study].scanner, UNKNOWN),
            "year": str(claim.study_date.year) if claim.study_date else UNKNOWN,
        }
        whose = who or work.vault.keys.label("nobody", claim.patient_id.reveal("count patients apart"), 26)
        yield StudyFact(whose, end_of(link), link.rule or link.reason, link.person in out, groups)


def _age(claim: Claim, person: Person | None) -> float | None:
    born = person.birth_date if person and person.birth_date else claim.birth_date
    return (claim.study_date - born).days / DAYS_A_YEAR if born and claim.study_date else None


def _characteristics(work: Work) -> dict[str, dict[str, str]]:
    """Ethnic group and tenth of deprivation of each person, from the records as they are now."""
    person_of = work.vault.person_of()
    told: dict[str, dict[str, str]] = {}
    for source in work.bank.config.records:
        for each in read_characteristics(work.bank.layout.vault_records / source.name / PEOPLE):
            person = person_of.get(each.person, each.person)
            decile = str(each.deprivation_decile) if each.deprivation_decile else UNKNOWN
            found = {"ethnic group": ethnic_group(each.ethnic_category), "deprivation": decile}
            if each.person == person or person not in told:
                told[person] = found
    return told


def _truth(work: Work, links: Mapping[str, Link], hospital: Path) -> Truth:
    """What the answers of a pretend hospital say of the links."""
    owners, item = read_owners(hospital), work.vault.keys.uid_map.item
    person_of: dict[str, set[str]] = {}
    for registration, person in work.vault.person_of().items():
        person_of.setdefault(person, set()).add(owners.get(registration.rpartition(":")[2], ""))
    findable = right = wrong = unseen = 0
    for uid, true in read_true_links(hospital).items():
        link = links.get(item(uid))
        if link is None:
            continue
        if true[0].trap in UNDETECTABLE:
            unseen += 1
            continue
        findable += true[0].in_records
        if link.person:
            is_right = len(true) == 1 and person_of.get(link.person) == {true[0].person}
            right, wrong = right + is_right, wrong + (not is_right)
    return Truth(findable, right, wrong, _share(right, findable), _share(wrong, right + wrong), unseen)


def _share(part: int, whole: int) -> tuple[float, float, float]:
    return (part / max(whole, 1), *exact_interval(part, whole))
