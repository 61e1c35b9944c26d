"""A header read by ranges says the same as pydicom's Dataset, to all who ask it."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from made_files import EXPLICIT, element, files, whole

from imagebank.core.digests import digest_of
from imagebank.dicom import headers
from imagebank.dicom.acquisition import read_acquisition
from imagebank.dicom.elements import Odd
from imagebank.dicom.folder import STAGES, FoundInstance, read_instance
from imagebank.dicom.headers import FileFacts, read_facts
from imagebank.dicom.original import read_original

DATA = Path(__file__).parents[2].parent / "shared" / "data"
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]


def told(facts: FileFacts) -> tuple[object, ...]:
    """All that the facts say, hidden values too."""
    uids = (facts.series_uid.reveal("compare"), facts.instance_uid.reveal("compare"))
    return facts.verdict, facts.size, facts.digest, facts.header, *uids


def by_pydicom(content: bytes) -> FileFacts:
    """The facts as they are read when the quick way finds the file odd."""
    dataset = headers.read_header(io.BytesIO(content), force=True)
    return headers._facts(dataset, len(content), read_digest(content))


def read_digest(content: bytes) -> bytes:
    return headers._digest(io.BytesIO(content[headers.AT_ONCE :]), content[: headers.AT_ONCE])


@pytest.mark.skipif(not DATA.is_dir(), reason="the real files of several vendors are not here")
def test_the_index_and_the_classification_see_the_same_in_every_real_file() -> None:
    compared = 0
    for path in sorted(path for path in DATA.rglob("*") if path.is_file() and path.stat().st_size < 4_000_000):
        content = path.read_bytes()
        try:
            original = read_original(content)
        except Odd:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset = pydicom.dcmread(io.BytesIO(content), stop_before_pixels=True)
        compared += 1
        assert told(read_facts(path)) == told(by_pydicom(content)), path.name
        assert read_acquisition(original) == read_acquisition(dataset), path.name
    assert compared > 500


@given(files())
@settings(max_examples=60, suppress_health_check=SLOW, deadline=None)
def test_the_index_sees_the_same_in_random_files(content: bytes) -> None:
    try:
        original = read_original(content)
    except Odd:
        return
    digest = read_digest(content)
    assert told(headers._facts(original, len(content), digest)) == told(by_pydicom(content))


def test_the_digest_is_of_the_whole_file_however_long(tmp_path: Path) -> None:
    for size in (0, 1, headers.AT_ONCE - 1, headers.AT_ONCE, headers.AT_ONCE + 1, 3 * headers.AT_ONCE):
        content = bytes(range(256)) * (size // 256) + bytes(size % 256)
        path = tmp_path / "file"
        path.write_bytes(content)
        facts = read_facts(path)
        assert facts.size == size
        assert facts.digest == digest_of(content)


def test_a_header_that_ends_behind_what_is_read_at_once_is_read_nevertheless(tmp_path: Path) -> None:
    long = element(0x00091010, "OB", bytes(headers.AT_ONCE), implicit=False)
    behind = [(0x00280004, "CS", b"MONOCHROME2 "), (0x00280010, "US", b"\2\0"), (0x00280100, "US", b"\x10\0")]
    path = tmp_path / "file"
    path.write_bytes(whole(EXPLICIT, long + b"".join(element(*each, implicit=False) for each in behind)))
    assert read_facts(path).verdict == "missing-uid"  # `incomplete-header`, had it not been read to its end


@pytest.mark.parametrize("stage", [*STAGES[:2], headers.AT_ONCE])
@pytest.mark.parametrize("beyond", [-2, 0, 2])
def test_no_header_is_taken_for_whole_where_the_reading_stopped(stage: int, beyond: int, tmp_path: Path) -> None:
    """Where the first read ends between two elements, what follows is read nevertheless."""
    first = element(0x00080060, "CS", b"MR", implicit=False) + element(0x0020000D, "UI", b"1.2.", implicit=False)
    first += element(0x0020000E, "UI", b"1.3.", implicit=False)
    taken = len(whole(EXPLICIT, first + element(0x00211010, "OB", b"", implicit=False)))
    first += element(0x00211010, "OB", bytes(stage + beyond - taken), implicit=False)
    last = [(0x00280004, "CS", b"RGB "), (0x00280010, "US", b"\2\0"), (0x00280100, "US", b"\x10\0")]
    path = tmp_path / "file"
    path.write_bytes(whole(EXPLICIT, first + b"".join(element(*each, implicit=False) for each in last)))
    found = read_instance(path)
    assert isinstance(found, FoundInstance)
    assert (found.acquisition.rows, found.acquisition.photometric_interpretation) == (2, "RGB")
    assert read_facts(path).verdict == by_pydicom(path.read_bytes()).verdict
