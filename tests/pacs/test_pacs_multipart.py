"""Multipart bodies come apart as they were put together, or are refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from imagebank.dicom.pacs.multipart import BadMultipart, Multipart, OneInstance, body_of

BOUNDARY = b"a-b_c"


@given(some.lists(some.binary(max_size=300), max_size=6), some.integers(1, 80), some.booleans())
def test_a_multipart_body_comes_apart_as_it_was_put_together(parts: list[bytes], step: int, lengths: bool) -> None:
    parts = [each.replace(b"--" + BOUNDARY, b"") for each in parts]
    body = b"".join(
        b"--"
        + BOUNDARY
        + b"\r\nX: y\r\n"
        + (b"Content-Length: %d\r\n" % len(each) if lengths else b"")
        + b"\r\n"
        + each
        + b"\r\n"
        for each in parts
    )
    body += b"--" + BOUNDARY + b"--\r\n"
    parser, found, current = Multipart(BOUNDARY), [], b""
    for start in range(0, len(body), step):
        for piece in parser.feed(body[start : start + step]):
            current += piece.content
            if piece.ends:
                found.append(current)
                current = b""
    parser.end()
    assert found == parts


def test_a_body_that_ends_early_or_is_no_multipart_is_refused() -> None:
    parser = Multipart(BOUNDARY)
    list(parser.feed(b"--" + BOUNDARY + b"\r\nX: y\r\n\r\nabc"))
    with pytest.raises(BadMultipart):
        parser.end()
    for kind in ("application/dicom+json", 'multipart/related; type="application/dicom"', "text/html; boundary=x", ""):
        with pytest.raises(BadMultipart):
            body_of(kind)


@pytest.mark.parametrize("length", [2, 4])
def test_a_part_whose_length_is_not_true_is_refused_before_it_ends(length: int) -> None:
    parser = Multipart(BOUNDARY)
    body = b"--%b\r\nContent-Length: %d\r\n\r\nabc\r\n--%b--" % (BOUNDARY, length, BOUNDARY)
    found = []
    with pytest.raises(BadMultipart):
        found += parser.feed(body)
    assert not any(piece.ends for piece in found)


@pytest.mark.parametrize("told", ["xx", '"xx"', '"x;y, z"', "xx ; start=1", '"xx"; type="application/dicom"'])
def test_a_boundary_is_read_as_services_write_it(told: str) -> None:
    boundary = "x;y, z" if ";y" in told else "xx"
    body = f"--{boundary}\r\n\r\nabc\r\n--{boundary}--".encode()
    parser = body_of(f"Multipart/Related; BOUNDARY={told}")
    assert b"".join(piece.content for piece in parser.feed(body)) == b"abc"
    assert tuple(parser.end()) == ()


def test_an_answer_may_be_one_instance_without_parts() -> None:
    parser = body_of("application/dicom; transfer-syntax=*")
    assert isinstance(parser, OneInstance)
    assert [*parser.feed(b"ab"), *parser.end()] == [(b"ab", False), (b"", True)]
