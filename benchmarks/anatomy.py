"""What pretend heads cost: making one, painting one series, and how near the volumes come to what was asked.

Each size is timed after its template was made, with people it has not met. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import random
import resource
import time

from imagebank.synthetic.anatomy import grain, head_of, measured, paint, spoil
from imagebank.synthetic.visits import SIZES, Anatomy, Grid, Physics

TECHNIQUES = {
    "T1w": Physics("spin-echo", 500, 12),
    "MPRAGE": Physics("mprage", 2300, 2.98, 900, 9, 3.0),
    "FLAIR": Physics("inversion-recovery", 8600, 109, 2500),
    "SWI": Physics("swi", 28, 20, 0, 15, 3.0),
    "DWI": Physics("diffusion", 6600, 89, field_t=3.0, b_value=1000, direction=(1, 0, 0)),
    "ADC": Physics("adc", 6600, 89, field_t=3.0, b_value=1000),
    "FA": Physics("fa", 6600, 89, field_t=3.0, b_value=1000),
    "BOLD": Physics("bold", 2000, 30, 0, 80, 3.0),
}
GRIDS = {
    "tiny": Grid("axial", 5, 32, 32, 7.2, 28.0),
    "small": Grid("axial", 24, 128, 112, 1.8, 6.5, 5.0),
    "full": Grid("sagittal", 192, 256, 256, 1.0, 1.0),
}
HEADS = {"tiny": 100, "small": 6, "full": 1}


def plausible(chance: random.Random) -> Anatomy:
    """A person somewhere in the range that the pretend hospital has."""
    cranial, age = chance.uniform(1150, 1850), chance.uniform(18, 95)
    ventricles = chance.uniform(8, 130)
    brain = cranial * min(chance.uniform(0.62, 0.88), 0.97 - ventricles / cranial)
    left, right, lesion = chance.uniform(1.2, 4.6), chance.uniform(1.2, 4.6), chance.uniform(0, 60)
    sex = chance.choice(("female", "male"))
    return Anatomy(chance.randrange(10**6), sex, age, cranial, brain, ventricles, left, right, lesion)


def miss(anatomy: Anatomy, size: str) -> dict[str, float]:
    """How far each volume is off, in per cent of what was asked."""
    found = measured(head_of(anatomy, size))
    return {name: 100 * abs(value / (getattr(anatomy, name) or 1.0) - 1) for name, value in found.items()}


def milliseconds(action: object, times: int = 3) -> float:
    """The quickest of some runs."""
    spans = []
    for _ in range(times):
        start = time.perf_counter()
        action()  # type: ignore[operator]
        spans.append(1000 * (time.perf_counter() - start))
    return min(spans)


def report(size: str, count: int) -> None:
    """One size: time of the template, of a head, of each technique; largest miss over the heads."""
    chance = random.Random(11)
    first = plausible(chance)
    print(f"{size}: first head {milliseconds(lambda: head_of(first, size), 1):.0f} ms, with its template")
    people = [plausible(chance) for _ in range(count)]
    start = time.perf_counter()
    misses = [miss(person, size) for person in people]
    print(f"  head {1000 * (time.perf_counter() - start) / len(people):.1f} ms, mean of {len(people)} new people")
    worst = {name: max(each[name] for each in misses) for name in misses[0]}
    print("  largest miss in %: " + ", ".join(f"{name} {value:.2f}" for name, value in worst.items()))
    head, grid = head_of(people[-1], size), GRIDS[size]
    for name, physics in TECHNIQUES.items():
        print(f"  paint {name} {milliseconds(lambda p=physics: paint(head, p, grid)):.1f} ms")
    volume = paint(head, TECHNIQUES["T1w"], grid)
    print(f"  grain {milliseconds(lambda: grain(volume, sigma=9.0, chance=random.Random(1))):.1f} ms")
    print(f"  motion {milliseconds(lambda: spoil(volume, 'motion', random.Random(1)), 1):.1f} ms")
    print(f"  peak memory so far {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def main() -> None:
    """Report on the sizes asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=SIZES, action="append", help="only this size; may be given more than once")
    parser.add_argument("--people", type=int, help="heads of each size; by default 100, 6 and 1")
    arguments = parser.parse_args()
    for size in arguments.size or SIZES:
        report(size, arguments.people or HEADS[size])


if __name__ == "__main__":
    main()
