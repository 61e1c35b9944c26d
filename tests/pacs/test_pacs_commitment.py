"""Storage commitment: a peer that asks which of its instances are kept is answered truly, wherever it wants to hear."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from pretend import MR, instance
from pydicom.dataset import Dataset
from pynetdicom import AE, build_role, evt
from pynetdicom.sop_class import StorageCommitmentPushModel
from test_pacs_node import node_in

from imagebank.dicom.pacs import wire


@pytest.mark.parametrize("has_address", [False, True])
def test_storage_commitment_is_answered_truly(tmp_path: Path, has_address: bool) -> None:
    heard: list[tuple[int, Dataset]] = []
    told = threading.Event()

    def report(event: Any) -> tuple[int, None]:
        heard.append((event.event_type, event.event_information))
        told.set()
        return wire.SUCCESS, None

    own = AE(ae_title="SCANNER")
    own.add_supported_context(StorageCommitmentPushModel, scu_role=True, scp_role=True)
    server = own.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_N_EVENT_REPORT, report)])
    addresses = {"SCANNER": f"127.0.0.1:{server.socket.getsockname()[1]}"} if has_address else {}
    try:
        with node_in(tmp_path, addresses=addresses) as (node, _, _):
            entity = AE(ae_title="SCANNER")
            entity.add_requested_context(MR)
            entity.add_requested_context(StorageCommitmentPushModel)
            roles = [build_role(StorageCommitmentPushModel, scu_role=True, scp_role=False)]
            association = entity.associate(
                "127.0.0.1",
                node.port,
                ae_title="BANK",
                ext_neg=[] if has_address else roles,
                evt_handlers=[(evt.EVT_N_EVENT_REPORT, report)],
            )
            assert association.send_c_store(instance(1)).Status == wire.SUCCESS
            status, _ = association.send_n_action(
                _question(1, 2), 1, StorageCommitmentPushModel, "1.2.840.10008.1.20.1.1"
            )
            assert status.Status == wire.SUCCESS
            assert told.wait(5)
            association.release()
    finally:
        server.shutdown()
    event, answer = heard[0]
    assert event == 2
    assert [each.ReferencedSOPInstanceUID for each in answer.ReferencedSOPSequence] == ["1.9.1.1.1"]
    assert [each.ReferencedSOPInstanceUID for each in answer.FailedSOPSequence] == ["1.9.1.1.2"]
    assert answer.TransactionUID == "1.9.77"


def _question(*numbers: int) -> Dataset:
    asked = Dataset()
    asked.TransactionUID = "1.9.77"
    asked.ReferencedSOPSequence = []
    for number in numbers:
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = MR, f"1.9.1.1.{number}"
        asked.ReferencedSOPSequence.append(item)
    return asked
