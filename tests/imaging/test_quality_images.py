"""What is measured of an image: planted faults are found, sound images are not, and nothing is made up."""

from __future__ import annotations

import io
import json
from pathlib import Path

import nibabel
import numpy as np
import pytest
from painted import AFFINE, GRID, assess, head, instance, measured, save, save_zip, scanned
from PIL import Image as Picture
from scipy import ndimage

from imagebank.imaging.quality import ABSENT, Verdict, judge, metrics
from imagebank.imaging.quality.head import find_head
from imagebank.imaging.quality.intensity import Way, intensity
from imagebank.imaging.quality.mosaics import GAP_PX, TILE_PX, mosaic
from imagebank.imaging.quality.series import diffusion, follow, over_time, spike_share
from imagebank.imaging.quality.volumes import NotGrey, each_volume, open_image

SOUND = 24
FOUND = ("motion", "ghosting", "noise", "missing-slice", "cut-field-of-view", "wrong-position")
MOST_FALSE_ALARMS = 2
SPACING = (GRID.slice_mm, GRID.pixel_mm, GRID.pixel_mm)
PLACES = [GRID.slice_mm * k for k in range(GRID.slices)]


def sheared_down(number: int) -> np.ndarray:
    """The same head from a stack that lies too low by six slices: its top is outside."""
    low = np.zeros_like(head(number))
    low[6:] = head(number)[:-6]
    return low


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Verdict]:
    """Sound images, one image with each fault, and the verdict on all of them together."""
    root, images = tmp_path_factory.mktemp("heads"), []
    for number in range(SOUND):
        save(root / f"sound-{number}.nii.gz", scanned(number))
        save_zip(root / f"sound-{number}.zip", [instance(place, k) for k, place in enumerate(PLACES)])
    for number, fault in enumerate((*FOUND, "swapped-sides"), start=SOUND):
        pixels = fault in ("motion", "ghosting", "noise", "swapped-sides")
        cut = sheared_down(number) if fault == "cut-field-of-view" else None
        turned = AFFINE @ np.diag([1, 1, -1, 1.0]) if fault == "wrong-position" else AFFINE
        save(root / f"{fault}.nii.gz", scanned(number, fault if pixels else "", cut), turned)
        kept = [place for k, place in enumerate(PLACES) if fault != "missing-slice" or k != 9]
        told = {"PatientPosition": "FFS"} if fault == "wrong-position" else {}
        save_zip(root / f"{fault}.zip", [instance(place, k, **told) for k, place in enumerate(kept)])
    for path in sorted(root.glob("*.nii.gz")):
        name = path.name.removesuffix(".nii.gz")
        images.append(measured(name, assess(root, name)))
    return judge(images)


@pytest.mark.parametrize("fault", FOUND)
def test_a_planted_fault_is_found(verdicts: dict[str, Verdict], fault: str) -> None:
    assert verdicts[fault].verdict in ("caution", "unusable"), verdicts[fault]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("noise", "low-snr"),
        ("missing-slice", "missing-slices"),
        ("cut-field-of-view", "cut-at-the-top"),
        ("wrong-position", "wrong-position"),
        ("wrong-position", "told-feet-first"),
    ],
)
def test_the_reason_names_the_fault(verdicts: dict[str, Verdict], fault: str, reason: str) -> None:
    assert reason in verdicts[fault].reasons


def test_sound_images_are_usable(verdicts: dict[str, Verdict]) -> None:
    alarms = {name: each for name, each in verdicts.items() if name.startswith("sound") and each.verdict != "usable"}
    assert len(alarms) <= MOST_FALSE_ALARMS, alarms


def test_sides_that_changed_places_cannot_be_seen_and_nothing_is_claimed(verdicts: dict[str, Verdict]) -> None:
    assert verdicts["swapped-sides"].verdict == "usable"


def test_every_metric_has_a_value_or_a_reason(tmp_path: Path) -> None:
    save(tmp_path / "one.nii.gz", scanned(1))
    result = assess(tmp_path, "one")
    assert result.values.keys() | result.absent.keys() == metrics().keys()
    assert not result.values.keys() & result.absent.keys()
    assert set(result.absent.values()) <= ABSENT.keys()
    assert np.isfinite(list(result.values.values())).all()


def test_the_same_image_gives_the_same_numbers_and_picture(tmp_path: Path) -> None:
    save(tmp_path / "one.nii.gz", scanned(1))
    first, picture = assess(tmp_path, "one"), (tmp_path / "one.png").read_bytes()
    (tmp_path / "one.png").unlink()
    assert assess(tmp_path, "one") == first
    assert (tmp_path / "one.png").read_bytes() == picture


@pytest.mark.parametrize("cut", [0, 10, 400, 20_000])
def test_a_damaged_image_has_reasons_and_no_values_of_its_voxels(tmp_path: Path, cut: int) -> None:
    save(tmp_path / "one.nii.gz", scanned(1))
    whole = (tmp_path / "one.nii.gz").read_bytes()
    (tmp_path / "one.nii.gz").write_bytes(whole[:cut])
    result = assess(tmp_path, "one")
    assert result.values == {}
    assert result.absent["snr"] == "unreadable"
    assert result.mosaic_sha256 == ""


def test_a_colour_image_is_named_as_one(tmp_path: Path) -> None:
    colours = np.zeros((8, 8, 8), dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")])
    nibabel.save(nibabel.Nifti1Image(colours, np.eye(4)), tmp_path / "one.nii.gz")
    with pytest.raises(NotGrey):
        open_image(tmp_path / "one.nii.gz")
    assert assess(tmp_path, "one").absent["efc"] == "colour"


def test_phases_and_projections_are_not_measured_as_tissue(tmp_path: Path) -> None:
    save(tmp_path / "one.nii.gz", scanned(1))
    (tmp_path / "one.json").write_text(json.dumps({"ImageType": ["ORIGINAL", "PRIMARY", "P", "ND"]}))
    assert assess(tmp_path, "one").absent["snr"] == "computed"


def test_a_background_that_was_set_to_zero_is_no_excellent_scan(tmp_path: Path) -> None:
    masked = np.where(head(1) > 0, scanned(1), 0)
    save(tmp_path / "one.nii.gz", masked)
    result = assess(tmp_path, "one")
    assert {result.absent[name] for name in ("snr", "fber", "ghosting", "cnr")} == {"zero-filled"}
    assert "edge_strength" in result.values


def test_an_empty_image_has_no_head(tmp_path: Path) -> None:
    save(tmp_path / "one.nii.gz", np.zeros((20, 64, 64)))
    assert assess(tmp_path, "one").absent["cut_top"] == "no-head"


def readings(volume: np.ndarray, phase_axis: int | None = 1) -> dict[str, object]:
    floats = np.ascontiguousarray(volume, dtype=np.float32)
    return intensity(floats, find_head(floats, SPACING), Way("T2w", "2D", phase_axis))


def test_metrics_move_the_way_they_are_declared() -> None:
    """More noise, more blur, a ghost: each metric that is made for it goes to its bad side."""
    sound = scanned(3)
    rolled = sound + 0.2 * np.roll(head(3), 32, axis=1)
    noisy = scanned(3) + np.random.default_rng(1).normal(0, 60, sound.shape)
    blurred = ndimage.gaussian_filter(sound.astype(float), (0, 1.5, 1.5))
    jumping = sound * np.where(np.arange(len(sound)) % 2, 0.8, 1.0)[:, None, None]
    before = readings(sound)
    for spoilt, names in (
        (np.abs(noisy), ("snr", "fber", "efc")),
        (blurred, ("edge_strength", "blur_voxels")),
        (rolled, ("ghosting", "fber", "efc")),
        (jumping, ("slice_jitter",)),
    ):
        after = readings(spoilt)
        for name in names:
            worse = after[name] < before[name] if metrics()[name].better == "higher" else after[name] > before[name]
            assert worse, (name, before[name], after[name])


def test_signal_to_noise_is_dietrichs() -> None:
    """Air of magnitude noise with a deviation of 10 in each channel, and a block of 500."""
    chance = np.random.default_rng(2)
    shape = (30, 60, 60)
    block = np.zeros(shape)
    block[8:22, 18:42, 18:42] = 500
    noisy = np.hypot(block + chance.normal(0, 10, shape), chance.normal(0, 10, shape)).astype(np.float32)
    found = intensity(noisy, find_head(noisy, (4, 4, 4)), Way("BOLD", "3D", None))
    assert found["snr"] == pytest.approx(50, rel=0.03)


def test_volumes_are_those_that_nibabel_reads(tmp_path: Path) -> None:
    values = np.random.default_rng(3).integers(0, 900, (3, 5, 6, 7))
    save(tmp_path / "one.nii.gz", values)
    whole = nibabel.load(tmp_path / "one.nii.gz").get_fdata()
    found = list(each_volume(open_image(tmp_path / "one.nii.gz")))
    assert len(found) == 3
    for place, volume in enumerate(found):
        assert volume.flags.c_contiguous
        assert np.array_equal(volume, whole[..., place].transpose(2, 1, 0))


def series_of(deviation: float, volumes: int = 40) -> np.ndarray:
    chance = np.random.default_rng(5)
    return np.full((volumes, 6, 20, 20), 1000.0) + chance.normal(0, deviation, (volumes, 6, 20, 20))


def test_one_pass_gives_what_all_volumes_together_give() -> None:
    series = series_of(20) + np.arange(40)[:, None, None, None] * 2.0
    course = follow(iter(series.astype(np.float32)), np.ones((6, 20, 20), dtype=bool))
    flat = series.reshape(40, -1)
    times = np.vstack([np.ones(40), np.arange(40)]).T
    fitted = times @ np.linalg.lstsq(times, flat, rcond=None)[0]
    deviation = np.sqrt(((flat - fitted) ** 2).sum(axis=0) / 38)
    found = over_time(course)
    assert found["tsnr"] == pytest.approx(np.median(flat.mean(axis=0) / deviation), rel=1e-3)
    assert found["drift_percent"] == pytest.approx(100 * 2.0 * 39 / flat.mean(), rel=0.02)
    assert found["spike_share"] == pytest.approx(0, abs=0.01)


def test_a_spike_is_counted() -> None:
    means = np.full((40, 6), 1000.0) + np.random.default_rng(1).normal(0, 1, (40, 6))
    means[17, 2] += 200
    assert spike_share(means) == pytest.approx(1 / 240)


def test_a_dropped_slice_is_counted_and_directions_are() -> None:
    series = series_of(5, volumes=8)
    series[0] *= 3
    series[5, 3] *= 0.4
    course = follow(iter(series.astype(np.float32)), np.ones((6, 20, 20), dtype=bool))
    axes = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [-1, 0, 0], [1, 1, 0], [1, 0, 1], [0, 1, 1]])
    directions = axes / np.maximum(np.linalg.norm(axes, axis=1, keepdims=True), 1)
    found = diffusion(course, [0, *[1000] * 7], directions)
    assert found == {"shells": 1.0, "directions": 6.0, "dropout_share": pytest.approx(1 / 42)}


def test_a_mosaic_shows_the_right_side_left_and_the_face_up(tmp_path: Path) -> None:
    volume = np.zeros((20, 20, 20), dtype=np.float32)
    image_path = tmp_path / "one.nii.gz"
    for sign in (1, -1):
        affine = np.diag([4.0 * sign, 4.0, 4.0, 1])
        save(image_path, volume, affine)
        volume[:] = 0
        right = slice(15, 20) if sign > 0 else slice(0, 5)
        volume[8:13, 15:20, right] = 100  # front right, in the middle of the height
        picture = np.asarray(Picture.open(io.BytesIO(mosaic(volume, open_image(image_path)))))
        axial = picture[:, :TILE_PX]
        rows, columns = np.nonzero(axial > 128)
        assert rows.mean() < TILE_PX / 2
        assert columns.mean() < TILE_PX / 2
        assert picture.shape == (TILE_PX, 3 * TILE_PX + 2 * GAP_PX)
