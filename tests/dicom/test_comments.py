"""Comments inside compressed frames are gone, and the frames decode to the same pixels."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import UID, JPEG2000Lossless, JPEGLSLossless
from test_pixels_in_instances import file_of, frames
from test_twins import SUBJECT

from imagebank.dicom.comments import without_comments
from imagebank.dicom.deidentify import to_bytes
from imagebank.dicom.instance import Cleaner, clean_slowly
from imagebank.dicom.policy import load_policy

SECRET = b"Featherstonehaugh"
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
    cleaned = without_comments(fragments)
    assert SECRET not in cleaned
    assert len(cleaned) == len(fragments)
    told, found = (next(generate_frames(each, number_of_frames=1)) for each in (fragments, cleaned))
    assert pixels_of(found) == pixels_of(told)


def test_frames_without_comments_are_left_alone() -> None:
    plain = without_comments(encapsulate([jpeg(), jpeg_2000()]))
    assert without_comments(plain) is plain


@given(st.binary(max_size=60), st.sampled_from([b"\xff\xd8\xff", b"\xff\x4f\xff\x51", b""]))
def test_nothing_is_too_damaged_to_be_looked_at(noise: bytes, start: bytes) -> None:
    fragments = b"\xfe\xff\x00\xe0" + (len(start + noise)).to_bytes(4, "little") + start + noise
    assert len(without_comments(fragments)) == len(fragments)


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
    cleaned = without_comments(encapsulate([buffer.getvalue()]))
    assert pixels_of(next(generate_frames(cleaned, number_of_frames=1))) == pixels_of(buffer.getvalue())
