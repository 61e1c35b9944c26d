"""Other ways to link the same studies: two plain rules, and Splink as its tutorial uses it."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections import defaultdict
from collections.abc import Mapping, Sequence

import duckdb
import pyarrow as pa
from splink import DuckDBAPI, Linker, SettingsCreator, block_on
from splink import comparison_library as cl

from imagebank.identities.comparing import normalise_id, normalise_name, normalise_pair
from imagebank.identities.linkage import link_study
from imagebank.identities.model import Claim, Person
from imagebank.identities.register import Register

Links = dict[str, str | None]
Claims = Mapping[str, Claim]


def by_number_and_birth_date(claims: Claims, people: Sequence[Person]) -> Links:
    """The two rules with a number, and all guards, but no model."""
    register = Register.of(people, accept_test_numbers=True)
    return {study: link_study(frozenset([claim]), register).person for study, claim in claims.items()}


def by_nhs_number(claims: Claims, people: Sequence[Person]) -> Links:
    """A valid NHS number in the header that one person has, and nothing else."""
    register = Register.of(people, accept_test_numbers=True)
    links: Links = {}
    for study, claim in claims.items():
        found = {each.person for each in register.found_by_nhs_number((claim.patient_id, *claim.other_ids))}
        links[study] = next(iter(found)) if len(found) == 1 else None
    return links


def splink_with_defaults(claims: Claims, people: Sequence[Person]) -> Links:
    """Splink's ready-made comparisons on names, birth date, sex and numbers; the best match from 0.95 on."""
    logging.getLogger("splink").setLevel(logging.CRITICAL)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        linker = _trained(_table([_of_claim(s, c) for s, c in claims.items()]), _table([_of_person(p) for p in people]))
        predicted = linker.inference.predict(threshold_match_probability=0.95).as_pyarrow_table()
    best: dict[str, tuple[float, str]] = defaultdict(lambda: (0.0, ""))
    columns = (predicted.column(name).to_pylist() for name in ("unique_id_l", "unique_id_r", "match_weight"))
    for study, person, weight in zip(*columns, strict=True):
        best[study] = max(best[study], (weight, person))
    return {study: best[study][1] or None if study in best else None for study in claims}


def _trained(left: pa.Table, right: pa.Table) -> Linker:
    api = DuckDBAPI(connection=duckdb.connect())
    settings = SettingsCreator(
        link_type="link_only",
        comparisons=[
            cl.ForenameSurnameComparison("given", "family"),
            cl.DateOfBirthComparison("birth", input_is_string=True),
            cl.ExactMatch("sex"),
            cl.ExactMatch("hospital_number"),
            cl.ExactMatch("nhs_number"),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("hospital_number"),
            block_on("nhs_number"),
            block_on("birth", "family"),
            block_on("given", "family"),
        ],
    )
    linker = Linker([api.register(left, table_name="a"), api.register(right, table_name="b")], settings)
    rules = [block_on("nhs_number"), block_on("hospital_number", "birth")]
    linker.training.estimate_probability_two_random_records_match(rules, recall=0.9)
    linker.training.estimate_u_using_random_sampling(max_pairs=2e6, seed=1)
    for rule in (block_on("birth", "sex"), block_on("given", "family")):
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    return linker


def _of_claim(study: str, claim: Claim) -> dict[str, str | None]:
    numbers = [normalise_id(each) for each in (claim.patient_id, *claim.other_ids)]
    family, given = normalise_name(claim.name)
    return _row(study, given, family, claim.birth_date, {"F": "female", "M": "male"}.get(claim.sex, ""), numbers)


def _of_person(person: Person) -> dict[str, str | None]:
    given, family = normalise_pair(person.given_name, person.family_name)
    numbers = [normalise_id(person.hospital_number), normalise_id(person.nhs_number)]
    return _row(person.person, given, family, person.birth_date, person.sex, numbers)


def _row(key: str, given: str, family: str, born: object, sex: str, numbers: Sequence[str]) -> dict[str, str | None]:
    hospital = next((each for each in numbers if each and not each.isdigit()), None)
    nhs = next((each for each in numbers if each.isdigit()), None)
    told = {"given": given, "family": family, "birth": str(born) if born else "", "sex": sex.replace("unknown", "")}
    return {"unique_id": key, "hospital_number": hospital, "nhs_number": nhs, **{k: v or None for k, v in told.items()}}


def _table(rows: Sequence[dict[str, str | None]]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), pa.schema([(name, pa.string()) for name in rows[0]]))
