"""`python -m imagebank.synthetic.text` prints the page of sample notes."""

from __future__ import annotations

import argparse
import sys

from imagebank.synthetic.text.samples import sample_page


def main(arguments: list[str]) -> int:
    """Print the page for a seed."""
    parser = argparse.ArgumentParser(prog="python -m imagebank.synthetic.text", description=__doc__)
    parser.add_argument("--seed", type=int, default=13, help="other seeds, other notes")
    parser.add_argument("--each", type=int, default=7, help="how many notes of each person, at most")
    chosen = parser.parse_args(arguments)
    sys.stdout.write(sample_page(chosen.seed, chosen.each))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
