"""The tables of examples that the documentation prints, and laws that no table can hold."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from imagebank.catalogue.tables import ETHNIC_GROUPS, SEXES
from imagebank.records.code_systems import is_snomed, normalise_code, verhoeff
from imagebank.records.codes import (
    BLOCKS,
    GROUPINGS,
    ethnic_group,
    icd10_block,
    normalise_ethnic_category,
    normalise_icd10,
    normalise_sex,
)
from imagebank.records.days import GRACE_DAYS, Forms, judge_day, parse_day
from imagebank.records.judging import Rules
from imagebank.records.looks import drug_look
from imagebank.records.mapping import load_mapping, parse_mapping
from imagebank.records.numerals import parse_number
from imagebank.records.registry import KINDS, load_registry, name_key
from imagebank.records.rows import Rows
from imagebank.records.settling import Life, StagedPart, settle
from imagebank.records.staging import Room, refused_file, stage, valid_file

SPECS = Path(__file__).parent / "specs"
TODAY = date(2024, 1, 1)
REGISTRY = load_registry()
SQL = settings(max_examples=25, deadline=None)


def spec(name: str) -> list[list[str]]:
    """The rows of a table of examples, as the documentation prints it."""
    lines = (SPECS / f"{name}.txt").read_text("utf-8").strip().splitlines()[3:]
    return [[cell.strip() for cell in line.split("|")] for line in lines]


def examples(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("row", spec(name), ids=lambda row: " ".join(row)[:40])


def staged(
    tmp_path: Path, target: str, columns: dict[str, list[str]], dates: Iterable[str] = ()
) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """The valid and the refused rows that a table of events comes to."""
    text = f"[source]\ndates = {list(dates)!r}\n[[{target}]]\nfiles = 'x.csv'\n"
    mapping = parse_mapping("test", text)
    count = len(next(iter(columns.values())))
    told = {"hospital_number": ["K1"] * count, "date": ["2015-03-02"] * count, "start_date": ["2015-03-02"] * count}
    rows = Rows.of({**told, **columns}, range(2, count + 2))
    rules = Rules(mapping, REGISTRY, TODAY, "secret")
    stage(Room(tmp_path), mapping.places[0], [rows], tmp_path / "part", rules, "x.csv")
    return tuple(  # type: ignore[return-value]
        sorted(parquet.read_table(path(tmp_path / "part")).to_pylist(), key=lambda row: row["number"])
        for path in (valid_file, refused_file)
    )


def one(tmp_path: Path, target: str, **columns: str) -> tuple[dict[str, object] | None, str]:
    """The only row, where it is valid, and what was noted or why it was refused."""
    valid, refused = staged(tmp_path, target, {name: [text] for name, text in columns.items()})
    return (valid[0], str(valid[0]["repairs"])) if valid else (None, str(refused[0]["reason"]))


@examples("1_diagnosis_codes")
def test_diagnosis_codes_come_in_one_form_with_their_system(row: list[str]) -> None:
    written, system, becomes, in_system, noted, _ = row
    code = normalise_code(written, system)
    assert (code.code, code.system) == (becomes, in_system)
    assert (code.refused or " ".join(code.repairs)) == noted


@examples("2_days")
def test_days_are_understood_in_forms_that_mean_one_day(row: list[str]) -> None:
    written, forms, becomes, noted, _ = row
    declared = tuple(each for each in ("%d/%m/%Y", "%d/%m/%y", "%m/%d/%Y", "%d-%b-%Y") if each in forms)
    found = parse_day(written, Forms(declared, TODAY))
    assert (str(found.day or ""), found.refused or found.repairs) == (becomes, noted)


@examples("3_scores")
def test_scores_are_possible_and_keep_their_denominator(row: list[str], tmp_path: Path) -> None:
    name, score, out_of, becomes, noted, _ = row
    made, told = one(tmp_path, "assessments", name=name, score=score, out_of=out_of)
    assert (f"{made['score']:g} of {made['out_of']:g}" if made else "", told) == (becomes, noted)


@examples("4_items")
def test_items_know_what_is_unknown(row: list[str], tmp_path: Path) -> None:
    name, item, score, becomes, noted, _ = row
    made, told = one(tmp_path, "assessment_items", name=name, item=item, score=score)
    shown = made and ("unknown" if made["score"] is None else f"{made['score']:g}")
    assert (f"{made['name']} {made['item']}: {shown}" if made else "", told) == (becomes, noted)


@examples("5_measurements")
def test_measurements_come_in_the_unit_of_the_registry(row: list[str], tmp_path: Path) -> None:
    name, value, unit, becomes, noted, _ = row
    made, told = one(tmp_path, "biomarkers", name=name, value=value, unit=unit)
    number = "" if not made or made["value"] is None else f"{made['bound']}{made['value']:g}"
    assert (f"{number or made['result']} {made['unit']}".strip() if made else "", told) == (becomes, noted)


@examples("6_ethnic_categories")
def test_ethnic_categories_are_those_of_the_data_dictionary(row: list[str]) -> None:
    written, category, *groups, _ = row
    found = normalise_ethnic_category(written)
    assert (found or "") == category
    assert [ethnic_group(found, grouping) for grouping in GROUPINGS] == groups
    assert set(groups) <= set(ETHNIC_GROUPS)


@examples("7_services")
def test_teams_are_told_by_their_kind_of_service(row: list[str]) -> None:
    assert REGISTRY.service(row[0]) == row[1]


@examples("8_lives")
def test_events_lie_within_a_life(row: list[str]) -> None:
    table, day, born, died, noted, _ = row
    birth, death = (date.fromisoformat(text) if text else None for text in (born, died))
    refused, repaired = judge_day(table, date.fromisoformat(day), birth=birth, death=death)
    assert (refused or (repaired and f"noted: {repaired}")) == noted


@examples("9_drugs")
def test_drugs_are_told_by_the_name_in_the_registry(row: list[str]) -> None:
    written, becomes, drug_class, noted, _ = row
    assert drug_look(REGISTRY).rule(written) == (becomes, drug_class, "", noted)


@pytest.mark.parametrize(
    ("written", "dose"),
    [("5", 5), ("2.5 mg", 2.5), ("10mg", 10), ("2,5 mg", 2.5), ("1,000 units", None), ("1,000.0 units", 1000),
     ("5-10 mg", None), ("5 to 10 mg", None), ("50/200 mg", None), ("12.5 mg/day", 12.5), ("one", None),
     ("1.5.2 mg", None)],
)  # fmt: skip
def test_a_dose_is_the_number_that_it_can_only_be(tmp_path: Path, written: str, dose: float | None) -> None:
    made, told = one(tmp_path, "medications", drug="donepezil", dose=written)
    assert made
    assert made["dose"] == dose
    assert ("dose-dropped" in told) == (dose is None)


@given(st.floats(-1e6, 1e6), st.sampled_from(["{:,.3f}", "{:.2f}", "{!r}"]))
def test_a_number_in_groups_is_the_number(number: float, form: str) -> None:
    written = form.format(number)
    assert parse_number(written).number == float(written.replace(",", ""))


@given(st.text("0123456789,. +-/e ", max_size=12))
def test_a_text_that_no_reading_makes_a_number_is_none(text: str) -> None:
    found = parse_number(text)
    plain = "".join(each for each in text if each.isdigit())
    assert found.number is None or plain
    assert found.number is not None or not text.isdigit()


@given(st.from_regex(r"[A-Z][0-9]{2}(\.[0-9]{1,2})?", fullmatch=True))
def test_a_normal_code_stays_as_it_is_and_has_one_block(code: str) -> None:
    assert normalise_icd10(code) == code
    blocks = [f"{first}-{last}" for first, last in BLOCKS if first <= code[:3] <= last]
    assert icd10_block(code) == (blocks[0] if blocks else "other")
    assert len(blocks) <= 1


def test_codes_in_the_gaps_of_chapter_v_are_other_and_not_lost() -> None:
    assert icd10_block("F49.0") == "other"
    assert icd10_block("I10") == "other"


@given(st.text(max_size=30), st.text(max_size=10))
@example("0", "\ufb00")  # a letter that falls into two
@example("0", "\ufb0010")
def test_a_code_is_normal_or_refused_and_normalising_twice_changes_nothing(written: str, system: str) -> None:
    code = normalise_code(written, system)
    assert bool(code.code) != bool(code.refused)
    if code.code:
        again = normalise_code(code.code, code.system)
        assert (again.code, again.system) == (code.code, code.system)


@given(st.integers(10**5, 10**16))
def test_the_check_digit_of_snomed_finds_every_single_wrong_digit(number: int) -> None:
    digit = next(d for d in range(10) if verhoeff(f"{number}{d}") == 0)
    right = f"{number}{digit}"
    assert is_snomed(right)
    for place in range(1, len(right)):
        wrong = right[:place] + str((int(right[place]) + 3) % 10) + right[place + 1 :]
        assert not is_snomed(wrong)


@given(st.text(max_size=10))
def test_every_sex_is_one_of_the_tables(text: str) -> None:
    assert normalise_sex(text) in SEXES


@pytest.mark.parametrize(("form", "text"), [("%Y%m%d", "195012"), ("%d%m%Y", "1032015")])
def test_a_day_of_digits_that_lost_one_is_no_day(form: str, text: str) -> None:
    assert parse_day(text, Forms((form,))).day is None
    assert parse_day("1/3/2015", Forms(("%d/%m/%Y",))).day == date(2015, 3, 1)


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.sampled_from(["%d/%m/%Y", "%m/%d/%Y", "%d %B %Y", "%Y-%m-%d"]))
def test_every_day_reads_back_from_its_declared_form(day: date, form: str) -> None:
    assert parse_day(day.strftime(form), Forms((form,))).day == day


@given(st.text(max_size=40))
def test_any_text_is_a_day_or_refused(text: str) -> None:
    found = parse_day(text)
    assert found.day is None or not found.refused
    assert bool(found.refused) == (found.day is None and bool(text.strip()))


def test_every_spelling_of_the_registry_leads_to_one_name() -> None:
    for kind in KINDS:
        own = {name_key(name) for name in REGISTRY.spellings(kind)}
        aliases = [name_key(also) for each in REGISTRY.spellings(kind).values() for also in {name_key(a) for a in each}]
        assert len(own) == len(REGISTRY.spellings(kind)), kind
        assert len(set(aliases) - own) == len([each for each in aliases if each not in own]), kind


def test_a_site_adds_names_and_changes_others(tmp_path: Path) -> None:
    site = tmp_path / "ours.toml"
    site.write_text('[assessments.OURS]\nout_of = 7\n[biomarkers.sodium]\nunits = { "ours" = 2.0 }\n')
    registry = load_registry(site)
    assert registry.told.assessments["OURS"].out_of == 7
    assert registry.told.assessments["MMSE"].out_of == 30
    assert registry.told.biomarkers["sodium"].units["ours"] == 2
    assert registry.digest != REGISTRY.digest


lives = st.tuples(
    st.none() | st.dates(date(1930, 1, 1), date(1935, 1, 1)), st.none() | st.dates(date(1950, 1, 1), TODAY)
)


@SQL
@given(
    st.sampled_from(["assessments", "biomarkers", "diagnoses"]),
    lives,
    st.lists(st.integers(-800, 800), min_size=1, max_size=20),
)
def test_the_fast_rule_on_lives_is_the_slow_one(
    tmp_path_factory: pytest.TempPathFactory,
    table: str,
    life: tuple[date | None, date | None],
    days: list[int],
) -> None:
    birth, death = life
    middle = death or birth or date(2000, 1, 1)
    moments = [min(middle + timedelta(days=each), TODAY) for each in days]
    more = {
        "diagnoses": {"code": "F20"},
        "assessments": {"name": "MMSE", "score": "3"},
        "biomarkers": {"name": "CRP", "value": "1"},
    }
    columns = {name: [text] * len(days) for name, text in more[table].items()} | {"date": list(map(str, moments))}
    folder = tmp_path_factory.mktemp("lives")
    staged(folder, table, columns)
    with Room(folder).database() as database:
        part = StagedPart(table, "ehr", "x.csv", 0, folder / "part", "import")
        settle(database, [part], [Life("ehr", "ehr:K1", ("K1",), birth, death)])
        column = {"diagnoses": "diagnosis_date", "assessments": "assessment_date", "biomarkers": "biomarker_date"}[
            table
        ]
        found = database.sql(
            f"SELECT {column}, reason, contains(repairs, 'after-death') FROM judged_{table}"
        ).fetchall()
    assert len(found) == len(days)
    for day, reason, noted in found:
        refused, repaired = judge_day(table, day, birth=birth, death=death)
        assert (reason, noted and not reason) == (refused, bool(repaired))


def test_every_table_of_events_has_its_grace() -> None:
    assert set(GRACE_DAYS) == {each.target.name for each in load_mapping("", Path()).places if each.target.event}


def test_a_portion_of_texts_is_an_arrow_table_with_numbers() -> None:
    rows = Rows.of({"a": ["x", "y"], "": ["lost", "lost"]}, [2, 3], ((4, "ragged-row"),))
    assert rows.offered == 3
    assert rows.table.schema.names == ["a", "#row"]
    assert rows.table.schema.field("a").type == pa.string()
