"""Hides canaries in elements that stay: beside protocol words, in codes, dates, UIDs, device names.

Here a leak is likelier than in elements that go as a whole, because a part of the value is kept on purpose.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

from pydicom.datadict import dictionary_VR, keyword_for_tag
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from imagebank.dicom.policy import Action, Policy
from imagebank.proof.canaries import Canaries, Plant

EMPTIED = (Action.EMPTY, Action.DUMMY)
TEXT_VRS = ("AE", "CS", "DA", "DT", "LO", "LT", "PN", "SH", "ST", "UC", "UT")
Planter = Callable[[Dataset, Canaries, int, str], Iterator[Plant]]
DATES_IN_TEXT = ("%d/%m/%Y", "%Y-%m-%d", "%d.%m.%Y", "%d %b %Y", "%Y%m%d")
LEFT_ALONE = {"SOPClassUID", "Modality", "PhotometricInterpretation", "BurnedInAnnotation", "ReferencedSOPClassUID"}
CHARACTER_SETS = {
    "Latin-1": ("ISO_IR 100", "latin"),
    "Greek": ("ISO_IR 126", "greek"),
    "Cyrillic": ("ISO_IR 144", "cyrillic"),
    "UTF-8, Greek": ("ISO_IR 192", "greek"),
    "UTF-8, Korean": ("ISO_IR 192", "korean"),
    "Japanese with escapes": (["", "ISO 2022 IR 87"], "japanese"),
    "Katakana": ("ISO_IR 13", "katakana"),
    "Korean with escapes": (["", "ISO 2022 IR 149"], "korean"),
    "Chinese": ("GB18030", "chinese"),
}


def plant_kept_texts(dataset: Dataset, canaries: Canaries, policy: Policy) -> Iterator[Plant]:
    """Plant in every element of the top level that the policy keeps in part."""
    for tag, rule in sorted(policy.rules.items()):
        keyword = keyword_for_tag(tag)
        if not keyword or keyword in LEFT_ALONE or rule.action not in _PLANTERS:
            continue
        yield from _PLANTERS[rule.action](dataset, canaries, tag, dictionary_VR(tag))
    yield from _plant_replaced(dataset, canaries, policy)
    yield from _plant_safe_private(dataset, canaries, policy)


def _plant_replaced(dataset: Dataset, canaries: Canaries, policy: Policy) -> Iterator[Plant]:
    """Plant in what the object must have although nothing of it may stay: emptied, or replaced by a dummy."""
    told = policy.for_class(str(dataset.get("SOPClassUID", "")))
    for tag, rule in sorted(told.resolved.items()):
        vr = dictionary_VR(tag) if keyword_for_tag(tag) and tag not in policy.rules else ""
        if rule.action in EMPTIED and vr in TEXT_VRS:
            value, wanted = canaries.of_vr(vr)
            dataset.add_new(Tag(tag), vr, value)
            yield Plant("element that must be empty", f"({tag >> 16:04X},{tag & 0xFFFF:04X})", 0, wanted)


def _words(dataset: Dataset, canaries: Canaries, tag: int, vr: str) -> Iterator[Plant]:
    """A description with protocol words, a name, a number and a date in it."""
    name, number, day = canaries.word(8), canaries.digits(10), canaries.day()
    written = day.strftime(DATES_IN_TEXT[tag % len(DATES_IN_TEXT)])
    text = f"t1 {name} {number}" if vr == "SH" else f"t1_mprage {name} sag{number} {written} x{name}7"
    dataset.add_new(Tag(tag), vr, text[: 16 if vr in ("SH", "CS") else 64])
    yield _plant("name inside a description", tag, name)
    if vr not in ("SH", "CS"):
        yield _plant("number inside a description", tag, number)
        yield _plant("date inside a description", tag, written)


def _code(dataset: Dataset, canaries: Canaries, tag: int, vr: str) -> Iterator[Plant]:
    text = canaries.word(9)
    dataset.add_new(Tag(tag), vr, ["ORIGINAL", text] if keyword_for_tag(tag) == "ImageType" else text)
    yield _plant("coded value", tag, text)


def _device(dataset: Dataset, canaries: Canaries, tag: int, vr: str) -> Iterator[Plant]:
    text = canaries.word(9)
    dataset.add_new(Tag(tag), vr, f"SIEMENS Prisma {text}")
    yield _plant("make, model or software", tag, text)


def _whole(kind: str, length: int = 9) -> Planter:
    def planted(dataset: Dataset, canaries: Canaries, tag: int, vr: str) -> Iterator[Plant]:
        text = canaries.word(length)
        dataset.add_new(Tag(tag), vr, text)
        yield _plant(kind, tag, text)

    return planted


def _date(dataset: Dataset, canaries: Canaries, tag: int, vr: str) -> Iterator[Plant]:
    """Several values, one of them with a time and a zone where the VR allows it."""
    days = [f"{canaries.day():%Y%m%d}" for _ in range(2)]
    values = [days[0], f"{days[1]}112233.5+0100"] if vr == "DT" else days
    dataset.add_new(Tag(tag), vr, values)
    yield from (_plant("date", tag, day) for day in days)


def _uid(dataset: Dataset, canaries: Canaries, tag: int, vr: str) -> Iterator[Plant]:
    """A UID with a day and a time in it, as several makers build them; every third under the root of DICOM itself."""
    day, root = f"{canaries.day():%Y%m%d}", canaries.digits(9)
    text = f"1.2.{'840.10008' if tag % 3 else '826'}.{root}.{day}112233{canaries.digits(6)}.1"
    dataset.add_new(Tag(tag), vr, text)
    yield _plant("UID", tag, text)
    yield _plant("maker's part of a UID", tag, root)


def _text_for_number(dataset: Dataset, canaries: Canaries, tag: int, vr: str) -> Iterator[Plant]:
    """Text where a number should be, written as the file would hold it."""
    if vr not in ("DS", "IS") or tag >> 16 == 0x0028:  # the geometry of the pixels must stay true
        return
    text = canaries.word(10)
    dataset[Tag(tag)] = RawDataElement(Tag(tag), vr, len(text), text.encode(), 0, False, True, True)
    yield _plant("text where a number should be", tag, text)


def _age(dataset: Dataset, _canaries: Canaries, tag: int, vr: str) -> Iterator[Plant]:
    dataset.add_new(Tag(tag), vr, "097Y")
    yield _plant("age over 90", tag, "097Y")


_PLANTERS = {
    Action.WORDS: _words,
    Action.CODE: _code,
    Action.DEVICE: _device,
    Action.STATION: _whole("station or serial number"),
    Action.PSEUDONYM: _whole("patient id or name"),
    Action.SEX: _whole("text where the sex should be"),
    Action.TIME: _whole("text where a time should be"),
    Action.DATE: _date,
    Action.UID: _uid,
    Action.AGE: _age,
    Action.NUMBER: _text_for_number,
}


def _plant(kind: str, tag: int, value: str) -> Plant:
    return Plant(kind, f"({tag >> 16:04X},{tag & 0xFFFF:04X})", 0, value)


def _plant_safe_private(dataset: Dataset, canaries: Canaries, policy: Policy) -> Iterator[Plant]:
    """Text in safe private elements, and in others of the same block."""
    blocks: dict[tuple[int, str], int] = {}
    for index, (group, creator, element) in enumerate(sorted(policy.private)):
        block = blocks.setdefault((group, creator), 0x40 + len(blocks))
        dataset.add_new((group, block), "LO", creator)
        for kind, low in (("safe private element", element), ("beside a safe private element", 0xFF - index % 80)):
            if (group, creator, low) in policy.private and kind.startswith("beside"):
                continue
            text = canaries.word(9)
            tag = Tag(group, block << 8 | low)
            dataset.add_new(tag, "LO", text)
            yield _plant(kind, int(tag), text)


def plant_characters(dataset: Dataset, canaries: Canaries, name: str) -> Iterator[Plant]:
    """Names and texts in a character set, at the top and in a sequence."""
    terms, script = CHARACTER_SETS[name]
    dataset.SpecificCharacterSet = terms
    item = Dataset()
    for target, depth in ((dataset, 0), (item, 1)):
        for keyword in ("PatientBirthName", "OtherPatientNames", "PatientComments", "StudyDescription"):
            text = canaries.letters(script)
            around = "{}^" if "Name" in keyword else ("{}" if script == "katakana" else "t1 {}")
            setattr(target, keyword, around.format(text))  # pydicom cannot mix Latin letters and ISO_IR 13
            yield Plant(f"characters: {name}", f"{'(0008,1140)/' * depth}{keyword}", depth, text)
    dataset.ReferencedImageSequence = [item]


def plant_csa(dataset: Dataset, canaries: Canaries) -> Iterator[Plant]:
    """Siemens CSA headers with names in their fields and in the protocol text."""
    dataset.add_new((0x0029, 0x0010), "LO", "SIEMENS CSA HEADER")
    for element, kind in ((0x1010, "CSA image header"), (0x1020, "CSA series header")):
        words = {name: canaries.word(12) for name in CSA_FIELDS}
        fields = [("NumberOfImagesInMosaic", "36"), *words.items()]
        protocol = canaries.word(12)
        fields.append(("MrPhoenixProtocol", f'### ASCCONV BEGIN ###\ntPatientName = "{protocol}"\n### ASCCONV END ###'))
        dataset.add_new((0x0029, element), "OB", csa_header(fields))
        place = f"(0029,{element:04X})"
        yield from (Plant(kind, f"{place} {name}", 0, text) for name, text in words.items())
        yield Plant("Phoenix protocol", place, 0, protocol)
    text = canaries.word(12)
    dataset.add_new((0x0021, 0x0011), "LO", "SIEMENS MR SDS 01")
    dataset.add_new((0x0021, 0x1119), "OB", f'tPatientName = "{text}" '.encode().ljust(40))
    yield Plant("Phoenix protocol", "(0021,1119)", 0, text)


CSA_FIELDS = ("PatientName", "ImaCoilString", "B_value", "DiffusionDirectionality", "PhaseEncodingDirectionPositive")
_FIELD = struct.Struct("<64si4siii")
_ITEM = struct.Struct("<4i")


def csa_header(fields: list[tuple[str, str]]) -> bytes:
    """A CSA2 header of these fields, each with one text."""
    parts = [b"SV10\x04\x03\x02\x01", struct.pack("<II", len(fields), 77)]
    for name, value in fields:
        text = value.encode() + b"\0"
        parts.append(_FIELD.pack(name.encode().ljust(64, b"\0"), 1, b"LO\0\0", 6, 1, 77))
        parts.append(_ITEM.pack(len(text), len(text), 77, len(text)) + text + b"\0" * (-len(text) % 4))
    return b"".join(parts) + b"\0" * (sum(map(len, parts)) % 2)
