"""How work is done and remembered: steps, the pool that runs them, and the ledger that keeps what came of it.

A step is a function from one item to one result, with a name and a version. Its key is a hash of inputs, settings and
version; the ledger skips a key that it knows, so that every command can simply be run again.
"""

from typing import TYPE_CHECKING, Any

from imagebank.engine.local import process_pool, run_jobs
from imagebank.engine.model import Attempt, Entry, Lot, Outcome
from imagebank.engine.step import Done, Job, Step, key_of

if TYPE_CHECKING:
    from imagebank.engine.ledger import Ledger

__all__ = ["Attempt", "Done", "Entry", "Job", "Ledger", "Lot", "Outcome", "Step", "key_of", "process_pool", "run_jobs"]


def __getattr__(name: str) -> Any:
    """The ledger brings SQLAlchemy, which no worker needs: it is imported when it is first asked for."""
    if name != "Ledger":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from imagebank.engine.ledger import Ledger

    return Ledger
