"""The examinations of the pretend hospital: who lay in the scanner, what was told to it, what was ordered.

Truth and hearsay are apart: `Visit.person` is who was scanned, `Told` is what the header will claim. A visit is planned
in full before a byte is written, and the answers are read off the plan.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

SERIES_KINDS = (
    "localizer",
    "T1w-2D",
    "T1w-3D",
    "T2w-2D",
    "T2w-3D",
    "FLAIR-2D",
    "FLAIR-3D",
    "STIR",
    "PD+T2",
    "T2starw",
    "SWI",
    "SWI-phase",
    "SWI-mIP",
    "DWI",
    "trace",
    "ADC",
    "FA",
    "BOLD",
    "fieldmap",
    "TOF",
    "TOF-MIP",
    "MPR",
)
"""What an ordered series of a brain examination can be. One entry of a visit is one DICOM series."""


OTHER_KINDS = ("spine", "knee", "phantom", "screenshot", "dose-report")
"""Series that a brain bank must not take; they come on top of the ordered ones and are never part of the counts."""


FAULTS = ("motion", "ghosting", "noise", "missing-slice", "cut-field-of-view", "wrong-position", "swapped-sides")
"""What can be wrong with a series."""


SIZES = ("tiny", "small", "full")
"""How large the images are: matrix 32 for counting, about 128 for a demo, realistic matrices."""


@dataclass(frozen=True)
class Told:
    """What the scanner was told, as the header spells it; `other_ids` are (number, issuer).

    `charset` is the DICOM defined term (several are set apart by a backslash) that spells the name.
    """

    patient_id: str
    name: str
    birth_date: str
    sex: str
    other_ids: tuple[tuple[str, str], ...] = ()
    other_ids_nested: bool = False
    errors: tuple[str, ...] = ()
    charset: str = "ISO_IR 100"


@dataclass(frozen=True)
class Ordered:
    """One series of an examination: what it is, whether contrast agent was in the blood, what went wrong.

    `slices` lists the slices that exist where not all do (empty: all). `patient_in_description` is a site's bad habit.
    """

    uid: str
    number: int
    kind: str
    agent: bool = False
    fault: str = ""
    slices: tuple[int, ...] = ()
    patient_in_description: bool = False
    burned_in: bool = False


@dataclass(frozen=True)
class Anatomy:
    """The head of one person on one day: true volumes in ml. `shape` seeds what is personal and never changes."""

    shape: int
    sex: str
    age_years: float
    intracranial_ml: float
    brain_ml: float
    ventricles_ml: float
    hippocampus_left_ml: float
    hippocampus_right_ml: float
    lesion_ml: float


@dataclass(frozen=True)
class Visit:
    """One examination: who really lay in the scanner (`person`), and everything that its files will say.

    `seconds` count from midnight; `angles_deg` turn the head about x, y, z. `in_records` is False for people unknown to
    the record system. `linkable` says whether the documented rules suffice; `trap` names what stands against it, or
    that the person opted out.
    """

    key: str
    person: str
    uid: str
    accession: str
    study_id: str
    day: date
    seconds: int
    scanner: str
    told: Told
    staff: tuple[tuple[str, str], ...]  # (role, name): referrer, radiologist, operator, practitioner
    anatomy: Anatomy
    angles_deg: tuple[float, float, float]
    series: tuple[Ordered, ...]
    reason: str = ""
    in_records: bool = True
    linkable: bool = True
    trap: str = ""

    @property
    def time(self) -> str:
        """Start, as DICOM writes it."""
        return clock(self.seconds)

    def staff_of(self, role: str) -> str:
        """The name of who had a role."""
        return dict(self.staff)[role]


@dataclass(frozen=True)
class Grid:
    """Where a volume is sampled, in the patient's frame: plane, matrix, distances in mm, middle of the stack in mm."""

    plane: str
    slices: int
    rows: int
    columns: int
    pixel_mm: float
    slice_mm: float
    thickness_mm: float = 0.0  # 0: as far as the slices are apart
    centre_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)  # from the middle of the brain, LPS


@dataclass(frozen=True)
class Physics:
    """How a volume is acquired; times in ms, angle in degrees, field in tesla, b in s/mm2.

    `technique` is spin-echo, inversion-recovery, gradient-echo, mprage, diffusion, bold, swi, swi-phase, swi-mip,
    tof, fieldmap-magnitude, fieldmap-phase, adc, trace or fa.
    """

    technique: str
    repetition_ms: float
    echo_ms: float
    inversion_ms: float = 0.0
    flip_deg: float = 90.0
    field_t: float = 1.5
    b_value: float = 0.0
    direction: tuple[float, float, float] | None = None
    agent: bool = False


def clock(seconds: int) -> str:
    """HHMMSS of a number of seconds since midnight."""
    return f"{seconds // 3600:02d}{seconds // 60 % 60:02d}{seconds % 60:02d}"


def compact(day: date) -> str:
    """YYYYMMDD."""
    return day.strftime("%Y%m%d")
