"""The names of a session: complete, unique, valid and independent of order."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagebank.imaging.bids import SUFFIXES, name_images, objection
from imagebank.imaging.model import Image

STEM = re.compile(
    r"sub-P1_ses-01(_task-unknown)?(_acq-[a-zA-Z0-9]+)?(_ce-contrast)?(_run-\d+)?(_echo-\d+)?(_part-(phase|real|imag))?"
    r"_(T1w|T2w|FLAIR|PDw|T2starw|angio|dwi|bold)"
)
SEQUENCES = [
    *SUFFIXES,
    "SWI",
    "ASL",
    "ADC",
    "derived-DWI",
    "fieldmap",
    "localizer",
    "MRS",
    "derived",
    "other",
    "unknown",
]

T1 = Image("s1", 1, 3, "T1w", "sagittal", "3D", None)
BOLD = Image("s2", 1, 4, "BOLD", "axial", "2D", None, volumes=100, repetition_time=True)
DWI = Image("s3", 1, 5, "DWI", "axial", "2D", None, volumes=7, b_values=7)

images = st.builds(
    Image,
    series=st.sampled_from(["a", "b", "c"]),
    number=st.integers(1, 9),
    series_number=st.sampled_from([None, 1, 2]),
    sequence=st.sampled_from(SEQUENCES),
    plane=st.sampled_from(["axial", "sagittal", "unknown", "several"]),
    acquisition=st.sampled_from([None, "2D", "3D"]),
    contrast=st.sampled_from([None, True, False]),
    label=st.sampled_from(["", "e1", "e2", "e1_ph", "ph", "i00001", "a", "Eq_1", "ROI1", "ADC"]),
    volumes=st.sampled_from([1, 1, 7]),
    b_values=st.sampled_from([0, 7]),
    echo_time_ms=st.sampled_from([None, 10.0, 90.0]),
    repetition_time=st.booleans(),
    complete=st.sampled_from([True, True, False]),
)
sessions = st.lists(images, max_size=12, unique_by=lambda image: (image.series, image.number))


def stem_of(*images: Image) -> list[str]:
    return [named.stem for named in name_images("P1", "01", images)]


@settings(max_examples=500, deadline=None)
@given(sessions)
def test_every_image_gets_exactly_one_name_and_no_two_share_one(session: list[Image]) -> None:
    named = name_images("P1", "01", session)
    assert sorted((n.image.series, n.image.number) for n in named) == sorted((i.series, i.number) for i in session)
    places = [(named.in_bids, named.datatype, named.stem) for named in named]
    assert len(set(places)) == len(places)


@settings(max_examples=500, deadline=None)
@given(sessions)
def test_every_bids_name_is_well_formed_and_every_other_has_a_reason(session: list[Image]) -> None:
    for named in name_images("P1", "01", session):
        if named.in_bids:
            assert STEM.fullmatch(named.stem)
            assert named.datatype in ("anat", "dwi", "func")
        else:
            assert re.fullmatch(r"[a-z-]+", named.reason)
            assert named.stem == f"{named.image.series}_{named.image.number}"


@settings(max_examples=300, deadline=None)
@given(sessions.flatmap(lambda session: st.tuples(st.just(session), st.permutations(session))))
def test_names_do_not_depend_on_the_order_of_the_series(both: tuple[list[Image], list[Image]]) -> None:
    first, second = both
    assert name_images("P1", "01", first) == name_images("P1", "01", second)


def test_a_name_tells_plane_acquisition_and_contrast() -> None:
    assert stem_of(T1, replace(T1, series="s9", contrast=True)) == [
        "sub-P1_ses-01_acq-sagittal3D_T1w",
        "sub-P1_ses-01_acq-sagittal3D_ce-contrast_T1w",
    ]


def test_runs_are_numbered_by_series_number() -> None:
    first, second = replace(T1, series="z", series_number=2), replace(T1, series="a", series_number=10)
    named = name_images("P1", "01", [second, first])
    assert [(n.image.series, n.stem) for n in named] == [
        ("z", "sub-P1_ses-01_acq-sagittal3D_run-01_T1w"),
        ("a", "sub-P1_ses-01_acq-sagittal3D_run-02_T1w"),
    ]


def test_the_echoes_of_a_dual_spin_echo_are_two_weightings() -> None:
    short = Image("d", 1, 3, "PDw", "axial", "2D", None, label="e1", echo_time_ms=11.0)
    long = replace(short, number=2, label="e2", echo_time_ms=92.0)
    assert stem_of(short, long) == ["sub-P1_ses-01_acq-axial2D_PDw", "sub-P1_ses-01_acq-axial2D_T2w"]


def test_the_echoes_of_a_functional_series_are_numbered() -> None:
    first = replace(BOLD, label="e1", echo_time_ms=20.0)
    second = replace(first, number=2, label="e2", echo_time_ms=38.0)
    assert stem_of(first, second) == [
        "sub-P1_ses-01_task-unknown_echo-1_bold",
        "sub-P1_ses-01_task-unknown_echo-2_bold",
    ]


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (replace(T1, sequence="localizer"), "no-bids-name"),
        (replace(T1, sequence="unknown"), "no-bids-name"),
        (replace(T1, sequence="SWI"), "no-bids-name"),
        (replace(T1, volumes=4), "several-volumes"),
        (replace(T1, plane="several"), "several-planes"),
        (replace(T1, label="ph"), "no-bids-name"),
        (replace(T1, label="ROI1"), "computed-by-converter"),
        (replace(T1, complete=False), "converter-warned"),
        (replace(DWI, b_values=0), "no-b-values"),
        (replace(DWI, b_values=6), "no-b-values"),
        (replace(DWI, label="ADC"), "computed-by-converter"),
        (replace(BOLD, volumes=1), "single-volume"),
        (replace(BOLD, repetition_time=False), "no-repetition-time"),
        (T1, ""),
        (DWI, ""),
        (BOLD, ""),
    ],
)
def test_a_name_is_given_only_where_bids_has_a_certain_one(image: Image, reason: str) -> None:
    assert objection(image) == reason


def test_every_reason_in_the_code_is_explained() -> None:
    """Read from the sources: a new reason must be given its sentence."""
    import re
    from pathlib import Path

    from imagebank import imaging
    from imagebank.imaging.model import FAILED, UNSORTED

    folder = Path(imaging.__file__).parent
    raised = {
        reason
        for name in ("convert.py", "dcm2niix.py")
        for call in re.findall(r"ConversionFailed\(([^)]*)\)", (folder / name).read_text())
        for reason in re.findall(r'"([a-z0-9-]+)"', call)
    }
    told = set(re.findall(r'(?:return|else) "([a-z]+-[a-z-]+)"', (folder / "bids.py").read_text()))
    assert raised == set(FAILED)
    assert told == set(UNSORTED)
