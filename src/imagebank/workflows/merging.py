"""merge: the registrations of all record sources become persons, each with one pseudonym and one offset."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from imagebank.core.clock import now
from imagebank.core.errors import VaultError
from imagebank.dicom.archive import BANK_SERIES
from imagebank.engine import key_of
from imagebank.identities.matching.engine import score
from imagebank.identities.matching.rows import rows_of_entrants
from imagebank.identities.matching.weights import Weights
from imagebank.identities.merging import VERSION, Merged, merge_registrations, ties_of_model, ties_of_numbers
from imagebank.identities.model import Entrant
from imagebank.workflows.opening import Work

MERGING = "merging"  # the ledger's name for how often each rule and guard was used


def merge_people(work: Work) -> None:
    """Find out anew who is one person, when any registration changed, and note which banked people are affected."""
    settings = work.bank.config.linkage
    shipped = Weights.shipped()
    state = key_of("persons", VERSION, shipped.digest, work.vault.records_state(), settings.accept_test_numbers)
    if work.vault.meta("persons") == state:
        return
    entrants = work.vault.registrations()
    merged = merge_entrants(entrants, accept_test_numbers=settings.accept_test_numbers, url=settings.engine_url)
    renames = _renames(work, merged.person_of)
    _check_pseudonyms(work, entrants, merged.person_of)
    work.vault.replace_persons(merged.person_of, [(*each, now().isoformat()) for each in renames], state)
    told = {"registrations": len(entrants), "persons": len(set(merged.person_of.values()))}
    work.ledger.set_meta(MERGING, json.dumps({**told, "rules": merged.rules, "guards": merged.guards}, sort_keys=True))
    if renames:
        work.progress.note(f"{len(renames)} banked pseudonyms become others: registrations were merged or set apart")


def merge_entrants(entrants: Sequence[Entrant], *, accept_test_numbers: bool, url: str = "") -> Merged:
    """Whose each registration is, by number and by the model with its shipped weights."""
    pairs = score(rows_of_entrants(entrants), None, Weights.shipped(), url=url)
    ties = [
        *ties_of_numbers(entrants, accept_test_numbers=accept_test_numbers),
        *ties_of_model(((each.left, each.right, each.weight) for each in pairs), len(entrants)),
    ]
    return merge_registrations(entrants, ties, accept_test_numbers=accept_test_numbers)


def _renames(work: Work, person_of: Mapping[str, str]) -> list[tuple[str, str]]:
    """Pseudonyms under which something is banked that are no longer those of their registrations."""
    banked = {entry.facts["patient"] for entry in work.ledger.entries(BANK_SERIES.name)}
    keys, found = work.vault.keys, set()
    for name, person in work.vault.person_of().items():
        new = person_of.get(name, person)
        if new != person and keys.pseudonym(person) in banked:
            found.add((keys.pseudonym(person), keys.pseudonym(new)))
    return sorted(found)


def _check_pseudonyms(work: Work, entrants: Sequence[Entrant], person_of: Mapping[str, str]) -> None:
    """No two persons may have one pseudonym; it happens once in two million banks of a million people."""
    persons = {person_of[each.person.person] for each in entrants}
    if len({work.vault.keys.pseudonym(person) for person in persons}) < len(persons):
        raise VaultError("Two persons would have one pseudonym.", "make a new bank with another key")
