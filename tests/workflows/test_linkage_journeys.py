"""What people do with the linkage of a bank: review, merge, opt out, report, and link two tables without a bank."""

from __future__ import annotations

import csv
import json
import shutil
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from claimed import claimed_hospital

from conftest import imagebank
from imagebank.core.config import open_bank
from imagebank.core.errors import SourceError
from imagebank.core.progress import Silent
from imagebank.identities.remembered import Remembered
from imagebank.identities.vault import open_vault
from imagebank.proof.answers import read_identifiers
from imagebank.synthetic import Hospital
from imagebank.synthetic.register import DEFAULT_RATES
from imagebank.workflows.check import check
from imagebank.workflows.opting_out import export_numbers, import_answer
from imagebank.workflows.reviewing import record_sheet, review_in_terminal, write_sheet
from imagebank.workflows.status import status
from imagebank.workflows.update import update

NOW = datetime(2023, 6, 1, 12, 0, tzinfo=UTC)


def run(bank: Path) -> None:
    update(bank, environ={}, progress=Silent())


def holds(bank: Path) -> None:
    found = check(bank, environ={}).findings
    assert [(each.law, each.complaints) for each in found if each.complaints] == []


def rows_of(path: Path) -> list[dict[str, str]]:
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write_rows(path: Path, rows: list[dict[str, str]]) -> None:
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@contextmanager
def vault_of(bank: Path):  # type: ignore[no-untyped-def]
    with open_vault(open_bank(bank), "test", environ={}) as vault:
        yield vault


def banked_pseudonyms(bank: Path) -> set[str]:
    return {path.name for path in (bank / "dicom").iterdir()}


def test_a_reviewed_link_is_remembered_and_applied_again(own_bank: Path, hospital: Hospital) -> None:
    run(own_bank)
    waiting = status(own_bank, environ={}).linkage["to_review"]
    sheet, asked = write_sheet(own_bank, None, environ={})
    rows = rows_of(sheet)
    assert len(rows) == asked == waiting > 3
    assert sheet.parent == own_bank / "quarantine"
    by_reason = {row["reason"]: row for row in rows}
    assert "hospital number the same" in by_reason["no-birth-date"]["compared"]
    by_reason["no-birth-date"]["decision"] = "Same"
    by_reason["sex-differs"]["decision"] = "other"
    write_rows(sheet, rows)
    assert record_sheet(own_bank, sheet, by="AB", environ={}, clock=lambda: NOW) == (2, asked - 2)
    assert record_sheet(own_bank, sheet, by="AB", environ={}, clock=lambda: NOW) == (0, asked - 2)
    run(own_bank)
    told = status(own_bank, environ={}).linkage
    assert told["rules"]["reviewed"] == 1
    assert told["reasons"]["rejected"] == 1
    assert "no-birth-date" not in told["reasons"]
    assert write_sheet(own_bank, None, environ={})[1] == asked - 2
    holds(own_bank)
    with vault_of(own_bank) as vault:
        decisions = Remembered(vault).decisions().values()
        assert {(each.decision, each.decided_by, each.decided) for each in decisions} == {
            ("same", "AB", NOW.isoformat()), ("other", "AB", NOW.isoformat()),
        }  # fmt: skip
    reviewed = by_reason["no-birth-date"]["question"]
    answers = write_rows(sheet, [{"question": reviewed, "decision": "other"}])
    assert answers is None
    assert record_sheet(own_bank, sheet, by="CD", environ={}) == (1, 0)
    run(own_bank)
    assert "reviewed" not in status(own_bank, environ={}).linkage["rules"]
    with vault_of(own_bank) as vault:
        assert Remembered(vault).count() == 3
    holds(own_bank)


def test_the_terminal_asks_one_question_after_the_other(own_bank: Path) -> None:
    replies = iter(["skip", "same", "quit"])
    shown: list[str] = []

    def ask(question: object, place: int, total: int) -> str:
        shown.append(f"{place} of {total}")
        return next(replies)

    assert review_in_terminal(own_bank, ask, by="AB", environ={}) == 1
    assert [text.split(" ")[0] for text in shown] == ["1", "2", "3"]


def test_a_sheet_never_lies_in_the_research_zone_nor_answers_what_nobody_asked(own_bank: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="research zone"):
        write_sheet(own_bank, own_bank / "tables" / "review.csv", environ={})
    sheet = tmp_path / "sheet.csv"
    for decision, message in (("perhaps", "neither"), ("same", "not asked")):
        write_rows(sheet, [{"question": "abc", "decision": decision}])
        with pytest.raises(SourceError, match=message):
            record_sheet(own_bank, sheet, by="AB", environ={})
    with pytest.raises(SourceError, match="Nobody is named"):
        record_sheet(own_bank, sheet, by=" ", environ={})


@pytest.fixture
def changing_records(own_bank: Path, hospital: Hospital, tmp_path: Path) -> Path:
    """The records of the bank, as a copy that a test may change."""
    records = tmp_path / "records"
    shutil.copytree(hospital.records, records)
    config = own_bank / "bank.toml"
    config.write_text(config.read_text().replace(str(hospital.records), str(records)))
    return records


def test_two_banked_people_who_are_found_to_be_one_get_one_pseudonym_and_one_offset(
    own_bank: Path, changing_records: Path
) -> None:
    run(own_bank)
    before = banked_pseudonyms(own_bank)
    with vault_of(own_bank) as vault:
        person_of = {vault.keys.pseudonym(person): person for person in vault.person_of().values()}
    first, second = sorted(person_of[pseudonym] for pseudonym in before)[:2]
    patients = changing_records / "patients.csv"
    rows = original = rows_of(patients)
    known = {row["hospital_number"]: row for row in rows}
    one, other = (known[name.split(":")[1]] for name in (first, second))
    merging = ("nhs_number", "given_name", "family_name", "birth_date", "sex", "death_date")
    rows = [{**row, **{name: one[name] for name in merging}} if row is other else row for row in rows]
    write_rows(patients, rows)
    run(own_bank)
    with vault_of(own_bank) as vault:
        assert vault.person_of()[second] == first
        assert vault.pseudonyms()[second] == vault.pseudonyms()[first]
        gone = vault.keys.pseudonym(second)
        assert [(old, new) for old, new, _ in vault.renames()] == [(gone, vault.keys.pseudonym(first))]
    assert gone not in banked_pseudonyms(own_bank)
    assert gone not in (own_bank / "bids" / "participants.tsv").read_text()
    holds(own_bank)
    wishes = (changing_records / "opt_outs.csv").read_text()
    (changing_records / "opt_outs.csv").write_text(f"{wishes}{second.split(':')[1]},local,2023-01-01\n")
    run(own_bank)
    assert banked_pseudonyms(own_bank) < before  # the wish of one registration counts for the person
    with vault_of(own_bank) as vault:
        assert vault.pseudonyms()[first] not in banked_pseudonyms(own_bank)
    holds(own_bank)
    (changing_records / "opt_outs.csv").write_text(wishes)
    write_rows(patients, original)
    run(own_bank)
    assert banked_pseudonyms(own_bank) == before
    holds(own_bank)


def require_list(bank: Path) -> None:
    config = bank / "bank.toml"
    config.write_text(config.read_text().replace("require_national_list = false", "require_national_list = true"))


def test_a_bank_that_requires_the_national_list_stops_without_one_and_lets_go_of_who_is_on_it(
    own_bank: Path, tmp_path: Path
) -> None:
    run(own_bank)
    before = banked_pseudonyms(own_bank)
    require_list(own_bank)
    with pytest.raises(SourceError, match="is not there"):
        run(own_bank)
    assert banked_pseudonyms(own_bank) == before
    (sent, count), *others = export_numbers(own_bank, tmp_path / "sent", environ={})
    assert not others
    numbers = sent.read_text().split()
    assert len(numbers) == count == len(set(numbers))
    with vault_of(own_bank) as vault:
        banked = [each for each in vault.people() if vault.keys.pseudonym(each.person) in before and each.nhs_number]
        out, gone = banked[0].nhs_number.reveal("test"), vault.keys.pseudonym(banked[0].person)
    answer = tmp_path / "cleaned.csv"
    answer.write_text("".join(f"{number}\n" for number in numbers if number != out))
    assert import_answer(own_bank, answer, environ={}) == (count - 1, 1)
    run(own_bank)
    assert banked_pseudonyms(own_bank) == before - {gone}
    assert status(own_bank, environ={}).opted_out == 1
    everything = "".join(path.name + path.read_text() for path in own_bank.glob("bids/**/*.tsv"))
    assert gone not in everything
    holds(own_bank)
    assert json.loads(imagebank("status", "--json", own_bank).out)["opted_out"] == 1
    old = import_answer(own_bank, answer, environ={}, listed=date(2020, 1, 1))
    assert old == (count - 1, 1)
    with pytest.raises(SourceError, match="2020-01-01"):
        run(own_bank)


def test_whoever_was_never_checked_is_held_back_where_the_list_is_required(own_bank: Path, tmp_path: Path) -> None:
    (sent, _), *_ = export_numbers(own_bank, tmp_path, environ={})
    require_list(own_bank)
    with vault_of(own_bank) as vault, vault.write() as connection:
        connection.execute("DELETE FROM national_checks WHERE number != (SELECT min(number) FROM national_checks)")
    import_answer(own_bank, _only_first(sent), environ={})
    run(own_bank)
    reasons = {reason for _, reason in status(own_bank, environ={}).funnel.by_reason}
    assert "opt-out-not-checked" in reasons
    holds(own_bank)


def _only_first(sent: Path) -> Path:
    answer = sent.with_name("answer.csv")
    answer.write_text(min(sent.read_text().split()) + "\n")
    return answer


def test_a_list_of_numbers_that_were_not_sent_is_refused(own_bank: Path, tmp_path: Path) -> None:
    export_numbers(own_bank, tmp_path, environ={})
    answer = tmp_path / "answer.csv"
    answer.write_text("9434765919\n")
    with pytest.raises(SourceError, match="never sent"):
        import_answer(own_bank, answer, environ={})
    with pytest.raises(SourceError, match="research zone"):
        export_numbers(own_bank, own_bank / "releases", environ={})


def test_files_of_numbers_hold_at_most_so_many(own_bank: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imagebank.workflows.opting_out.MOST_NUMBERS", 4)
    files = export_numbers(own_bank, tmp_path, environ={})
    assert all(count <= 4 for _, count in files)
    assert len({number for path, _ in files for number in path.read_text().split()}) == sum(c for _, c in files)
    for path, count in files:
        assert import_answer(own_bank, path, environ={}) == (count, 0)


def test_the_report_names_nobody_and_judges_a_pretend_hospital(own_bank: Path, hospital: Hospital) -> None:
    ran = imagebank("link", "report", own_bank, "--hospital", hospital.folder)
    assert ran.code == 0, ran.err
    page, told = ((own_bank / "linkage" / name).read_text() for name in ("index.html", "linkage.json"))
    values = {each.value for each in read_identifiers(hospital.folder) if len(each.value) > 6 and each.kind != "date"}
    assert [value for value in values if value in page + told] == []
    truth = json.loads(told)["truth"]
    assert (truth["wrong"], truth["unseen"]) == (0, 2)
    assert truth["right"] > 5
    assert json.loads(told)["ends"]["linked by number"] == "few"  # three patients: nothing may be shown of them
    again = imagebank("link", "report", own_bank, "--hospital", hospital.folder)
    assert again.code == 0
    assert (own_bank / "linkage" / "index.html").read_text() == page


@pytest.fixture(scope="module")
def two_tables(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, dict[str, str]]:
    """The scans and the registrations of a hospital as two tables, and the registration that each scan is of."""
    folder = tmp_path_factory.mktemp("tables")
    claimed = claimed_hospital(120, DEFAULT_RATES.having(filed_under_another=0.0))
    left, right, true = [], [], {}
    for uid, (study, *more) in claimed.studies.items():
        if more or not study.linkable or study.trap:
            continue
        claim, plain = study.claim, lambda text: text.reveal("test")
        family, _, given = plain(claim.name).partition("^")
        numbers = [plain(each) for each in (claim.patient_id, *claim.other_ids)]
        left.append({
            "Record ID": uid, "MRN": next((each for each in numbers if not each.isdigit()), ""),
            "NHS No": next((each for each in numbers if each.isdigit()), ""),
            "Forename": given.split("^")[0].split("=")[0], "Surname": family,
            "DOB": f"{claim.birth_date:%d/%m/%Y}" if claim.birth_date else "", "Gender": claim.sex,
        })  # fmt: skip
        true[uid] = study.person
    for each in claimed.entrants:
        person, plain = each.person, lambda text: text.reveal("test")
        right.append({
            "id": person.person, "hospital_number": plain(person.hospital_number),
            "nhs_number": plain(person.nhs_number),
            "given_name": plain(person.given_name), "family_name": plain(person.family_name),
            "birth_date": str(person.birth_date or ""), "sex": person.sex, "postcode": plain(each.postcode),
        })  # fmt: skip
    write_rows(folder / "A.csv", left)
    write_rows(folder / "B.csv", right)
    return (
        folder / "A.csv",
        folder / "B.csv",
        true | {f"b:{name}": owner for name, owner in claimed.person_of.items()},
    )


def test_two_tables_are_linked_without_a_bank_in_any_order_of_rows(
    two_tables: tuple[Path, Path, dict[str, str]], tmp_path: Path
) -> None:
    first, second, true = two_tables
    ran = imagebank("link", first, second, "--test-numbers", "--report", tmp_path / "report")
    assert ran.code == 0, ran.err
    rows = list(csv.DictReader(ran.out.splitlines()))
    linked = [row for row in rows if row["b"]]
    assert len(linked) > 0.97 * len(rows)
    assert all(true[row["a"]] == true[f"b:{row['b']}"] for row in linked)
    assert (tmp_path / "report" / "linkage.json").is_file()
    mixed = [tmp_path / "A.csv", tmp_path / "B.csv"]
    for path, target in zip((first, second), mixed, strict=True):
        write_rows(target, rows_of(path)[::-1])
    again = imagebank("link", *mixed, "--test-numbers", "--out", tmp_path / "links.csv")
    assert again.code == 0, again.err
    assert (tmp_path / "links.csv").read_text().splitlines() == ran.out.splitlines()


@pytest.mark.parametrize(
    ("content", "message"), [("colour\nred\n", "no column that identifies"), ("id,surname\n1,A\n1,B\n", "several rows")]
)
def test_a_table_that_cannot_be_linked_says_why(
    two_tables: tuple[Path, Path, dict[str, str]], tmp_path: Path, content: str, message: str
) -> None:
    path = tmp_path / "wrong.csv"
    path.write_text(content)
    ran = imagebank("link", path, two_tables[1])
    assert ran.code == 4
    assert message in ran.err
