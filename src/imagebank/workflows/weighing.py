"""weigh: what the model says of every identity that a header claims; remembered, since it takes a while.

The vault keeps the evidence with a hash of everything it came from, so that Splink runs only when something changed.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from imagebank.core.config import LinkageSettings
from imagebank.engine import key_of
from imagebank.identities.deciding import DECIMALS, Scored, bits_needed, prior_bits
from imagebank.identities.linkage import VERSION, Evidence
from imagebank.identities.matching.engine import Pair, score, train
from imagebank.identities.matching.rows import Row, first_rows, rows_of_claims, rows_of_people
from imagebank.identities.matching.weights import Weights
from imagebank.identities.model import Claim, Person
from imagebank.workflows.opening import Work

EVIDENCE = "evidence"  # the vault's name for what the model said last
KEPT_BELOW = 2  # candidates are remembered down to this many thresholds below nothing


def weigh(work: Work, identities: Collection[Claim], people: Sequence[Person]) -> dict[Claim, Evidence]:
    """The candidates of each identity. The weights are trained here where there are enough identities and people."""
    settings = work.bank.config.linkage
    ordered = sorted(identities, key=_sort_key)
    rows = rows_of_claims(ordered), rows_of_people(people)
    values = [[(row.owner, row.values()) for row in side] for side in rows]
    names = [person.person for person in people]
    told = [values, names, settings.train_from, settings.false_link_weighs, Weights.shipped().digest]
    key = work.vault.keys.label(EVIDENCE, key_of(EVIDENCE, VERSION, told), 26)
    known = json.loads(work.vault.meta(EVIDENCE) or "{}")
    if known.get("key") != key:
        known = {"key": key, **_weighed(rows, len(ordered), names, settings)}
        work.vault.set_meta(EVIDENCE, json.dumps(known))
    return {claim: _evidence(known, k) for k, claim in enumerate(ordered)}


def evidence_for(
    identities: Collection[Claim], people: Sequence[Person], settings: LinkageSettings
) -> tuple[dict[Claim, Evidence], Weights]:
    """The candidates of each identity and the weights that they come from, without a bank that remembers them."""
    ordered = sorted(identities, key=_sort_key)
    rows, names = (rows_of_claims(ordered), rows_of_people(people)), [person.person for person in people]
    known = _weighed(rows, len(ordered), names, settings)
    return {claim: _evidence(known, k) for k, claim in enumerate(ordered)}, weights_of(known)


def weights_of(known: Mapping[str, Any]) -> Weights:
    """The weights of remembered evidence."""
    return Weights.read(known["weights"], trained=known["trained"])


def _sort_key(claim: Claim) -> tuple[str, ...]:
    texts = (claim.patient_id, *claim.other_ids, claim.name, claim.postcode)
    return (*(each.reveal("put identities in order") for each in texts), str(claim.birth_date), claim.sex)


def _evidence(known: dict[str, Any], place: int) -> Evidence:
    found = known["candidates"].get(str(place), ())
    return Evidence(tuple(Scored(person, weight, tuple(levels)) for person, weight, levels in found), known["model"])


def _weighed(
    rows: tuple[list[Row], list[Row]], identities: int, names: Sequence[str], settings: LinkageSettings
) -> dict[str, Any]:
    """Weights and candidates as the vault keeps them."""
    weights = weights_for(rows, identities, len(names), train_from=settings.train_from, url=settings.engine_url)
    least = -KEPT_BELOW * bits_needed(settings.false_link_weighs)
    candidates = candidates_of(score(*rows, weights, url=settings.engine_url), names, least)
    return {
        "model": weights.digest,
        "trained": weights.trained,
        "weights": weights.as_json(),
        "candidates": {str(k): [[e.person, e.weight, e.levels] for e in found] for k, found in candidates.items()},
    }


def weights_for(
    rows: tuple[list[Row], list[Row]], identities: int, people: int, *, train_from: int, url: str = ""
) -> Weights:
    """Weights trained on these rows, or the shipped ones where identities or people are fewer than `train_from`."""
    shipped = Weights.shipped()
    if min(identities, people) < train_from:
        return shipped
    return train(first_rows(rows[0]), first_rows(rows[1]), shipped, url=url)


def candidates_of(pairs: Sequence[Pair], names: Sequence[str], least: float) -> dict[int, list[Scored]]:
    """The people whom each identity may mean, with the prior, those below `least` left out; heaviest first."""
    prior = prior_bits(len(names))
    found: dict[int, list[Scored]] = defaultdict(list)
    for pair in pairs:
        weight = round(pair.weight + prior, DECIMALS)
        if weight >= least:
            found[pair.left].append(Scored(names[pair.right], weight, pair.levels))
    return {left: sorted(some, key=lambda each: (-each.weight, each.person)) for left, some in found.items()}
