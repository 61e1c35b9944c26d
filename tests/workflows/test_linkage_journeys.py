"""What people do with the linkage of a bank: review, merge, report."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from conftest import imagebank
from imagebank.core.errors import SourceError
from imagebank.identities.remembered import Remembered
from imagebank.proof.answers import read_identifiers
from imagebank.synthetic import Hospital
from imagebank.workflows.reviewing import record_sheet, review_in_terminal, write_sheet
from imagebank.workflows.status import status
from vaults import NOW, banked_pseudonyms, holds, rows_of, run, vault_of, write_rows


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
