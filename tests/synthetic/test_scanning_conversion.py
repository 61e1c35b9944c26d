"""dcm2niix turns every class of every maker and software into volumes with the true geometry."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from dcm2niix import bin as converter
from sample_person import sample_person
from scanned import Written, corner_mm, eras, one_series, visit_of

from imagebank.synthetic.scanning import can_make, write_visit
from imagebank.synthetic.scanning.painting import head_of, paint
from imagebank.synthetic.scanning.pixels import stored_volumes
from imagebank.synthetic.scanning.scan import Scan
from imagebank.synthetic.scanning.volumes import Frame, Volume
from imagebank.synthetic.visits import SERIES_KINDS

VOLUMES_OF = {"PD+T2": 2, "fieldmap": 2}
Truth = tuple[tuple[Volume, ...], list[Frame]]


def convert(images: Path, out: Path) -> dict[int, list[Path]]:
    """The volumes of each series number; the converter's copies of overlays are left out."""
    out.mkdir(parents=True)
    command = [converter, "-z", "n", "-b", "y", "-f", "%s_", "-o", str(out), str(images)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    found: dict[int, list[Path]] = {}
    for path in sorted(out.glob("*.nii")):
        if "ROI" not in path.stem:
            found.setdefault(int(path.stem.split("_")[0]), []).append(path)
    return found


def check_voxels(image: Any, stored: list[Any], truth: Truth, number: int) -> None:
    """Voxels of the converted volume stand where the plan puts them, with the values that were painted."""
    volumes, frames = truth
    grid = volumes[number].grid
    inverse = np.linalg.inv(image.affine)
    data = np.asarray(image.dataobj.get_unscaled())
    for frame in (each for each in frames if each.volume == number):
        for row, column in ((0, 0), (grid.rows - 1, 3), (grid.rows // 2, grid.columns // 3)):
            mm = corner_mm(frame, volumes[number], row, column)
            i, j, k, _ = inverse @ [*mm, 1.0]
            assert np.allclose([i, j, k], np.round([i, j, k]), atol=2e-3)
            volume = data[..., 0] if data.ndim == 4 else data
            assert volume[round(i), round(j), round(k)] == stored[number][frame.slice, row, column]


def check_directions(path: Path, image: Any, volumes: tuple[Volume, ...]) -> None:
    """b-values and directions are the true ones, once turned from the image's axes to the patient's."""
    assert np.allclose(np.loadtxt(path.with_suffix(".bval")), [each.physics.b_value for each in volumes])
    vectors = np.loadtxt(path.with_suffix(".bvec"))
    axes = image.affine[:3, :3] / np.linalg.norm(image.affine[:3, :3], axis=0)
    if np.linalg.det(axes) > 0:
        vectors[0] *= -1
    for vector, volume in zip((axes @ vectors).T, volumes, strict=True):
        if volume.physics.direction:
            assert abs(np.dot(vector, np.array(volume.physics.direction) * [-1, -1, 1])) == pytest.approx(1, abs=2e-3)


def check_slice_timing(path: Path, maker: str, truth: Truth) -> None:
    """Every slice's time is that of its excitation; Philips does not say it."""
    told = json.loads(path.with_suffix(".json").read_text()).get("SliceTiming")
    true = np.array([frame.milliseconds for frame in truth[1] if frame.volume == 0]) / 1000
    if maker == "philips":
        assert told is None
    else:
        assert np.allclose(told, true, atol=0.006) or np.allclose(told, true[::-1], atol=0.006)


def check_physics(path: Path, scan: Scan, volume: Volume) -> None:
    """The sidecar states the physics of the plan; times in seconds."""
    told = json.loads(path.with_suffix(".json").read_text())
    protocol = scan.protocol
    assert told["EchoTime"] == pytest.approx(volume.physics.echo_ms / 1000, rel=1e-3)
    assert told["RepetitionTime"] == pytest.approx(protocol.tr_ms / 1000, rel=1e-3)
    assert told["FlipAngle"] == pytest.approx(protocol.flip_deg)
    assert told["MagneticFieldStrength"] == scan.machine.field_t
    assert told["SliceThickness"] == pytest.approx(volume.grid.thickness_mm, rel=1e-3)
    if "IR" in protocol.scanning_sequence:
        assert told["InversionTime"] == pytest.approx(protocol.ti_ms / 1000)


def check_series(each: Written, kind: str, paths: list[Path]) -> None:
    scan, truth = each.scan(kind), each.truth(kind)
    volumes = truth[0]
    head = head_of(each.visit.anatomy, scan.size)
    stored = stored_volumes(scan, lambda physics, grid: paint(head, physics, grid), volumes, seed=1)
    assert len(paths) == (3 if kind == "localizer" else VOLUMES_OF.get(kind, 1))
    for number, path in enumerate(paths):
        image: Any = nibabel.load(path)
        grid = volumes[number].grid
        assert sorted(image.shape[:3]) == sorted((grid.rows, grid.columns, grid.slices))
        check_physics(path, scan, volumes[number])
        if kind not in ("fieldmap", "SWI-phase") and volumes[number].component == "M":
            check_voxels(image, stored, truth, number)
    if kind == "BOLD":
        check_slice_timing(paths[0], scan.machine.maker, truth)
    if kind in ("BOLD", "DWI"):
        polarity = json.loads(paths[0].with_suffix(".json").read_text()).get("PhaseEncodingDirection")
        assert (polarity in ("j", "j-")) == (scan.machine.maker != "philips")
        assert nibabel.load(paths[0]).shape[3] == len(volumes)
    if kind == "DWI":
        check_directions(paths[0], nibabel.load(paths[0]), volumes)


@pytest.mark.parametrize(("machine", "day"), eras(), ids=lambda value: str(value))
def test_every_class_converts_with_its_geometry_directions_and_slice_times(
    machine: str, day: date, tmp_path: Path
) -> None:
    person = sample_person()
    kinds = [kind for kind in SERIES_KINDS if kind in can_make(machine, day)]
    visit = visit_of(machine, day, 30 + len(machine), *kinds)
    each = Written(tmp_path / "in", person, visit, write_visit(tmp_path / "in", person, visit, seed=1, size="tiny"))
    found = convert(each.images, tmp_path / "out")
    for ordered in visit.series:
        check_series(each, ordered.kind, found[ordered.number])


@pytest.mark.parametrize(
    ("machine", "day"),
    [
        ("siemens-15", date(2016, 1, 1)),
        ("ge-30", date(2016, 1, 1)),
        ("philips-15", date(2019, 1, 1)),
        ("siemens-30", date(2022, 1, 1)),
    ],
)
def test_larger_images_convert_as_well(machine: str, day: date, tmp_path: Path) -> None:
    """More slices than tiles in a row, more directions than axes."""
    person, visit = sample_person(), visit_of(machine, day, 33, "T2w-2D", "DWI", "BOLD")
    files = write_visit(tmp_path / "in", person, visit, seed=1, size="small")
    each = Small(tmp_path / "in", person, visit, files)
    found = convert(each.images, tmp_path / "out")
    for ordered in visit.series:
        check_series(each, ordered.kind, found[ordered.number])


class Small(Written):
    """A visit in the size of a demo."""

    def scan(self, kind: str) -> Any:
        return replace(super().scan(kind), size="small")


def test_a_head_entered_feet_first_converts_to_where_the_machine_believed_it(tmp_path: Path) -> None:
    each = one_series(tmp_path / "in", "siemens-15", date(2012, 1, 1), "T1w-3D", fault="wrong-position")
    check_series(each, "T1w-3D", convert(each.images, tmp_path / "out")[1])
