"""Comments inside compressed frames are gone, and the frames decode to the same pixels."""

from __future__ import annotations

import io
import struct
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import MPEG2MPML, UID, JPEG2000Lossless, JPEGBaseline8Bit, JPEGLSLossless, RLELossless
from test_pixels_in_instances import file_of, frames
from test_twins import SUBJECT

from imagebank.dicom.comments import NotUnderstood, Packed, without_comments
from imagebank.dicom.decisions import Refused
from imagebank.dicom.deidentify import to_bytes
from imagebank.dicom.instance import Cleaner, clean_slowly
from imagebank.dicom.policy import load_policy

SECRET = b"Featherstonehaugh"
ONE = Packed(JPEGBaseline8Bit, 1, 64 * 64)
PICTURE = Image.fromarray((np.add.outer(np.arange(64), np.arange(64)) * 2).astype(np.uint8))


def jpeg(**how: Any) -> bytes:
    buffer = io.BytesIO()
    PICTURE.save(buffer, "JPEG", quality=90, **how)
    return buffer.getvalue()


def jpeg_2000(**how: Any) -> bytes:
    buffer = io.BytesIO()
    PICTURE.save(buffer, "JPEG2000", no_jp2=True, **how)
    return buffer.getvalue()


def segment(marker: int, content: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(content) + 2).to_bytes(2, "big") + content


def with_segment(frame: bytes, marker: int, content: bytes) -> bytes:
    """A JPEG with one segment more, behind its start."""
    return frame[:2] + segment(marker, content) + frame[2:]


SPOKEN = {
    "a JPEG comment": jpeg(comment=SECRET),
    "a JPEG comment in three scans": jpeg(comment=SECRET, progressive=True),
    "an application segment": with_segment(jpeg(), 0xE1, b"Exif\0\0" + SECRET),
    "a thumbnail behind the colours": with_segment(jpeg(), 0xE0, b"JFIF\0\1\1\0\0\1\0\1" + SECRET),
    "a comment between scans": (lambda frame: frame[:-2] + segment(0xFE, SECRET) + frame[-2:])(jpeg()),
    "padding behind the end": jpeg() + SECRET,
    "a JPEG 2000 comment": jpeg_2000(comment=SECRET),
    "padding behind a JPEG 2000": jpeg_2000() + SECRET,
    "a comment in the header of a tile": (
        lambda frame, at: (
            frame[: at + 6]
            + (int.from_bytes(frame[at + 6 : at + 10], "big") + 6 + len(SECRET)).to_bytes(4, "big")
            + frame[at + 10 : at + 12]
            + segment(0x64, b"\0\1" + SECRET)
            + frame[at + 12 :]
        )
    )(jpeg_2000(), jpeg_2000().index(b"\xff\x90")),
}


def pixels_of(frame: bytes) -> bytes:
    return np.asarray(Image.open(io.BytesIO(frame))).tobytes()


@pytest.mark.parametrize("what", SPOKEN)
def test_a_comment_goes_and_the_pixels_stay(what: str) -> None:
    fragments = encapsulate([SPOKEN[what]], has_bot=True)
    assert SECRET in fragments
    cleaned = without_comments(fragments, ONE)
    assert SECRET not in cleaned
    assert len(cleaned) == len(fragments)
    told, found = (next(generate_frames(each, number_of_frames=1)) for each in (fragments, cleaned))
    assert pixels_of(found) == pixels_of(told)


def item(content: bytes) -> bytes:
    return b"\xfe\xff\x00\xe0" + len(content).to_bytes(4, "little") + content


@pytest.mark.parametrize("what", SPOKEN)
@given(at=st.lists(st.integers(4, 3000), min_size=1, max_size=4))
def test_a_comment_goes_from_whatever_fragment_it_is_in(what: str, at: list[int]) -> None:
    """The first four bytes, by which an image is known, are never parted."""
    frame = SPOKEN[what]
    cuts = [0, *sorted({min(place, len(frame)) for place in (*at, frame.index(SECRET) + 5)}), len(frame)]
    parts = [frame[start:end] for start, end in pairwise(sorted(set(cuts)))]
    fragments = item(b"") + b"".join(map(item, parts)) + item(jpeg())
    cleaned = without_comments(fragments, replace(ONE, frames=2))
    assert len(cleaned) == len(fragments)
    first = next(generate_frames(cleaned, number_of_frames=2))
    assert SECRET not in first
    assert pixels_of(first) == pixels_of(frame)


@pytest.mark.parametrize("behind", [item(SECRET + b"x"), item(b"\xff\xd9" + SECRET + b"x")])
def test_a_fragment_behind_the_end_of_an_image_is_overwritten(behind: bytes) -> None:
    cleaned = without_comments(encapsulate([jpeg()]) + behind, ONE)
    assert SECRET not in cleaned


def test_a_table_of_offsets_that_is_none_is_emptied_and_a_right_one_stays() -> None:
    frames, two = [jpeg(), jpeg(progressive=True)], replace(ONE, frames=2)
    right = encapsulate(frames, has_bot=True)
    assert without_comments(right, two)[:16] == right[:16]
    for wrong in (SECRET[:8], SECRET[:12], bytes(8)):
        told = item(wrong) + right[16:]
        cleaned = without_comments(told, two)
        assert cleaned == item(b"") + without_comments(right, two)[16:]


def packed_bits(row: bytes) -> bytes:
    return b"".join(bytes((len(row[at : at + 100]) - 1,)) + row[at : at + 100] for at in range(0, len(row), 100))


def test_room_in_a_frame_of_rle_is_overwritten_and_its_segments_stay() -> None:
    rows = [bytes(range(200)), b"\x81" * 3]
    segments = [packed_bits(rows[0]), bytes((257 - 100, 7)) * 2]
    head = [2, 64 + 6, 64 + 6 + len(segments[0]) + 10]
    frame = struct.pack("<3I", *head) + SECRET.ljust(52, b"!") + b"JaneAB" + segments[0] + b"Doe1944Doe" + segments[1]
    packed = Packed(RLELossless, 1, 200)
    cleaned = without_comments(item(b"") + item(frame + SECRET), packed)[16:]
    assert cleaned[:12] == frame[:12]
    assert cleaned[head[1] :].startswith(segments[0] + bytes(10) + segments[1])
    assert sum(map(bool, cleaned)) == sum(map(bool, frame[:12] + segments[0] + segments[1]))


@pytest.mark.parametrize("syntax", [MPEG2MPML, UID("1.2.840.10008.1.2.4.110"), UID("1.2.840.10008.1.2.8.1")])
def test_what_is_packed_in_another_way_is_refused(syntax: UID) -> None:
    with pytest.raises(NotUnderstood):
        without_comments(encapsulate([jpeg()]), replace(ONE, syntax=syntax))


def test_a_file_whose_frames_are_not_understood_is_refused() -> None:
    image = file_of(frames()[:2])
    image.compress(JPEGLSLossless, generate_instance_uid=False)
    image.PixelData = encapsulate([b"\0\0\0\x0cjP  " + SECRET] * 2)
    with pytest.raises(Refused, match="pixels-not-readable"):
        Cleaner(SUBJECT, load_policy()).clean(to_bytes(image))


def test_frames_without_comments_are_left_alone() -> None:
    two = replace(ONE, frames=2)
    plain = without_comments(encapsulate([jpeg(), jpeg_2000()]), two)
    assert without_comments(plain, two) is plain


@given(st.binary(max_size=90), st.sampled_from([b"\xff\xd8\xff", b"\xff\x4f\xff\x51", b"\1\0\0\0"]), st.booleans())
def test_nothing_is_too_damaged_to_be_looked_at(noise: bytes, start: bytes, rle: bool) -> None:
    syntax = RLELossless if rle else JPEGBaseline8Bit
    fragments = item(b"") + item(start + noise)
    try:
        cleaned = without_comments(fragments, replace(ONE, syntax=syntax))
    except NotUnderstood:
        return
    assert len(cleaned) <= len(fragments)


@pytest.mark.parametrize("syntax", [JPEGLSLossless, JPEG2000Lossless])
def test_both_ways_overwrite_them(syntax: UID) -> None:
    image = file_of(frames()[:2])
    image.compress(syntax, generate_instance_uid=False)
    told = [*generate_frames(image.PixelData, number_of_frames=2)]
    if syntax == JPEGLSLossless:
        told = [with_segment(frame, 0xFE, SECRET) for frame in told]
    else:
        told = [
            frame[:2]
            + frame[2 : _behind_sizes(frame)]
            + segment(0x64, b"\0\1" + SECRET)
            + frame[_behind_sizes(frame) :]
            for frame in told
        ]
    image.PixelData = encapsulate(told)
    content = to_bytes(image)
    assert SECRET in content
    policy = load_policy()
    quick, slow = Cleaner(SUBJECT, policy).clean(content), clean_slowly(content, SUBJECT, policy)
    assert quick.quick
    assert SECRET not in quick.content
    assert quick.content == slow.content


def _behind_sizes(frame: bytes) -> int:
    return 4 + int.from_bytes(frame[4:6], "big")


def test_a_jpeg_of_colours_keeps_what_says_how_they_are_stored() -> None:
    buffer = io.BytesIO()
    colours = np.random.default_rng(1).integers(0, 255, (32, 32, 3), dtype=np.uint8)
    Image.fromarray(colours).save(buffer, "JPEG", comment=SECRET, keep_rgb=True)
    cleaned = without_comments(encapsulate([buffer.getvalue()]), ONE)
    assert pixels_of(next(generate_frames(cleaned, number_of_frames=1))) == pixels_of(buffer.getvalue())
