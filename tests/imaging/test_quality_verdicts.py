"""The verdict: fixed limits for geometry, and for all else the distance from images that are alike."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagebank.catalogue.tables import Quality
from imagebank.core.columns import columns
from imagebank.imaging.quality import VERDICTS, Measured, judge, limits, metrics, shown_by
from imagebank.imaging.quality.verdict import FEWEST_ALIKE, JUDGED

SOUND = {"snr": 40.0, "efc": 0.5, "blur_voxels": 2.5, "missing_slices": 0.0, "cut_top": 0.0}


def image(name: str, scanner: str = "a", sequence: str = "T1w", software: str = "1", **values: float) -> Measured:
    return Measured(name, sequence, "3D", scanner, software, {**SOUND, **values}, {})


def alike(count: int = 30, **shared: str) -> list[Measured]:
    chance = random.Random(4)
    prefix = "-".join(shared.values())
    return [image(f"{prefix}{k}", **shared, snr=chance.gauss(40, 2)) for k in range(count)]


def test_an_image_far_on_the_bad_side_is_not_usable() -> None:
    found = judge([*alike(), image("low", snr=8.0), image("lower", snr=1.0), image("high", snr=400.0)])
    assert found["low"].reasons == ("low-snr",)
    assert found["lower"].verdict == "unusable"
    assert found["high"].verdict == "usable"


def test_scanners_are_compared_with_themselves() -> None:
    """On a quiet scanner a value is poor that is usual on a noisy one."""
    quiet = [image(f"q{k}", scanner="quiet", snr=100 + k % 5) for k in range(30)]
    noisy = [image(f"n{k}", scanner="noisy", snr=20 + k % 5) for k in range(30)]
    found = judge([*quiet, *noisy, image("odd", scanner="quiet", snr=22.0)])
    assert found["odd"].verdict == "unusable"
    assert {found[each.image].verdict for each in noisy} == {"usable"}


def test_a_new_software_falls_back_to_its_scanner_until_there_are_enough() -> None:
    old, new = alike(30, software="1"), alike(3, software="2")
    assert judge([*old, *new])[new[0].image].stratum == "T1w | 3D | a"
    many = alike(FEWEST_ALIKE, software="2")
    assert judge([*old, *many])[many[0].image].stratum == "T1w | 3D | a | 2"


def test_too_few_alike_are_not_assessable_but_geometry_is_judged_all_the_same() -> None:
    found = judge([image("one"), image("holes", missing_slices=1.0)])
    assert (found["one"].verdict, found["one"].reasons) == ("not-assessable", ("too-few-alike",))
    assert (found["holes"].verdict, found["holes"].reasons) == ("caution", ("missing-slices",))


def test_localizers_and_maps_are_not_judged_but_for_limits_that_hold_everywhere() -> None:
    found = judge([image("map", sequence="ADC", cut_top=0.9), image("holes", sequence="ADC", missing_slices=4.0)])
    assert found["map"].reasons == ("sequence-not-judged",)
    assert found["holes"].verdict == "unusable"


@pytest.mark.parametrize("reason", ["no-head", "unreadable", "colour", "computed", "failed"])
def test_what_could_not_be_measured_is_not_assessable(reason: str) -> None:
    broken = Measured("x", "T1w", "3D", "a", "1", {}, {"efc": reason})
    assert judge([*alike(), broken])["x"].reasons == (reason,)


def test_coverage_is_compared_on_one_scanner_alone() -> None:
    """Another scanner's protocol is no fault."""
    long = [image(f"l{k}", scanner=f"s{k % 3}", coverage_mm=240.0) for k in range(30)]
    found = judge([*long, image("short", scanner="other", coverage_mm=160.0)])
    assert found["short"].stratum == "T1w | 3D"
    assert found["short"].verdict == "usable"


@settings(max_examples=30, deadline=None)
@given(st.randoms(use_true_random=False), st.floats(0.5, 200), st.floats(0.01, 0.99))
def test_verdicts_depend_on_no_order_and_worse_is_never_better(
    chance: random.Random, snr: float, factor: float
) -> None:
    images = [*alike(), image("x", snr=snr)]
    shuffled = images[:]
    chance.shuffle(shuffled)
    before = judge(images)
    assert judge(shuffled) == before
    after = judge([*alike(), image("x", snr=snr * factor)])
    order = ["usable", "caution", "unusable"]
    assert order.index(after["x"].verdict) >= order.index(before["x"].verdict)


def test_each_metric_is_declared_in_full() -> None:
    for each in metrics().values():
        assert each.definition.endswith("."), each.name
        assert each.better in ("higher", "lower", "neither")
        assert not each.judged or (each.better != "neither" and each.floor > 0), each.name
        assert each.scale in ("linear", "log")


def test_limits_name_metrics_and_order_their_steps() -> None:
    for each in limits():
        assert each.metric in metrics()
        assert each.unusable is None or each.unusable > each.caution


def test_the_table_has_a_column_for_each_metric_with_its_meaning() -> None:
    told = {each.name: each for each in columns(Quality)}
    for name, metric in metrics().items():
        assert (told[name].meaning, told[name].unit) == (metric.definition, metric.unit)
    assert told["verdict"].values == VERDICTS


@pytest.mark.parametrize(
    ("path", "sequence", "shows"),
    [
        ("bids/sub-a/ses-b/anat/sub-a_ses-b_acq-axial2D_PDw.nii.gz", "T2w", "PDw"),
        ("bids/sub-a/ses-b/func/sub-a_ses-b_task-unknown_bold.nii.gz", "unknown", "BOLD"),
        ("bids/derivatives/unsorted/sub-a/ses-b/abc_1.nii.gz", "SWI", "SWI"),
    ],
)
def test_what_an_image_shows_follows_from_its_name_first(path: str, sequence: str, shows: str) -> None:
    assert shown_by(path, sequence) == shows
    assert shows in JUDGED
