"""What the notes of one person have in common, prepared once: spellings, words for he or she, the true course.

Laws: a symptom is called absent only if the course says so, or never mentions it nor its group; what was present
becomes past only after a record says so.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from imagebank.synthetic.events import Diagnosis, Medication
from imagebank.synthetic.model import Person, Relative
from imagebank.synthetic.text.contacts import mail_names
from imagebank.synthetic.text.names import CalledNames, called
from imagebank.synthetic.text.vocabulary import Term, by_theme, diagnosis, institutions, lines, symptom, theme_of

PRONOUNS = {
    "female": "he=she him=her his=her himself=herself is=is has=has was=was does=does s=s es=es",
    "male": "he=he him=him his=his himself=himself is=is has=has was=was does=does s=s es=es",
    "": "he=they him=them his=their himself=themselves is=are has=have was=were does=do s= es=",
}
LADIES = {"female": ("lady", "woman", "F"), "male": ("gentleman", "man", "M"), "": ("person", "person", "")}
YOUNG = {"female": "girl", "male": "boy", "": "young person"}
EARLIER = timedelta(days=150)  # what was first recorded on a day was so for as long before
ADULT_YEARS, OLD_YEARS, SHOWN_YEARS = 18, 65, 89
WORDS = (
    *(pair.split("=")[0] for pair in PRONOUNS[""].split()),
    *("He", "His"),
    *("lady", "woman", "sex", "relation", "job", "household"),
)
SPOUSES = ("husband", "wife", "partner", "spouse")
HOUSEHOLDS = ("alone", "with family", "alone with a cat", "with a lodger", "in shared housing", "with relatives")
ALLERGIC, FAMILY_HISTORY = 0.3, 0.6  # the share of people
FAMILY_ILLNESSES = (
    *("dementia", "Alzheimer's disease", "depression", "schizophrenia", "bipolar disorder", "stroke", "epilepsy"),
    *("psychosis", "Parkinson's disease", "alcohol dependence", "hypertension"),
)
ALWAYS_ASKED = (
    *("low mood", "anxiety", "suicidal ideation", "self-harm", "hallucinations", "persecutory delusions"),
    *("poor sleep", "poor appetite", "weight loss", "headaches", "seizures", "focal neurological signs", "falls"),
    *("fever", "chest pain", "dizziness", "incontinence", "alcohol misuse", "poor self-care", "aggression"),
)
"""Symptoms that are asked of everybody, whatever the theme."""

LASTING = ("surgery", "employer", "school", "centre")
"""Kinds of institution that stay the same from note to note."""


@dataclass(frozen=True)
class Story:
    """A person with everything of them that does not change from note to note."""

    person: Person
    names: CalledNames
    mail: tuple[str, ...]
    theme: str
    words: dict[str, str]
    symptom_days: dict[str, list[tuple[date, str]]]
    silent: tuple[Term, ...]  # never mentioned by the course: may be denied
    diagnoses: tuple[tuple[Diagnosis, Term], ...]
    medications: tuple[Medication, ...]
    places: dict[str, str]
    allergen: str  # empty: none
    family_illness: str  # empty: none

    def was_present(self, name: str, day: date) -> bool:
        """Whether a record by that day says so."""
        return any(when <= day and state == "present" for when, state in self.symptom_days[name])

    def state_of(self, name: str, day: date) -> str:
        """Present, absent or past on a day: the last record, or shortly before the first that one; else unknown."""
        records = self.symptom_days[name]
        known = [state for when, state in records if when <= day]
        if known:
            return known[-1]
        first, state = records[0]
        return state if self.person.course.onset <= day >= first - EARLIER else "unknown"


def story_of(person: Person, chance: Random) -> Story:
    """Prepare a person; chance decides what the course leaves open, such as the surgery."""
    course = person.course
    days: dict[str, list[tuple[date, str]]] = {}
    for each in sorted(course.symptoms, key=lambda each: each.day):
        days.setdefault(each.name, []).append((each.day, each.state))
    coded = [(each, diagnosis(each.code)) for each in course.diagnoses]
    named = tuple((each, term) for each, term in coded if term)
    theme = _theme(course.diagnoses)
    return Story(
        person,
        called(person.name, person.sex),
        mail_names(person.name),
        theme,
        _words(person, chance),
        days,
        _silent(days, named, theme),
        named,
        tuple(sorted(course.medications, key=lambda each: each.start)),
        {kind: chance.choice(institutions(kind)) for kind in LASTING} | _teams(person),
        chance.choice(lines("allergens")) if chance.random() < ALLERGIC else "",
        chance.choice(FAMILY_ILLNESSES) if chance.random() < FAMILY_HISTORY else "",
    )


def _teams(person: Person) -> dict[str, str]:
    """The team and site that the person mostly knows."""
    outside = [each for each in person.course.episodes if each.kind != "inpatient"]
    return {"team": outside[0].team, "hospital": outside[0].site} if outside else {}


def _theme(found: tuple[Diagnosis, ...]) -> str:
    themes = Counter(theme_of(each.code) for each in found if each.status in ("current", "revised"))
    themes.pop("general", None)
    return max(themes, key=lambda theme: (themes[theme], theme)) if themes else "general"


def _silent(
    days: dict[str, list[tuple[date, str]]], named: tuple[tuple[Diagnosis, Term], ...], theme: str
) -> tuple[Term, ...]:
    """Symptoms of the theme, of mood and of general health of which the course says nothing, nor of their group."""
    said = {symptom(name).group for name in days} | {group for _, term in named for group in term.implies}
    asked = (*by_theme().get(theme, ()), *(symptom(name) for name in ALWAYS_ASKED))
    return tuple({term.name: term for term in asked if term.group not in said}.values())


def _words(person: Person, chance: Random) -> dict[str, str]:
    sex = person.sex if person.sex in LADIES else ""
    words = dict(pair.split("=") for pair in PRONOUNS[sex].split())
    for name in ("he", "his"):
        words[name.capitalize()] = words[name].capitalize()
    words["lady"], words["woman"], words["sex"] = LADIES[sex]
    words["job"] = chance.choice(lines("jobs"))
    spouse = next((each for each in person.relatives if each.relation in SPOUSES), None)
    words["household"] = f"with {words['his']} {spouse.relation}" if spouse else chance.choice(HOUSEHOLDS)
    return words


def words_on(story: Story, day: date, relative: Relative | None) -> dict[str, str]:
    """The plain words of a note: he, she, lady, girl, in her 70s, daughter."""
    age = story.person.age_on(day)
    words = dict(story.words)
    if age < ADULT_YEARS:
        words["lady"] = words["woman"] = YOUNG.get(story.person.sex, YOUNG[""])
    words["relation"] = relative.relation if relative else "carer"
    return words
