"""profile: the page, the tables and the figures of the current snapshot."""

from __future__ import annotations

from pathlib import Path

from imagebank.cohorts import Disclosure, write_profile
from imagebank.core.config import open_bank


def profile(root: Path, *, exact: bool = False) -> Path:
    """Write the profile of the bank in `root` and return its page. `exact` shows unsafe numbers, for stewards only."""
    bank = open_bank(root)
    settings = bank.config.disclosure
    disclosure = Disclosure(minimum=settings.minimum, round_to=settings.round_to, exact=exact)
    return write_profile(bank.layout, disclosure, bank_name=bank.config.bank.name, synthetic=bank.config.bank.pretend)
