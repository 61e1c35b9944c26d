"""The quick way to de-identify and its twin on pydicom give the same bytes, the same decisions, or the same refusal."""

from __future__ import annotations

import random
import struct
import tracemalloc
import zlib
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_files import BIG, DEFLATED, EXPLICIT, MR_IMAGE, POLICY, SECRET, data_sets, element, files, header, whole

from imagebank.dicom.decisions import Decision, Refused
from imagebank.dicom.elements import Odd, elements_of, items_of, read_layout
from imagebank.dicom.instance import Cleaned, Cleaner, clean_instance, clean_slowly
from imagebank.dicom.policy import Policy, load_policy
from imagebank.dicom.values import Subject
from imagebank.identities.pseudonyms import Keys

DATA = Path(__file__).parents[2].parent / "shared" / "data"
SUBJECT = Subject("pretendpseudo", -123, "keyedscanner", Keys(b"k" * 32, "bank-of-test").uid_map)
LARGEST = 4_000_000  # bytes of a real file that the twin may take its time for
RELAXED = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]

Answer = tuple[bytes, frozenset[Decision]] | str


def answer_of(clean: Cleaned) -> Answer:
    return clean.content, clean.decisions


def quickly(cleaner: Cleaner, content: bytes) -> tuple[Answer, bool]:
    """What the one door gives, and whether it was the quick way that gave it."""
    try:
        clean = cleaner.clean(content)
    except Refused as refusal:
        return str(refusal), False
    return answer_of(clean), clean.quick


def slowly(content: bytes, policy: Policy = POLICY) -> Answer:
    try:
        return answer_of(clean_slowly(content, SUBJECT, policy))
    except Refused as refusal:
        return str(refusal)


@given(files())
@settings(max_examples=200, suppress_health_check=RELAXED, deadline=None)
def test_twins_agree_on_random_files(content: bytes) -> None:
    with suppress(Odd):  # anything else that the quick way raises is a fault of its own
        Cleaner(SUBJECT, POLICY)._read(content)
    answer, _ = quickly(Cleaner(SUBJECT, POLICY), content)
    assert answer == slowly(content)
    if isinstance(answer, tuple):
        assert SECRET not in answer[0]


OTHER_POLICIES = {
    "hours": '[options]\npatient_weight = true\nclean_descriptors = false\n[settings]\ntimes = "hour"',
    "dummies": "[options]\nmodified_dates = false\ndevice_identity = false\nclean_pixel_data = false",
    "masked": '[options]\nsafe_private = false\n[settings]\ntimes = "remove"\nburned_in = "mask"',
}


@pytest.mark.parametrize("name", OTHER_POLICIES)
def test_twins_agree_under_other_policies(name: str, tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(f'extends = "default"\nname = "{name}"\n{OTHER_POLICIES[name]}')
    policy = load_policy(tmp_path / "site.toml")

    @given(files())
    @settings(max_examples=25, suppress_health_check=RELAXED, deadline=None)
    def agree(content: bytes) -> None:
        answer, _ = quickly(Cleaner(SUBJECT, policy), content)
        assert answer == slowly(content, policy)

    agree()


def test_blocks_keep_their_numbers_and_two_of_one_creator_stay_two() -> None:
    blocks = [(0x00190020, b"SIEMENS MR HEADER "), (0x001900E1, b"SIEMENS MR HEADER ")]
    parts = [element(tag, "LO", name, implicit=False) for tag, name in blocks]
    parts += [element(0x0019200C, "IS", b"1000", implicit=False), element(0x0019E10C, "IS", b"2000", implicit=False)]
    content = whole(EXPLICIT, example(x00190000=b"".join(parts)))
    clean = Cleaner(SUBJECT, POLICY).clean(content)
    assert clean.quick
    assert answer_of(clean) == slowly(content)
    for part in parts:
        assert part in clean.content


@given(st.lists(files(), min_size=2, max_size=4))
@settings(max_examples=30, suppress_health_check=RELAXED, deadline=None)
def test_what_is_remembered_of_one_instance_does_not_change_the_next(contents: list[bytes]) -> None:
    cleaner = Cleaner(SUBJECT, POLICY)
    for content in [*contents, *contents]:
        assert quickly(cleaner, content)[0] == quickly(Cleaner(SUBJECT, POLICY), content)[0]


def test_most_random_files_go_the_quick_way() -> None:
    """Else the twin would be compared with itself."""
    ways: list[bool] = []

    @given(files())
    @settings(max_examples=60, suppress_health_check=RELAXED, deadline=None, database=None, derandomize=True)
    def try_one(content: bytes) -> None:
        ways.append(quickly(Cleaner(SUBJECT, POLICY), content)[1])

    try_one()
    assert sum(ways) > len(ways) / 2


def real_files() -> list[Path]:
    kinds = {".json", ".csv", ".txt", ".md", ".gz", ".bval", ".bvec", ".tsv"}
    found = [path for path in DATA.rglob("*") if path.is_file() and path.suffix.lower() not in kinds]
    return sorted(path for path in found if path.stat().st_size <= LARGEST)


@pytest.mark.skipif(not DATA.is_dir(), reason="the real files of several vendors are not here")
def test_twins_agree_on_every_real_file() -> None:
    """One cleaner for all of them, so that a value remembered of one vendor's file could spoil another's."""
    cleaner = Cleaner(SUBJECT, POLICY)
    different, ways = [], []
    for path in real_files():
        content = path.read_bytes()
        answer, quick = quickly(cleaner, content)
        ways += [quick] if isinstance(answer, tuple) else []
        if quick and answer != slowly(content):
            different.append(path.name)
    assert different == []
    assert sum(ways) > 0.95 * len(ways) > 500


def example(**parts: bytes) -> bytes:
    """A small explicit image, `parts` by tag as x00180050."""
    told = {int(name[1:], 16): part for name, part in parts.items()}
    fixed = [(0x00080016, "UI", MR_IMAGE), (0x00080018, "UI", b"1.2.3."), (0x00100010, "PN", b"Doe^Jo")]
    fixed += [(0x00280010, "US", b"\2\0"), (0x00280011, "US", b"\2\0"), (0x00280100, "US", b"\x10\0")]
    given_ = {tag: element(tag, vr, value, implicit=False) for tag, vr, value in fixed}
    given_[0x7FE00010] = element(0x7FE00010, "OW", bytes(8), implicit=False)
    return b"".join(part for _, part in sorted((given_ | told).items()))


def test_pixels_are_handed_on_as_a_view_of_what_was_read() -> None:
    content = whole(EXPLICIT, example())
    parts = Cleaner(SUBJECT, POLICY).clean(content).parts
    views = [part for part in parts if isinstance(part, memoryview)]
    assert [view.obj is content for view in views] == [True]


@pytest.mark.parametrize("tag", [0x00280002, 0x00280006, 0x00280008, 0x00280101, 0x00280102, 0x00280103])
def test_pixels_that_are_described_by_a_text_are_refused_by_both(tag: int) -> None:
    content = whole(EXPLICIT, example(**{f"x{tag:08x}": element(tag, "AE", b"twelve", implicit=False)}))
    assert quickly(Cleaner(SUBJECT, POLICY), content) == (slowly(content), False)
    assert isinstance(slowly(content), str)


@pytest.mark.parametrize(("tag", "vr"), [(0x00181310, "US"), (0x00189087, "FD"), (0x00209157, "UL")])
def test_a_text_is_not_kept_because_it_is_told_as_numbers(tag: int, vr: str) -> None:
    text = (SECRET * 8)[: 8 * len(SECRET)]
    content = whole(EXPLICIT, example(**{f"x{tag:08x}": element(tag, vr, text, implicit=False)}))
    clean = Cleaner(SUBJECT, POLICY).clean(content)
    assert clean.quick
    assert SECRET not in clean.content


def nested(depth: int) -> bytes:
    """A sequence that is kept, in itself, so many times."""
    content = b""
    for _ in range(depth):
        item = struct.pack("<HHI", 0xFFFE, 0xE000, len(content)) + content
        content = header(0x00082112, "SQ", len(item), implicit=False) + item
    return content


@pytest.mark.parametrize("syntax", [BIG, DEFLATED])
def test_what_is_not_plain_little_endian_goes_to_the_twin(syntax: bytes) -> None:
    with pytest.raises(Odd):
        read_layout(whole(syntax, example()))


def test_a_deflated_file_is_cleaned_by_the_twin() -> None:
    deflate = zlib.compressobj(wbits=-15)
    body = deflate.compress(example()) + deflate.flush()
    clean = clean_instance(whole(DEFLATED, body), SUBJECT, POLICY)
    assert not clean.quick
    assert clean.content.startswith(bytes(128) + b"DICM")


ODDITIES = {
    "a tag twice": example(x00100010=element(0x00100010, "PN", b"Doe^Jo", implicit=False) * 2),
    "tags that do not ascend": example(x00100010=element(0x00080012, "DA", b"ab", implicit=False)),
    "an unknown VR": example(x00100020=b"\x10\0\x20\0ZZ\2\0ab"),
    "a value beyond the end": example() + b"\xfc\xff\xfc\xffOB\0\0\xff\0\0\0",
    "bytes behind the end": example() + b"\0\0\0",
    "an item outside a sequence": example(x00100020=struct.pack("<HHI", 0xFFFE, 0xE000, 0)),
    "a sequence without end": example(x00081140=header(0x00081140, "SQ", 0xFFFFFFFF, implicit=False)),
    "a text of undefined length": example(x00104000=header(0x00104000, "UT", 0xFFFFFFFF, implicit=False)),
}


@pytest.mark.parametrize("what", ODDITIES)
def test_odd_files_are_called_odd_and_left_to_the_twin(what: str) -> None:
    content = whole(EXPLICIT, ODDITIES[what])
    with pytest.raises(Odd):
        read_layout(content)
    answer, quick = quickly(Cleaner(SUBJECT, POLICY), content)
    assert not quick
    assert answer == slowly(content)


@given(data_sets(implicit=False))
@settings(max_examples=60, suppress_health_check=RELAXED, deadline=None)
def test_ranges_follow_each_other_without_gap_and_items_lie_inside_them(body: bytes) -> None:
    content = whole(EXPLICIT, body or example())
    try:
        layout = read_layout(content)
    except Odd:
        return
    place = layout.elements[0][2]
    for each in layout.elements:
        _, _, start, value, end, items = each
        assert start == place < value <= end
        place = end
        for item in items or ():
            assert value <= item.start <= item.end <= end
            with suppress(Odd):  # an item of defined length is looked into here for the first time
                assert all(item.start <= inner[2] < inner[4] <= item.end for inner in elements_of(content, item))
    assert place == len(content)


def test_items_of_a_sequence_of_defined_length_are_found_when_asked_for() -> None:
    content = whole(EXPLICIT, example(x00082112=nested(2)))
    layout = read_layout(content)
    sequence = next(each for each in layout.elements if each[0] == 0x00082112)
    assert sequence[5] is None
    (item,) = items_of(content, sequence, implicit=False)
    assert [each[0] for each in elements_of(content, item)] == [0x00082112]


def mutated(content: bytes, chance: random.Random) -> bytes:
    """A file with a few bytes of its first 20,000 changed, cut out, doubled, or the rest cut off."""
    changed = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(128, min(len(changed), 20_000))
        match chance.randrange(6):
            case 0:
                changed[place] = chance.randrange(256)
            case 1:
                changed[place : place + 4] = struct.pack("<I", chance.choice([0, 1, 2**31, 2**32 - 1, 2**32 - 2]))
            case 2:
                del changed[place : place + chance.choice([1, 2, 8, 500])]
            case 3:
                changed[place:place] = changed[place : place + chance.choice([1, 2, 8, 500])]
            case 4:
                changed[place : place + 2] = chance.choice([b"SQ", b"UN", b"OB", b"US", b"\0\0", b"UT"])
            case _:
                del changed[len(changed) - chance.randrange(len(changed) - place) :]
        if len(changed) < 200:
            break
    return bytes(changed)


def seeds() -> list[bytes]:
    """Small real files, where they are here, and one made by hand."""
    found = real_files() if DATA.is_dir() else []
    small = [path.read_bytes() for path in found if 1_000 < path.stat().st_size < 150_000]
    return [whole(EXPLICIT, example(x00082112=nested(3))), *small[:: max(1, len(small) // 60)]]


def test_damaged_files_are_cleaned_alike_or_refused_and_fill_no_memory() -> None:
    chance = random.Random(20261124)
    contents = seeds()
    cleaner = Cleaner(SUBJECT, POLICY)
    tracemalloc.start()
    for round_ in range(300):
        content = mutated(chance.choice(contents), chance)
        with suppress(Odd):  # anything else that the quick way raises is a fault of its own
            cleaner._read(content)
        answer, quick = quickly(cleaner, content)
        if isinstance(answer, tuple):
            assert len(answer[0]) < len(content) + 2_000, round_
        if quick:
            assert answer == slowly(content), round_
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100_000_000
