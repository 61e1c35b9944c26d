"""Storage commitment (PS3.4 Annex J): a peer asks which of its instances we keep, and is answered truly.

Only an instance whose file lies in the landing zone is committed to. Where a peer has an address of its own the answer
goes there, over a new association; else it comes back over the one that asked.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Mapping

from pydicom.dataset import Dataset
from pynetdicom import AE, build_role
from pynetdicom.dsutils import decode, encode
from pynetdicom.sop_class import StorageCommitmentPushModel

from imagebank.dicom.pacs import wire
from imagebank.dicom.pacs.landing import Landing
from imagebank.dicom.pacs.negotiation import COMMITMENT_INSTANCE, IMPLICIT
from imagebank.dicom.pacs.silence import quiet_pynetdicom
from imagebank.identities.pseudonyms import UidMap, letters

quiet_pynetdicom()

ALL_KEPT, SOME_MISSING = 1, 2
DEFLATED = "1.2.840.10008.1.2.1.99"
BIG = "1.2.840.10008.1.2.2"
PORT_OF_DICOM = 104


class Committer:
    """Answers requests for one landing zone. `addresses` tells where a peer wants to hear, as host:port."""

    def __init__(
        self, landing: Landing, uids: UidMap, title: str, addresses: Mapping[str, str], timeout_seconds: float
    ) -> None:
        self._landing, self._uids, self._title = landing, uids, title
        self._addresses, self._timeout = dict(addresses), timeout_seconds
        self._calls: list[threading.Thread] = []

    def __call__(self, peer: str, content: bytes, syntax: str) -> tuple[int, bytes] | None:
        """The event and data set to answer with over the same association; None where they go over another."""
        asked = decode(io.BytesIO(content), syntax == IMPLICIT, syntax != BIG, syntax == DEFLATED)
        event, told = self._judge(asked)
        if peer in self._addresses:
            call = threading.Thread(target=self._call, args=(peer, event, told), daemon=True)
            call.start()
            self._calls.append(call)
            return None
        encoded = encode(told, syntax == IMPLICIT, syntax != BIG, syntax == DEFLATED)
        return (event, encoded) if encoded is not None else None

    def _judge(self, asked: Dataset) -> tuple[int, Dataset]:
        told = Dataset()
        told.TransactionUID = asked.get("TransactionUID", "")
        kept, missing = [], []
        for item in asked.get("ReferencedSOPSequence", ()):
            reference = Dataset()
            reference.ReferencedSOPClassUID = item.get("ReferencedSOPClassUID", "")
            reference.ReferencedSOPInstanceUID = item.get("ReferencedSOPInstanceUID", "")
            if self._is_kept(str(reference.ReferencedSOPInstanceUID)):
                kept.append(reference)
            else:
                reference.FailureReason = wire.NO_SUCH_INSTANCE
                missing.append(reference)
        if kept or not missing:
            told.ReferencedSOPSequence = kept
        if missing:
            told.FailedSOPSequence = missing
        return (SOME_MISSING if missing else ALL_KEPT), told

    def _is_kept(self, uid: str) -> bool:
        row = self._landing.book.instance(self._landing.source, letters(self._uids.bits(uid), 26))
        return row is not None and row.kept

    def _call(self, peer: str, event: int, told: Dataset) -> None:
        """N-EVENT-REPORT over an association of our own. A peer that cannot be reached asks again."""
        host, _, port = self._addresses[peer].rpartition(":")
        entity = AE(ae_title=self._title)
        entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = self._timeout
        entity.add_requested_context(StorageCommitmentPushModel)
        role = build_role(StorageCommitmentPushModel, scp_role=True)
        association = entity.associate(host, int(port or PORT_OF_DICOM), ae_title=peer, ext_neg=[role])
        if association.is_established:
            association.send_n_event_report(told, event, StorageCommitmentPushModel, COMMITMENT_INSTANCE)
            association.release()

    def close(self) -> None:
        """Wait for the answers that are under way."""
        for call in self._calls:
            call.join(self._timeout)
