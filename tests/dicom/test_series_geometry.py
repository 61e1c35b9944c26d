"""Volumes, plane, dimension and coverage of a series, and contrast agent over a study."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebank.dicom.acquisition import Acquisition
from imagebank.dicom.agents import AgentFacts, agent_alone, seconds_of, settle_agents, text_says
from imagebank.dicom.classify import classify
from imagebank.dicom.frames import Frame
from imagebank.dicom.geometry import Stack, coverage, dimension, stack_of
from imagebank.dicom.volumes import split_volumes

MR_IMAGE = "1.2.840.10008.5.1.4.1.1.4"
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)


def slices(
    count: int, gap_mm: float, *, echo: float = 100.0, pixel: float = 1.0, **changes: object
) -> list[Acquisition]:
    """Axial slices of a spin echo, one above the other."""
    one = Acquisition(
        "MR",
        MR_IMAGE,
        "Siemens",
        image_type=("ORIGINAL", "PRIMARY", "M"),
        scanning_sequence=("SE",),
        acquisition_type="2D",
        repetition_time_ms=4000.0,
        echo_time_ms=echo,
        echo_times_ms=(echo,),
        flip_angle_deg=90.0,
        field_strength_t=3.0,
        orientations=(AXIAL,),
        row_spacing_mm=pixel,
        column_spacing_mm=pixel,
        slice_thickness_mm=99.0,
        rows=230,
        columns=230,
        component="magnitude",
    )
    placed = []
    for number in range(count):
        position = (0.0, 0.0, number * gap_mm)
        frame = Frame(AXIAL, position, echo, None, "magnitude", one.image_type)
        placed.append(replace(one, positions=(position,), slice_frames=(frame,), **changes))
    return placed


def test_two_spin_echoes_are_seen_as_proton_density_and_t2() -> None:
    answer = classify([*slices(20, 6, echo=14.0), *slices(20, 6, echo=100.0)])
    assert answer.sequence == "PD+T2"
    assert [(each.sequence, each.echo_time_ms, each.slices) for each in answer.volumes] == [
        ("PDw", 14.0, 20),
        ("T2w", 100.0, 20),
    ]


def test_magnitude_and_phase_are_two_volumes_of_one_series() -> None:
    magnitude = slices(10, 5)
    phase = [
        replace(each, image_type=("P",), slice_frames=(replace(each.slice_frames[0], component="phase"),))
        for each in slices(10, 5)
    ]
    parts = split_volumes([*magnitude, *phase])
    assert [(each.component, each.slices) for each in parts] == [("magnitude", 10), ("phase", 10)]


def test_a_series_of_three_planes_holds_one_volume_a_plane() -> None:
    crossing = [
        replace(slices(1, 5)[0], orientations=(turn,), slice_frames=(Frame(turn, (0.0, 0.0, 0.0), 100.0),))
        for turn in (AXIAL, SAGITTAL, (1.0, 0.0, 0.0, 0.0, 0.0, -1.0))
    ]
    answer = classify(crossing)
    assert (answer.sequence, answer.plane) == ("localizer", "several")
    assert [(each.volumes, each.slices) for each in answer.volumes] == [(3, 1)]


def test_the_slices_of_one_enhanced_image_are_counted_in_the_plane_in_which_they_lie() -> None:
    """Otherwise a localizer of three times seven slices would count as sixty-three, too many for one."""
    turns = (AXIAL, SAGITTAL, (1.0, 0.0, 0.0, 0.0, 0.0, -1.0))
    frames = tuple(Frame(turn, (0.0, float(step), float(turn[1])), 100.0) for turn in turns for step in range(7))
    places = tuple(dict.fromkeys(frame.position for frame in frames if frame.position))
    enhanced = replace(
        slices(1, 5)[0], orientations=turns, positions=places, slice_frames=frames, frames=21, repetition_time_ms=8.0
    )
    assert classify([enhanced]).sequence == "localizer"


@given(st.permutations(range(12)))
def test_slices_are_sorted_by_where_they_lie_and_thickness_is_not_believed(order: list[int]) -> None:
    placed = slices(12, 6)
    stack = stack_of([placed[place] for place in order])
    assert stack
    assert (stack.slices, stack.spacing_mm) == (12, 6.0)


@pytest.mark.parametrize(
    ("told", "count", "spacing", "pixel", "expected"),
    [
        ("3D", 176, 1.0, 1.0, "3D"),
        ("3D", 1, 1.0, 1.0, "2D"),
        ("3D", 20, 6.5, 0.5, "2D"),
        ("2D", 24, 6.0, 0.5, "2D"),
        ("2D", 160, 1.0, 1.0, "3D"),
        (None, 160, 1.0, 1.0, "3D"),
        (None, 24, 6.0, 0.5, "2D"),
        (None, 1, 6.0, 0.5, "unknown"),
    ],
)
def test_slices_that_cannot_be_what_the_header_says_are_what_they_look_like(
    told: str | None, count: int, spacing: float, pixel: float, expected: str
) -> None:
    stack = Stack(count, spacing, 230.0, 230.0, pixel, AXIAL)
    assert dimension(stack, told) == expected


def test_no_place_in_space_leaves_what_the_header_says() -> None:
    assert (dimension(None, "3D"), dimension(None, None)) == ("3D", "unknown")


@pytest.mark.parametrize(
    ("count", "planes", "kind", "expected"),
    [
        (25, 1, "brain", "whole-brain"),
        (10, 1, "brain", "partial"),
        (25, 3, "brain", "partial"),
        (25, 1, "part", "partial"),
        (25, 1, "other", "not-brain"),
        (25, 1, "phantom", "not-brain"),
    ],
)
def test_coverage_is_what_the_slices_hold(count: int, planes: int, kind: str, expected: str) -> None:
    assert coverage(Stack(count, 6.0, 230.0, 230.0, 1.0, AXIAL), planes, kind) == expected


def test_slices_too_wide_for_a_head_are_no_whole_brain_unless_the_header_names_it() -> None:
    wide = Stack(40, 6.0, 380.0, 380.0, 1.2, AXIAL)
    assert (coverage(wide, 1, "unknown"), coverage(wide, 1, "brain")) == ("unknown", "whole-brain")


def test_no_geometry_is_no_coverage() -> None:
    assert coverage(None, 0, "brain") == "unknown"


def told(at: float | None, *, named: bool | None = None, start: float | None = None, **other: object) -> AgentFacts:
    facts = {"text_says": None, "protocol": "t1", **other}
    return AgentFacts(named, at, start, **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (told(100.0, named=False), "no"),
        (told(100.0, named=True, start=200.0), "no"),
        (told(300.0, named=True, start=200.0), "yes"),
        (told(300.0, named=True), "unknown"),
        (told(300.0, named=True, text_says=True), "yes"),
        (told(300.0), "unknown"),
    ],
)
def test_a_named_agent_alone_is_not_believed(facts: AgentFacts, expected: str) -> None:
    assert agent_alone(facts) == expected


def test_the_second_run_of_a_protocol_shows_that_agent_was_given_between() -> None:
    session = [told(100.0, named=True), told(200.0, protocol="flair"), told(300.0, named=True)]
    assert settle_agents(session) == ["no", "unknown", "yes"]


def test_series_after_the_bolus_have_agent_whatever_their_own_fields_say() -> None:
    session = [told(300.0, named=True, start=200.0), told(400.0, protocol="t2"), told(250.0, protocol="dwi")]
    assert settle_agents(session) == ["yes", "yes", "unknown"]


def test_series_before_the_only_bolus_have_none() -> None:
    session = [told(300.0, named=True, start=200.0), told(100.0, protocol="dwi"), told(150.0, text_says=True)]
    assert settle_agents(session) == ["yes", "no", "yes"]


def test_an_examination_may_pass_midnight() -> None:
    """The bolus at ten to twelve; one series before it, two after, one of them on the next day."""
    before, after, next_day = 85_000.0, 86_000.0, 300.0
    session = [
        told(before, named=True, start=85_800.0),
        told(after, protocol="t2"),
        told(next_day, named=True, start=85_800.0),
    ]
    assert agent_alone(session[2]) == "yes"
    assert settle_agents(session) == ["no", "unknown", "yes"]
    assert settle_agents([told(85_900.0, named=True, start=85_800.0), told(next_day)]) == ["yes", "yes"]


def test_a_computed_series_is_not_judged_by_its_time() -> None:
    session = [told(300.0, named=True, start=200.0), told(400.0, protocol="mpr", derived=True)]
    assert settle_agents(session) == ["yes", "unknown"]


def test_where_nobody_names_an_agent_none_was_given_unless_the_form_was_opened() -> None:
    assert settle_agents([told(100.0), told(200.0, protocol="t2", mentioned=True)]) == ["no", "unknown"]
    assert settle_agents([told(100.0), told(200.0)]) == ["unknown", "unknown"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("T1 +C", True),
        ("t1_post_gad", True),
        ("T1 pre", False),
        ("T1 SE", None),
        ("spine ce pre", None),
        ("dance", None),
        ("phase contrast", None),
        ("T1 post op", None),
        ("T1 with contrast", True),
        ("T1 w/o contrast", False),
        ("t1 nach KM", True),
        ("t1 ohne KM", False),
        ("T1 avec injection", True),
        ("T1 sans gado", False),
        ("T1 con contraste", True),
        ("T1 sin contraste", False),
        ("造影T1", True),
        ("単純T1", False),
    ],
)
def test_words_of_a_description_speak_of_agent_only_whole(text: str, expected: bool | None) -> None:
    assert text_says(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("101530", 36930.0), ("20200101101530.5", 36930.0), ("1015", 36900.0), ("", None), ("9961", None), ("x", None)],
)
def test_a_time_of_day_is_seconds_since_midnight(text: str, expected: float | None) -> None:
    assert seconds_of(text) == expected
