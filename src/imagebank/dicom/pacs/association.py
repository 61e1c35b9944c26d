"""An association that we open: who we are, which services we ask for, how long we wait. pynetdicom does the talking."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pynetdicom import AE, build_role, evt
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelFind as Find
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelGet as Get
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelMove as Move
from pynetdicom.sop_class import Verification

from imagebank.dicom.pacs import wire
from imagebank.dicom.pacs.model import PacsError
from imagebank.dicom.pacs.negotiation import SYNTAXES
from imagebank.dicom.pacs.silence import quiet_pynetdicom

__all__ = ["Find", "Get", "Move", "Peer", "associate"]

quiet_pynetdicom()

FETCHED_CLASSES = tuple(
    f"1.2.840.10008.5.1.4.1.1.{each}"
    for each in [
        "4",
        "4.1",
        "4.2",
        "4.3",
        "4.4",
        "7",
        "7.1",
        "7.2",
        "7.3",
        "7.4",
        "66",
        "66.1",
        "66.2",
        "66.3",
        "66.4",
        "66.5",
        "66.6",
        "30",
        "11.1",
        "11.2",
        "11.3",
        "11.4",
        "88.11",
        "88.22",
        "88.33",
        "88.34",
        "88.35",
        "88.59",
        "88.67",
        "104.1",
        "104.2",
        "2",
        "2.1",
        "2.2",
        "20",
        "128",
        "128.1",
        "130",
        "12.1",
        "12.1.1",
        "6.1",
        "6.2",
        "3.1",
        "1",
        "1.1",
        "481.2",
        "481.3",
        "481.5",
        "9.1.1",
        "9.1.2",
        "9.2.1",
    ]
)
"""What C-GET may bring; a filter of modalities keeps most of it away."""
MOST_CONTEXTS_SYNTAXES = SYNTAXES[:-1]


@dataclass(frozen=True)
class Peer:
    """Where a PACS is and who we are to it."""

    host: str
    port: int
    called: str
    calling: str
    retrieve: str = "move"
    timeout_seconds: float = 60.0
    most_answers: int = 20_000
    tls: ssl.SSLContext | None = field(default=None, repr=False)


def associate(peer: Peer, store: Callable[[Any], int]) -> Any:
    """An established association; `store` takes what C-GET brings. Raises PacsError."""
    entity = AE(ae_title=peer.calling)
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = peer.timeout_seconds
    entity.connection_timeout = peer.timeout_seconds
    entity.maximum_pdu_size = wire.MOST_PDU
    for service in (Verification, Find, Get if peer.retrieve == "get" else Move):
        entity.add_requested_context(service)
    handlers: list[Any] = [(evt.EVT_CONN_OPEN, _send_at_once)]
    roles = []
    if peer.retrieve == "get":
        for service in FETCHED_CLASSES:
            entity.add_requested_context(service, list(MOST_CONTEXTS_SYNTAXES))
        roles = [build_role(service, scp_role=True) for service in FETCHED_CLASSES]
        handlers.append((evt.EVT_C_STORE, store))
    tls = (peer.tls, peer.host) if peer.tls else None
    association = entity.associate(
        peer.host, peer.port, ae_title=peer.called, ext_neg=roles, evt_handlers=handlers, tls_args=tls
    )
    if not association.is_established:
        raise PacsError("refused" if association.is_rejected else "not-reached")
    return association


def _send_at_once(event: Any) -> None:
    """Small messages are not held back (Nagle's algorithm), which would cost 40 ms each."""
    event.assoc.dul.socket.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
