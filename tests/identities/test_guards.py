"""Guards: each stops a link that the numbers or the model would make, on a small register and the real model."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from imagebank.core.config import LinkageSettings
from imagebank.core.private import Private
from imagebank.identities.guards import GUARDS, Rules
from imagebank.identities.linkage import Evidence, identity_of, link_study
from imagebank.identities.model import Claim, Link, Person
from imagebank.identities.register import Register
from imagebank.workflows.linking import link_claims
from imagebank.workflows.weighing import evidence_for

P = Private
SCAN = date(2015, 5, 5)


def someone(number: str, given: str, family: str, born: date | None, sex: str, **more: object) -> Person:
    known = Person(f"r:{number}", P(number), P(""), P(given), P(family), born, None, sex)
    return replace(known, postcodes=(P("SE5 8AZ"),), **more)  # type: ignore[arg-type]


ROSE = someone("K1000001", "Rosalind", "Quartermaine", date(1950, 3, 22), "female", nhs_number=P("943 476 5919"))
MARY = someone("K2000002", "Marigold", "Ottershaw", date(1961, 7, 4), "female", death_date=date(2014, 1, 1))
TWIN = someone("K3000003", "Benedict", "Fanshawe", date(1990, 10, 13), "male")
OTHER_TWIN = someone("K4000004", "Ambrose", "Fanshawe", date(1990, 10, 13), "male")
SENIOR = someone("K5000005", "Cuthbert", "Inglethorpe", date(1931, 9, 27), "male")
JUNIOR = someone("K6000006", "Cuthbert", "Inglethorpe", date(1962, 2, 14), "male")
UNKNOWN = someone("K7000007", "Philomena", "Cadwallader", date(1900, 1, 1), "female")
ALIAS = someone("K8000008", "Elizabeth", "Strickland", date(1944, 5, 19), "female",
                other_names=((P("Elizabeth"), P("Throckmorton")), (P("Betty"), P("Strickland"))),
                other_numbers=(P("K8111118"),))  # fmt: skip
DUMMY = someone("K9000009", "Leopold", "Vavasour", date(1970, 8, 8), "male", nhs_number=P("9876544306"))
ALSO_DUMMY = someone("K9100009", "Wilfrida", "Yarborough", date(1977, 3, 3), "female", nhs_number=P("9876544306"))
ORPHAN = someone("K9200009", "Marmaduke", "Delacourt", date(1985, 12, 29), "male")
NEW_YEAR = someone("K9300009", "Perpetua", "Lillywhite", date(1958, 1, 1), "female")
PEOPLE = [NEW_YEAR, ROSE, MARY, TWIN, OTHER_TWIN, SENIOR, JUNIOR, UNKNOWN, ALIAS, DUMMY, ALSO_DUMMY, ORPHAN]


def claim(number: str, name: str, born: date | None, sex: str = "", **more: object) -> Claim:
    return replace(Claim(P(number), (), P(name), born, sex, study_date=SCAN), **more)  # type: ignore[arg-type]


CASES = {
    # what the model links beyond the two rules with a number
    "swapped day and month": (claim("K4000004", "Fanshawe^Ambrose", date(1990, 10, 31)), "K4000004"),
    "a slip in the birth date": (claim("K1000001", "Quartermaine^Rosalind", date(1950, 3, 23), "F"), "K1000001"),
    "a slip in the hospital number": (claim("K1000010", "Quartermaine^Rosalind", date(1950, 3, 22), "F"), "K1000001"),
    "a number of another hospital": (claim("XX77", "Delacourt^Marmaduke", date(1985, 12, 29), "M"), "K9200009"),
    "a birth name": (claim("XX78", "Throckmorton^Elizabeth", date(1944, 5, 19), "F"), "K8000008"),
    "a name that is used": (claim("XX79", "Strickland^Betty", date(1944, 5, 19), "F"), "K8000008"),
    "a number that was merged": (claim("K8111118", "Strickland^Elizabeth", date(1944, 5, 19)), "K8000008"),
    "no caret in the name": (claim("XX80", "Marmaduke Delacourt", date(1985, 12, 29), "M"), "K9200009"),
    "an NHS number, no birth date, a typo": (claim("9434765919", "Quartermane^Rosalind", None, "F"), "K1000001"),
    # what it does not
    "another sex": (claim("K9200009", "Delacourt^Marmaduke", date(1985, 12, 29), "F"), "sex-differs"),
    "before birth": (
        claim("K9200009", "Delacourt^Marmaduke", date(1985, 12, 29), study_date=date(1984, 1, 1)), "before-birth",
    ),
    "after death": (claim("K2000002", "Ottershaw^Marigold", date(1961, 7, 4)), "after-death"),
    "after death, by name": (claim("XX82", "Ottershaw^Marigold", date(1961, 7, 4), "F"), "after-death"),
    "a twin whom the records do not know": (
        claim("XX83", "Delacourt^Jonquil", date(1985, 12, 29), "M", postcode=P("SE58AZ")), "twin",
    ),
    "one twin's number, the other's name": (claim("K3000003", "Fanshawe^Ambrose", date(1990, 10, 13)), "twin"),
    "a father's number, a son's birth": (claim("K5000005", "Inglethorpe^Cuthbert", date(1962, 2, 14)), "namesake"),
    "a third of the name": (claim("XX84", "Inglethorpe^Cuthbert", date(1899, 4, 2), "M"), "nobody-found"),
    "no birth date": (claim("K9200009", "Delacourt^Marmaduke", None, "M"), "no-birth-date"),
    "another birth date": (claim("K9200009", "Delacourt^Marmaduke", date(1971, 4, 6), "M"), "birth-date-differs"),
    "an unknown birth date in the records": (
        claim("K7000007", "Cadwallader^Philomena", date(1948, 6, 6), "F"), "placeholder-birth-date",
    ),
    "an unknown birth date on both sides": (
        claim("K7000007", "Cadwallader^Philomena", date(1900, 1, 1), "F"), "placeholder-birth-date",
    ),
    "a name and a 1 January": (claim("XX86", "Lillywhite^Perpetua", date(1958, 1, 1), "F"), "name-alone"),
    "a name, a 1 January and a postcode": (
        claim("XX87", "Lillywhite^Perpetua", date(1958, 1, 1), "F", postcode=P("SE58AZ")), "K9300009",
    ),
    "a name and a slip in the birth date": (
        claim("XX88", "Delacourt^Marmaduke", date(1985, 12, 28), "M"), "weak-evidence",
    ),
    "a number of several": (claim("9876544306", "Vavasour^Leopold", date(1970, 8, 8)), "several-people"),
    "a test number": (claim("9990000018", "Nobody^Known", date(1912, 2, 2)), "test-number"),
    "two people's numbers": (
        claim("K9200009", "Delacourt^Marmaduke", date(1985, 12, 29), other_ids=(P("9434765919"),)), "several-people",
    ),
    "a stranger": (claim("XX85", "Zollikofer^Hyacinth", date(1955, 5, 5), "F"), "nobody-found"),
    "no name and no number": (claim("", "", date(1985, 12, 29), "M"), "no-identity"),
}  # fmt: skip


@pytest.fixture(scope="module")
def links() -> dict[str, Link]:
    claims = {name: frozenset([told]) for name, (told, _) in CASES.items()}
    identities = {identity_of(told) for told, _ in CASES.values()}
    evidence, _ = evidence_for(identities, PEOPLE, LinkageSettings())
    return link_claims(claims, PEOPLE, evidence, Rules(), accept_test_numbers=False)


@pytest.mark.parametrize("name", CASES)
def test_each_identity_is_linked_or_stopped_as_the_table_says(name: str, links: dict[str, Link]) -> None:
    link = links[name]
    assert (link.person.removeprefix("r:") if link.person else link.reason) == CASES[name][1]


def test_each_link_of_the_model_says_what_it_rests_on(links: dict[str, Link]) -> None:
    link = links["a number of another hospital"]
    assert link.rule == "probabilistic"
    assert link.weight is not None
    assert link.weight > 4.32
    assert link.lead is not None
    assert link.lead > 4.32
    assert len(link.model) == 16


def test_what_a_guard_stops_is_proposed_to_a_reviewer(links: dict[str, Link]) -> None:
    assert links["another sex"].candidate == "r:K9200009"
    assert links["no birth date"].candidate == "r:K9200009"
    assert links["a stranger"].candidate is None


def test_every_guard_stops_something_in_this_file(links: dict[str, Link]) -> None:
    of_studies = {"two-patients", "shared-accession", "shared-number"}  # these look at several claims
    assert {link.reason for link in links.values()} >= set(GUARDS) - of_studies


def test_a_number_used_for_people_of_other_birth_dates_confirms_nobody_by_a_slip() -> None:
    days = {"slip": date(1985, 12, 28), "own": date(1985, 12, 29), "another": date(1957, 3, 4)}
    told = {name: claim("K9200009", "Delacourt^Marmaduke", day) for name, day in days.items()}
    evidence, _ = evidence_for({identity_of(each) for each in told.values()}, PEOPLE, LinkageSettings())
    for names, end in ((("slip", "own"), ("r:K9200009", "")), (("slip", "own", "another"), (None, "shared-number"))):
        claims = {name: frozenset([told[name]]) for name in names}
        links = link_claims(claims, PEOPLE, evidence, Rules(), accept_test_numbers=False)
        assert (links["slip"].person, links["slip"].reason) == end
        assert links["own"].person == "r:K9200009"


def test_a_scan_some_days_after_death_is_linked_where_the_settings_allow_it() -> None:
    late = replace(CASES["after death"][0], study_date=date(2014, 1, 4))
    register = Register.of(PEOPLE, accept_test_numbers=False)
    reasons = {
        days: link_study(frozenset([late]), register, rules=Rules(after_death_days=days)).reason for days in (2, 3)
    }
    assert reasons == {2: "after-death", 3: ""}


def test_without_evidence_the_model_links_nobody() -> None:
    register = Register.of(PEOPLE, accept_test_numbers=False)
    told = CASES["a number of another hospital"][0]
    assert link_study(frozenset([told]), register, evidence=Evidence()).person is None
