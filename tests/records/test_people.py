"""People as extracts bring them: who is who, what is refused, and which number means whom."""

from __future__ import annotations

from pathlib import Path

import pytest
from extracted import HEAD, PEOPLE, extract, imported, people_of


@pytest.mark.parametrize(
    ("table", "rows", "reason"),
    [
        ("patients", "K1,,A,B,1950-01-01,male\n", "hospital-number-used-twice"),
        ("patients", ",,A,B,1950-01-01,male\n", "no-hospital-number"),
        ("patients", "K9,,A,B,02/03/1950,male\n", "not-a-date"),
        ("deaths", "K1,soon\n", "not-a-date"),
        ("merged_numbers", "K1,K1\n", "merged-into-itself"),
    ],
)
def test_a_row_about_a_person_is_refused_with_its_line(tmp_path: Path, table: str, rows: str, reason: str) -> None:
    heads = {"patients": PEOPLE, "deaths": "hospital_number,date\n", "merged_numbers": "hospital_number,merged_into\n"}
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


def test_merged_numbers_are_followed_and_rings_lead_nowhere(tmp_path: Path) -> None:
    merged = "hospital_number,merged_into\nOLD,OLDER\nOLDER,K1\nX,Y\nY,X\n"
    diagnoses = "hospital_number,date,code\nOLD,2010-01-01,F20\nX,2010-01-01,F20\n"
    folder = extract(tmp_path / "in", merged_numbers=merged, diagnoses=diagnoses)
    stored, accepted, refused = imported(folder, tmp_path / "out")
    assert stored.people
    former = {e.person.person: {n.reveal("test") for n in e.former_numbers} for e in stored.people.entrants}
    assert former == {"ehr:K1": {"OLD", "OLDER"}, "ehr:K2": set()}
    assert [row["person"] for row in accepted["diagnoses"]] == ["ehr:K1"]
    assert refused == [(3, "nobody-has-this-hospital-number")]


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
