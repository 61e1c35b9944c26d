"""What a radiologist would say of a head: grades of atrophy, medial temporal scores, Fazekas, from its true volumes.

The thresholds are our own reading scale, documented here and nowhere else; they are monotone in the true volumes, so
that a report never says less of a smaller hippocampus. What is denied was never put into the images; what is called
incidental lies outside the volumes and has no truth but the report.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cache

from imagebank.synthetic.text.grammar import Step
from imagebank.synthetic.text.scribe import Scribe
from imagebank.synthetic.text.vocabulary import rows, sequence_words, split
from imagebank.synthetic.visits import Anatomy, Visit

ATROPHY_LIMITS = (0.02, 0.05, 0.09)  # by how much the brain's share of the head falls short of the age's
MTA_LIMITS = (1.9, 2.4, 2.9, 3.3)  # ml of hippocampus in a head of 1450 ml: below the first 4, from the last on 0
FAZEKAS_LIMITS = (1.0, 5.0, 15.0)  # ml of lesion
VENTRICLE_LIMITS = (0.025, 0.04, 0.06)  # of the head
USUAL_HEAD_ML = 1450.0
SHRINKS = 0.015  # a brain smaller by so large a share than on the earlier scan has visibly changed
FROM_AGE, FULL_SHARE, SHARE_A_YEAR = 30, 0.84, 0.0016
DENIED_ALWAYS = ("infarct", "haemorrhage", "mass", "subdural collection", "midline shift")
INCIDENTAL = (
    *("sinus disease", "mastoid fluid", "empty sella", "arachnoid cyst", "developmental venous anomaly"),
    *("pineal cyst", "cavum septum pellucidum"),
)
DOUBTFUL = ("microhaemorrhage", "demyelination", "aneurysm", "restricted diffusion")
GRADES = ("no", "mild", "moderate", "severe")
SIDES = (("right", "left"), ("R", "L"), ("Right", "Left"), ("rt", "lt"), ("RIGHT", "LEFT"))


@dataclass(frozen=True)
class Reading:
    """Grades 0 to 3, medial temporal scores 0 to 4; `grown` says that the brain shrank since `compared` (a day)."""

    visit: Visit
    atrophy: int
    ventricles: int
    fazekas: int
    mta_right: int
    mta_left: int
    compared: bool
    grown: bool
    denied: tuple[str, ...]


def read_head(visit: Visit, earlier: Visit | None) -> Reading:
    """Grade one examination, in comparison with an earlier one of the same head."""
    head = visit.anatomy
    kinds = {each.kind for each in visit.series}
    denied = list(DENIED_ALWAYS)
    denied += ["restricted diffusion"] if kinds & {"DWI", "trace", "ADC"} else []
    denied += ["microhaemorrhage"] if kinds & {"SWI", "T2starw"} else []
    denied += ["abnormal enhancement"] if any(each.agent for each in visit.series) else []
    denied += ["demyelination"] if not _fazekas(head) else []
    shrunk = earlier is not None and head.brain_ml < earlier.anatomy.brain_ml * (1 - SHRINKS)
    return Reading(
        visit,
        bisect_right(ATROPHY_LIMITS, _expected_share(head.age_years) - head.brain_ml / head.intracranial_ml),
        bisect_right(VENTRICLE_LIMITS, head.ventricles_ml / head.intracranial_ml),
        _fazekas(head),
        medial_temporal_score(head.hippocampus_right_ml, head.intracranial_ml),
        medial_temporal_score(head.hippocampus_left_ml, head.intracranial_ml),
        earlier is not None,
        shrunk,
        tuple(denied),
    )


def medial_temporal_score(hippocampus_ml: float, intracranial_ml: float) -> int:
    """A score of 0 to 4 from the volume in proportion to the head."""
    return 4 - bisect_right(MTA_LIMITS, hippocampus_ml * USUAL_HEAD_ML / intracranial_ml)


def _expected_share(age_years: float) -> float:
    return FULL_SHARE - SHARE_A_YEAR * max(0.0, age_years - FROM_AGE)


def _fazekas(head: Anatomy) -> int:
    return bisect_right(FAZEKAS_LIMITS, head.lesion_ml)


@cache
def _forms() -> dict[tuple[str, str], tuple[str, ...]]:
    return {(row["finding"], row["level"]): split(row["forms"]) for row in rows("findings")}


def _say(scribe: Scribe, finding: str, level: str, value: str, status: str = "affirmed") -> None:
    scribe.mark(scribe.pick(_forms()[finding, level]), "finding", value, "patient", status)


def _graded(finding: str, attribute: str) -> Step:
    def write(scribe: Scribe) -> None:
        grade: int = getattr(scribe.facts.reading, attribute)
        _say(scribe, finding, str(grade), f"{finding}: {GRADES[grade]}")

    return write


def _absent(finding: str) -> Step:
    return lambda scribe: _say(scribe, finding, "absent", finding, "negated")


def _denied(scribe: Scribe) -> None:
    """One of the things that are not there, another one each time while there are some."""
    left: list[str] = scribe.facts.unsaid
    if not left:
        left.extend(scribe.facts.reading.denied)
        scribe.chance.shuffle(left)
    _absent(left.pop())(scribe)


def _incidental(scribe: Scribe) -> None:
    finding = scribe.pick(INCIDENTAL)
    _say(scribe, finding, "1", finding)


def _doubtful(scribe: Scribe) -> None:
    finding = scribe.pick([each for each in DOUBTFUL if each not in scribe.facts.reading.denied] or ("aneurysm",))
    _say(scribe, finding, "absent", finding, "uncertain")


def _mta_scores(scribe: Scribe) -> None:
    """Both sides: right 2, left 3 - R2 L3 - grade 2 bilaterally."""
    reading: Reading = scribe.facts.reading
    right, left = reading.mta_right, reading.mta_left
    if right == left and scribe.draw() < 0.5:
        text = scribe.pick(
            (f"grade {right} bilaterally", f"{right} bilaterally", f"{right}/4 both sides", f"{right}/{left}")
        )
        scribe.mark(text, "score", f"MTA right {right} left {left}")
        return
    first, second = scribe.pick(SIDES)
    equals = scribe.pick((" ", " ", " = ", ": ", ""))
    scribe.mark(f"{first}{equals}{right}", "score", f"MTA right {right}")
    scribe.say(scribe.pick((", ", " ", " and ", "; ")))
    scribe.mark(f"{second}{equals}{left}", "score", f"MTA left {left}")


def _mta(scribe: Scribe) -> None:
    scribe.say(scribe.pick(("MTA ", "MTA score ", "MTA: ", "Medial temporal atrophy score ", "MTL atrophy ")))
    _mta_scores(scribe)


def _fazekas_text(scribe: Scribe) -> None:
    grade = scribe.facts.reading.fazekas
    text = scribe.pick(
        (f"Fazekas {grade}", f"Fazekas grade {grade}", f"Fazekas {grade}/3", f"Fazekas score of {grade}")
    )
    scribe.mark(text, "score", f"Fazekas {grade}")


def _progression(scribe: Scribe) -> None:
    text = scribe.pick(("progression of atrophy", "interval progression of volume loss", "further volume loss"))
    scribe.mark(text, "finding", "atrophy progression")


def _no_progression(scribe: Scribe) -> None:
    text = scribe.pick(
        ("significant interval change", "progression of atrophy", "convincing change", "interval change")
    )
    scribe.mark(text, "finding", "atrophy progression", "patient", "negated")


def _sequences(scribe: Scribe) -> None:
    """What was acquired, in the order of the examination, each kind once."""
    kinds = dict.fromkeys(each.kind for each in scribe.facts.reading.visit.series)
    found = [scribe.pick(sequence_words(kind)) for kind in kinds if sequence_words(kind)] or ["limited sequences"]
    text = scribe.pick((", ", ", ", " + ", "; ")).join(found)
    scribe.say(text[:1].upper() + text[1:])


READING_SLOTS: dict[str, Step] = {
    "r.atrophy": _graded("global atrophy", "atrophy"),
    "r.no-atrophy": _absent("global atrophy"),
    "r.ventricles": _graded("ventricular enlargement", "ventricles"),
    "r.no-ventricles": _absent("ventricular enlargement"),
    "r.white": _graded("white matter lesions", "fazekas"),
    "r.no-white": _absent("white matter lesions"),
    "r.fazekas": _fazekas_text,
    "r.mta": _mta,
    "r.mta.scores": _mta_scores,
    "r.no": _denied,
    "r.incidental": _incidental,
    "r.maybe": _doubtful,
    "r.progression": _progression,
    "r.no-progression": _no_progression,
    "r.sequences": _sequences,
}
"""The slots of the grammar of reports."""


def reading_flags(reading: Reading) -> dict[str, bool]:
    """What the guards of the grammar of reports ask for."""
    series = reading.visit.series
    return {
        "atrophy": reading.atrophy > 0,
        "wide": reading.ventricles > 0,
        "lesions": reading.fazekas > 0,
        "mta": max(reading.mta_right, reading.mta_left) > 1,
        "compared": reading.compared,
        "grown": reading.grown,
        "agent": any(each.agent for each in series),
        "motion": any(each.fault in ("motion", "ghosting") for each in series),
    }
