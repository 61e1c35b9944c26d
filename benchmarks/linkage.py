"""How many studies the linkage finds, how many it links to the wrong person, and how long that takes, beside peers.

    python benchmarks/linkage.py [--patients 12547] [--rate NAME=SHARE] [--strange-numbers SHARE] [--no-peers]

A hospital of full published size, without images: what its record system holds of each person, and what was told to
the scanner at each examination, with the errors that the pretend hospital plants (`--rate name_typo=0.1` changes one).
Truth is who lay in the scanner. Sensitivity is the share of the studies of people in the records that are linked to
them; misidentification the share of all links that name another person. Both with exact 95 % intervals.

That a study was filed under another patient's whole identity nobody can see: its rate is 0 unless asked for, and the
hospital's two examples of it are left out. `--strange-numbers 0.3` makes it harder: so many identities carry the
patient id of another hospital and no NHS number, so that names, birth date and sex must do.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from zlib import crc32

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "identities"))
from claimed import UNDETECTABLE, Claimed, claimed_hospital

from imagebank.core.config import LinkageSettings
from imagebank.core.private import Private
from imagebank.identities.guards import Rules
from imagebank.identities.linkage import merge, to_review
from imagebank.identities.merging import persons_of
from imagebank.identities.model import Claim, Person
from imagebank.proof.intervals import exact_interval
from imagebank.synthetic.register import DEFAULT_RATES
from imagebank.workflows.linking import identities_of, link_claims
from imagebank.workflows.merging import merge_entrants
from imagebank.workflows.weighing import evidence_for
from linking.peers import Links, by_nhs_number, by_number_and_birth_date, splink_with_defaults

SETTINGS = LinkageSettings(accept_test_numbers=True)
REGISTERED = "its own registration"


def ours(claims: Mapping[str, frozenset[Claim]], hospital: Claimed) -> tuple[Links, list[Person]]:
    """Everything that an update does to link: merge registrations, train, score, decide."""
    merged = merge_entrants(hospital.entrants, accept_test_numbers=True)
    people = persons_of(hospital.entrants, merged.person_of)
    print(f"  {len(hospital.entrants):,} registrations are {len(people):,} persons; kept apart {dict(merged.guards)}")
    told: dict[str, set[str]] = {}
    for name, person in merged.person_of.items():
        told.setdefault(person, set()).add(hospital.person_of[name])
    print(f"  {sum(len(owners) > 1 for owners in told.values())} persons mix people")
    evidence, weights = evidence_for(identities_of(claims), people, SETTINGS)
    links = link_claims(claims, people, evidence, Rules(), accept_test_numbers=True)
    why = Counter(link.rule or link.reason for link in links.values())
    print(f"  model {weights.digest} ({'trained here' if weights.trained else 'shipped'})")
    print("  " + ", ".join(f"{name} {count:,}" for name, count in why.most_common()))
    print(f"  {len(to_review(list(links.values()))):,} studies wait for a person")
    return {study: link.person for study, link in links.items()}, people


def judge(name: str, links: Links, hospital: Claimed, seconds: float) -> None:
    """One line: sensitivity and misidentification against the truth."""
    right = wrong = findable = 0
    for uid, told in hospital.studies.items():
        if told[0].trap in UNDETECTABLE:
            continue
        findable += told[0].in_records
        linked = links[uid]
        if linked is not None:
            is_right = len(told) == 1 and hospital.person_of[linked] == told[0].person
            right, wrong = right + is_right, wrong + (not is_right)
    print(
        f"{name:32} sensitivity {_share(right, findable)}, misidentification {_share(wrong, right + wrong)}, "
        f"{right:,} right, {wrong} wrong of {findable:,}, {seconds:.1f} s"
    )


def _share(part: int, whole: int) -> str:
    low, high = exact_interval(part, whole)
    return f"{part / max(whole, 1):.5f} ({low:.5f}-{high:.5f})"


def timed(work: Callable[[], Links]) -> tuple[Links, float]:
    """What some work gives, and the seconds that it took."""
    start = time.perf_counter()
    links = work()
    return links, time.perf_counter() - start


def with_strange_numbers(hospital: Claimed, share: float) -> Claimed:
    """The hospital with so many identities told as another hospital would: by a number that nobody here knows."""
    studies = {}
    for uid, told in hospital.studies.items():
        chance = crc32(f"strange/{told[0].person}".encode()) % 10_000
        if chance < share * 10_000:
            number = Private(f"X{crc32(told[0].person.encode())}")
            told = tuple(replace(e, claim=replace(e.claim, patient_id=number, other_ids=())) for e in told)
        studies[uid] = told
    return replace(hospital, studies=studies)


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the hospital, link it in several ways, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patients", type=int, default=12_547)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", action="append", default=[], help="a rate of the pretend hospital, as name_typo=0.1")
    parser.add_argument("--strange-numbers", type=float, default=0.0)
    parser.add_argument("--no-peers", action="store_true")
    options = parser.parse_args(arguments)
    rates = {name: float(value) for name, value in (each.split("=") for each in options.rate)}
    start = time.perf_counter()
    hospital = claimed_hospital(
        options.patients, DEFAULT_RATES.having(**{"filed_under_another": 0.0, **rates}), seed=options.seed
    )
    if options.strange_numbers:
        hospital = with_strange_numbers(hospital, options.strange_numbers)
    print(f"{len(hospital.studies):,} studies, made in {time.perf_counter() - start:.1f} s")
    claims = {uid: frozenset(each.claim for each in told) for uid, told in hospital.studies.items()}
    start = time.perf_counter()
    links, people = ours(claims, hospital)
    judge("imagebank", links, hospital, time.perf_counter() - start)
    single = {uid: merge(told) for uid, told in claims.items()}
    peers = (("rules without the model", by_number_and_birth_date), ("NHS number alone", by_nhs_number))
    for name, peer in (*peers, ("Splink with its defaults", splink_with_defaults)) if not options.no_peers else ():
        found, seconds = timed(lambda peer=peer: peer(single, people))
        judge(name, found, hospital, seconds)


if __name__ == "__main__":
    main()
