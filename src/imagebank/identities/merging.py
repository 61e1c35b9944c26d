"""Registrations into persons: who is registered more than once is one person. Pure.

1. The hospital says so: a number that was merged into another.
2. The same valid NHS number and the same birth date.
3. The model, with its shipped weights: never with trained ones, so that somebody else's scan merges nobody.
Guards keep two people apart whatever agrees (`apart`), and where nothing but a name and a birth date does
(`NAME_ALONE`). A person's id is that of the registration that sorts first: it depends on the set of registrations
alone, neither on the order of sources nor on the history of imports.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import combinations
from math import log2
from typing import TypeVar

from imagebank.core.private import NOBODY
from imagebank.identities.comparing import (
    is_near,
    is_slip,
    is_swap,
    may_be_one_name,
    normalise_id,
    normalise_pair,
    real_birth_date,
)
from imagebank.identities.deciding import FALSE_LINK_WEIGHS, bits_needed
from imagebank.identities.matching.rows import as_person
from imagebank.identities.model import Entrant, Person
from imagebank.identities.nhs import is_nhs_number, normalise_nhs_number
from imagebank.identities.register import names_of
from imagebank.identities.support import Births, births_by_name, only_name_agrees

ValueT = TypeVar("ValueT")
VERSION = "2"
NAME_ALONE = "name-alone"
RULES = ("number-merged", "nhs-number+birth-date", "probabilistic")
TWICE = 0.05  # how many people are expected to be registered a second time


@dataclass(frozen=True)
class Tie:
    """Two registrations, by position, that may be one person's; ties are looked at in the order of rule and weight."""

    left: int
    right: int
    rule: str
    weight: float = 0.0


@dataclass(frozen=True)
class Merged:
    """The person of each registration, how often each rule tied two, and how often each guard kept two apart."""

    person_of: Mapping[str, str] = field(repr=False)
    rules: Mapping[str, int]
    guards: Mapping[str, int]


def prior_bits_of_merging(registrations: int) -> float:
    """The evidence before two registrations are compared, as `prior_bits` for a header."""
    return log2(2 * TWICE / max(registrations, 2))


def ties_of_numbers(entrants: Sequence[Entrant], *, accept_test_numbers: bool) -> Iterator[Tie]:
    """Ties of the first two rules."""
    places = {each.person.person: k for k, each in enumerate(entrants)}
    for k, each in enumerate(entrants):
        source = each.person.person.partition(":")[0]
        for old in each.former_numbers:
            former = places.get(f"{source}:{normalise_id(old)}")
            if former is not None and former != k:
                yield Tie(min(k, former), max(k, former), RULES[0])
    groups: dict[tuple[str, date], list[int]] = defaultdict(list)
    for k, each in enumerate(entrants):
        number, born = nhs_of(each, accept_test_numbers=accept_test_numbers), real_birth_date(each.person.birth_date)
        if number and born:
            groups[number, born].append(k)
    yield from (Tie(one, other, RULES[1]) for group in groups.values() for one, other in combinations(group, 2))


def nhs_of(entrant: Entrant, *, accept_test_numbers: bool) -> str:
    """The valid NHS number of a registration, or nothing."""
    number = normalise_nhs_number(entrant.person.nhs_number.reveal("merge registrations"))
    return number if is_nhs_number(number, accept_test_numbers=accept_test_numbers) else ""


def ties_of_model(scores: Iterable[tuple[int, int, float]], registrations: int) -> Iterator[Tie]:
    """Ties of the third rule, from what the model says of pairs of registrations, prior not counted."""
    prior, needed = prior_bits_of_merging(registrations), bits_needed(FALSE_LINK_WEIGHS)
    for left, right, weight in scores:
        if weight + prior >= needed:
            yield Tie(min(left, right), max(left, right), RULES[2], weight)


def merge_registrations(entrants: Sequence[Entrant], ties: Iterable[Tie], *, accept_test_numbers: bool) -> Merged:
    """Join what is tied and not kept apart. Groups are kept apart where any two of their registrations are."""
    groups = {k: {k} for k in range(len(entrants))}
    rules, guards = Counter[str](), Counter[str]()
    names = [each.person.person for each in entrants]
    ordered = sorted(
        set(ties), key=lambda t: (RULES.index(t.rule), -t.weight, *sorted((names[t.left], names[t.right])))
    )
    births = births_by_name(entrants)
    for tie in ordered:
        one, other = groups[tie.left], groups[tie.right]
        if one is other:
            continue
        against = _against(entrants, one, other, tie.rule, accept_test_numbers=accept_test_numbers)
        against = against or _rests_on_name(entrants, tie, births, accept_test_numbers=accept_test_numbers)
        if against:
            guards[against] += 1
            continue
        rules[tie.rule] += 1
        one |= other
        groups.update(dict.fromkeys(other, one))
    person_of = {names[k]: min(names[other] for other in group) for k, group in groups.items()}
    return Merged(person_of, rules, guards)


def _rests_on_name(entrants: Sequence[Entrant], tie: Tie, births: Births, *, accept_test_numbers: bool) -> str:
    """The guard on a tie of the model alone that only name and birth date hold. It is on the tie, not on the groups."""
    one, other = entrants[tie.left], entrants[tie.right]
    number, also = (nhs_of(each, accept_test_numbers=accept_test_numbers) for each in (one, other))
    if tie.rule != RULES[2] or (number and number == also):
        return ""
    return NAME_ALONE if only_name_agrees(one, other, births) else ""


def _against(
    entrants: Sequence[Entrant], one: set[int], other: set[int], rule: str, *, accept_test_numbers: bool
) -> str:
    pairs = ((entrants[a], entrants[b]) for a in sorted(one) for b in sorted(other))
    found = (apart(a, b, rule, accept_test_numbers=accept_test_numbers) for a, b in pairs)
    return next((each for each in found if each), "")


def apart(one: Entrant, other: Entrant, rule: str, *, accept_test_numbers: bool) -> str:
    """The guard that keeps two registrations apart, or nothing.

    What the hospital itself has merged is only kept apart where number and birth date both say otherwise.
    """
    numbers = {nhs_of(each, accept_test_numbers=accept_test_numbers) for each in (one, other)} - {""}
    born, also = (real_birth_date(each.person.birth_date) for each in (one, other))
    differs = bool(born and also and born != also and not is_near(born, also))
    if rule == RULES[0]:
        return "two-nhs-numbers" if len(numbers) > 1 and differs else ""
    sexes = {each.person.sex for each in (one, other)} & {"male", "female"}
    told = [(len(numbers) > 1, "two-nhs-numbers"), (len(sexes) > 1, "sex-differs"), (differs, "namesake")]
    told.append((not _given_names_agree(one, other), "twin"))
    if rule == RULES[2]:
        told.append((not _births_confirm(born, also), "placeholder-birth-date"))
        told.append((not _families_agree(one, other) and _place(one) != _place(other), "family-name-differs"))
    return next((guard for holds, guard in told if holds), "")


def _births_confirm(one: date | None, other: date | None) -> bool:
    """Whether birth dates are known on both sides and more agrees than a year beside a 1 January."""
    if one is None or other is None:
        return False
    return one == other or is_swap(one, other) or is_slip(one.isoformat(), other.isoformat())


def _families_agree(one: Entrant, other: Entrant) -> bool:
    first, second = ({family for _, family in names_of(as_person(each))} for each in (one, other))
    return any(may_be_one_name(a, b) for a in first for b in second)


def _place(entrant: Entrant) -> str:
    """Where somebody lives; of everybody without an address a place of their own."""
    return normalise_id(entrant.address) or entrant.person.person


def _given_names_agree(one: Entrant, other: Entrant) -> bool:
    """Whether some given name of one may be one of the other; where one has none, nothing is against it."""
    first, second = ({given for given, _ in names_of(as_person(each)) if given} for each in (one, other))
    families = [normalise_pair(each.person.given_name, each.person.family_name) for each in (one, other)]
    swapped = families[0] == families[1][::-1]
    return swapped or not first or not second or any(may_be_one_name(a, b) for a in first for b in second)


def persons_of(entrants: Iterable[Entrant], person_of: Mapping[str, str]) -> list[Person]:
    """The merged persons, by id: the fullest registration speaks first, the others add what it does not say."""
    groups: dict[str, list[Entrant]] = defaultdict(list)
    for each in entrants:
        groups[person_of[each.person.person]].append(each)
    return [_person(name, sorted(group, key=_fullness)) for name, group in sorted(groups.items())]


def _fullness(entrant: Entrant) -> tuple[bool, bool, bool, str]:
    person = entrant.person
    return (
        not entrant.former_numbers,  # the one into which others were merged is in use
        not person.nhs_number,
        real_birth_date(person.birth_date) is None,
        person.person,
    )


def _person(name: str, group: Sequence[Entrant]) -> Person:
    people = [as_person(each) for each in group]
    first = people[0]
    names = [pair for each in people for pair in ((each.given_name, each.family_name), *each.other_names)]
    numbers = [number for each in people for number in (each.hospital_number, *each.other_numbers)]
    nhs = [each.nhs_number for each in people]
    births = [each.birth_date for each in people if real_birth_date(each.birth_date)] or [first.birth_date]
    return replace(
        first,
        person=name,
        nhs_number=next((each for each in nhs if each), first.nhs_number),
        birth_date=births[0],
        death_date=next((each.death_date for each in people if each.death_date), None),
        sex=next((each.sex for each in people if each.sex != "unknown"), "unknown"),
        other_names=_rest(names, (first.given_name, first.family_name)),
        other_numbers=_rest(numbers, first.hospital_number),
        other_nhs_numbers=_rest(nhs, next((each for each in nhs if each), first.nhs_number)),
        other_birth_dates=tuple(dict.fromkeys(day for day in births if day and day != births[0])),
        postcodes=tuple(dict.fromkeys(code for each in people for code in each.postcodes)),
        address=next((each.address for each in people if each.address), NOBODY),
    )


def _rest(values: Iterable[ValueT], first: ValueT) -> tuple[ValueT, ...]:
    """The distinct values that are no first one and not empty."""
    return tuple(value for value in dict.fromkeys(values) if value != first and value and value != (NOBODY, NOBODY))
