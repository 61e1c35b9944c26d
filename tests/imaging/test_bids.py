"""The names of a session: complete, unique, valid, independent of order, and stable when a later series arrives."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagebank import imaging
from imagebank.dicom.classify import SEQUENCES
from imagebank.imaging.bids import Named, name_images, objection
from imagebank.imaging.model import FAILED, NOTES, UNSORTED, Image
from imagebank.imaging.vocabulary import rows_of, sequences

STEM = re.compile(
    r"sub-P1_ses-01(_task-unknown)?(_acq-[a-zA-Z0-9]+)?(_ce-contrast)?(_rec-[a-z0-9]+)?(_dir-[LRPAIS]{2})?_run-\d\d+"
    r"(_echo-\d+)?(_part-(phase|real|imag))?(_desc-[A-Za-z0-9]+)?_[A-Za-z0-9]+"
)
MORE_SEQUENCES = ("PD+T2", "UNIT1", "qT1", "derived-MRA", "perfusion", "secondary-capture", "a word of tomorrow")
KNOWN = frozenset({"RepetitionTime", "TotalReadoutTime"})

T1 = Image("s1", 1, 3, "T1w", "sagittal", "3D", None)
BOLD = Image("s2", 1, 4, "BOLD", "axial", "2D", None, volumes=100, known=KNOWN)
DWI = Image("s3", 1, 5, "DWI", "axial", "2D", None, volumes=7, b_values=7)
MAGNITUDE = Image("m", 1, 6, "fieldmap", "axial", "2D", None, label="e1", echo_time_ms=4.92, shape=(64, 64, 33))
PHASE = replace(MAGNITUDE, series="p", series_number=7, label="e2_ph", echo_time_ms=7.38)
OPPOSED = Image("o", 1, 2, "fieldmap", "axial", "2D", None, volumes=3, echo_planar=True, direction="AP", known=KNOWN)

images = st.builds(
    Image,
    series=st.sampled_from(["a", "b", "c"]),
    number=st.integers(1, 9),
    series_number=st.sampled_from([None, 1, 2]),
    sequence=st.one_of(
        st.sampled_from(["T1w", "T2w", "PD+T2", "BOLD", "DWI", "fieldmap", "fieldmap", "fieldmap"]),
        st.sampled_from([*SEQUENCES, *MORE_SEQUENCES]),
    ),
    plane=st.sampled_from(["axial", "sagittal", "unknown", "several"]),
    acquisition=st.sampled_from([None, "2D", "3D"]),
    contrast=st.sampled_from([None, True, False, "yes", "no", "unknown"]),
    label=st.sampled_from(["", "e1", "e2", "e1_ph", "e2_ph", "ph", "real", "fieldmaphz", "i00001", "Eq_1", "ROI1"]),
    volumes=st.sampled_from([1, 1, 7]),
    b_values=st.sampled_from([0, 7]),
    echo_time_ms=st.sampled_from([None, 4.9, 7.4, 10.0, 90.0]),
    direction=st.sampled_from(["", "AP", "PA"]),
    image_type=st.sampled_from([(), ("M", "NORM"), ("P",), ("DIS2D",)]),
    echo_planar=st.booleans(),
    shape=st.sampled_from([(64, 64, 33), (32, 32, 9)]),
    known=st.sampled_from([frozenset[str](), KNOWN]),
    doubt=st.sampled_from(["", "", "", "uneven-slices"]),
)
sessions = st.lists(images, max_size=14, unique_by=lambda image: (image.series, image.number))


def names(*images: Image) -> list[Named]:
    return list(name_images("P1", "01", images))


def stems(*images: Image) -> list[str]:
    return [named.stem.removeprefix("sub-P1_ses-01_") for named in names(*images)]


@settings(max_examples=400, deadline=None)
@given(sessions)
def test_every_image_gets_exactly_one_name_and_no_two_share_one(session: list[Image]) -> None:
    named = names(*session)
    assert sorted(each.key for each in named) == sorted((image.series, image.number) for image in session)
    places = [(each.in_bids, each.datatype, each.stem) for each in named]
    assert len(set(places)) == len(places)


@settings(max_examples=400, deadline=None)
@given(sessions)
def test_every_name_is_well_formed_and_every_unsorted_image_has_a_known_reason(session: list[Image]) -> None:
    for named in names(*session):
        assert STEM.fullmatch(named.stem)
        if named.in_bids:
            assert named.datatype in ("anat", "dwi", "func", "fmap", "perf")
            assert "desc-" not in named.stem
        else:
            assert named.reason in UNSORTED
            assert named.stem.endswith("_unsorted")


@settings(max_examples=200, deadline=None)
@given(sessions.flatmap(lambda session: st.tuples(st.just(session), st.permutations(session))))
def test_names_do_not_depend_on_the_order_of_the_series(both: tuple[list[Image], list[Image]]) -> None:
    first, second = both
    assert name_images("P1", "01", first) == name_images("P1", "01", second)


@settings(max_examples=400, deadline=None)
@given(sessions, st.lists(images, min_size=1, max_size=4, unique_by=lambda image: image.number), st.integers(3, 9))
def test_a_later_series_never_changes_the_names_of_earlier_ones(
    session: list[Image], later: list[Image], number: int
) -> None:
    dated = [replace(image, series_number=image.series_number or 2) for image in session]
    added = [replace(image, series="z", series_number=number, sequence=later[0].sequence) for image in later]
    before = {each.key: (each.datatype, each.stem, each.reason) for each in names(*dated)}
    after = {each.key: (each.datatype, each.stem, each.reason) for each in names(*dated, *added)}
    assert {key: after[key] for key in before} == before


def test_a_name_tells_plane_acquisition_contrast_and_reconstruction() -> None:
    told = replace(T1, series="s9", contrast=True, image_type=("ORIGINAL", "M", "DIS2D", "NORM"))
    assert stems(T1, told) == [
        "acq-sagittal3D_run-01_T1w",
        "acq-sagittal3D_ce-contrast_rec-dis2dnorm_run-01_T1w",
    ]


def test_only_a_contrast_agent_that_is_known_is_told() -> None:
    assert [stems(replace(T1, contrast=told))[0] for told in (None, "unknown", "no", False)] == [stems(T1)[0]] * 4
    assert stems(replace(T1, contrast="yes")) == stems(replace(T1, contrast=True))
    assert stems(replace(DWI, contrast=True)) == ["run-01_dwi"]


def test_runs_are_numbered_by_series_number() -> None:
    first, second = replace(T1, series="z", series_number=2), replace(T1, series="a", series_number=10)
    assert [(each.image.series, each.stem[-10:]) for each in names(second, first)] == [
        ("z", "run-01_T1w"),
        ("a", "run-02_T1w"),
    ]


def test_the_echoes_of_a_dual_spin_echo_are_two_weightings() -> None:
    short = Image("d", 1, 3, "PD+T2", "axial", "2D", None, label="e1", echo_time_ms=11.0)
    long = replace(short, number=2, label="e2", echo_time_ms=92.0)
    assert stems(short, long) == ["acq-axial2D_run-01_PDw", "acq-axial2D_run-01_T2w"]
    assert stems(*(replace(image, sequence="T2w") for image in (short, long))) == stems(short, long)
    assert objection(replace(short, echo_time_ms=None)) == "no-echo-times"


def test_more_echoes_are_a_multi_echo_series() -> None:
    spin = [Image("d", n, 3, "T2w", "axial", "2D", None, echo_time_ms=20.0 * n) for n in (1, 2, 3)]
    assert stems(*spin) == [f"acq-axial2D_run-0{1}_echo-{n}_MESE" for n in (1, 2, 3)]
    gradient = [replace(image, sequence="T2starw") for image in spin]
    assert stems(*gradient) == [f"acq-axial2D_run-01_echo-{n}_MEGRE" for n in (1, 2, 3)]
    assert stems(gradient[0]) == ["acq-axial2D_run-01_T2starw"]


def test_the_echoes_of_a_functional_series_are_numbered() -> None:
    first = replace(BOLD, label="e1", echo_time_ms=20.0, direction="PA")
    second = replace(first, number=2, label="e2", echo_time_ms=38.0)
    assert stems(first, second) == [f"task-unknown_dir-PA_run-01_echo-{n}_bold" for n in (1, 2)]


def test_phase_images_are_told_by_the_converter_or_by_the_header() -> None:
    assert stems(replace(T1, label="ph"))[0] == "acq-sagittal3D_run-01_part-phase_T1w"
    assert stems(replace(T1, image_type=("ORIGINAL", "P")))[0] == "acq-sagittal3D_run-01_part-phase_T1w"
    out_of_phase = replace(T1, image_type=("ORIGINAL", "OPP", "PHASE", "OPP_PHASE"))
    assert stems(out_of_phase)[0] == "acq-sagittal3D_rec-oppphase_run-01_T1w"


def test_the_stacks_of_a_localizer_are_told_apart_by_their_planes() -> None:
    stacks = [
        Image("l", n, 1, "localizer", plane, "2D", None, label=f"i0000{n}")
        for n, plane in enumerate(("axial", "coronal", "sagittal"), start=1)
    ]
    assert stems(*stacks) == [f"acq-{i.plane}2D_run-01_desc-localizer_unsorted" for i in stacks]
    assert {each.reason for each in names(*stacks)} == {"localizer"}


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (replace(T1, sequence="localizer"), "localizer"),
        (replace(T1, sequence="unknown"), "unknown-kind"),
        (replace(T1, sequence="a word of tomorrow"), "unknown-kind"),
        (replace(T1, sequence="SWI"), "no-bids-name"),
        (replace(T1, sequence="ADC"), "derived"),
        (replace(T1, sequence="MRS"), "spectroscopy"),
        (replace(T1, sequence="secondary-capture"), "not-acquired"),
        (replace(T1, volumes=4), "several-volumes"),
        (replace(T1, plane="several"), "mixed-slices"),
        (replace(T1, label="ROI1"), "computed-by-converter"),
        (replace(T1, label="Tilt_Eq_1"), "computed-by-converter"),
        (replace(T1, label="something new"), "computed-by-converter"),
        (replace(T1, doubt="uneven-slices"), "uneven-slices"),
        (replace(T1, sequence="localizer", doubt="missing-slices"), "localizer"),
        (replace(DWI, b_values=0), "no-b-values"),
        (replace(DWI, b_values=6), "no-b-values"),
        (replace(DWI, label="ADC"), "computed-by-converter"),
        (replace(BOLD, volumes=1), "single-volume"),
        (replace(BOLD, known=frozenset()), "no-repetition-time"),
        (replace(BOLD, sequence="ASL"), "asl-facts-missing"),
        (T1, ""),
        (DWI, ""),
        (BOLD, ""),
    ],
)
def test_a_name_is_given_only_where_bids_has_a_certain_one(image: Image, reason: str) -> None:
    assert objection(image) == reason


def test_a_phase_difference_joins_the_magnitudes_before_it() -> None:
    second = replace(MAGNITUDE, number=2, label="e2", echo_time_ms=7.38)
    named = names(MAGNITUDE, second, PHASE)
    assert [each.stem[-18:] for each in named] == ["_run-01_magnitude1", "_run-01_magnitude2", "1_run-01_phasediff"]
    assert (named[2].facts["EchoTime1"], named[2].facts["EchoTime2"]) == (0.00492, 0.00738)


def test_a_phase_difference_without_its_echo_times_is_unsorted() -> None:
    assert [each.reason for each in names(PHASE)] == ["no-echo-times"]
    assert [each.reason for each in names(MAGNITUDE, replace(PHASE, shape=(32, 32, 9)))] == ["", "no-echo-times"]


def test_a_repeated_field_map_is_another_run() -> None:
    again = [replace(image, series=image.series + "2", series_number=8) for image in (MAGNITUDE, PHASE)]
    again[1] = replace(again[1], series_number=9)
    assert stems(MAGNITUDE, PHASE, *again) == [
        "run-01_magnitude1",
        "run-01_phasediff",
        "run-02_magnitude1",
        "run-02_phasediff",
    ]


def test_field_maps_of_other_vendors_have_their_own_suffixes() -> None:
    two_phases = [replace(MAGNITUDE, number=n, label=f"e{n}_ph", echo_time_ms=4.0 * n) for n in (1, 2)]
    assert stems(*two_phases) == ["run-01_phase1", "run-01_phase2"]
    in_hertz = [replace(MAGNITUDE), replace(MAGNITUDE, number=2, label="e2_fieldmaphz")]
    assert stems(*in_hertz) == ["run-01_magnitude", "run-01_fieldmap"]
    assert names(replace(MAGNITUDE, label="e1_real"))[0].reason == "complex-field-map"


def test_each_image_has_the_last_field_map_before_it_and_each_field_map_tells_whom_it_serves() -> None:
    early = replace(BOLD, series="early", series_number=1)
    named = names(early, MAGNITUDE, PHASE, replace(DWI, series_number=8), T1)
    facts = {each.stem.rpartition("_")[2]: each.facts for each in named}
    assert facts["bold"] == facts["dwi"] == {"B0FieldSource": "fieldmap01"}
    assert facts["T1w"] == {}
    assert facts["phasediff"]["B0FieldIdentifier"] == facts["magnitude1"]["B0FieldIdentifier"] == "fieldmap01"
    assert facts["phasediff"]["IntendedFor"] == [
        "bids::sub-P1/ses-01/func/sub-P1_ses-01_task-unknown_run-01_bold.nii.gz",
        "bids::sub-P1/ses-01/dwi/sub-P1_ses-01_run-01_dwi.nii.gz",
    ]


def test_a_magnitude_alone_serves_nobody() -> None:
    assert [each.facts for each in names(MAGNITUDE, replace(DWI, series_number=8))] == [{}, {}]


def test_opposed_phase_encoding_is_one_field_map_until_a_direction_comes_again() -> None:
    back = replace(OPPOSED, series="o2", series_number=3, direction="PA")
    again = replace(OPPOSED, series="o3", series_number=9)
    named = names(OPPOSED, back, BOLD, again, replace(DWI, series_number=10))
    assert [each.stem[14:] for each in named if each.datatype == "fmap"] == [
        "dir-AP_run-01_epi",
        "dir-PA_run-01_epi",
        "dir-AP_run-02_epi",
    ]
    told = [each.facts.get("B0FieldIdentifier") or each.facts["B0FieldSource"] for each in named]
    assert told == ["opposed01", "opposed01", "opposed01", "opposed02", "opposed02"]
    assert names(replace(OPPOSED, direction=""))[0].reason == "no-direction"


def test_the_tables_name_known_reasons_only() -> None:
    assert {each.reason for each in sequences().values()} - {""} <= set(UNSORTED)
    assert set(SEQUENCES) <= set(sequences())
    told = {row["effect"]: set[str]() for row in rows_of("converter_messages")}
    for row in rows_of("converter_messages"):
        told[row["effect"]].add(row["reason"])
    assert told.keys() == {"fail", "doubt", "note"}
    assert told["fail"] <= set(FAILED)
    assert told["doubt"] <= set(UNSORTED)
    assert told["note"] == set(NOTES)


def test_every_reason_in_the_code_is_explained_and_every_explained_one_is_given() -> None:
    """Read from the sources: a new reason must be given its sentence."""
    folder = Path(imaging.__file__).parent
    sources = "".join(path.read_text() for path in folder.glob("*.py") if path.name not in ("model.py", "columns.py"))
    given = set(re.findall(r'"([a-z]+(?:-[a-z0-9]+)+)"', sources))
    given |= {row["reason"] for name in ("converter_messages", "sequences") for row in rows_of(name)} - {""}
    assert set(UNSORTED) | set(FAILED) | set(NOTES) <= given
    raised = set(re.findall(r'ConversionFailed\("([a-z-]+)"\)', sources))
    assert raised <= set(FAILED)
