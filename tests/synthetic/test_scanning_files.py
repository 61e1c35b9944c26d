"""The files of the scanners: readable, deterministic, unique, and as the plan says."""

from __future__ import annotations

import hashlib
import os
import struct
import subprocess
import sys
import warnings
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_person import sample_person
from scanned import Written, corner_mm, eras, one_series, visit_of, write_all

from imagebank.synthetic.scanning import can_make, write_visit
from imagebank.synthetic.scanning.machines import all_machines
from imagebank.synthetic.scanning.pixels import run_length_frame
from imagebank.synthetic.visits import SERIES_KINDS

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # nibabel calls its reader experimental
    import nibabel.nicom.csareader as csareader
    from nibabel.nicom.dicomwrappers import wrapper_from_data

RLE = "1.2.840.10008.1.2.5"
SIEMENS_DAY, GE_DAY = date(2012, 3, 1), date(2016, 3, 1)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> list[Written]:
    return write_all(tmp_path_factory.mktemp("scans"))


def digests(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    person, visit = sample_person(), visit_of("siemens-15", SIEMENS_DAY, 5, "T1w-3D", "DWI")
    for name, seed in (("one", 1), ("two", 1), ("three", 2)):
        write_visit(tmp_path / name, person, visit, seed=seed, size="tiny")
    one, two, three = (digests(tmp_path / name) for name in ("one", "two", "three"))
    assert one == two
    assert one.keys() == three.keys()
    assert not set(one.values()) & set(three.values())


def test_every_machine_and_software_makes_most_kinds_and_nothing_before_it_stood() -> None:
    for machine, day in eras():
        assert set(can_make(machine, day)) <= set(SERIES_KINDS)
        assert len(can_make(machine, day)) > 15
    assert can_make("siemens-30", date(2015, 1, 1)) == ()
    assert "SWI" not in can_make("siemens-15", date(2009, 1, 1))
    assert set(can_make("siemens-15", date(2012, 1, 1))) == set(SERIES_KINDS)


def test_pydicom_reads_every_file_without_a_warning_and_every_uid_is_unique(written: list[Written]) -> None:
    seen = set()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for each in written:
            for series in each.files.series:
                for path in series.paths:
                    header = pydicom.dcmread(each.images / path)
                    assert header.SeriesInstanceUID == series.series_uid
                    assert header.file_meta.MediaStorageSOPInstanceUID == header.SOPInstanceUID
                    assert max(len(uid) for uid in (header.SOPInstanceUID, header.FrameOfReferenceUID)) <= 64
                    seen.add(header.SOPInstanceUID)
                    assert [str(element.value) is not None for element in header]
    assert len(seen) == sum(len(series.paths) for each in written for series in each.files.series)


def test_everything_on_disk_is_accounted_for(written: list[Written]) -> None:
    for each in written:
        on_disk = {path.relative_to(each.images) for path in each.images.rglob("*") if path.is_file()}
        assert on_disk == {path for series in each.files.series for path in series.paths}


def test_headers_say_which_machine_and_software_made_them(written: list[Written]) -> None:
    for each in written:
        scan = each.scan("T1w-3D")
        series = each.series("T1w-3D")
        header = pydicom.dcmread(each.images / series.paths[0], stop_before_pixels=True)
        assert header.Manufacturer == scan.era.manufacturer == series.manufacturer
        software = header["SoftwareVersions"]
        assert "\\".join([software.value] if software.VM == 1 else software.value) == scan.era.software
        assert float(header.MagneticFieldStrength) == scan.machine.field_t
        assert (header.SOPClassUID.name == "Enhanced MR Image Storage") == scan.era.enhanced
        assert header.StudyDate == each.visit.day.strftime("%Y%m%d")


def test_one_archive_compresses_without_loss_one_machine_writes_implicit_vr(written: list[Written]) -> None:
    syntaxes = {}
    for each in written:
        header = pydicom.dcmread(each.images / each.series("T2w-2D").paths[0])
        syntaxes.setdefault(each.visit.scanner, set()).add(header.file_meta.TransferSyntaxUID)
        image = header.pixel_array
        assert 200 < image.max() <= 4095
    assert syntaxes["philips-15"] == {RLE}
    assert syntaxes["ge-15"] == {"1.2.840.10008.1.2"}
    assert syntaxes["siemens-15"] == {"1.2.840.10008.1.2.1"}


@settings(max_examples=40, deadline=None)
@given(st.binary(min_size=2, max_size=600), st.integers(1, 4))
def test_run_lengths_give_back_what_was_packed(content: bytes, times: int) -> None:
    values = np.frombuffer((content * times)[: len(content) * times // 2 * 2], dtype="<u2")[None]
    packed = run_length_frame(values)
    offsets = struct.unpack("<16I", packed[:64])
    planes = [unpacked(packed[offsets[1] : offsets[2]]), unpacked(packed[offsets[2] :])]
    count = values.size
    high, low = (np.frombuffer(plane[:count], dtype="u1").astype("u2") for plane in planes)
    assert np.array_equal(high << 8 | low, values[0])


def unpacked(segment: bytes) -> bytes:
    found, at = bytearray(), 0
    while at < len(segment) - 1:
        head = segment[at]
        if head < 128:
            found += segment[at + 1 : at + 2 + head]
            at += 2 + head
        elif head > 128:
            found += segment[at + 1 : at + 2] * (257 - head)
            at += 2
        else:
            at += 1
    return bytes(found)


def test_nibabel_reads_the_csa_headers_and_the_protocol_within(written: list[Written]) -> None:
    for each in (one for one in written if one.visit.scanner == "siemens-15"):
        header = pydicom.dcmread(each.images / each.series("DWI").paths[-1])
        image = csareader.read(header[0x0029, 0x1010].value)["tags"]
        series = csareader.read(header[0x0029, 0x1020].value)["tags"]
        volumes, frames = each.truth("DWI")
        assert image["NumberOfImagesInMosaic"]["items"][0] == volumes[0].grid.slices
        assert image["B_value"]["items"][0] == 1000
        assert np.allclose(image["DiffusionGradientDirection"]["items"], volumes[-1].physics.direction)
        assert np.allclose(image["SliceNormalVector"]["items"], frames[0].placement.normal)
        assert len(image["B_matrix"]["items"]) == 6
        assert image["MosaicRefAcqTimes"]["items"] == [frame.milliseconds for frame in frames[: volumes[0].grid.slices]]
        protocol = series["MrPhoenixProtocol"]["items"][0]
        assert "### ASCCONV BEGIN ###" in protocol
        assert each.visit.told.name in protocol


def test_ge_adds_its_offset_to_b_values_from_one_software_on(written: list[Written]) -> None:
    private = {}
    for each in (one for one in written if one.visit.scanner.startswith("ge")):
        header = pydicom.dcmread(each.images / each.series("DWI").paths[-1])
        private[each.visit.scanner, each.visit.day.year] = int(header[0x0043, 0x1039][0])
    assert {value for (machine, year), value in private.items() if machine == "ge-15" or year < 2015} == {1000}
    assert {value for (machine, year), value in private.items() if machine == "ge-30" and year > 2015} == {1000001000}


def test_philips_scales_stored_values_twice(written: list[Written]) -> None:
    for each in (one for one in written if one.visit.scanner == "philips-15"):
        header = pydicom.dcmread(each.images / each.series("T2w-2D").paths[0], stop_before_pixels=True)
        if each.scan("T2w-2D").era.enhanced:
            group = header.PerFrameFunctionalGroupsSequence[0]
            slope = group.RealWorldValueMappingSequence[0].RealWorldValueSlope
            assert float(group.PixelValueTransformationSequence[0].RescaleSlope) == pytest.approx(slope, rel=1e-6)
            private = group[0x2005, 0x140F].value[0]
        else:
            assert float(header.RescaleSlope) > 1
            private = header
            assert ("DiffusionBValue" in header) == each.scan("T2w-2D").era.software.startswith("5.")
        assert private[0x2005, 0x100E].value > 0


def test_xa_writes_one_file_a_volume_and_philips_one_a_series(written: list[Written]) -> None:
    for each in (one for one in written if one.scan("DWI").era.enhanced):
        volumes, _ = each.truth("DWI")
        assert len(each.series("DWI").paths) == (len(volumes) if each.visit.scanner == "siemens-30" else 1)
        header = pydicom.dcmread(each.images / each.series("DWI").paths[0])
        assert len(header.PerFrameFunctionalGroupsSequence) == header.NumberOfFrames
        assert header.pixel_array.shape[0] == header.NumberOfFrames


def test_classic_slices_lie_where_the_plan_puts_them(written: list[Written]) -> None:
    each = next(one for one in written if one.visit.scanner == "ge-30")
    volumes, frames = each.truth("T1w-3D")
    for path, frame in zip(each.series("T1w-3D").paths, frames, strict=True):
        header = pydicom.dcmread(each.images / path, stop_before_pixels=True)
        place = np.array(header.ImagePositionPatient, dtype=float) * [-1, -1, 1]
        assert np.allclose(place, corner_mm(frame, volumes[0], 0, 0), atol=1e-4)


def test_contrast_agent_is_recorded_badly(tmp_path: Path) -> None:
    said: dict[bool, set[object]] = {True: set(), False: set()}
    for key in range(12):
        visit = visit_of("ge-30", GE_DAY, key, "T2w-2D", "T1w-2D", "T1w-3D")
        series = tuple(replace(each, agent=each.kind == "T1w-3D", slices=(0,)) for each in visit.series)
        files = write_visit(tmp_path, sample_person(), replace(visit, series=series), seed=1, size="tiny")
        for each in files.series:
            header = pydicom.dcmread(tmp_path / each.paths[0], stop_before_pixels=True)
            said[each.agent].add(header.get("ContrastBolusAgent"))
    assert {"", "DOTAREM"} <= said[True]
    assert len(said[True]) > 3
    assert None in said[False]
    assert len(said[False] & said[True]) >= 1


def test_descriptions_change_with_the_years_and_who_typed_them(written: list[Written]) -> None:
    texts = {
        machine: {one.scan("FLAIR-2D").wording.series for one in written if one.visit.scanner.startswith(machine)}
        for machine in ("siemens", "ge", "philips")
    }
    assert all(texts.values())
    assert not texts["siemens"] & texts["ge"]
    assert {machine.maker for machine in all_machines().values()} == set(texts)


def test_a_site_types_the_patient_into_the_description(tmp_path: Path) -> None:
    done = one_series(tmp_path, "ge-15", date(2012, 1, 1), "T2w-2D", patient_in_description=True)
    header = pydicom.dcmread(tmp_path / done.series("T2w-2D").paths[0], stop_before_pixels=True)
    assert done.person.name.family in header.SeriesDescription


def test_nibabel_places_a_mosaic_where_the_plan_puts_it(written: list[Written]) -> None:
    for each in (one for one in written if one.visit.scanner == "siemens-15"):
        wrapped = wrapper_from_data(pydicom.dcmread(each.images / each.series("BOLD").paths[0]))
        volumes, frames = each.truth("BOLD")
        grid = volumes[0].grid
        assert wrapped.image_shape == (grid.rows, grid.columns, grid.slices)
        for frame in frames[: grid.slices]:
            voxel = wrapped.affine @ [5, 7, frame.slice, 1]  # rows, columns, slices, in LPS
            assert np.allclose(voxel[:3] * [-1, -1, 1], corner_mm(frame, volumes[0], 5, 7), atol=1e-3)


def test_another_process_writes_the_same_bytes(tmp_path: Path) -> None:
    here = one_series(tmp_path / "here", "philips-15", date(2019, 3, 1), "DWI")
    script = (
        "import sys; from datetime import date; from pathlib import Path; from scanned import one_series;"
        "one_series(Path(sys.argv[1]), 'philips-15', date(2019, 3, 1), 'DWI')"
    )
    environ = {**os.environ, "PYTHONHASHSEED": "4242", "TZ": "Asia/Tokyo", "PYTHONPATH": str(Path(__file__).parent)}
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "there")], check=True, env=environ, timeout=120)
    assert digests(here.images) == digests(tmp_path / "there")


def test_an_enhanced_header_codes_what_was_typed_of_the_agent(tmp_path: Path) -> None:
    meanings = set()
    for key in range(1, 13):
        visit = visit_of("siemens-30", date(2019, 1, 1), key, "T1w-3D", agent=True)
        files = write_visit(tmp_path, sample_person(), visit, seed=1, size="tiny")
        header = pydicom.dcmread(tmp_path / files.series[0].paths[0], stop_before_pixels=True)
        named = "ContrastBolusAgentSequence" in header
        assert named == ("ContrastBolusUsageSequence" in header.SharedFunctionalGroupsSequence[0])
        meanings |= {header.ContrastBolusAgentSequence[0].CodeMeaning} if named else set()
    assert "Gadolinium" in meanings
    assert len(meanings) > 2
