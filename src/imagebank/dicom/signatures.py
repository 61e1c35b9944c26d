"""The signature of a protocol: equal for series that were made in the same way on the same kind of scanner.

A hospital has tens of thousands of series and a few hundred protocols. Whoever confirms the signatures that are seen
most often has confirmed most series. A signature is made of the de-identified header alone: words of a description that
could name somebody are gone before it is computed.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from imagebank.dicom.acquisition import Acquisition
from imagebank.dicom.frames import Frame
from imagebank.dicom.series_facts import most_common

SIGNATURE_DIGITS = 16

TIME_DIGITS = 2
"""Digits of a time that count: consoles adjust times a little from patient to patient."""

FLIP_STEP_DEG = 5.0


@dataclass(frozen=True)
class Signature:
    """What series of one protocol have in common, in words that name nobody."""

    manufacturer: str
    model: str
    software: str
    sequence_name: str
    image_type: tuple[str, ...]
    acquisition: str
    repetition_time_ms: float | None
    echo_times_ms: tuple[float, ...]
    inversion_time_ms: float | None
    flip_angle_deg: float | None
    name: str

    @property
    def digest(self) -> str:
        """The signature as a short text."""
        text = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:SIGNATURE_DIGITS]


def signature_of(clean: Sequence[Acquisition]) -> Signature:
    """The signature of a series from the facts of its de-identified instances, in any order."""
    echoes = {_rounded(echo) for each in clean for echo in each.echo_times_ms}
    return Signature(
        manufacturer=most_common(each.manufacturer for each in clean) or "",
        model=most_common(each.model for each in clean) or "",
        software=most_common(each.software for each in clean) or "",
        sequence_name=_without_numbers(most_common(each.sequence_name for each in clean) or ""),
        image_type=tuple(sorted({word for each in clean for word in each.image_type})),
        acquisition=most_common(each.acquisition_type for each in clean) or "",
        repetition_time_ms=_rounded(most_common(each.repetition_time_ms for each in clean)),
        echo_times_ms=tuple(sorted(echo for echo in echoes if echo is not None)),
        inversion_time_ms=_rounded(most_common(each.inversion_time_ms for each in clean)),
        flip_angle_deg=_stepped(most_common(each.flip_angle_deg for each in clean)),
        name=normalised(most_common(each.description or each.text for each in clean) or ""),
    )


def normalised(text: str) -> str:
    """A description as its words in small letters, each once and in the order of the alphabet.

    Radiographers write the same words in any order, and mark a series that they ran again.
    """
    words = set(re.findall(r"[a-z]+[a-z0-9*+]*|\d+[a-z]+", text.lower()))
    return " ".join(sorted(word for word in words if not re.fullmatch(r"(repeat|rpt|run|rr|nd)\d*", word)))


def _without_numbers(name: str) -> str:
    """A sequence name without what depends on the patient: the b-value index, the number of partitions."""
    return re.sub(r"#\d+|_\d+(?=(ns)?\b)", "", name)


def _rounded(milliseconds: float | None) -> float | None:
    """A time to its first digits, so that small adjustments do not make another protocol."""
    return float(f"{milliseconds:.{TIME_DIGITS - 1}e}") if milliseconds else None


def _stepped(degrees: float | None) -> float | None:
    return None if degrees is None else round(degrees / FLIP_STEP_DEG) * FLIP_STEP_DEG


def case_of(clean: Sequence[Acquisition]) -> dict[str, Any]:
    """The resolved fields of a de-identified series as JSON values: enough to classify it again, and nothing else.

    Dates, times of day, UIDs and places are left out; slices keep their geometry.
    """
    return {"instances": [_instance(each) for each in clean]}


def acquisitions_of(case: dict[str, Any]) -> list[Acquisition]:
    """The facts that `case_of` wrote; those of an older version that nobody asks for any more are passed over."""
    told = case["instances"]
    if not isinstance(told, list):
        raise ValueError("a case has a list of instances")
    return [Acquisition(**_known(Acquisition, each)) for each in told]


LEFT_OUT = ("acquired_s", "bolus_start_s", "software", "model")


def _instance(one: Acquisition) -> dict[str, Any]:
    plain = Acquisition("", "", "")
    return {
        key: value
        for key, value in asdict(one).items()
        if key not in LEFT_OUT
        and (value != getattr(plain, key) or key in ("modality", "sop_class_uid", "manufacturer"))
    }


def _known(kind: type[Acquisition | Frame], told: dict[str, Any]) -> dict[str, Any]:
    """JSON values as the fields of a record: lists become tuples, frames become frames."""
    names = {field.name for field in fields(kind)}
    return {key: _value(key, value) for key, value in told.items() if key in names}


def _value(key: str, value: Any) -> Any:
    if key == "slice_frames":
        return tuple(Frame(**_known(Frame, frame)) for frame in value)
    return _tupled(value)


def _tupled(value: Any) -> Any:
    return tuple(_tupled(each) for each in value) if isinstance(value, list | tuple) else value
