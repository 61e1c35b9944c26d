"""Sources of every form: the whole hospital through CSV, PostgreSQL and OMOP; extracts as hospitals send them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from pyarrow import parquet
from sqlalchemy.dialects import mssql, oracle, postgresql, sqlite

from imagebank import records
from imagebank.core.errors import ConfigError, SourceError
from imagebank.records.checking import check_source
from imagebank.records.databases import narrowed, open_database, select_columns
from imagebank.records.judging import Rules
from imagebank.records.mapping import SHIPPED, load_mapping, parse_mapping
from imagebank.records.people import People
from imagebank.records.queries import query_for, tables_of
from imagebank.records.reasons import REFUSALS, REPAIRS
from imagebank.records.registry import load_registry
from imagebank.records.settling import EVENT_NAMES, Life, StagedPart, refused_file, settle, valid_file
from imagebank.records.sources import open_source
from imagebank.records.staging import Room
from imagebank.records.store import Lookups, Stored, bring_up_to_date, read_characteristics
from imagebank.synthetic.hospital import Design, build_hospital
from postgres import postgres

__all__ = ["postgres"]  # a fixture
TODAY = date(2026, 1, 1)
HEAD = "hospital_number,nhs_number,given_name,family_name,birth_date,sex\n"
PEOPLE = HEAD + "K1,9434765919,Ann,Lee,1950-03-02,female\nK2,,Bo,Ray,1960-01-01,male\n"
Imported = tuple[Stored, dict[str, list[dict[str, Any]]], list[tuple[int, str]]]


def imported(folder: Path, to: Path, *, mapping: str = "", text: str = "", url: str = "", known: str = "") -> Imported:
    """A source as it is staged and settled: accepted rows by table, and line and reason of all others."""
    chosen = parse_mapping("test.toml", text) if text else load_mapping(mapping, folder)
    room = Room(to, threads=2)
    rules = Rules(chosen, load_registry(), TODAY, "secret")
    with open_source("ehr", chosen, room, **({"url": url} if url else {"folder": folder})) as source:  # type: ignore[arg-type]
        stored = bring_up_to_date(source, room, rules, Lookups(), people_known=known)
    lives = [
        Life("ehr", each.person, each.keys, each.birth_date, each.death_date)
        for each in read_characteristics(to / "people.parquet")
    ]
    parts = [StagedPart(p.target, "ehr", p.what, p.place, to / p.key, "import") for p in stored.pieces]
    accepted, refused = {}, []
    with room.database() as database:
        settle(database, parts, lives)
        for name in EVENT_NAMES:
            rows = database.sql(f"SELECT * FROM judged_{name}").to_arrow_table().to_pylist()
            accepted[name] = [row for row in rows if not row["reason"]]
            refused += [(row["number"], row["reason"]) for row in rows if row["reason"]]
    for part in parts:
        refused += [(row["number"], row["reason"]) for row in parquet.read_table(refused_file(part.path)).to_pylist()]
    return stored, accepted, sorted(refused)


def extract(folder: Path, **tables: str | bytes) -> Path:
    """A folder of CSV extracts."""
    folder.mkdir(exist_ok=True)
    for name, text in {"patients": PEOPLE, **tables}.items():
        (folder / f"{name}.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def nothing_lost(stored: Stored, accepted: dict[str, list[Any]], refused: list[Any]) -> None:
    """Every row that was offered is accepted or refused."""
    assert sum(p.counted.offered for p in stored.pieces) == sum(map(len, accepted.values())) + len(refused)


# --- the whole hospital through every form ---------------------------------------------------------------------------

EXCEPTIONS = {
    "omop": {
        "episodes": {"end_date"},  # the model wants an end: where there is none it has the day of the death
        "assessments": {"version"},  # it has no place for the version of an instrument
        "reports": {"accession_number"},  # nor for the number of the examination
    },
    "cris": {},
}
"""What a form cannot carry: columns by table."""
WITHDRAWN = {"cris": "withdrawn"}  # the reason of the rows that only this form has: they were taken back


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> dict[str, Imported]:
    """The same hospital in every form, imported."""
    database = request.getfixturevalue("postgres").new_database()
    root = tmp_path_factory.mktemp("forms")
    design = Design(40, 3, images=False, forms=("csv", "parquet", "cris", "omop"), database=database)
    build_hospital(root / "h", design=design)
    return {
        "csv": imported(root / "h" / "records", root / "csv"),
        "parquet": imported(root / "h" / "records-parquet", root / "parquet"),
        "cris": imported(root, root / "cris", mapping="cris", url=database),
        "omop": imported(root / "h" / "omop", root / "omop", mapping="omop"),
    }


def shown(rows: list[dict[str, Any]], without: set[str]) -> list[str]:
    """Rows as they go to the tables, in one order."""
    left = {"number", "what", "place", "part", "imported", "id", "updated", "who", *without}
    return sorted(repr({name: value for name, value in row.items() if name not in left}) for row in rows)


@pytest.mark.parametrize("table", EVENT_NAMES)
@pytest.mark.parametrize("form", ["parquet", "cris", "omop"])
def test_the_hospital_is_the_same_through_every_form(forms: dict[str, Imported], form: str, table: str) -> None:
    without = EXCEPTIONS.get(form, {}).get(table, set())
    _, accepted, _ = forms[form]
    assert shown(accepted[table], without) == shown(forms["csv"][1][table], without)
    assert table == "findings" or accepted[table]


@pytest.mark.parametrize("form", ["csv", "parquet", "cris", "omop"])
def test_no_row_of_any_form_is_lost(forms: dict[str, Imported], form: str) -> None:
    stored, accepted, refused = forms[form]
    nothing_lost(stored, accepted, refused)
    reasons = sorted(reason for _, reason in refused if reason != WITHDRAWN.get(form))
    assert reasons == sorted(reason for _, reason in forms["csv"][2])


def test_people_are_the_same_through_every_form(forms: dict[str, Imported]) -> None:
    def characteristics(form: str) -> list[str]:
        people = forms[form][0].people
        assert people
        return sorted(
            repr((c.person, c.birth_date, c.death_date, c.ethnic_category, c.deprivation_decile, c.deprivation_release))
            for c in people.characteristics
        )

    def names(form: str) -> Any:
        people = forms[form][0].people
        assert people
        return sorted(people.entrants, key=lambda each: each.person.person)

    assert characteristics("csv") == characteristics("parquet") == characteristics("cris") == characteristics("omop")
    assert names("csv") == names("cris") == names("parquet")
    told = [{(wish.person, wish.kind, wish.list_date) for wish in forms[f][0].people.opt_outs} for f in forms]  # type: ignore[union-attr]
    assert told == [told[0]] * len(told)
    assert told[0]


# --- extracts as hospitals send them ---------------------------------------------------------------------------------

SCORES = "hospital_number,date,name,score,out_of\nK1,2010-01-01,MMSE,25,30\nK2,2010-01-02,MMSE,26,30\n"
WRITTEN: dict[str, Callable[[str], bytes]] = {
    "with a mark": lambda text: text.encode("utf-8-sig"),
    "as UTF-16": lambda text: text.encode("utf-16"),
    "as UTF-16 without a mark": lambda text: text.encode("utf-16-le"),
    "as Windows-1252": lambda text: text.replace("MMSE", "MMSE\u2019").encode("cp1252"),
    "with semicolons": lambda text: text.replace(",", ";").encode(),
    "with tabs": lambda text: text.replace(",", "\t").encode(),
    "with bars": lambda text: text.replace(",", "|").encode(),
    "with line ends of Windows": lambda text: text.replace("\n", "\r\n").encode(),
    "with line ends of old Macs": lambda text: text.replace("\n", "\r").encode(),
    "with everything in quotes": lambda text: "\n".join(
        ",".join(f'"{cell}"' for cell in line.split(",")) for line in text.splitlines()
    ).encode(),
    "with blanks around": lambda text: text.replace(",", " , ").encode(),
    "with capitals in the header": lambda text: (text.split("\n")[0].upper() + text[text.index("\n") :]).encode(),
    "with empty lines": lambda text: text.replace("\n", "\n\n").encode(),
    "without a last line end": lambda text: text.rstrip("\n").encode(),
    "with columns in another order": lambda text: "\n".join(
        ",".join(reversed(line.split(","))) for line in text.splitlines()
    ).encode(),
    "with a column that nobody knows": lambda text: "\n".join(
        f"{line},{'ward' if k == 0 else 'x'}" for k, line in enumerate(text.splitlines())
    ).encode(),
}


@pytest.mark.parametrize("how", WRITTEN)
def test_a_file_is_understood_however_it_is_written(how: str, tmp_path: Path) -> None:
    folder = extract(tmp_path / "in", assessments=WRITTEN[how](SCORES))
    stored, accepted, refused = imported(folder, tmp_path / "out")
    assert sorted(row["score"] for row in accepted["assessments"]) == [25, 26]
    nothing_lost(stored, accepted, refused)


def test_json_lines_and_packed_files_are_read_too(tmp_path: Path) -> None:
    folder = extract(tmp_path / "in")
    rows = [{"hospital_number": "K1", "date": "2010-01-01", "name": "MMSE", "score": 25.0, "out_of": 30}]
    lines = "".join(json.dumps(row) + "\n" for row in rows) + "[1, 2]\n{broken\n\n"
    (folder / "assessments.jsonl").write_text(lines)
    (folder / "assessments.csv.gz").write_bytes(gzip.compress(SCORES.encode()))
    stored, accepted, refused = imported(folder, tmp_path / "out")
    assert sorted(row["score"] for row in accepted["assessments"]) == [25, 25, 26]
    assert refused == [(2, "not-json"), (3, "not-json")]
    nothing_lost(stored, accepted, refused)


def test_rows_that_do_not_fit_the_header_are_refused_with_their_line(tmp_path: Path) -> None:
    odd = SCORES + 'K1,2010-01-03,MMSE,"27",30,x\n\nK1,2010-01-04\nK1,2010-01-05,MMSE,28,30\n'
    stored, accepted, refused = imported(extract(tmp_path / "in", assessments=odd), tmp_path / "out")
    assert sorted(row["score"] for row in accepted["assessments"]) == [25, 26, 28]
    assert refused == [(4, "ragged-row"), (6, "ragged-row")]
    assert {row["number"] for row in accepted["assessments"]} == {2, 3, 7}
    nothing_lost(stored, accepted, refused)


def test_texts_of_a_million_letters_with_line_breaks_are_one_row(tmp_path: Path) -> None:
    long = 'line one\nline ""two""\r\n' * 50_000
    head = "hospital_number,date,kind,text\n"
    notes = f'{head}K1,2010-01-01,progress note,"{long}"\nK2,2010-01-02,progress note,short\nK9,2010-01-02,letter,x\n'
    _, accepted, refused = imported(extract(tmp_path / "in", notes=notes), tmp_path / "out")
    length = len(long.replace('""', '"'))
    assert sorted(row["characters"] for row in accepted["notes"]) == [5, length]
    assert refused == [(2 + 2 * 50_000 + 2, "nobody-has-this-hospital-number")]


@pytest.mark.parametrize("word", ["NULL", "\\N", "N/A", "#N/A", "nan", "None", "(null)", " ", "\u00a0"])
def test_words_for_nothing_are_nothing(word: str, tmp_path: Path) -> None:
    rows = f"hospital_number,date,code,role,end_date\nK1,2010-01-01,F20,{word},{word}\nK1,{word},F20,primary,\n"
    _, accepted, refused = imported(extract(tmp_path / "in", diagnoses=rows), tmp_path / "out")
    assert [(row["role"], row["end_date"], row["repairs"]) for row in accepted["diagnoses"]] == [("unknown", None, "")]
    assert refused == [(3, "no-date")]


def test_somebody_may_be_called_null(tmp_path: Path) -> None:
    folder = extract(tmp_path / "in", patients=HEAD + "K1,NULL,None,Null,1950-03-02,female\n")
    people = imported(folder, tmp_path / "out")[0].people
    assert people
    person = people.entrants[0].person
    assert (person.given_name.reveal("test"), person.family_name.reveal("test")) == ("None", "Null")
    assert not person.nhs_number


def test_days_of_spreadsheets_are_understood_and_noted(tmp_path: Path) -> None:
    rows = "hospital_number,date,code\nK1,43831,F20\n"
    _, accepted, _ = imported(extract(tmp_path / "in", diagnoses=rows), tmp_path / "out")
    assert [(row["diagnosis_date"], row["repairs"]) for row in accepted["diagnoses"]] == [
        (date(2020, 1, 1), "excel-date")
    ]


BROKEN = [
    ("a,a,hospital_number\n", "names the column `a` twice"),
    ("", "has no header"),
    ('hospital_number,date,name,score,out_of\nK1,2010-01-01,"MMSE,25,30\nK2,2010-01-02,MMSE,26,30\n', "not closed"),
    ('hospital_number,date,name,score,out_of\nK1,2010-01-01,"MM"SE,25,30\n', "near line 2.*not doubled"),
    ("hospital_numbr,date,name,score,out_of\nK1,2010-01-01,MMSE,25,30\n", "no column `hospital_number`"),
    ("hospital_number,date,name,out_of\nK1,2010-01-01,MMSE,30\n", "no column `score`"),
    (b"hospital_number,date,name,score,out_of\nK1,2010-01-01,\x81MMSE\xff,25,30\n", "in no encoding"),
]


@pytest.mark.parametrize(("text", "says"), BROKEN, ids=[says for _, says in BROKEN])
def test_a_broken_file_is_refused_as_a_whole_and_the_error_teaches(
    text: str | bytes, says: str, tmp_path: Path
) -> None:
    folder = extract(tmp_path / "in", assessments=text)
    with pytest.raises(SourceError, match=says) as error:
        imported(folder, tmp_path / "out")
    assert "assessments.csv" in error.value.what
    assert error.value.advice
    assert not list((tmp_path / "out").glob("*.json")) or not list((tmp_path / "out").glob("manifest.json"))


def test_swapped_columns_are_told_by_the_check_and_refused_row_by_row(tmp_path: Path) -> None:
    swapped = "hospital_number,date,name,score,out_of\n" + "K1,MMSE,2010-01-01,25,30\n" * 5
    folder = extract(tmp_path / "in", assessments=swapped)
    stored, accepted, refused = imported(folder, tmp_path / "out")
    assert [reason for _, reason in refused] == ["not-a-date"] * 5
    nothing_lost(stored, accepted, refused)
    mapping = load_mapping("", folder)
    with open_source("ehr", mapping, Room(tmp_path / "check"), folder=folder) as source:
        told = check_source(source, Room(tmp_path / "check"), Rules(mapping, load_registry(), TODAY), 100)
    found = next(each for each in told if each.table == "assessments")
    assert found.counted.refused == {"not-a-date": 5}


def test_a_folder_without_patients_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"no patients\.csv"):
        imported(tmp_path, tmp_path / "out")


# --- people ----------------------------------------------------------------------------------------------------------


def people_of(tmp_path: Path, **tables: str) -> People:
    stored, _, _ = imported(extract(tmp_path / "in", **tables), tmp_path / "out")
    assert stored.people
    return stored.people


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


def test_what_is_staged_holds_no_name_no_text_and_no_accession_number(tmp_path: Path) -> None:
    folder = extract(
        tmp_path / "in",
        notes='hospital_number,date,kind,text\nK1,2010-01-01,letter,"Dear Dr ,\nAnn Lee, 9434765919"\n',
        reports="hospital_number,date,kind,text,accession_number\nK1,2010-01-01,MRI report,Ann,ACC4711\n",
    )
    stored, accepted, _ = imported(folder, tmp_path / "out")
    assert [row["characters"] for row in accepted["notes"]] == [len("Dear Dr ,\nAnn Lee, 9434765919")]
    for path in (tmp_path / "out").rglob("*.parquet"):
        told = repr(parquet.read_table(path).to_pylist())
        assert not [word for word in ("Ann", "Lee", "9434765919", "ACC4711") if word in told], path
    assert not [word for word in ("Ann", "Lee", "9434765919", "K1", "1950") if word in repr(stored.people)]
    assert not [word for word in ("Ann", "Lee", "9434765919", "K1", "1950") if word in repr(stored)]


# --- only what changed -----------------------------------------------------------------------------------------------


def test_nothing_is_read_again_while_nothing_changed(tmp_path: Path) -> None:
    folder = extract(tmp_path / "in", assessments=SCORES)
    first, _, _ = imported(folder, tmp_path / "out")
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*.parquet")}
    again, _, _ = imported(folder, tmp_path / "out", known=first.people_key)
    assert again.people is None
    assert again.digest == first.digest
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*.parquet")} == times


def test_a_row_that_was_withdrawn_or_corrected_is_gone(tmp_path: Path) -> None:
    folder = extract(tmp_path / "in", assessments=SCORES)
    first, _, _ = imported(folder, tmp_path / "out")
    (folder / "assessments.csv").write_text(SCORES.replace("K2,2010-01-02,MMSE,26,30\n", "").replace(",25,", ",24,"))
    second, accepted, _ = imported(folder, tmp_path / "out")
    assert [row["score"] for row in accepted["assessments"]] == [24]
    assert second.digest != first.digest
    assert len(list((tmp_path / "out").glob("*.refused.parquet"))) == 1


def test_of_two_rows_with_one_id_the_newest_counts_and_a_withdrawn_one_takes_both(tmp_path: Path) -> None:
    head = "hospital_number,date,code,id,updated,withdrawn\n"
    folder = extract(tmp_path / "in")
    (folder / "diagnoses-2019.csv").write_text(
        head + "K1,2010-01-01,F20,1,2019-01-01,\nK1,2010-01-01,F31,2,2019-01-01,\nK2,2010-01-01,F03,,,\n"
    )
    (folder / "diagnoses-2020.csv").write_text(
        head + "K1,2010-01-01,F21,1,2020-01-01,\nK1,2010-01-01,F31,2,2020-01-01,true\n"
    )
    text = "[patients]\nfiles = 'patients.csv'\n[diagnoses]\nfiles = 'diagnoses-*.csv'\n"
    stored, accepted, refused = imported(folder, tmp_path / "out", text=text)
    assert sorted(row["code"] for row in accepted["diagnoses"]) == ["F03", "F21"]
    assert [reason for _, reason in refused] == ["replaced", "replaced", "withdrawn"]
    nothing_lost(stored, accepted, refused)


WATERMARKED = """
[patients]
table = "patients"
[assessments]
table = "scores"
watermark = "changed"
columns = { date = "day", id = "number" }
"""


@pytest.mark.parametrize("server", ["sqlite", "postgresql"])
def test_a_database_with_a_watermark_gives_only_its_new_rows(
    server: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path}/ehr.db" if server == "sqlite" else request.getfixturevalue("postgres").new_database()
    engine = sa.create_engine(url)

    def run(*statements: str) -> None:
        with engine.begin() as connection:
            for each in statements:
                connection.execute(sa.text(each))

    def scores(known: list[str] = []) -> tuple[list[float], int]:  # noqa: B006 - remembers the people
        stored, accepted, refused = imported(
            tmp_path, tmp_path / "out", text=WATERMARKED, url=url, known="".join(known)
        )
        known[:] = [stored.people_key]
        nothing_lost(stored, accepted, refused)
        return sorted(row["score"] for row in accepted["assessments"]), len(stored.pieces)

    run(
        "CREATE TABLE patients (hospital_number TEXT, birth_date DATE)",
        "INSERT INTO patients VALUES ('K1', '1950-03-02')",
        "CREATE TABLE scores (number INTEGER, hospital_number TEXT, day DATE, name TEXT, score NUMERIC, "
        "changed TIMESTAMP)",
        "INSERT INTO scores VALUES (1, 'K1', '2010-01-01', 'MMSE', 25, '2020-01-01 10:00:00')",
        "INSERT INTO scores VALUES (2, 'K1', '2010-01-02', 'MMSE', 26, '2020-01-02 10:00:00')",
    )
    assert scores() == ([25, 26], 1)
    assert scores() == ([25, 26], 1)
    run("INSERT INTO scores VALUES (3, 'K1', '2010-01-03', 'MMSE', 27, '2020-01-03 10:00:00')")
    run("UPDATE scores SET score = 20, changed = '2020-01-04 10:00:00' WHERE number = 1")
    assert scores() == ([20, 26, 27], 2)
    run(
        "DELETE FROM scores WHERE number = 2",
        "INSERT INTO scores VALUES (4, 'K1', '2010-01-04', 'MMSE', 28, '2020-01-05 10:00:00')",
    )
    assert scores() == ([20, 27, 28], 1)  # a row went: only reading all of it tells which
    engine.dispose()


# --- mappings and queries --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_mapping_is_understood(name: str) -> None:
    assert load_mapping(name, Path()).of("patients")


@pytest.mark.parametrize("dialect", ["postgresql", "sqlite", "mssql", "oracle", "duckdb"])
def test_the_shipped_queries_speak_every_dialect(dialect: str) -> None:
    for place in load_mapping("omop", Path()).places:
        text = query_for(place, dialect, tables_of(place, dialect))
        assert text.upper().startswith("SELECT")
        assert ("||" not in text) == (dialect == "mssql") or "||" not in place.query
        assert dialect != "oracle" or " AS p" not in text.split("FROM")[-1]


@pytest.mark.parametrize(
    ("dialect", "says"),
    [
        (mssql.dialect(), "[K Number]"),
        (oracle.dialect(), '"K Number"'),
        (postgresql.dialect(), '"K Number"'),
        (sqlite.dialect(), '"K Number"'),
    ],
    ids=lambda each: getattr(each, "name", ""),
)
def test_a_column_mapping_speaks_every_dialect(dialect: sa.Dialect, says: str) -> None:
    text = "[diagnoses]\ntable = 'Dx'\nwatermark = 'changed'\n[diagnoses.columns]\nhospital_number = 'K Number'\n"
    place = parse_mapping("test", text).places[0]
    asked = narrowed(
        select_columns(place, "Dx", ("K Number", "date", "code", "changed", "other")), place, "2020-01-01", 5
    )
    told = str(asked.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    assert says in told
    assert "other" not in told
    assert ">= '2020-01-01'" in told


def test_a_table_that_is_not_there_has_no_rows() -> None:
    place = next(each for each in load_mapping("omop", Path()).places if each.target.name == "diagnoses")
    text = query_for(place, "sqlite", ["condition_occurrence"])
    assert "JOIN concept" not in text
    assert "1 = 0" in text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[diagnosis]\nfiles = 'x.csv'\n", "no table `diagnosis`.*did you mean `diagnoses`"),
        ("[diagnoses]\nfile = 'x.csv'\n", "unexpected"),
        ("[diagnoses.columns]\ncod = 'x'\n", "no column `cod`.*did you mean `code`"),
        ("[diagnoses]\nfiles = 'x'\ntable = 'y'\n", "several places"),
        ("[source]\nlike = 'omopp'\n", "no mapping `omopp`"),
        ("diagnoses =\n", "no TOML"),
        ("[notes]\nknown_as = 'songs'\n", "cannot ask for `songs`"),
    ],
)
def test_a_mistake_in_a_mapping_is_named(text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=f"(?s){says}") as error:
        raise parse_error(text)
    assert error.value.advice


def parse_error(text: str) -> ConfigError:
    try:
        parse_mapping("ours.toml", text)
    except ConfigError as error:
        return ConfigError(f"{error.what} {error.advice}", error.advice)
    raise AssertionError("it was understood")


def test_a_mapping_may_begin_with_a_shipped_one_and_translate_local_codes(tmp_path: Path) -> None:
    text = """
[source]
like = "extracts"
dates = ["%d/%m/%Y"]
[assessments]
files = "scores.csv"
columns = { name = "test", score = "points" }
constants = { out_of = 30 }
values = { name = { "1" = "MMSE", "2" = "MoCA" } }
"""
    folder = extract(tmp_path / "in")
    (folder / "scores.csv").write_text("hospital_number,date,test,points\nK1,02/03/2015,1,25\nK2,03/03/2015,2,26\n")
    _, accepted, _ = imported(folder, tmp_path / "out", text=text)
    found = sorted((row["name"], row["score"], row["assessment_date"]) for row in accepted["assessments"])
    assert found == [("MMSE", 25, date(2015, 3, 2)), ("MoCA", 26, date(2015, 3, 3))]


def test_a_database_that_does_not_open_says_nothing_of_its_url() -> None:
    url = "postgresql+psycopg://steward:geheim@/nothing?host=/nowhere"
    with pytest.raises(SourceError, match="does not open") as error, open_database(url, "ehr"):
        pass
    assert "geheim" not in f"{error.value.what} {error.value.advice}"


def test_every_reason_is_used_and_explained(forms: dict[str, Imported]) -> None:
    source = "".join(path.read_text() for path in Path(records.__file__).parent.glob("*.py"))
    for reason in (*REFUSALS, *REPAIRS):
        built = reason.startswith("unknown-") and reason.split("-")[1] in ("unit", "route", "frequency", "drug", "kind")
        assert source.count(f'"{reason}"') > 1 or f"'{reason}'" in source or built, reason
    used = {code for form in forms.values() for piece in form[0].pieces for code in piece.counted.repairs}
    assert used <= set(REPAIRS)
    assert {reason for form in forms.values() for _, reason in form[2]} <= set(REFUSALS)


def test_valid_and_refused_lie_beside_each_other() -> None:
    assert (valid_file(Path("a/b")).name, refused_file(Path("a/b")).name) == ("b.parquet", "b.refused.parquet")
