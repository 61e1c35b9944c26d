"""Who is who in a de-identification without a bank: patient ids, issuers, keys, and maps of subjects."""

from __future__ import annotations

import io
from pathlib import Path

import pydicom
import pytest

from imagebank.core.errors import ConfigError
from imagebank.core.private import Private
from imagebank.identities.pseudonyms import Keys
from imagebank.workflows.standalone.subjects import SHIFT_DAYS, Subjects, read_subject_map
from standalone_runs import instances, key, run, some

__all__ = ["key", "some"]  # fixtures


def changed(path: Path, **values: object) -> bytes:
    """A file with other values."""
    dataset = pydicom.dcmread(path)
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    buffer = io.BytesIO()
    dataset.save_as(buffer)
    return buffer.getvalue()


@pytest.fixture
def image(some: Path) -> Path:
    return next(each for each in sorted(some.rglob("*")) if each.is_file() and "oddities" not in each.parts)


def test_a_file_without_a_patient_id_is_refused(image: Path, key: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a").write_bytes(changed(image, PatientID=""))
    told = run(tmp_path / "in", tmp_path / "out", key, keep_refused=True)
    assert dict(told.counts.reasons) == {("quarantined", "no-patient-id"): 1}
    kept = list((told.places.quarantine / "files").iterdir())
    assert [path.read_bytes() for path in kept] == [(tmp_path / "in" / "a").read_bytes()]
    assert told.places.quarantine.stat().st_mode & 0o077 == 0


def numbered(image: Path, folder: Path, told: list[tuple[str, str]]) -> Path:
    """A source with an image for each patient id and issuer."""
    folder.mkdir()
    for index, (number, issuer) in enumerate(told):
        content = changed(
            image,
            PatientID=number,
            IssuerOfPatientID=issuer,
            SOPInstanceUID=f"1.2.3.{index}",
            SeriesInstanceUID=f"1.2.4.{index}",
        )
        (folder / str(index)).write_bytes(content)
    return folder


def test_a_patient_under_two_numbers_becomes_two(image: Path, key: Path, tmp_path: Path) -> None:
    source = numbered(image, tmp_path / "in", [("A 1", ""), ("a1", "HERE"), ("B2", "")])
    assert run(source, tmp_path / "out", key).counts.patients == 2


def test_a_patient_id_of_two_issuers_is_refused_unless_the_issuer_counts(
    image: Path, key: Path, tmp_path: Path
) -> None:
    source = numbered(image, tmp_path / "in", [("A1", "HERE"), ("A1", "THERE"), ("A1", ""), ("B2", "HERE")])
    told = run(source, tmp_path / "out", key)
    assert dict(told.counts.reasons) == {("quarantined", "several-issuers"): 3}
    assert run(source, tmp_path / "by", key, by_issuer=True).counts.patients == 4


def test_outputs_are_withdrawn_when_a_later_file_makes_them_doubtful(image: Path, key: Path, tmp_path: Path) -> None:
    source = numbered(image, tmp_path / "in", [("A1", "HERE")])
    assert run(source, tmp_path / "out", key).counts.written == 1
    (source / "other").write_bytes((source / "0").read_bytes()[:-2] + b"\1\1")
    told = run(source, tmp_path / "out", key)
    assert dict(told.counts.reasons) == {("quarantined", "instance-conflict"): 2}
    assert instances(tmp_path / "out") == []


def test_a_subject_map_decides_who_is_written_and_under_what(image: Path, key: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a").write_bytes(changed(image, PatientID="AB 1", StudyDate="20200131"))
    (tmp_path / "in" / "b").write_bytes(changed(image, PatientID="X", SOPInstanceUID="1.2", SeriesInstanceUID="1.3"))
    (tmp_path / "map.csv").write_text("patient_id,subject,offset_days\nab1,Sub-7,-30\n")
    told = run(tmp_path / "in", tmp_path / "out", key, subject_map=tmp_path / "map.csv")
    assert dict(told.counts.reasons) == {("quarantined", "not-in-subject-map"): 1}
    (path,) = instances(tmp_path / "out")
    assert path.relative_to(tmp_path / "out").parts[0] == "Sub-7"
    assert pydicom.dcmread(path).StudyDate == "20200101"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("patient,subject\nA,1\n", "no column patient_id"),
        ("patient_id,subject\n,S1\n", "no patient id in line 2"),
        ("patient_id,subject\nA,S 1\n", "letters, digits"),
        ("patient_id,subject\nA,../x\n", "letters, digits"),
        ("patient_id,subject\nA,S1\nB,S1\n", "two patients one subject in line 3"),
        ("patient_id,subject\nA,S1\nB,s1\n", "two patients one subject in line 3"),
        ("patient_id,subject\nA,S1\nA,S2\n", "another subject or offset in line 3"),
        ("patient_id,subject\nSMITH1,smith1\n", "itself as its subject"),
        ("patient_id,subject,offset_days\nA,S1,0\n", "or 0"),
        ("patient_id,subject,offset_days\nA,S1,1.5\n", "no whole number"),
        ("patient_id,subject,offset_days\nA,S1,99999\n", "36500 days"),
    ],
)
def test_a_subject_map_that_is_not_understood_is_refused_with_its_line(
    text: str, complaint: str, tmp_path: Path
) -> None:
    (tmp_path / "map.csv").write_text(text)
    with pytest.raises(ConfigError, match=complaint) as raised:
        read_subject_map(tmp_path / "map.csv")
    assert "SMITH1" not in str(raised.value)


def test_two_patients_share_a_subject_and_an_offset_only_when_said(tmp_path: Path) -> None:
    (tmp_path / "map.csv").write_text("patient_id,subject\nA,S1\nB,S1\nB,S1\n")
    subjects = Subjects(Keys(b"k" * 32, "x"), read_subject_map(tmp_path / "map.csv", shared=True))
    people = [subjects.link(Private(number)).person or "" for number in ("a", "b")]
    assert {subjects.pseudonym(person) for person in people} == {"S1"}
    assert len({subjects.offset_days(person) for person in people}) == 1
    assert SHIFT_DAYS[0] <= subjects.offset_days(people[0]) <= SHIFT_DAYS[1]
