"""What a header says of the pulse sequence: classic and enhanced elements, and vendors' private ones, in one shape."""

from __future__ import annotations

import re

from imagebank.dicom.fields import Fields, number_of

DIFFUSION_PRIVATE = (
    (0x0019, "SIEMENS MR HEADER", 0x0C),
    (0x0043, "GEMS_PARM_01", 0x39),
    (0x2001, "Philips Imaging DD 001", 0x03),
    (0x0065, "Image Private Header", 0x09),
)
"""Where vendors wrote the b-value before DICOM had an element for it: group, creator, element (dcm2niix's source)."""

GE_PULSE_SEQUENCE = ((0x0019, "GEMS_ACQU_01", 0x9C), (0x0019, "GEMS_ACQU_01", 0x9E))
"""GE's names of the pulse sequence: as the site calls it, and as GE calls it."""

GE_RAW_DATA_TYPE = (0x0043, "GEMS_PARM_01", 0x2F)
"""GE's number of the component: 0 magnitude, 1 phase, 2 real, 3 imaginary."""

GE_B_VALUE_FLAG = 100_000
"""GE adds multiples of this to the b-value to say how it was made."""

COMPONENT_WORDS = {
    "M": "magnitude",
    "MAGNITUDE": "magnitude",
    "P": "phase",
    "PHASE": "phase",
    "PHASE MAP": "phase",
    "R": "real",
    "REAL": "real",
    "I": "imaginary",
    "IMAGINARY": "imaginary",
}
"""Words of ImageType, FrameType and Complex Image Component that name the component of the complex signal."""

_SPACES = re.compile(r"\s+")

GE_COMPONENTS = {"1": "phase", "2": "real", "3": "imaginary"}


def scanning_sequence(fields: Fields) -> tuple[str, ...]:
    """SE, GR, IR, EP, RM as classic images say it; enhanced ones say the same in four elements."""
    said = fields.words("ScanningSequence")
    if said:
        return said
    echo = fields.text("EchoPulseSequence").upper()
    facts = (
        ("SE", echo in ("SPIN", "BOTH")),
        ("GR", echo in ("GRADIENT", "BOTH")),
        ("EP", fields.text("EchoPlanarPulseSequence").upper() == "YES"),
        ("IR", fields.text("InversionRecovery").upper() == "YES"),
    )
    return tuple(word for word, holds in facts if holds)


def sequence_variant(fields: Fields) -> tuple[str, ...]:
    """SK, MTC, SS, SP, MP as classic images say it, or what the enhanced elements say of the same."""
    said = fields.words("SequenceVariant")
    if said:
        return said
    facts = (
        ("SK", fields.text("SegmentedKSpaceTraversal").upper() in ("PARTIAL", "FULL")),
        ("MTC", fields.text("MagnetizationTransfer").upper() not in ("", "NONE")),
        ("SS", fields.text("SteadyStatePulseSequence").upper() not in ("", "NONE")),
        ("SP", fields.text("Spoiling").upper() not in ("", "NONE")),
    )
    return tuple(word for word, holds in facts if holds)


def sequence_name(fields: Fields) -> str:
    """All names of the pulse sequence that the header has, in lower case, without Siemens' leading star."""
    names = [fields.text("SequenceName"), fields.text("PulseSequenceName")]
    names += [" ".join(fields.private(*place)) for place in GE_PULSE_SEQUENCE]
    cleaned = (_SPACES.sub(" ", name).strip("* ").lower() for name in names if name)
    return " ".join(dict.fromkeys(filter(None, cleaned)))


def b_value(fields: Fields) -> float | None:
    """The b-value in s/mm2 that the root, the shared groups or a vendor's own element tell."""
    texts = list(fields.values("DiffusionBValue"))
    for place in DIFFUSION_PRIVATE if not any(texts) else ():
        texts += fields.private(*place)[:1]
    numbers = [number % GE_B_VALUE_FLAG for number in map(number_of, texts) if number is not None and number >= 0]
    return max(numbers, default=None)


def component(fields: Fields, words: tuple[str, ...]) -> str:
    """Magnitude, phase, real or imaginary; empty where nothing says so."""
    told = fields.text("ComplexImageComponent").upper()
    named = [COMPONENT_WORDS[word] for word in (told, *words) if word in COMPONENT_WORDS]
    apart = [each for each in named if each != "magnitude"]
    vendor = GE_COMPONENTS.get(" ".join(fields.private(*GE_RAW_DATA_TYPE)), "")
    return (apart or [vendor] if vendor else apart or named or [""])[0]


def fat_suppressed(fields: Fields) -> bool | None:
    """Whether the signal of fat was suppressed by its frequency (ScanOptions FS, (0018,9025)); None when not told."""
    suppression = fields.text("SpectrallySelectedSuppression").upper()
    if suppression:
        return "FAT" in suppression
    options = fields.words("ScanOptions")
    return any(word in ("FS", "FATSAT", "SPIR", "SPAIR") for word in options) if options else None
