"""Attacks that must fail on what we write, each shown to succeed where it is made weaker on purpose."""

from __future__ import annotations

import copy
import csv
import io
import os
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset

import attacks
from attacks import Shown
from imagebank.core.private import Private
from imagebank.core.progress import Silent
from imagebank.dicom.decisions import Refused
from imagebank.dicom.headers import IMAGE, facts_of
from imagebank.dicom.instance import clean_instance
from imagebank.dicom.policy import load_policy
from imagebank.dicom.values import Subject
from imagebank.identities.comparing import normalise_id
from imagebank.identities.pseudonyms import Keys
from imagebank.synthetic import Hospital, read_answers
from imagebank.workflows.standalone import Request, deidentify_source
from imagebank.workflows.standalone.subjects import Subjects

FILES_A_SERIES = 2
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")  # weakened files hold values of wrong lengths
ID_VRS = ("UI", "PN", "AE", "DA", "DT")
ID_PLACES = ("(0008,1010)", "(0010,0020)", "(0018,1000)", "(0020,0010)", "(0008,0050)")
Changed = Callable[[Dataset, Dataset, Subject], None]


@pytest.fixture(scope="module")
def originals(hospital: Hospital) -> list[bytes]:
    """Some images of each series of the hospital."""
    found: dict[str, list[bytes]] = defaultdict(list)
    for path in sorted(hospital.images.rglob("*")):
        if not path.is_file() or "oddities" in path.parts or len(found[str(path.parent)]) == FILES_A_SERIES:
            continue
        content = path.read_bytes()
        facts = facts_of(content)
        if facts.verdict == IMAGE and facts.header and facts.header.claim.patient_id:
            found[str(path.parent)].append(content)
    return [content for several in found.values() for content in several]


def released(originals: list[bytes], key: bytes, weaken: Changed | None = None) -> list[Shown]:
    """A release under a key; `weaken` spoils each file: it gets the original, the output and the subject."""
    subjects, policy, shown = Subjects(Keys(key, "release")), load_policy(), []
    for content in originals:
        original = pydicom.dcmread(io.BytesIO(content))
        truth = normalise_id(Private(str(original.PatientID)))
        person = subjects.link(Private(truth)).person or ""
        station = subjects.keys.label("scanner", str(original.get("StationName")))
        subject = Subject(subjects.pseudonym(person), subjects.offset_days(person), station, subjects.keys.uid_map)
        try:
            output = pydicom.dcmread(io.BytesIO(clean_instance(content, subject, policy).content))
        except Refused:
            continue
        if weaken:
            weaken(original, output, subject)
        shown.append(Shown(output, truth))
    return shown


def by_patient(release: list[Shown]) -> dict[str, list[Dataset]]:
    found: dict[str, list[Dataset]] = defaultdict(list)
    for each in release:
        found[each.truth].append(each.dataset)
    return {truth: attacks.dated(files) for truth, files in found.items() if len(attacks.dated(files)) >= 2}


KEY, OTHER_KEY = b"a" * 32, b"c" * 32


@pytest.fixture(scope="module")
def release(originals: list[bytes]) -> list[Shown]:
    return released(originals, KEY)


@pytest.fixture(scope="module")
def offsets(originals: list[bytes]) -> dict[str, int]:
    """The truth that the attacks look for."""
    subjects = Subjects(Keys(KEY, "release"))
    told = {normalise_id(Private(str(pydicom.dcmread(io.BytesIO(each)).PatientID))) for each in originals}
    return {truth: subjects.offset_days(subjects.link(Private(truth)).person or "") for truth in told}


def keep_uids(original: Dataset, output: Dataset, _subject: Subject) -> None:
    output.SOPInstanceUID = f"1.3.12.2.1107.5.2.{original.StudyDate}{str(original.StudyTime)[:6]}.1"


def move_constants(_original: Dataset, output: Dataset, subject: Subject) -> None:
    output.ContentDate = f"{date(1980, 1, 1) + timedelta(subject.offset_days):%Y%m%d}"


def keep_a_number(original: Dataset, output: Dataset, _subject: Subject) -> None:
    output.AcquisitionNumber = str(original.StudyDate)


def keep_seconds(original: Dataset, output: Dataset, _subject: Subject) -> None:
    day = attacks.day_of(original.StudyDate)
    assert day
    output.AcquisitionNumber = int(datetime(day.year, day.month, day.day, 10, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("attack", "weaken"),
    [
        (attacks.offset_from_uids, keep_uids),
        (attacks.offset_from_constants, move_constants),
        (attacks.offset_from_numbers, keep_a_number),
        (attacks.offset_from_numbers, keep_seconds),
    ],
)
def test_no_value_that_is_kept_gives_the_offset(
    attack: Callable[[list[Dataset]], int | None],
    weaken: Changed,
    originals: list[bytes],
    release: list[Shown],
    offsets: dict[str, int],
) -> None:
    patients = by_patient(release)
    assert len(patients) >= 3
    assert [truth for truth, files in patients.items() if attack(files) == offsets[truth]] == []
    weak = by_patient(released(originals, KEY, weaken))
    hits = sum(attack(files) == offsets[truth] for truth, files in weak.items())
    assert hits >= len(weak) - 1, "of one patient the study is dated before there was MRI, which misleads an attacker"


def births(hospital: Hospital) -> dict[str, date]:
    """What everybody may know: birthdays, by patient id."""
    with open(hospital.records / "patients.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    told = {row["hospital_number"]: date.fromisoformat(row["birth_date"]) for row in rows if row["birth_date"]}
    return told | {row["nhs_number"]: told[row["hospital_number"]] for row in rows if row["hospital_number"] in told}


def test_a_birthday_does_not_give_the_offset(
    originals: list[bytes], release: list[Shown], offsets: dict[str, int], hospital: Hospital
) -> None:
    def move_birth(original: Dataset, output: Dataset, subject: Subject) -> None:
        birth = attacks.day_of(original.PatientBirthDate)
        if birth:
            output.PatientBirthDate = f"{birth + timedelta(subject.offset_days):%Y%m%d}"

    known = births(hospital)
    patients = {truth: files for truth, files in by_patient(release).items() if truth in known}
    assert patients
    for truth, files in patients.items():
        assert attacks.offset_from_birthday(files, known[truth]) is None
    weak = by_patient(released(originals, KEY, move_birth))
    hits = [truth for truth in patients if attacks.offset_from_birthday(weak[truth], known[truth]) == offsets[truth]]
    assert len(hits) >= len(patients) // 2


def test_ages_leave_many_offsets_possible(
    originals: list[bytes], release: list[Shown], offsets: dict[str, int], hospital: Hospital
) -> None:
    """An age in whole years and a known birthday narrow the offset to months, never to a day; ages in days would."""

    def tell_days(original: Dataset, output: Dataset, _subject: Subject) -> None:
        birth, day = attacks.day_of(original.PatientBirthDate), attacks.day_of(original.StudyDate)
        if birth and day:
            output.PatientAge = f"{(day - birth).days}D"

    known = births(hospital)
    patients = {truth: files for truth, files in by_patient(release).items() if truth in known}
    for truth, files in patients.items():
        fitting = attacks.offsets_that_fit_ages(files, known[truth])
        assert len(fitting) >= 60 or offsets[truth] not in fitting
    weak = by_patient(released(originals, KEY, tell_days))
    assert any(attacks.offsets_that_fit_ages(weak[truth], known[truth]) == {offsets[truth]} for truth in patients)


def test_weekdays_leave_fifty_offsets_possible() -> None:
    """Even a patient who was scanned on each day of the week; a window of a week would leave one."""
    days = [date(2021, 3, 1) + timedelta(7 * week + week % 5) for week in range(20)]
    moved = [day + timedelta(-3) for day in days]
    assert len(attacks.offsets_that_fit_weekdays(moved)) >= 50
    assert attacks.offsets_that_fit_weekdays(moved, range(-7, 0)) == {-3}


def test_file_times_do_not_give_the_offset(originals: list[bytes], offsets: dict[str, int], tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for index, content in enumerate(originals):
        (tmp_path / "in" / str(index)).write_bytes(content)
    (tmp_path / "key").write_text(KEY.hex())
    told = deidentify_source(Request(tmp_path / "in", tmp_path / "out", tmp_path / "key"), progress=Silent())
    assert told.counts.written >= len(originals) // 2
    patients = [several for several in map(dated_outputs, (tmp_path / "out").iterdir()) if len(several) >= 2]
    assert len(patients) >= 3
    for several in patients:
        paths, files = list(several), list(several.values())
        assert attacks.offset_from_file_times(paths, files) is None
        for path, dataset in zip(paths, files, strict=True):
            true = attacks.moved_day(dataset) + timedelta(40)
            seconds = datetime(true.year, true.month, true.day, tzinfo=UTC).timestamp()
            os.utime(path, (seconds, seconds))
        assert attacks.offset_from_file_times(paths, files) == -40


def dated_outputs(folder: Path) -> dict[Path, Dataset]:
    """The outputs of a patient that show a study date."""
    headers = {path: pydicom.dcmread(path, stop_before_pixels=True) for path in sorted(folder.rglob("*.dcm"))}
    return {path: header for path, header in headers.items() if attacks.dated([header])}


def offset_under(key: bytes, truth: str) -> int:
    """Of one patient in 365 two keys give the same offset, and so the same dates: that is chance, not an attack."""
    subjects = Subjects(Keys(key, "release"))
    return subjects.offset_days(subjects.link(Private(truth)).person or "")


def is_id(place: str, vr: str) -> bool:
    return vr in ID_VRS or place.endswith(ID_PLACES)


def test_two_releases_cannot_be_joined_on_ids_or_dates(originals: list[bytes], release: list[Shown]) -> None:
    other = released(originals, OTHER_KEY)
    linked = attacks.linked_patients(release, other, is_id)
    assert {truth for truth in linked if offset_under(KEY, truth) != offset_under(OTHER_KEY, truth)} == set()
    same_key = released(originals, KEY)
    assert attacks.linked_patients(release, same_key, is_id) == {each.truth for each in release}


def test_content_joins_two_releases_and_we_say_so(originals: list[bytes], release: list[Shown]) -> None:
    """What no key can prevent while images are useful: docs/deidentification.md must tell it."""
    other = released(originals, OTHER_KEY)
    everybody = {each.truth for each in release}
    assert attacks.linked_by_pixels(release, other) == everybody
    for name, vrs in (("times of day", ("TM",)), ("geometry", ("DS", "FD")), ("protocol words", ("LO", "SH", "CS"))):
        joined = attacks.linked_patients(release, other, lambda _place, vr, vrs=vrs: vr in vrs)  # type: ignore[misc]
        print(f"of {len(everybody)} patients, {name} join {len(joined)}")
    page = (Path(__file__).parents[2] / "docs" / "deidentification.md").read_text("utf-8")
    assert "Two releases of the same images can be joined by their content" in page


def candidates(hospital: Hospital) -> set[str]:
    kinds = ("nhs number", "hospital number", "patient id", "accession number")
    return {row["value"] for row in read_answers(hospital.answers, "identifiers") if row["kind"] in kinds}


def test_no_unkeyed_digest_of_a_number_is_a_pseudonym(
    originals: list[bytes], release: list[Shown], hospital: Hospital
) -> None:
    import hashlib

    from imagebank.identities.pseudonyms import letters

    def hash_the_id(original: Dataset, output: Dataset, _subject: Subject) -> None:
        output.PatientID = letters(hashlib.sha256(str(original.PatientID).encode()).digest(), 12)

    known = candidates(hospital) | {each.truth for each in release}
    assert len(known) > 10
    assert attacks.brute_forced(attacks.ids_of(release), known) == set()
    weak = released(originals, KEY, hash_the_id)
    assert len(attacks.brute_forced(attacks.ids_of(weak), known)) >= 3


def test_the_bytes_of_an_original_uid_are_found_nowhere(originals: list[bytes], release: list[Shown]) -> None:
    from imagebank.proof.search import Needle, Searcher

    uids = set()
    for content in originals:
        original = pydicom.dcmread(io.BytesIO(content), stop_before_pixels=True)
        found = {text for _, vr, text in attacks.values(original) if vr == "UI"}
        uids |= {uid for uid in found if not uid.startswith("1.2.840.10008.")}
    assert len(uids) > 20
    searcher = Searcher({Needle("UI", "", uid) for uid in uids})
    for each in release:
        assert searcher.search(file_bytes(each.dataset)) == frozenset()
    assert attacks.brute_forced(attacks.ids_of(release), uids) == set()
    spoilt = copy.deepcopy(release[0].dataset)
    spoilt.StudyID = sorted(uids)[0][:64]
    assert searcher.search(file_bytes(spoilt))


def file_bytes(dataset: Dataset) -> bytes:
    buffer = io.BytesIO()
    dataset.save_as(buffer)
    return buffer.getvalue()
