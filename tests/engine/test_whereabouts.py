"""The index of files in the vault answers as a plain list of the files would."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imagebank.core.config import open_bank
from imagebank.core.private import Private
from imagebank.identities.model import Claim
from imagebank.identities.offered import Header, Indexed, Listed
from imagebank.identities.vault import Vault, open_vault
from imagebank.identities.whereabouts import Whereabouts
from imagebank.workflows.init import init

HEADERS = [Header(f"study-{number}", Claim(Private(f"H{number}")), "", "", "", 1.5) for number in range(3)]
FOLDERS = [b"2014/a", b"2014/b", b"\xff\xfe not text"]
FILES = st.lists(
    st.tuples(
        st.sampled_from(FOLDERS),
        st.sampled_from([b"IM1", b"IM2", b"IM3", b"\xe9"]),
        st.sampled_from(["", "series-a", "series-b", "series-c"]),
        st.sampled_from(["image", "secondary-capture", "not-dicom"]),
        st.none() | st.sampled_from(HEADERS),
    ),
    max_size=12,
)


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    root = init(tmp_path / "bank", pretend=True).root
    with open_vault(open_bank(root), "test", environ={}) as opened:
        yield opened


def test_other_rules_see_every_file_again_once(vault: Vault) -> None:
    index = Whereabouts(vault)
    index.read_again_unless("1")
    seen = Listed(b"one", 3, 5)
    index.add("pacs", b"a", [Indexed(seen, bytes(16), "image", "series", b"", None)], listing="hash")
    index.read_again_unless("1")
    assert index.known("pacs", b"a", []) == {b"one": seen}
    index.read_again_unless("2")
    assert index.known("pacs", b"a", [])[b"one"] != seen
    assert index.folders("pacs")[b"a"][1] == ""
    index.add("pacs", b"a", [Indexed(seen, bytes(16), "image", "series", b"", None)], listing="hash")
    index.read_again_unless("2")
    assert index.known("pacs", b"a", []) == {b"one": seen}


@given(files=FILES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_index_is_as_a_plain_list_of_the_files_last_seen(vault: Vault, files: list) -> None:
    with vault.write() as connection:
        for table in ("files", "folders", "headers"):
            connection.execute(f"DELETE FROM {table}")
    index = Whereabouts(vault)
    plain: dict[tuple[bytes, bytes], tuple] = {}
    for size, (folder, name, series, verdict, header) in enumerate(files):
        listed = Listed(name, size, 0)
        index.add("pacs", folder, [Indexed(listed, bytes(16), verdict, series, b"", header)])
        plain[(folder, name)] = (series, verdict, header, size)
    assert index.count() == len(plain)
    assert index.series() == sorted({series for series, *_ in plain.values() if series})
    assert index.headers_of_series() == headers_of(plain)
    for series in index.series():
        sizes = [size for _, (whose, *_, size) in sorted(plain.items()) if whose == series]
        assert [file.size for file in index.files_of(series, {"pacs": "/pacs"})] == sizes
    every = [(series, size) for _, (series, *_, size) in sorted(plain.items())]
    assert [(series, file.size) for series, file in index.all_files({"pacs": "/pacs"})] == every
    loose = sum(len(index.loose_files(number)) for *_, number in index.loose_folders())
    assert loose == sum(not series for series, *_ in plain.values())


def headers_of(plain: dict) -> dict[str, frozenset[Header]]:
    found: dict[str, set[Header]] = defaultdict(set)
    for series, verdict, header, _ in plain.values():
        if series and header and verdict == "image":
            found[series].add(header)
    return {series: frozenset(headers) for series, headers in found.items()}


def test_a_file_that_is_known_is_as_it_was_listed(vault: Vault) -> None:
    index = Whereabouts(vault)
    listed = [Listed(b"IM1", 10, 1), Listed(b"IM2", 20, 2)]
    verdicts = ["image", "read-error"]
    index.add("pacs", b"a", [Indexed(each, bytes(16), told) for each, told in zip(listed, verdicts, strict=True)])
    assert index.known("pacs", b"a", ["read-error"]) == {b"IM1": listed[0]}
    assert index.known("pacs", b"a", []) == {b"IM1": listed[0], b"IM2": listed[1]}
    assert index.known("pacs", b"b", []) == index.known("other", b"a", []) == {}


def test_a_folder_is_complete_once_its_listing_is_given(vault: Vault) -> None:
    index = Whereabouts(vault)
    file = Indexed(Listed(b"IM1", 10, 1), bytes(16), "image")
    index.add("pacs", b"a", [file])
    assert index.folders("pacs")[b"a"][1] == ""
    before = index.listings()
    index.add("pacs", b"a", [], listing="hash")
    assert index.folders("pacs")[b"a"][1] == "hash"
    assert index.listings() != before


def test_nothing_of_a_file_is_left_when_its_folder_was_not_written_whole(vault: Vault) -> None:
    index = Whereabouts(vault)
    good, bad = (Indexed(Listed(name, 10, 1), digest, "image") for name, digest in ((b"a", bytes(16)), (b"b", None)))
    with pytest.raises(Exception, match="NOT NULL"):
        index.add("pacs", b"a", [good, bad])
    assert index.count() == 0
    assert index.folders("pacs") == {}
