"""What a series shows: the decision list, on physics written out here."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagebank.dicom.acquisition import Acquisition
from imagebank.dicom.classify import (
    NO_RULE,
    PLANES,
    SEQUENCES,
    classify,
    describe_rules,
    plane,
    rules,
    rules_hash,
    series_facts,
)
from imagebank.dicom.rules import CONFIDENT

MR_IMAGE = "1.2.840.10008.5.1.4.1.1.4"
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)

CASES = """
scanning | type | name          | TR    | TE  | TI   | FA | b    | image type        | variant | shows
GR IR    | 3D   | tfl3d1_16ns   | 2300  | 2.3 | 900  | 9  |      |                   |         | T1w
GR       | 3D   |               | 6.5   | 2.9 |      | 9  | 0    | M_FFE             | MP      | T1w
GR       | 3D   | bravo efgre3d | 8     | 3.2 | 450  | 12 | 0    |                   |         | T1w
GR       | 3D   |               | 9     | 4.6 |      | 20 |      |                   | SS SP   | T1w
GR       | 2D   | fl2d1         | 250   | 2.5 |      | 70 |      |                   | SP      | T1w
SE       | 2D   |               | 500   | 12  |      | 90 |      |                   |         | T1w
SE IR    | 2D   |               | 2000  | 20  | 860  | 90 |      |                   |         | T1w
SE       | 2D   |               | 4000  | 100 |      | 90 |      |                   |         | T2w
SE       | 3D   | spc_314ns     | 3200  | 408 |      |    |      |                   |         | T2w
SE       | 2D   |               | 3000  | 15  |      | 90 |      |                   |         | PDw
SE IR    | 2D   |               | 9000  | 110 | 2500 | 90 |      |                   |         | FLAIR
SE IR    | 3D   |               | 5000  | 390 | 1800 |    |      |                   |         | FLAIR
RM       | 2D   | flair         | 10002 | 159 |      | 90 |      |                   |         | FLAIR
GR       | 2D   |               | 700   | 20  |      | 20 |      |                   |         | T2starw
GR       | 3D   |               | 27    | 20  |      | 15 |      |                   |         | SWI
GR       | 3D   | swi3d1r       | 49    | 40  |      | 15 |      |                   |         | SWI
EP SE    | 2D   |               | 6000  | 80  |      | 90 | 1000 |                   |         | DWI
EP SE    | 2D   | ep_b1000#3    | 6000  | 80  |      | 90 |      |                   |         | DWI
EP SE    | 2D   |               | 6000  | 80  |      | 90 |      | DERIVED ADC       |         | ADC
EP SE    | 2D   |               | 6000  | 80  |      | 90 | 1000 | DERIVED TRACEW    |         | derived-DWI
EP GR    | 2D   | epfid2d1_64   | 2000  | 30  |      | 90 |      |                   |         | BOLD
EP GR    | 2D   |               | 4000  | 12  |      | 90 |      | ASL               |         | ASL
EP GR    | 2D   |               | 4000  | 12  |      | 90 |      | DERIVED ASL RELCBF|         | derived-ASL
GR       | 3D   | fi3d1_tof     | 22    | 4   |      | 18 |      |                   |         | MRA
GR       | 3D   | fl3d1r_tm     | 22    | 4   |      | 18 |      |                   |         | MRA
GR       | 2D   | fm2d2r        | 500   | 5   |      | 60 |      |                   |         | fieldmap
GR       | 3D   | fl3d1_ns      | 3.15  | 1.4 |      | 8  |      |                   |         | localizer
SE       | 2D   |               | 4000  | 90  |      | 90 |      | LOCALIZER         |         | localizer
GR       | 3D   |               | 9     | 4   |      | 9  |      | DERIVED MPR       |         | derived
IR       | 2D   |               | 4100  | 60  | 150  | 90 |      | M_IR M            | SK      | T2w
SE IR    | 2D   |               | 1500  | 5   | 300  |    |      |                   |         | unknown
GR       | 3D   |               | 8     | 3   |      | 12 |      | DERIVED T1 MAP    |         | qT1
GR       | 3D   | tfl3d1        | 5000  | 3   | 700  | 4  |      | UNI               |         | UNIT1
EP GR    | 2D   |               | 1500  | 30  |      | 60 |      | DERIVED CBV       |         | derived-perfusion
GR       | 2D   |               | 500   | 5   |      | 60 |      | DERIVED T2_STAR MAP |       | qT2star
GR       | 3D   | fi3d1_tof     | 22    | 4   |      | 18 |      | DERIVED MIP       |         | derived-MRA
GR       | 3D   | pc3d          | 20    | 6   |      | 15 |      |                   |         | MRA
         |      |               |       |     |      |    |      |                   |         | unknown
SE       |      |               |       |     |      |    |      |                   |         | unknown
SE       | 2D   |               | 1800  | 52  |      | 90 |      |                   |         | unknown
"""


CASE = {
    "scanning": "SE",
    "type": "2D",
    "name": "",
    "TR": "4000",
    "TE": "100",
    "TI": "",
    "FA": "90",
    "b": "",
    "image type": "",
    "variant": "",
}


def table(text: str) -> list[dict[str, str]]:
    head, *lines = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    return [dict(zip(head, line, strict=True)) for line in lines]


def acquisition(case: dict[str, str]) -> Acquisition:
    def number(key: str) -> float | None:
        return float(case[key]) if case[key] else None

    pixel_mm = 3.0 if "EP" in case["scanning"] else 1.0
    return Acquisition(
        modality="MR",
        sop_class_uid=MR_IMAGE,
        manufacturer="Siemens",
        image_type=tuple(re.findall(r"\S+ MAP|\S+", case["image type"])),
        scanning_sequence=tuple(case["scanning"].split()),
        sequence_variant=tuple(case["variant"].split()),
        sequence_name=case["name"],
        acquisition_type=case["type"] or None,
        repetition_time_ms=number("TR"),
        echo_time_ms=number("TE"),
        inversion_time_ms=number("TI"),
        flip_angle_deg=number("FA"),
        b_value=number("b"),
        field_strength_t=3.0,
        orientations=(AXIAL,),
        positions=tuple((0.0, 0.0, 5.0 * place) for place in range(20)),
        frames=20,
        row_spacing_mm=pixel_mm,
        column_spacing_mm=pixel_mm,
        slice_thickness_mm=5.0,
        echo_times_ms=(float(case["TE"]),) if case["TE"] else (),
    )


@pytest.mark.parametrize("case", table(CASES), ids=lambda case: f"{case['shows']}-{case['name'] or case['scanning']}")
def test_physics_and_standard_words_decide(case: dict[str, str]) -> None:
    assert classify([acquisition(case)]).sequence == case["shows"]


@pytest.mark.parametrize("case", table(CASES), ids=lambda case: f"{case['shows']}-{case['name'] or case['scanning']}")
@pytest.mark.parametrize("text", ["T1 MPRAGE", "AX T2", "T2 FLAIR", "DWI b1000", "localizer", "TOF", "fMRI", "ASL"])
def test_a_description_never_overrides_what_physics_decided(case: dict[str, str], text: str) -> None:
    plain = acquisition(case)
    decided = classify([plain])
    if decided.rule != NO_RULE:
        assert classify([replace(plain, text=text)]) == decided


def test_a_description_speaks_where_physics_is_silent() -> None:
    silent = Acquisition(modality="MR", sop_class_uid=MR_IMAGE, manufacturer="other", text="AX T2 FLAIR")
    assert classify([silent]).sequence == "FLAIR"


def test_a_description_against_physics_is_not_believed() -> None:
    short_echo = Acquisition("MR", MR_IMAGE, "other", text="AX T2", echo_time_ms=12.0)
    assert classify([short_echo]).sequence == "unknown"


NAMELESS = """
type | TR   | TE  | FA | options | volumes | pixel | spacing | shows   | because
2D   | 3000 | 50  | 90 | FS      | 150     | 3.0   | 3.5     | BOLD    | a run over and over
2D   | 3000 | 50  | 90 | FS      | 10      | 3.0   | 3.5     | BOLD    | the shortest run that is one
2D   | 3000 | 50  | 90 | FS      | 2       | 7.5   | 32      | unknown | two volumes are no run
3D   | 23   | 6.9 | 20 | FC SAT  | 1       | 0.39  | 0.6     | MRA     | vessels need fine voxels
3D   | 23   | 6.9 | 20 | FC SAT  | 1       | 7.5   | 26      | unknown | nobody looks for vessels in coarse ones
3D   | 52   | 23  | 20 | FC      | 1       | 0.5   | 1.0     | SWI     | an echo long enough for veins
3D   | 52   | 12  | 20 | FC      | 1       | 0.5   | 1.0     | unknown | this echo serves other T2* weighting as well
"""


@pytest.mark.parametrize("case", table(NAMELESS), ids=lambda case: case["because"])
def test_gradient_echoes_without_a_name_are_told_by_physics_or_not_at_all(case: dict[str, str]) -> None:
    """As Philips writes them: only GR, FFE and times, and not that the readout was echo planar."""
    told = {**CASE, **{key: case[key] for key in ("type", "TR", "TE", "FA")}, "scanning": "GR", "image type": "M_FFE M"}
    plain = acquisition(told)
    series = replace(
        plain,
        manufacturer="Philips",
        scan_options=tuple(case["options"].split()),
        frames=len(plain.positions) * int(case["volumes"]),
        row_spacing_mm=float(case["pixel"]),
        spacing_between_slices_mm=float(case["spacing"]),
        field_strength_t=1.5,
    )
    answer = classify([series])
    assert answer.sequence == case["shows"]
    assert answer.confidence < CONFIDENT


def test_another_modality_is_never_called_a_brain_image() -> None:
    ct = Acquisition("CT", "1.2.840.10008.5.1.4.1.1.2", "Siemens", text="T1 FLAIR", echo_time_ms=3.0)
    assert classify([ct]).sequence == "non-MR"


def test_a_series_without_instances_is_unknown_or_other_but_never_guessed() -> None:
    assert classify([]).sequence in ("unknown", "other")


def test_crossing_planes_are_a_localizer() -> None:
    one = Acquisition("MR", MR_IMAGE, "GE", ("ORIGINAL",), ("SE",), orientations=(AXIAL,), positions=((0.0, 0.0, 0.0),))
    other = replace(one, orientations=(SAGITTAL,))
    answer = classify([one, other])
    assert (answer.sequence, answer.plane) == ("localizer", "several")


@pytest.mark.parametrize(
    ("orientation", "expected"),
    [
        (AXIAL, "axial"),
        (SAGITTAL, "sagittal"),
        ((1.0, 0.0, 0.0, 0.0, 0.0, -1.0), "coronal"),
        ((1.0, 0.0, 0.0, 0.0, 0.94, -0.34), "axial"),
        ((1.0, 0.0, 0.0, 0.0, 0.71, -0.71), "oblique"),
    ],
)
def test_the_plane_comes_from_the_slice_normal(orientation: tuple[float, ...], expected: str) -> None:
    assert plane([orientation]) == expected  # type: ignore[list-item]


def test_no_orientation_is_no_plane() -> None:
    assert plane([]) == "unknown"


def test_every_rule_is_complete_and_named_once() -> None:
    names = Counter(rule.name for rule in rules())
    assert all(times == 1 for times in names.values())
    assert all(rule.because and rule.shows in SEQUENCES and (rule.when or rule.unless) for rule in rules())
    assert {rule.shows for rule in rules()} == set(SEQUENCES) - {"unknown"}


def test_the_rules_print_as_documentation_and_have_a_hash() -> None:
    printed = describe_rules()
    assert all(f"| {rule.name} | {rule.shows} |" in printed for rule in rules())
    assert len(printed.splitlines()) == len(rules()) + 2
    assert len(rules_hash()) == 64


numbers = st.one_of(st.none(), st.floats(0.1, 12000))
acquisitions = st.builds(
    Acquisition,
    modality=st.sampled_from(["MR", "MR", "MR", "CT", ""]),
    sop_class_uid=st.sampled_from([MR_IMAGE, MR_IMAGE + ".1", "1.2.840.10008.5.1.4.1.1.7", ""]),
    manufacturer=st.sampled_from(["Siemens", "GE", "Philips", "Canon", "UIH", "other"]),
    image_type=st.lists(st.sampled_from(["DERIVED", "ADC", "ASL", "MPR", "P", "B0"]), max_size=4).map(tuple),
    scanning_sequence=st.lists(st.sampled_from(["SE", "GR", "EP", "IR"]), max_size=3).map(tuple),
    sequence_name=st.sampled_from(["", "tfl3d1", "epse2d", "epfid2d", "tse2d", "swan"]),
    acquisition_type=st.sampled_from([None, "2D", "3D"]),
    repetition_time_ms=numbers,
    echo_time_ms=numbers,
    inversion_time_ms=numbers,
    flip_angle_deg=numbers,
    b_value=st.sampled_from([None, 0.0, 1000.0]),
    orientations=st.sampled_from([(), (AXIAL,), (SAGITTAL,)]),
    positions=st.lists(st.tuples(*[st.sampled_from([0.0, 5.0])] * 3), max_size=3).map(tuple),
    contrast_agent=st.sampled_from([None, True, False]),
    text=st.sampled_from(["", "t1", "T2 FLAIR", "loc"]),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(acquisitions, max_size=5).flatmap(lambda each: st.tuples(st.just(each), st.permutations(each))))
def test_the_order_of_instances_never_matters(both: tuple[list[Acquisition], list[Acquisition]]) -> None:
    first, second = map(classify, both)
    assert first == second
    assert first.sequence in SEQUENCES
    assert first.plane in PLANES
    assert (first.sequence == "unknown") == (first.rule == NO_RULE) == (first.confidence == 0)


def test_the_evidence_shows_the_facts_of_the_rule_and_no_text_of_the_header() -> None:
    silent = Acquisition("MR", MR_IMAGE, "other", text="AX T2 FLAIR JONES", sequence_name="")
    answer = classify([silent])
    assert answer.evidence == ("text=FLAIR",)
    swi = Acquisition("MR", MR_IMAGE, "other", image_type=("ORIGINAL", "SWI_JONES"), scanning_sequence=("GR",))
    assert classify([swi]).evidence == ("image_type=OTHER",)


def test_an_answer_that_hangs_on_a_missing_fact_is_not_confident() -> None:
    whole = acquisition({**CASE, "image type": "ORIGINAL PRIMARY"})
    assert classify([whole]).sequence == classify([replace(whole, image_type=())]).sequence == "T2w"
    assert classify([whole]).confidence >= CONFIDENT > classify([replace(whole, image_type=())]).confidence


def test_runners_up_say_what_later_rules_would_have_said() -> None:
    knee = replace(acquisition({**CASE, "image type": "ORIGINAL PRIMARY"}), body_part="KNEE")
    answer = classify([knee])
    assert (answer.sequence, answer.coverage, answer.body_part) == ("other", "not-brain", "limb")
    assert any(told.startswith("T2w") for told in answer.runners_up)


def test_a_phantom_is_called_one_where_only_the_description_says_so() -> None:
    answer = classify([replace(acquisition(CASE), text="t2_se QA daily", body_part="HEAD")])
    assert (answer.sequence, answer.phantom, answer.coverage) == ("other", True, "not-brain")
    assert answer.confidence < CONFIDENT


def test_facts_of_no_instance_are_the_facts_of_a_silent_one() -> None:
    silent = Acquisition("", "", "other")
    differing = {key for key, value in series_facts([silent]).items() if value != series_facts([])[key]}
    assert differing == {"manufacturer"}
