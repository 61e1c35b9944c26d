"""People as extracts bring them: who is who, what is refused, and which number means whom."""

from __future__ import annotations

from pathlib import Path

import pytest
from extracted import HEAD, PEOPLE, extract, imported, people_of
from hypothesis import given
from hypothesis import strategies as st

from imagebank.records.numbers import Numbers


@pytest.mark.parametrize(
    ("table", "rows", "reason"),
    [
        ("patients", "K1,,A,B,1950-01-01,male\n", "hospital-number-used-twice"),
        ("patients", ",,A,B,1950-01-01,male\n", "no-hospital-number"),
        ("patients", "K9,,A,B,02/03/1950,male\n", "not-a-date"),
        ("deaths", "K1,soon\n", "not-a-date"),
        ("deaths", "K9,2020-01-01\n", "nobody-has-this-hospital-number"),
        ("merged_numbers", "K1,K1\n", "merged-into-itself"),
        ("merged_numbers", "OLD,K9\n", "nobody-has-this-hospital-number"),
        ("opt_outs", "K9,national\n", "nobody-has-this-hospital-number"),
    ],
)
def test_a_row_about_a_person_is_refused_with_its_line(tmp_path: Path, table: str, rows: str, reason: str) -> None:
    heads = {"patients": PEOPLE, "deaths": "hospital_number,date\n", "merged_numbers": "hospital_number,merged_into\n",
             "opt_outs": "hospital_number,kind\n"}  # fmt: skip
    people = people_of(tmp_path, **{table: heads[table] + rows})
    assert [(row.table, row.reason) for row in people.refused] == [(table, reason)]
    assert people.refused[0].line == (heads[table] + rows).count("\n")
    assert people.offered[table] == len(rows.splitlines()) + (2 if table == "patients" else 0)


def test_people_keep_what_can_be_understood(tmp_path: Path) -> None:
    head = HEAD.strip() + ",ethnic_category,deprivation_decile\n"
    people = people_of(tmp_path, patients=head + "K1,,Ann,Lee,1950-03-02,female,A,3\nk 2,,Bo,Ray,,male,??,11\n")
    assert [each.person for each in people.characteristics] == ["ehr:K1", "ehr:K2"]
    assert [(each.ethnic_category, each.deprivation_decile) for each in people.characteristics] == [
        ("A", 3),
        (None, None),
    ]
    assert people.repairs == {"impossible-decile": 1, "unknown-ethnic-code": 1}


def test_a_birth_date_that_stands_for_none_is_left_empty(tmp_path: Path) -> None:
    people = people_of(tmp_path, patients=HEAD + "K1,,Ann,Lee,1900-01-01,female\n")
    assert people.entrants[0].person.birth_date is None
    assert people.repairs == {"placeholder-birth": 1}


@pytest.mark.parametrize("row", ["K1,national,2020-01-01", "K1,NATIONAL,", "K1,patient said no,yesterday", "k 1,,"])
def test_a_wish_to_be_left_out_is_honoured_however_it_is_written(tmp_path: Path, row: str) -> None:
    people = people_of(tmp_path, opt_outs=f"hospital_number,kind,list_date\n{row}\n")
    assert [each.person for each in people.opt_outs] == ["ehr:K1"]


@pytest.mark.parametrize("row", ["1", "0012", "12", "OLD"])
def test_a_wish_is_honoured_for_everybody_whom_its_number_may_mean(tmp_path: Path, row: str) -> None:
    patients = "hospital_number,person_key,birth_date\n1,2,1950-03-02\n2,1,1960-01-01\n0012,7,1970-01-01\n"
    merged = "hospital_number,merged_into\nOLD,0012\n"
    told = people_of(tmp_path, patients=patients, merged_numbers=merged, opt_outs=f"hospital_number,kind\n{row},x\n")
    assert [each.person for each in told.opt_outs] == (["ehr:1", "ehr:2"] if row == "1" else ["ehr:0012"])
    assert not told.refused


def test_merged_numbers_are_followed_and_rings_lead_nowhere(tmp_path: Path) -> None:
    merged = "hospital_number,merged_into\nOLD,OLDER\nOLDER,K1\nX,Y\nY,X\nZ,K1\nZ,K2\n"
    diagnoses = "hospital_number,date,code\nOLD,2010-01-01,F20\nX,2010-01-01,F20\nZ,2010-01-01,F20\n"
    deaths = "hospital_number,date\nOLD,2019-01-01\n"
    folder = extract(tmp_path / "in", merged_numbers=merged, diagnoses=diagnoses, deaths=deaths)
    stored, accepted, refused = imported(folder, tmp_path / "out")
    assert stored.people
    former = {e.person.person: {n.reveal("test") for n in e.former_numbers} for e in stored.people.entrants}
    assert former == {"ehr:K1": {"OLD", "OLDER"}, "ehr:K2": set()}
    assert [str(e.person.death_date) for e in stored.people.entrants] == ["2019-01-01", "None"]
    assert [row["person"] for row in accepted["diagnoses"]] == ["ehr:K1"]
    assert refused == [(line, "nobody-has-this-hospital-number") for line in (3, 4)]
    reasons = {(row.line, row.reason) for row in stored.people.refused}
    assert reasons == {(4, "merged-in-a-ring"), (5, "merged-in-a-ring"), (6, "merged-into-two"), (7, "merged-into-two")}


@given(st.dictionaries(st.sampled_from("ABCDEFG"), st.sampled_from("ABCDEFGH"), max_size=7))
def test_a_merged_number_ends_where_a_walk_from_one_to_the_next_ends(into: dict[str, str]) -> None:
    numbers = Numbers()
    numbers.admit("H", "")
    for old, new in into.items():
        numbers.merge(old, new)
    found = numbers.follow()
    for old in into:
        at = old
        for _ in into:
            at = into.get(at, at)
        assert (found.get(old) == "H") == (at == "H")
        assert bool(numbers.why_not(old)) == (at != "H")


def test_a_key_goes_before_the_hospital_number_of_somebody_else(tmp_path: Path) -> None:
    patients = "hospital_number,person_key,birth_date\n1,2,1950-03-02\n2,1,1960-01-01\n"
    folder = extract(
        tmp_path / "in",
        patients=patients,
        diagnoses="hospital_number,date,code\n1,2010-01-01,F20\n",
        deaths="hospital_number,date\n1,2019-01-01\n",
        merged_numbers="hospital_number,merged_into\nOLD,1\n",
    )
    stored, accepted, _ = imported(folder, tmp_path / "out")
    assert [row["person"] for row in accepted["diagnoses"]] == ["ehr:2"]
    assert stored.people
    assert {e.person.person: str(e.person.death_date) for e in stored.people.entrants}["ehr:2"] == "2019-01-01"
    assert [(row.table, row.reason) for row in stored.people.refused] == [("merged_numbers", "ambiguous-number")]


SECOND = [
    ("Ann,Lee,1950-03-02", "hospital-number-used-twice"),
    ("Ann,Ray,1950-02-03", "hospital-number-used-twice"),
    ("Ann,Lee,", "hospital-number-used-twice"),
    ("Bo,Ray,1981-05-06", "hospital-number-of-two-people"),
    ("Ann,Lee,1981-05-06", "hospital-number-of-two-people"),
    ("Bo,Ray,1900-01-01", "hospital-number-of-two-people"),
]


@pytest.mark.parametrize(("row", "reason"), SECOND)
def test_a_hospital_number_of_two_people_is_nobodys(tmp_path: Path, row: str, reason: str) -> None:
    given_name, family_name, birth = row.split(",")
    people = people_of(tmp_path, patients=f"{HEAD}K1,,Ann,Lee,1950-03-02,f\nK1,,{given_name},{family_name},{birth},f\n")
    both = reason == "hospital-number-of-two-people"
    assert [each.reason for each in people.refused] == [reason] * (2 if both else 1)
    assert len(people.entrants) == (0 if both else 1)
    assert people.offered == {"patients": 2}


def test_days_to_come_are_neither_births_nor_deaths(tmp_path: Path) -> None:
    head = "hospital_number,birth_date,death_date\n"
    people = people_of(tmp_path, patients=f"{head}K1,2060-05-01,\nK2,1950-03-02,2060-05-01\n")
    lives = [(str(e.person.birth_date), str(e.person.death_date)) for e in people.entrants]
    assert lives == [("None", "None"), ("1950-03-02", "None")]
    assert people.repairs["birth-in-the-future"] == people.repairs["death-in-the-future"] == 1


def test_other_names_and_addresses_go_with_the_person(tmp_path: Path) -> None:
    head = HEAD.strip() + ",postcode,known_as,birth_family_name\n"
    folder = {
        "patients": head + "K1,,Ann,Lee,1950-03-02,female,SE5 8AF,Annie,Ray\n",
        "addresses": "hospital_number,postcode\nK1,SE5 8AF\nK1,SE5 9ZZ\n",
    }
    entrant = people_of(tmp_path, **folder).entrants[0]
    names = {(given.reveal("test"), family.reveal("test")) for given, family in entrant.other_names}
    assert names == {("Annie", "Lee"), ("Ann", "Ray")}
    assert [each.reveal("test") for each in entrant.other_postcodes] == ["SE5 9ZZ"]
