"""Headers as the makers write them: each gets a right answer or none, and losing an attribute makes no other one.

The table (`vendor_headers.csv`) tells of each kind of series what such a header says, and what may be answered.
Times are those of usual protocols; the words are those of the makers' conformance statements.
"""

from __future__ import annotations

import csv
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from imagebank.dicom.acquisition import Acquisition
from imagebank.dicom.classify import Classification, classify
from imagebank.dicom.frames import Frame, Orientation, Position
from imagebank.dicom.rules import CONFIDENT

Case = dict[str, str]

ORIENTATIONS: dict[str, Orientation] = {
    "axial": (1.0, 0.0, 0.0, 0.0, 1.0, 0.0),
    "sagittal": (0.0, 1.0, 0.0, 0.0, 0.0, -1.0),
    "coronal": (1.0, 0.0, 0.0, 0.0, 0.0, -1.0),
}
LOSSES: dict[str, dict[str, Any]] = {
    "Image Type": {"image_type": (), "component": ""},
    "Scanning Sequence": {"scanning_sequence": ()},
    "Sequence Variant": {"sequence_variant": ()},
    "Scan Options": {"scan_options": ()},
    "Sequence Name": {"sequence_name": ""},
    "MR Acquisition Type": {"acquisition_type": None},
    "Repetition Time": {"repetition_time_ms": None},
    "Echo Time": {"echo_time_ms": None, "echo_times_ms": ()},
    "Inversion Time": {"inversion_time_ms": None, "inversion_times": 0},
    "Flip Angle": {"flip_angle_deg": None},
    "Echo Train Length": {"echo_train_length": None},
    "Magnetic Field Strength": {"field_strength_t": None},
    "Contrast/Bolus Agent": {"contrast_agent": None},
    "Manufacturer": {"manufacturer": "other"},
    "Pixel Spacing": {"row_spacing_mm": None, "column_spacing_mm": None},
    "Slice Thickness and Spacing": {"spacing_between_slices_mm": None, "slice_thickness_mm": None},
    "Series Description": {"text": ""},
}


@cache
def cases() -> tuple[Case, ...]:
    with open(Path(__file__).with_name("vendor_headers.csv"), newline="", encoding="utf-8") as file:
        return tuple(csv.DictReader(file))


def position(plane: str, place: float) -> Position:
    return {"axial": (-110.0, -110.0, place), "sagittal": (place, -110.0, 110.0)}.get(plane, (-110.0, place, 110.0))


def header(case: Case) -> Acquisition:
    """One instance that stands for the whole series."""

    def number(key: str) -> float | None:
        return float(case[key]) if case[key] else None

    def words(key: str) -> tuple[str, ...]:
        return tuple(case[key].split("\\")) if case[key] else ()

    planes = case["planes"].split("+")
    steps = [float(case["spacing"]) * step for step in range(int(case["slices"]))]
    places = [(ORIENTATIONS[plane], position(plane, step)) for plane in planes for step in steps]
    echoes = tuple(float(echo) for echo in words("TE"))
    weight = number("b")
    frames = tuple(
        Frame(orientation, place, echo, weight, case["component"], words("image_type"))
        for echo in echoes
        for _ in range(int(case["times"]))
        for orientation, place in places
    )
    return Acquisition(
        modality="MR",
        sop_class_uid="1.2.840.10008.5.1.4.1.1.4",
        manufacturer=case["maker"],
        image_type=words("image_type"),
        scanning_sequence=words("scanning"),
        sequence_variant=words("variant"),
        scan_options=words("options"),
        sequence_name=case["name"],
        acquisition_type=case["type"],
        repetition_time_ms=number("TR"),
        echo_time_ms=min(echoes),
        echo_times_ms=echoes,
        inversion_time_ms=number("TI"),
        flip_angle_deg=number("FA"),
        echo_train_length=int(case["ETL"]) if case["ETL"] else None,
        field_strength_t=number("tesla"),
        b_value=weight,
        component=case["component"],
        orientations=tuple(ORIENTATIONS[plane] for plane in planes),
        positions=tuple(place for _, place in places),
        slice_frames=frames,
        frames=len(frames),
        rows=448,
        columns=448,
        row_spacing_mm=number("pixel"),
        column_spacing_mm=number("pixel"),
        slice_thickness_mm=number("spacing"),
        spacing_between_slices_mm=number("spacing"),
        contrast_agent=True if case["agent"] else None,
        body_part=case["part"],
        text=case["text"],
        photometric_interpretation="MONOCHROME2",
    )


def without(whole: Acquisition, lost: str) -> Acquisition:
    """The header without an attribute, which its frames do not tell either."""
    frames = whole.slice_frames
    if lost == "Echo Time":
        frames = tuple(replace(frame, echo_time_ms=None) for frame in frames)
    if lost == "Image Type":
        frames = tuple(replace(frame, component="", flavour=()) for frame in frames)
    return replace(whole, slice_frames=frames, **LOSSES[lost])


def told(case: Case, answer: Classification) -> str:
    return f"{case['maker']} {case['what']}: {answer.sequence} by {answer.rule}, {answer.confidence:g}"


def test_headers_of_every_maker_get_a_right_answer_or_none() -> None:
    """Of a weak answer that is right for others too, `unknown` stands among the accepted ones."""
    answers = [(case, classify([header(case)])) for case in cases()]
    assert [told(case, answer) for case, answer in answers if answer.sequence not in case["shows"].split("|")] == []
    assert len({case["maker"] for case in cases()}) == 8
    sure = [answer for case, answer in answers if "|" not in case["shows"]]
    assert sum(answer.confidence >= CONFIDENT for answer in sure) / len(sure) > 0.85


def test_no_lost_attribute_makes_another_confident_answer() -> None:
    found = []
    for case in cases():
        whole = header(case)
        said = classify([whole])
        accepted = {
            *case["shows"].split("|"),
            *(each.split(" (")[0] for each in said.runners_up if said.sequence == "other"),
        }
        for lost in LOSSES:
            less = without(whole, lost)
            answer = classify([less]) if less != whole else said
            if answer.confidence >= CONFIDENT and answer.sequence not in accepted:
                found.append(f"without {lost}: {told(case, answer)}")
    assert found == []


FLAIR = {
    "maker": "Siemens",
    "image_type": "ORIGINAL\\PRIMARY\\M",
    "scanning": "SE\\IR",
    "type": "3D",
    "FA": "120",
    "tesla": "3",
    "planes": "sagittal",
    "slices": "40",
    "spacing": "1",
    "pixel": "1",
    "times": "1",
    "component": "magnitude",
    "part": "HEAD",
}


def spin_echo(**given: str) -> Acquisition:
    return header({**dict.fromkeys(cases()[0], ""), **FLAIR, **given})


@pytest.mark.parametrize(
    ("repetition", "inversion", "shows"),
    [
        ("5000", "1800", "FLAIR"),
        ("9000", "2500", "FLAIR"),
        ("11000", "2800", "FLAIR"),
        ("4000", "1400", "FLAIR"),
        ("7500", "3000", "other"),
        ("5500", "2550", "other"),
    ],
)
def test_fluid_is_attenuated_where_the_inversion_fits_the_repetition(
    repetition: str, inversion: str, shows: str
) -> None:
    """With one inversion; double inversion recovery tells an inversion time that nulls nothing."""
    assert classify([spin_echo(TR=repetition, TE="320", TI=inversion)]).sequence == shows


def test_two_inversion_times_are_no_flair() -> None:
    answer = classify([replace(spin_echo(TR="7500", TE="320", TI="2300"), inversion_times=2)])
    assert (answer.sequence, answer.variant) == ("other", "double inversion")


def test_a_computed_image_is_not_surely_what_its_source_was() -> None:
    """The header of a synthetic or computed map keeps the times of the images that it was made of."""
    source = spin_echo(scanning="SE", type="2D", TR="4000", TE="100")
    computed = replace(source, image_type=("DERIVED", "SECONDARY", "OTHER"))
    assert classify([source]).confidence >= CONFIDENT > classify([computed]).confidence > 0


def test_t2_and_diffusion_are_told_apart_only_where_the_header_does() -> None:
    """Classic Philips headers call diffusion a spin echo; stripped of its b-value it looks T2-weighted."""
    once = spin_echo(scanning="SE", type="2D", TR="4000", TE="70", ETL="15")
    twice = spin_echo(scanning="SE", type="2D", TR="4000", TE="70", times="2", ETL="15")
    train = spin_echo(scanning="SE", type="2D", TR="4000", TE="70", ETL="59")
    assert [classify([each]).confidence >= CONFIDENT for each in (once, twice, train)] == [True, False, False]
    assert classify([replace(twice, b_value=1000.0)]).sequence == "DWI"
