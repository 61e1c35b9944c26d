"""What is agreed when an association opens, by our node or with a PACS: titles, services, transfer syntaxes.

pynetdicom reads and writes the messages; what is agreed is decided here. Our node refuses unknown titles.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from imagebank.dicom.pacs.wire import MOST_PDU, BadMessage

VERIFICATION = "1.2.840.10008.1.1"
COMMITMENT = "1.2.840.10008.1.20.1"
COMMITMENT_INSTANCE = "1.2.840.10008.1.20.1.1"
STANDARD = "1.2.840.10008."
STORAGE = "1.2.840.10008.5.1.4.1.1."
APPLICATION = "1.2.840.10008.3.1.1.1"
IMPLICIT = "1.2.840.10008.1.2"
ACCEPTED, NO_SUCH_SERVICE, NO_SUCH_SYNTAX = 0, 3, 4  # of a presentation context, as PS3.8 numbers them
SYNTAXES = (
    "1.2.840.10008.1.2.1",  # explicit VR little endian: what the bank reads fastest
    IMPLICIT,  # VR little endian
    "1.2.840.10008.1.2.4.70",  # JPEG lossless, first order prediction
    "1.2.840.10008.1.2.4.57",  # JPEG lossless
    "1.2.840.10008.1.2.4.80",  # JPEG-LS lossless
    "1.2.840.10008.1.2.4.90",  # JPEG 2000 lossless
    "1.2.840.10008.1.2.5",  # RLE lossless
    "1.2.840.10008.1.2.4.50",  # from here on something was lost before it came to us
    "1.2.840.10008.1.2.4.51",
    "1.2.840.10008.1.2.4.81",
    "1.2.840.10008.1.2.4.91",
    "1.2.840.10008.1.2.1.99",  # deflated
    "1.2.840.10008.1.2.2",  # explicit VR big endian
)
"""Transfer syntaxes in the order in which they are chosen, where a peer offers several."""


@dataclass(frozen=True)
class Agreed:
    """An association that opens: the service and transfer syntax of each context; the answer, where we accept it.

    `not_offered` counts the contexts of services that a receiving node does not have: queries and retrievals.
    """

    peer: str
    contexts: dict[int, tuple[str, str]]
    most: int
    answer: bytes = b""
    not_offered: int = 0


@dataclass(frozen=True)
class Offer:
    """What we ask a PACS for: a service and its transfer syntaxes; `stores_here` where we would be the one served."""

    service: str
    syntaxes: Sequence[str]
    stores_here: bool = False


@dataclass(frozen=True)
class Refused:
    """An association that we refuse; result, source and reason as PS3.8 numbers them."""

    why: str
    result: int
    source: int
    reason: int


def negotiate(message: bytes, *, title: str, peers: Iterable[str], services: Iterable[str]) -> Agreed | Refused:
    """Decide on an A-ASSOCIATE-RQ. `services` are SOP classes taken besides storage. Raises BadMessage."""
    from pynetdicom.pdu import A_ASSOCIATE_RQ

    try:
        request = A_ASSOCIATE_RQ()
        request.decode(message)
        asked = request.to_primitive()
        calling, called = asked.calling_ae_title.strip(), asked.called_ae_title.strip()
    except Exception:  # whatever pynetdicom raises for a message that it cannot read
        raise BadMessage from None
    if called != title.strip():
        return Refused("called-title", 1, 1, 7)
    if calling not in {each.strip() for each in peers}:
        return Refused("calling-title", 1, 1, 3)
    results, contexts = _contexts(asked.presentation_context_definition_list, frozenset(services))
    not_offered = sum(each.result == NO_SUCH_SERVICE for each in results)
    return Agreed(calling, contexts, _most(asked), _accept(asked, results), not_offered)


def _contexts(offered: Iterable[Any], services: frozenset[str]) -> tuple[list[Any], dict[int, tuple[str, str]]]:
    from pynetdicom.presentation import PresentationContext

    results: list[Any] = []
    accepted: dict[int, tuple[str, str]] = {}
    for each in offered:
        service = str(each.abstract_syntax)
        syntaxes = [str(syntax) for syntax in each.transfer_syntax]
        chosen = next((syntax for syntax in SYNTAXES if syntax in syntaxes), "")
        answer = PresentationContext()
        answer.context_id = each.context_id
        answer.abstract_syntax = service
        answer.transfer_syntax = [chosen or syntaxes[0]]
        is_known = is_stored(service) or service in services
        answer.result = ACCEPTED if is_known and chosen else NO_SUCH_SYNTAX if is_known else NO_SUCH_SERVICE
        results.append(answer)
        if answer.result == ACCEPTED:
            accepted[answer.context_id] = (service, chosen)
    return results, accepted


def is_stored(service: str) -> bool:
    """Whether a class is one of instances. Private ones are taken for that: scanners keep spectra in them.

    Whatever else a private class may be, nothing but C-STORE is answered in it.
    """
    return service.startswith(STORAGE) or not service.startswith(STANDARD)


def _most(asked: object) -> int:
    """The largest message that the peer takes; 0 is any."""
    return int(asked.maximum_length_received or 0)  # type: ignore[attr-defined]


def _accept(asked: object, results: list[Any]) -> bytes:
    from pynetdicom.pdu import A_ASSOCIATE_AC
    from pynetdicom.pdu_primitives import A_ASSOCIATE

    answer = A_ASSOCIATE()
    answer.application_context_name = APPLICATION
    answer.calling_ae_title = asked.calling_ae_title  # type: ignore[attr-defined]
    answer.called_ae_title = asked.called_ae_title  # type: ignore[attr-defined]
    answer.result, answer.result_source = 0, 1
    answer.presentation_context_definition_results_list = results
    answer.user_information = _ourselves()
    message = A_ASSOCIATE_AC()
    message.from_primitive(answer)
    return bytes(message.encode())


def _ourselves() -> list[object]:
    """The largest message that we take, and which software we are."""
    from pynetdicom.pdu_primitives import ImplementationClassUIDNotification, MaximumLengthNotification

    from imagebank.dicom.pacs.part10 import IMPLEMENTATION

    most, implementation = MaximumLengthNotification(), ImplementationClassUIDNotification()
    most.maximum_length_received = MOST_PDU
    implementation.implementation_class_uid = IMPLEMENTATION.decode()
    return [most, implementation]


def ask_for(calling: str, called: str, offers: Sequence[Offer]) -> bytes:
    """An A-ASSOCIATE-RQ; the contexts are numbered 1, 3, 5 and so on, in the order of the offers."""
    from pynetdicom.pdu import A_ASSOCIATE_RQ
    from pynetdicom.pdu_primitives import A_ASSOCIATE, SCP_SCU_RoleSelectionNegotiation
    from pynetdicom.presentation import PresentationContext

    asked = A_ASSOCIATE()
    asked.application_context_name = APPLICATION
    asked.calling_ae_title, asked.called_ae_title = calling, called
    contexts, told = [], _ourselves()
    for number, offer in enumerate(offers):
        context = PresentationContext()
        context.context_id, context.abstract_syntax = 2 * number + 1, offer.service
        context.transfer_syntax = list(offer.syntaxes)
        contexts.append(context)
        if offer.stores_here:
            role = SCP_SCU_RoleSelectionNegotiation()
            role.sop_class_uid, role.scu_role, role.scp_role = offer.service, False, True
            told.append(role)
    asked.presentation_context_definition_list, asked.user_information = contexts, told
    message = A_ASSOCIATE_RQ()
    message.from_primitive(asked)
    return bytes(message.encode())


def accepted(body: bytes, peer: str, offers: Sequence[Offer]) -> Agreed:
    """What a PACS agreed to in its A-ASSOCIATE-AC. Raises BadMessage."""
    from pynetdicom.pdu import A_ASSOCIATE_AC

    try:
        message = A_ASSOCIATE_AC()
        message.decode(body)
        answer = message.to_primitive()
        contexts = {
            each.context_id: (offers[each.context_id // 2].service, str(each.transfer_syntax[0]))
            for each in answer.presentation_context_definition_results_list
            if each.result == 0
        }
        return Agreed(peer, contexts, _most(answer))
    except Exception:  # whatever pynetdicom raises for a message that it cannot read
        raise BadMessage from None
