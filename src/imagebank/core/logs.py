"""Logging: key=value lines on standard error, with counts, codes and the bank's own ids only.

Libraries that quote what they read (pydicom warns with the values of elements) are silenced in every process, and so is
SQLAlchemy, whose pool writes a traceback when a person stops a run while a connection is given back.
"""

from __future__ import annotations

import logging
import sys
import warnings

HTTP = ("httpcore", "httpcore.connection", "httpcore.http11", "httpcore.http2")
QUOTING_LIBRARIES = ("pydicom", "nibabel", "nilearn", "pynetdicom", "httpx", *HTTP, "sqlalchemy")


def quiet_libraries() -> None:
    """Let no library write a value that it read to a log or to standard error."""
    warnings.simplefilter("ignore")
    for name in QUOTING_LIBRARIES:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.addHandler(logging.NullHandler())
        logger.propagate = False
        logger.setLevel(logging.CRITICAL + 1)
        logger.disabled = True  # whoever turns it up again later: httpx logs URLs, which name patients


def start_logging(*, verbose: bool) -> None:
    """Log to standard error: warnings, or with `verbose` every step on every item."""
    quiet_libraries()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("time=%(asctime)s level=%(levelname)s %(message)s"))
    root = logging.getLogger("imagebank")
    root.handlers[:] = [handler]
    root.propagate = False
    root.setLevel(logging.DEBUG if verbose else logging.WARNING)
