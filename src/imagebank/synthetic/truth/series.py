"""What each ordered kind of series shows, and what should become of a series."""

from __future__ import annotations

from imagebank.synthetic.model import Person
from imagebank.synthetic.truth.people import yes_no
from imagebank.synthetic.truth.tables import SeriesAnswer
from imagebank.synthetic.visits import Ordered, Visit

SHOWS: dict[str, tuple[str, str]] = {
    "localizer": ("localizer", "2D"),
    "T1w-2D": ("T1w", "2D"),
    "T1w-3D": ("T1w", "3D"),
    "T2w-2D": ("T2w", "2D"),
    "T2w-3D": ("T2w", "3D"),
    "FLAIR-2D": ("FLAIR", "2D"),
    "FLAIR-3D": ("FLAIR", "3D"),
    "STIR": ("T2w", "2D"),
    "PD+T2": ("PD+T2", "2D"),
    "T2starw": ("T2starw", "2D"),
    "SWI": ("SWI", "3D"),
    "SWI-phase": ("SWI", "3D"),
    "SWI-mIP": ("derived", "3D"),
    "DWI": ("DWI", "2D"),
    "trace": ("derived-DWI", "2D"),
    "ADC": ("ADC", "2D"),
    "FA": ("derived-DWI", "2D"),
    "BOLD": ("BOLD", "2D"),
    "fieldmap": ("fieldmap", "2D"),
    "TOF": ("MRA", "3D"),
    "TOF-MIP": ("derived-MRA", "3D"),
    "MPR": ("derived", "3D"),
    "spine": ("other", "2D"),
    "knee": ("other", "2D"),
    "phantom": ("other", "2D"),
    "screenshot": ("non-image", ""),
    "dose-report": ("non-image", ""),
}
"""Sequence and acquisition of each kind. STIR is T2-weighted with the fat nulled; projections and maps are derived."""

UNDETECTABLE = ("filed-under-another", "twin-swapped")
"""Traps that no rule can see: everything that was told is true of somebody else, under whom the study is banked."""

NOT_WANTED = ("spine", "knee", "phantom", "screenshot", "dose-report")


def series_answer(
    person: Person, visit: Visit, ordered: Ordered, *, manufacturer: str, plane: str, expected: str = ""
) -> SeriesAnswer:
    """The answer for one series; `files` is counted when the book is closed.

    `expected` overrides what follows from person, visit and kind, for files that are broken on purpose.
    """
    sequence, dimension = SHOWS[ordered.kind]
    return SeriesAnswer(
        series_uid=ordered.uid,
        study_uid=visit.uid,
        kind=ordered.kind,
        sequence=sequence,
        plane=plane or None,
        dimension=dimension or None,
        agent=yes_no(ordered.agent),
        fault=ordered.fault or None,
        files=0,
        manufacturer=manufacturer,
        scanner=visit.scanner,
        expected=expected or expected_of(person, visit, ordered)[0],
    )


def expected_of(person: Person, visit: Visit, ordered: Ordered) -> tuple[str, str]:
    """Right outcome of the ordinary files of a series, and why they are not banked."""
    if not visit.linkable and visit.trap not in UNDETECTABLE:
        return ("quarantined" if visit.trap == "two-patients-in-series" else "unlinked"), visit.trap
    if person.opt_outs:
        return "excluded", "opted-out"
    if ordered.kind in NOT_WANTED:
        return "excluded", ordered.kind
    return ("excluded", "burned-in") if ordered.burned_in else ("banked", "")
