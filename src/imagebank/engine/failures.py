"""What an exception means for an item of work: a code and a place, never the exception's own text. Pure.

The text of somebody else's exception may quote what was read, and so a patient; the class and the line never do.
"""

from __future__ import annotations

import errno
import traceback
from pathlib import Path

from imagebank.core.errors import DiskFull
from imagebank.core.files import is_disk_full
from imagebank.engine.step import Failure

PACKAGE = Path(__file__).parent.parent
RUNNER = PACKAGE / "engine" / "local.py"  # calls every step, and so tells nothing of where one failed
DISK_FULL = "disk-full"
DISK_OR_NETWORK = (  # what a disk says that fails, and a folder on a server that was unplugged or is being restarted
    *(errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.ENOTCONN, errno.ECONNRESET, errno.ECONNABORTED),
    *(errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.ENETDOWN, errno.ENETUNREACH),
)
PASSING = {
    errno.ENOENT: "file-vanished",
    errno.EACCES: "no-permission",
    errno.EPERM: "no-permission",
    **dict.fromkeys(DISK_OR_NETWORK, "read-error"),
}


def failure_of(error: BaseException) -> Failure:
    """The code of an exception: from a table where we know what it means, else its class."""
    where = _where(error)
    if isinstance(error, DiskFull) or is_disk_full(error):
        return Failure(DISK_FULL, where, passing=True)
    if isinstance(error, OSError) and error.errno in PASSING:
        return Failure(PASSING[error.errno], where, passing=True)
    if isinstance(error, MemoryError):
        return Failure("out-of-memory", where)
    return Failure(f"raised-{type(error).__name__}", where)


def _where(error: BaseException) -> str:
    """The innermost place of our own code, as module:line."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if _is_ours(Path(frame.filename))] or frames
    return f"{Path(ours[-1].filename).stem}:{ours[-1].lineno}" if ours else "unknown"


def _is_ours(path: Path) -> bool:
    return path.is_relative_to(PACKAGE) and path != RUNNER
