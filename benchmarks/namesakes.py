"""How many different people the merging of registrations takes for one, where a name and a birth date is all there is.

    python benchmarks/namesakes.py [--people 40000] [--community 0.1] [--first-of-january 0.05]

Everybody is somebody else, without NHS number, postcode, address or telephone number. Names follow Zipf's law; a share
of the people belongs to a community of 80 names, and a share has a birth date of which only the year is known. Printed:
how many pairs share a name and a birth date, how many of them were joined, and how many the guard kept apart.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Sequence
from datetime import date, timedelta

from imagebank.core.private import Private
from imagebank.identities.model import Entrant, Person
from imagebank.workflows.merging import merge_entrants

FIRST, DAYS = date(1930, 1, 1), 25_000
LETTERS = "ABCDEFGHIJKLMNOPRSTUVWY"
GIVEN, FAMILY = 800, 8000  # different names


def names(chance: random.Random, count: int) -> list[str]:
    """Different invented names."""
    found: dict[str, None] = {}
    while len(found) < count:
        found["".join(chance.choice(LETTERS) for _ in range(chance.randint(4, 9))).title()] = None
    return list(found)


def people(count: int, *, community: float, first_of_january: float, seed: int) -> list[Entrant]:
    """As many different people, each with a name, a birth date and a sex."""
    chance = random.Random(seed)
    given, family = names(chance, GIVEN), names(chance, FAMILY)
    weights = [[1 / (rank + 3) for rank in range(len(each))] for each in (given, family)]
    made = []
    for k in range(count):
        born = FIRST + timedelta(chance.randrange(DAYS))
        born = date(born.year, 1, 1) if chance.random() < first_of_january else born
        few = chance.random() < community
        first = chance.choice(given[:8]) if few else chance.choices(given, weights[0])[0]
        last = chance.choice(family[:10]) if few else chance.choices(family, weights[1])[0]
        sex = "male" if sum(map(ord, first)) % 2 else "female"
        person = Person(f"e:K{k}", Private(f"K{k}"), Private(""), Private(first), Private(last), born, None, sex)
        made.append(Entrant(person, "e"))
    return made


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the people, merge their registrations, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=40_000)
    parser.add_argument("--community", type=float, default=0.1)
    parser.add_argument("--first-of-january", type=float, default=0.05)
    parser.add_argument("--seed", type=int, default=3)
    given = parser.parse_args(arguments)
    entrants = people(given.people, community=given.community, first_of_january=given.first_of_january, seed=given.seed)
    told = {
        (e.person.given_name.reveal("count"), e.person.family_name.reveal("count"), e.person.birth_date)
        for e in entrants
    }
    start = time.perf_counter()
    merged = merge_entrants(entrants, accept_test_numbers=False)
    print(
        f"{len(entrants):,} people: {len(entrants) - len(told)} share name and birth date with another; "
        f"joined {sum(merged.rules.values())}, kept apart {dict(merged.guards)}, {time.perf_counter() - start:.1f} s"
    )


if __name__ == "__main__":
    main()
