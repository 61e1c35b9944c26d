"""Two tables of people are linked without a bank, however they are written."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from claimed import claimed_hospital

from conftest import imagebank
from imagebank.core.config import LinkageSettings
from imagebank.synthetic.register import DEFAULT_RATES
from imagebank.workflows.linking_tables import link_tables
from vaults import rows_of, write_rows


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


def test_a_file_of_another_kind_is_told_by_its_name(two_tables: tuple[Path, Path, dict[str, str]]) -> None:
    ran = imagebank("link", "people.xlsx", two_tables[1])
    assert (ran.code, "does not end like a file that is read" in ran.err) == (4, True)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("colour\nred\n", "no column that identifies"),
        ("id,surname\n1,A\n1,B\n", "several rows"),
        ("id,surname\n1,A\n2,B,C\n", "the first at line 3"),
        ('id,surname\n1,"A\n2,B\n', "not closed"),
        ("surname,surname\nA,B\n", "names the column `surname` twice"),
    ],
)
def test_a_table_that_cannot_be_linked_says_why(
    two_tables: tuple[Path, Path, dict[str, str]], tmp_path: Path, content: str, message: str
) -> None:
    path = tmp_path / "wrong.csv"
    path.write_text(content)
    ran = imagebank("link", path, two_tables[1])
    assert ran.code == 4
    assert message in ran.err


KNOWN = (
    "mrn,surname,forename,dob,sex,postcode\n"
    "K1,Müller,Zoë,02/03/1950,2,SE5 8AF\nK2,O'Brien,Mary Ann,04/05/1961,F,SE5 9ZZ\n"
)
WRITTEN = {
    "as Windows-1252 with semicolons": KNOWN.replace(",", ";").encode("cp1252"),
    "as UTF-16 with tabs": KNOWN.replace(",", "\t").encode("utf-16"),
    "with a mark, and the delimiter told": ("sep=,\n" + KNOWN).encode("utf-8-sig"),
    "with dates of a spreadsheet": KNOWN.replace("02/03/1950", "18324").replace("04/05/1961", "22405").encode(),
}


@pytest.mark.parametrize("how", WRITTEN)
def test_tables_are_understood_however_they_are_written(how: str, tmp_path: Path) -> None:
    (tmp_path / "A.csv").write_text(
        'id,name,dob,postcode\nx,MULLER^ZOE,1950-03-02,SE58AF\ny,"OBrien, Mary",04-May-1961,N/A\n'
    )
    (tmp_path / "B.csv").write_bytes(WRITTEN[how])
    told = link_tables(tmp_path / "A.csv", tmp_path / "B.csv", LinkageSettings())
    assert {key: link.person for key, link in told.links.items()} == {"x": "1", "y": "2"}
    assert told.unread_dates == 0


def test_words_for_nothing_agree_with_nobody(tmp_path: Path) -> None:
    (tmp_path / "A.csv").write_text("id,surname,forename,dob,nhs_number,postcode\nx,Lee,Ann,NULL,1111111111,N/A\n")
    (tmp_path / "B.csv").write_text("id,surname,forename,dob,nhs_number,postcode\nb,Lee,Ann,NULL,1111111111,N/A\n")
    told = link_tables(tmp_path / "A.csv", tmp_path / "B.csv", LinkageSettings())
    assert told.links["x"].person is None
