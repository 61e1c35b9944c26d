"""The slots of the grammar that carry a meaning: symptoms, diagnoses, drugs, scores and blood results.

Each writes one mark, whose status is the slot's own: `present` affirms, `absent` negates, and so on. The grammar must
put the words around it that say the same.
"""

from __future__ import annotations

from functools import cache

from imagebank.synthetic.events import Medication
from imagebank.synthetic.text.facts import Facts
from imagebank.synthetic.text.flags import RISKS, lower_flags, take
from imagebank.synthetic.text.grammar import Step
from imagebank.synthetic.text.measurements import MEASUREMENTS
from imagebank.synthetic.text.scribe import Scribe
from imagebank.synthetic.text.vocabulary import (
    Term,
    by_theme,
    diagnoses,
    drug_forms,
)

FREQUENCIES = {
    "OD": ("OD", "od", "once daily", "once a day", "mane", "o.d.", "daily"),
    "nocte": ("nocte", "at night", "ON", "nocte", "on"),
    "BD": ("BD", "bd", "twice daily", "b.d.", "twice a day"),
    "TDS": ("TDS", "tds", "three times a day", "t.d.s."),
    "mane": ("mane", "in the morning", "om"),
    "QDS": ("QDS", "qds", "four times a day"),
    "monthly": ("monthly", "every month", "4 weekly"),
    "fortnightly": ("fortnightly", "every 2 weeks", "2/52", "2 weekly"),
    "PRN": ("PRN", "prn", "as required", "when required"),
}
ROUTES = {"transdermal": (" patch", " TD", " patch"), "intramuscular": (" IM", " depot", " i/m")}
POSSIBLE = {
    "cognitive": (
        *("vascular dementia", "Alzheimer's disease", "mixed dementia", "dementia with Lewy bodies", "delirium"),
        *("frontotemporal dementia", "mild cognitive impairment", "depression", "dementia"),
    ),
    "psychosis": ("schizophrenia", "schizoaffective disorder", "delusional disorder", "psychosis", "epilepsy"),
    "mood": ("bipolar disorder", "depression", "mild cognitive impairment", "dysthymia"),
    "anxiety": ("generalised anxiety disorder", "depression", "post-traumatic stress disorder", "epilepsy"),
    "developmental": ("autism spectrum disorder", "ADHD", "epilepsy", "learning disability"),
    "substance": ("alcohol dependence", "dementia", "depression"),
    "general": ("depression", "migraine", "epilepsy", "multiple sclerosis", "functional neurological disorder"),
}
DOUBTED_DIAGNOSES = ("functional neurological disorder",)  # of somebody who has everything else
DOUBTED = frozenset(
    (
        *("seizures", "focal neurological signs", "unsteady gait", "parkinsonism", "falls", "delirium"),
        *("hallucinations", "visual hallucinations", "delusions", "alcohol misuse", "rem sleep behaviour"),
        "word-finding difficulty",
    )
)
HYPOTHETICAL = (
    "falls",
    "agitation",
    "seizures",
    "dizziness",
    "suicidal ideation",
    "self-harm",
    "aggression",
    "delirium",
)


def _take_adjective(scribe: Scribe, queue: str) -> Term:
    left: list[Term] = getattr(scribe.facts, queue)
    item = next(each for each in left if each.adjectives)
    left.remove(item)
    scribe.facts.said[queue] = item
    lower_flags(scribe, queue)
    return item


def _say_term(scribe: Scribe, term: Term, status: str, owner: str = "patient", kind: str = "symptom") -> None:
    text = scribe.pick(term.forms)
    if "$" in text:
        text = text.replace("$himself", scribe.words["himself"]).replace("$his", scribe.words["his"])
        text = text.replace("$him", scribe.words["him"])
    scribe.mark(text, kind, term.name, owner, status)


def _symptom(queue: str, status: str) -> Step:
    return lambda scribe: _say_term(scribe, take(scribe, queue), status)


def _adjective(queue: str, status: str) -> Step:
    def write(scribe: Scribe) -> None:
        term = _take_adjective(scribe, queue)
        scribe.mark(scribe.pick(term.adjectives), "symptom", term.name, "patient", status)

    return write


def _absent_risk(scribe: Scribe) -> None:
    """A danger that is not there: to oneself or to others."""
    left: list[Term] = scribe.facts.absent
    term = next(each for each in left if each.group in RISKS)
    left.remove(term)
    lower_flags(scribe, "absent")
    _say_term(scribe, term, "negated")


def _symptom_list(queue: str, status: str, last: tuple[str, ...]) -> Step:
    """Two or three in a row, joined as people join them."""

    def write(scribe: Scribe) -> None:
        count = min(len(getattr(scribe.facts, queue)), 2 + (scribe.draw() < 0.4))
        joint = scribe.pick((", ", ", ", "/", ", "))
        for place in range(count):
            if place:
                scribe.say(joint if place < count - 1 else scribe.pick(last))
            _say_term(scribe, take(scribe, queue), status)

    return write


@cache
def _hypothetical() -> tuple[Term, ...]:
    found = {term.name: term for terms in by_theme().values() for term in terms}
    return tuple(found[name] for name in HYPOTHETICAL)


def _planned_symptom(scribe: Scribe) -> None:
    _say_term(scribe, scribe.pick(_hypothetical()), "planned")


def _maybe(scribe: Scribe) -> None:
    """A symptom of which the course says nothing, and of which somebody is not sure."""
    facts: Facts = scribe.facts
    found = [term for term in facts.story.silent if term.name in DOUBTED]
    _say_term(scribe, scribe.pick(found or _hypothetical()), "uncertain")


def _diagnosis(queue: str, status: str) -> Step:
    def write(scribe: Scribe) -> None:
        _, term = take(scribe, queue)
        _say_term(scribe, term, status, kind="diagnosis")

    return write


def _coded_diagnosis(scribe: Scribe) -> None:
    coded, term = take(scribe, "dx")
    text = scribe.pick((f"{term.forms[0]} ({coded.code})", f"{coded.code} {term.forms[0]}", f"{coded.code}"))
    scribe.mark(text, "diagnosis", term.name)


def _possible_diagnosis(scribe: Scribe) -> None:
    facts: Facts = scribe.facts
    known = {term.name for _, term in facts.story.diagnoses}
    names = [name for name in POSSIBLE[facts.story.theme] if name not in known]
    term = diagnoses()[scribe.pick(names or DOUBTED_DIAGNOSES)]
    _say_term(scribe, term, "uncertain", kind="diagnosis")


def _family_diagnosis(scribe: Scribe) -> None:
    facts: Facts = scribe.facts
    term = diagnoses()[facts.story.family_illness]
    _say_term(scribe, term, "family", "relative", "diagnosis")


def dose_text(scribe: Scribe, drug: Medication) -> str:
    """A drug with dose and frequency, as it is written on a chart or said in a letter."""
    name = scribe.pick(drug_forms(drug.drug))
    unit = scribe.pick((f" {drug.unit}", drug.unit))
    often = scribe.pick(FREQUENCIES.get(drug.frequency, (drug.frequency,)))
    route = scribe.pick(ROUTES.get(drug.route, ("",)))
    return f"{name} {drug.dose:g}{unit}{route} {often}".strip()


def dose_value(drug: Medication) -> str:
    """What a mark of a drug with its dose means."""
    return f"{drug.drug} {drug.dose:g} {drug.unit} {drug.frequency}".strip()


def _drug(queue: str, status: str, with_dose: float) -> Step:
    def write(scribe: Scribe) -> None:
        drug = take(scribe, queue)
        if scribe.draw() < with_dose:
            scribe.mark(dose_text(scribe, drug), "medication", dose_value(drug), "patient", status)
        else:
            scribe.mark(scribe.pick(drug_forms(drug.drug)), "medication", drug.drug, "patient", status)

    return write


def _drug_list(scribe: Scribe) -> None:
    joint = scribe.pick((", ", "\n", "; ", ", "))
    facts: Facts = scribe.facts
    facts.drug.clear()
    lower_flags(scribe, "drug")
    for place, drug in enumerate(facts.medicated):
        scribe.say(joint if place else "")
        scribe.mark(dose_text(scribe, drug), "medication", dose_value(drug))


def _dose_change(direction: str) -> Step:
    verb = {"dose_up": ("increased", "titrated up", "put up"), "dose_down": ("reduced", "cut down", "decreased")}

    def write(scribe: Scribe) -> None:
        old, now = getattr(scribe.facts, direction)
        name = scribe.pick(drug_forms(now.drug))
        text = f"{name} {scribe.pick(verb[direction])} from {old.dose:g} to {now.dose:g}{now.unit}"
        scribe.mark(text, "medication", dose_value(now))

    return write


def _allergen(scribe: Scribe) -> None:
    name = scribe.facts.story.allergen
    scribe.mark(name, "medication", name, "patient", "negated")


MEANINGS: dict[str, Step] = {
    **MEASUREMENTS,
    "present": _symptom("present", "affirmed"),
    "present.adj": _adjective("present", "affirmed"),
    "present.list": _symptom_list("present", "affirmed", (" and ", ", ", " & ", " and ")),
    "absent": _symptom("absent", "negated"),
    "absent.adj": _adjective("absent", "negated"),
    "absent.list": _symptom_list("absent", "negated", (" or ", " or ", ", ", " / ")),
    "absent.risk": _absent_risk,
    "past": _symptom("past", "historical"),
    "maybe": _maybe,
    "hypothetical": _planned_symptom,
    "dx": _diagnosis("dx", "affirmed"),
    "dx.code": _coded_diagnosis,
    "dx.body": _diagnosis("dx_body", "affirmed"),
    "dx.past": _diagnosis("dx_past", "historical"),
    "dx.wrong": _diagnosis("dx_wrong", "negated"),
    "dx.possible": _possible_diagnosis,
    "dx.family": _family_diagnosis,
    "drug": _drug("drug", "affirmed", 0.75),
    "drug.name": _drug("drug", "affirmed", 0.0),
    "drug.list": _drug_list,
    "drug.past": _drug("drug_past", "historical", 0.3),
    "drug.next": _drug("drug_next", "planned", 0.6),
    "dose.up": _dose_change("dose_up"),
    "dose.down": _dose_change("dose_down"),
    "allergen": _allergen,
}
"""Every slot that carries a meaning."""
