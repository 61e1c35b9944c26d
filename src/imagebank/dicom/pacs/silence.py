"""pynetdicom writes the numbers of patients to its log, at a level that is often on. It is made silent."""

from __future__ import annotations

from pynetdicom import _config

from imagebank.core.logs import quiet_libraries


def quiet_pynetdicom() -> None:
    """Let pynetdicom log nothing of requests and answers, whoever turns its logging on later."""
    _config.LOG_HANDLER_LEVEL = "none"
    _config.LOG_REQUEST_IDENTIFIERS = False
    _config.LOG_RESPONSE_IDENTIFIERS = False
    quiet_libraries()
