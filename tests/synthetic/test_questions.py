"""The reference questions: one person at a time, and all at once against the same definitions written in SQL."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from sample_people import sample_people
from sample_person import sample_person

from imagebank.synthetic.events import Assessment, Diagnosis, Episode
from imagebank.synthetic.model import OptOut, Person
from imagebank.synthetic.truth import QUESTIONS, Questionnaire
from imagebank.synthetic.truth.questions import ANSWERED_BY, block_of
from imagebank.synthetic.visits import Ordered

SCAN = date(2015, 6, 1)
MODEL = sample_person()
Answers = dict[tuple[str, str], set[str]]


def person(
    *,
    age: int = 60,
    kinds: tuple[str, ...] = ("localizer", "T1w-3D", "FLAIR-2D"),
    codes: tuple[tuple[int, str], ...] = (),
    scores: tuple[tuple[int, str, float | None], ...] = (),
    team: str = "",
    second_scan: int | None = None,
    agent: bool = False,
    ethnic_category: str = "A",
) -> Person:
    """Somebody scanned on SCAN; diagnoses and scores are (days after the scan, what, score)."""
    first = replace(
        MODEL.visits[0],
        day=SCAN,
        series=tuple(Ordered(f"1.1.{k}", k, kind, agent=agent) for k, kind in enumerate(kinds)),
    )
    later = replace(first, uid="1.2", day=SCAN + timedelta(second_scan or 0), series=())
    born = date(SCAN.year - age, 1, 1)
    return replace(
        MODEL,
        ethnic_category=ethnic_category,
        birth_date=born,
        recorded=(replace(MODEL.recorded[0], birth_date=born),),
        opt_outs=(),
        visits=(first, later) if second_scan is not None else (first,),
        course=replace(
            MODEL.course,
            diagnoses=tuple(Diagnosis(SCAN + timedelta(days), code, "primary") for days, code in codes),
            assessments=tuple(Assessment(SCAN + timedelta(days), name, score, 30) for days, name, score in scores),
            episodes=(Episode(SCAN, None, "outpatient", team, "Annexe"),) if team else (),
        ),
    )


def answers_for(*people: Person) -> Answers:
    asked, found = Questionnaire(), defaultdict(set)
    for each in people:
        for answer in asked.members(each):
            found[answer.question, answer.group].add(answer.member)
    for total in asked.totals():
        assert total.value == len(found.get((total.question, total.group), ()))
    return dict(found)


def groups(question: str, someone: Person) -> set[str]:
    return {group for asked, group in answers_for(someone) if asked == question}


PROGNOSIS: dict[str, Any] = {"team": "Croydon MEMORY Clinic", "scores": ((180, "MMSE", 24.0),)}
PSYCHOSIS: dict[str, Any] = {"age": 34, "codes": ((-152, "F20.0"),)}
DEPRESSION: dict[str, Any] = {"codes": ((0, "F33.1"),), "scores": ((-90, "HoNOS65+", None),)}
CASES: list[tuple[str, dict[str, Any], set[str]]] = [
    ("dementia-prognosis", PROGNOSIS, {"all", "not converted"}),
    ("dementia-prognosis", PROGNOSIS | {"codes": ((92, "G30.1"),)}, {"all", "converted"}),
    ("dementia-prognosis", PROGNOSIS | {"codes": ((91, "G30.1"),)}, set()),
    ("dementia-prognosis", PROGNOSIS | {"codes": ((-9, "F03"),)}, set()),
    ("dementia-prognosis", PROGNOSIS | {"age": 50}, {"all", "not converted"}),
    ("dementia-prognosis", PROGNOSIS | {"age": 49}, set()),
    ("dementia-prognosis", PROGNOSIS | {"team": "Aubrey Ward"}, set()),
    ("dementia-prognosis", PROGNOSIS | {"kinds": ("T1w-2D",)}, set()),
    ("dementia-prognosis", PROGNOSIS | {"scores": ((181, "MMSE", 24.0),)}, set()),
    ("dementia-prognosis", PROGNOSIS | {"scores": ((0, "MMSE", 31.0), (0, "MMSE", None))}, set()),
    ("dementia-prognosis", PROGNOSIS | {"scores": ((0, "MoCA", 20.0),)}, set()),
    ("first-episode-psychosis", PSYCHOSIS, {"all"}),
    ("first-episode-psychosis", PSYCHOSIS | {"age": 35}, {"all"}),  # still 34 on the day of the diagnosis
    ("first-episode-psychosis", PSYCHOSIS | {"age": 36}, set()),
    ("first-episode-psychosis", PSYCHOSIS | {"codes": ((-366, "F20.0"), (0, "F25.1"))}, set()),
    ("first-episode-psychosis", PSYCHOSIS | {"age": 33, "codes": ((365, "F29"),)}, {"all"}),
    ("first-episode-psychosis", PSYCHOSIS | {"kinds": ("T2w-2D",)}, set()),
    ("dementia-flair-by-ethnicity", {"codes": ((900, "G30.1"),)}, {"alzheimers/White"}),
    ("dementia-flair-by-ethnicity", {"codes": ((0, "F01.9"), (0, "F00.2")), "ethnic_category": "R"},
     {"vascular/Other", "alzheimers/Other"}),
    ("dementia-flair-by-ethnicity", {"codes": ((0, "F01.9"),), "ethnic_category": "99"}, {"vascular/not known"}),
    ("dementia-flair-by-ethnicity", {"codes": ((0, "F03"),)}, set()),
    ("dementia-flair-by-ethnicity", {"codes": ((0, "F01.9"),), "kinds": ("T1w-3D",)}, set()),
    ("repeat-scans", {"second_scan": 365}, {"all"}),
    ("repeat-scans", {"second_scan": 364}, set()),
    ("mci-converters", {"codes": ((365, "F06.7"),)}, {"all"}),
    ("mci-converters", {"codes": ((365, "F06.7"), (366, "F00.1"))}, {"all", "converted"}),
    ("mci-converters", {"codes": ((365, "F06.7"), (365, "F00.1"))}, set()),
    ("mci-converters", {"codes": ((366, "F06.7"),)}, set()),
    ("nearest-primary-diagnosis", {}, {"none"}),
    ("nearest-primary-diagnosis", {"codes": ((365, "F20.0"),)}, {"F20-F29"}),
    ("nearest-primary-diagnosis", {"codes": ((366, "F20.0"),)}, {"none"}),
    ("nearest-primary-diagnosis", {"codes": ((9, "F20.0"), (-9, "F32.1"))}, {"F30-F39"}),
    ("nearest-primary-diagnosis", {"codes": ((8, "F20.0"), (-9, "F32.1"))}, {"F20-F29"}),
    ("nearest-primary-diagnosis", {"codes": ((9, "F20"), (9, "F32.1"))}, {"F30-F39"}),
    ("nearest-primary-diagnosis", {"codes": ((9, "G30.1"), (9, "F00.1"))}, {"F00-F09"}),
    ("nearest-primary-diagnosis", {"codes": ((0, "I10"),)}, {"other"}),
    ("contrast-enhanced", {"agent": True}, {"all"}),
    ("contrast-enhanced", {"agent": False}, set()),
    ("contrast-enhanced", {"agent": True, "kinds": ("T2w-2D",)}, set()),
    ("series-by-scanner-and-year", {}, {"siemens-15/2015"}),
    ("late-life-depression", DEPRESSION, {"all"}),
    ("late-life-depression", DEPRESSION | {"age": 59}, set()),
    ("late-life-depression", DEPRESSION | {"codes": ((1, "F33.1"),)}, set()),
    ("late-life-depression", DEPRESSION | {"codes": ((0, "F34.1"),)}, set()),
    ("late-life-depression", DEPRESSION | {"scores": ((91, "HoNOS", 12.0),)}, set()),
    ("late-life-depression", DEPRESSION | {"kinds": ("T1w-3D",)}, set()),
    ("t1-and-flair-together", {}, {"all"}),
    ("t1-and-flair-together", {"kinds": ("T1w-2D", "FLAIR-2D")}, set()),
    ("t1-and-flair-together", {"kinds": ("T1w-3D", "FLAIR-3D")}, {"all"}),
]  # fmt: skip


@pytest.mark.parametrize(("question", "facts", "expected"), CASES)
def test_a_person_is_in_the_groups_that_the_definition_says(
    question: str, facts: dict[str, Any], expected: set[str]
) -> None:
    assert groups(question, person(**facts)) == expected


def changed_study(someone: Person, **values: Any) -> Person:
    return replace(someone, visits=tuple(replace(each, **values) for each in someone.visits))


NOBODY: dict[str, Callable[[Person], Person]] = {
    "opted out": lambda someone: replace(someone, opt_outs=(OptOut("gp-type-1", SCAN),)),
    "never registered": lambda someone: replace(someone, recorded=()),
    "unlinkable": lambda someone: changed_study(someone, linkable=False),
    "unknown to the records": lambda someone: changed_study(someone, in_records=False),
    "never scanned": lambda someone: replace(someone, visits=()),
}


@pytest.mark.parametrize("why", NOBODY)
def test_who_must_not_take_part_is_in_no_answer(why: str) -> None:
    someone = person(**PROGNOSIS)
    assert answers_for(someone)
    assert answers_for(NOBODY[why](someone)) == {}


def with_status(someone: Person, status: str) -> Person:
    diagnoses = tuple(replace(each, status=status) for each in someone.course.diagnoses)
    return replace(someone, course=replace(someone.course, diagnoses=diagnoses))


def test_withdrawn_diagnoses_do_not_count_and_wrong_ones_do() -> None:
    someone = person(codes=((0, "F20.0"),))
    assert groups("nearest-primary-diagnosis", with_status(someone, "withdrawn")) == {"none"}
    assert groups("nearest-primary-diagnosis", with_status(someone, "wrong")) == {"F20-F29"}
    assert groups("nearest-primary-diagnosis", with_status(someone, "revised")) == {"F20-F29"}


def test_somebody_without_a_recorded_birth_date_meets_no_condition_on_age() -> None:
    someone = person(**PROGNOSIS)
    unknown = replace(someone, recorded=(replace(someone.recorded[0], birth_date=None),))
    assert groups("dementia-prognosis", unknown) == set()
    assert groups("t1-and-flair-together", unknown) == {"all"}


def test_series_with_burned_in_text_and_other_body_parts_do_not_take_part() -> None:
    someone = person(kinds=("T1w-3D", "FLAIR-2D", "knee"))
    assert len(answers_for(someone)["series-by-scanner-and-year", "siemens-15/2015"]) == 2
    burned = changed_study(someone, series=tuple(replace(e, burned_in=True) for e in someone.visits[0].series))
    assert groups("t1-and-flair-together", burned) == set()


def test_there_are_ten_questions_with_a_definition_and_a_function_each() -> None:
    assert [each.id for each in QUESTIONS] == list(ANSWERED_BY)
    assert len(QUESTIONS) == 10
    assert all(each.sentence and each.unit in ("patient", "study", "series") for each in QUESTIONS)
    assert block_of("F99") == "F99-F99"
    assert block_of("F49.1") == block_of("I63.9") == "other"


def test_fixed_groups_are_answered_even_with_zero() -> None:
    told = {(each.question, each.group): each.value for each in Questionnaire().totals()}
    assert told["mci-converters", "converted"] == 0
    assert len(told) == sum(len(each.groups) for each in QUESTIONS)


# The same definitions once more, as a stranger would write them from the text alone.

PEOPLE = sample_people(1500)
BLOCKS = "F00-F09 F10-F19 F20-F29 F30-F39 F40-F48 F50-F59 F60-F69 F70-F79 F80-F89 F90-F98 F99-F99 G30-G32"
VIEWS = """
CREATE VIEW dementia AS SELECT number, min(day) AS first FROM diagnoses
  WHERE substr(code, 1, 3) IN ('F00', 'F01', 'F02', 'F03', 'G30') GROUP BY number;
CREATE VIEW shown AS SELECT study, bool_or(kind = 'T1w-3D') AS t1_3d, bool_or(kind IN ('T1w-3D', 'T1w-2D')) AS t1,
  bool_or(kind LIKE 'FLAIR-%') AS flair, bool_or(kind IN ('T1w-3D', 'T1w-2D') AND agent) AS enhanced
  FROM series GROUP BY study;
CREATE VIEW scans AS SELECT studies.*, born, date_sub('year', born, day) AS age, category, t1_3d, t1, flair, enhanced
  FROM studies JOIN people USING (number) JOIN shown USING (study);
CREATE VIEW eligible AS SELECT DISTINCT number FROM scans LEFT JOIN dementia USING (number) WHERE t1_3d AND age >= 50
  AND (first IS NULL OR first > day + 91)
  AND EXISTS (FROM episodes e WHERE e.number = scans.number AND e.team ILIKE '%memory%' AND e.start <= scans.day)
  AND EXISTS (FROM scores s WHERE s.number = scans.number AND s.name = 'MMSE' AND s.score BETWEEN 0 AND s.out_of
              AND abs(s.day - scans.day) <= 180);
CREATE VIEW mci AS SELECT number, min(day) AS anchor FROM diagnoses WHERE code = 'F06.7' GROUP BY number;
CREATE VIEW psychosis AS SELECT number, min(day) AS first FROM diagnoses WHERE code LIKE 'F2%' GROUP BY number;
CREATE VIEW mci_scanned AS SELECT DISTINCT number, dementia.first FROM mci JOIN scans USING (number)
  LEFT JOIN dementia USING (number)
  WHERE abs(day - anchor) <= 365 AND (dementia.first IS NULL OR dementia.first > anchor);
CREATE VIEW nearest AS SELECT scans.study, arg_min(code, (abs(d.day - scans.day), d.day > scans.day,
  -length(replace(code, '.', '')), code)) AS code FROM scans LEFT JOIN diagnoses d
  ON d.number = scans.number AND role = 'primary' AND abs(d.day - scans.day) <= 365 GROUP BY scans.study;
CREATE VIEW ethnic AS SELECT number, CASE WHEN category IN ('A','B','C') THEN 'White'
  WHEN category IN ('D','E','F','G') THEN 'Mixed' WHEN category IN ('H','J','K','L') THEN 'Asian'
  WHEN category IN ('M','N','P') THEN 'Black' WHEN category IN ('R','S') THEN 'Other'
  WHEN category = 'Z' THEN 'not stated' ELSE 'not known' END AS name FROM people;
"""
TWINS = """
SELECT 'dementia-prognosis', 'all', number FROM eligible
UNION SELECT 'dementia-prognosis', CASE WHEN number IN (SELECT number FROM dementia) THEN 'converted' ELSE
  'not converted' END, number FROM eligible
UNION SELECT 'first-episode-psychosis', 'all', number FROM psychosis JOIN scans USING (number)
  WHERE t1 AND abs(day - first) <= 365 AND date_sub('year', born, first) <= 34
UNION SELECT 'dementia-flair-by-ethnicity', CASE WHEN code LIKE 'F01%' THEN 'vascular/' ELSE 'alzheimers/' END || name,
  number FROM diagnoses JOIN ethnic USING (number) JOIN scans USING (number)
  WHERE flair AND substr(code, 1, 3) IN ('F00', 'G30', 'F01')
UNION SELECT 'repeat-scans', 'all', number FROM scans GROUP BY number HAVING max(day) - min(day) >= 365
UNION SELECT 'mci-converters', 'all', number FROM mci_scanned
UNION SELECT 'mci-converters', 'converted', number FROM mci_scanned WHERE first IS NOT NULL
UNION SELECT 'nearest-primary-diagnosis', CASE WHEN code IS NULL THEN 'none' ELSE coalesce((SELECT min(block)
  FROM blocks WHERE substr(code, 1, 3) BETWEEN substr(block, 1, 3) AND substr(block, 5)), 'other') END,
  study FROM nearest
UNION SELECT 'contrast-enhanced', 'all', study FROM scans WHERE enhanced
UNION SELECT 'series-by-scanner-and-year', scanner || '/' || year(day), series FROM series JOIN studies USING (study)
UNION SELECT 'late-life-depression', 'all', number FROM scans WHERE flair AND age >= 60
  AND EXISTS (FROM diagnoses d WHERE d.number = scans.number AND (code LIKE 'F32%' OR code LIKE 'F33%')
              AND d.day <= scans.day)
  AND EXISTS (FROM scores s WHERE s.number = scans.number AND s.name LIKE 'HoNOS%' AND abs(s.day - scans.day) <= 90)
UNION SELECT 't1-and-flair-together', 'all', study FROM scans WHERE t1_3d AND flair
"""


def flat(people: list[Person]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The facts as rows, without those who must not take part."""
    for each in people:
        if not each.recorded or each.opt_outs:
            continue
        number, course = each.hospital_number, each.course
        yield "people", {"number": number, "born": each.recorded[0].birth_date, "category": each.ethnic_category}
        for visit in each.visits:
            if visit.linkable and visit.in_records:
                yield "studies", {"study": visit.uid, "number": number, "day": visit.day, "scanner": visit.scanner}
                for one in visit.series:
                    yield "series", {"series": one.uid, "study": visit.uid, "kind": one.kind, "agent": one.agent}
        for dx in course.diagnoses:
            if dx.status != "withdrawn":
                yield "diagnoses", {"number": number, "day": dx.day, "code": dx.code, "role": dx.role}
        for a in course.assessments:
            yield "scores", {"number": number, "day": a.day, "name": a.name, "score": a.score, "out_of": a.out_of}
        for e in course.episodes:
            yield "episodes", {"number": number, "team": e.team, "start": e.start}


def answers_in_sql(people: list[Person]) -> Answers:
    tables: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for name, row in flat(people):
        tables[name].append(row)
    tables["blocks"] = [{"block": block} for block in BLOCKS.split()]
    found = defaultdict(set)
    with duckdb.connect() as database:
        for name, rows in tables.items():
            database.register(name, pa.Table.from_pylist(rows))
        database.execute(VIEWS)
        for question, group, member in database.execute(TWINS).fetchall():
            found[question, group].add(member)
    return dict(found)


def test_the_answers_are_those_of_the_same_definitions_in_sql() -> None:
    plain = answers_for(*PEOPLE)
    assert plain == answers_in_sql(PEOPLE)
    counted = Counter({question: len(members) for (question, _), members in plain.items()})
    assert set(counted) == {each.id for each in QUESTIONS}


def test_other_people_have_other_answers() -> None:
    assert answers_for(*sample_people(300, seed=2)) != answers_for(*sample_people(300, seed=3))
