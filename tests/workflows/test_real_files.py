"""The whole path on real files of several vendors, treated as the dump of a PACS."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

import pyarrow.parquet as parquet
import pytest

from conftest import DATA, imagebank
from imagebank.core.config import open_bank
from imagebank.identities.vault import open_vault
from imagebank.synthetic import Hospital, build_records_for, read_answers
from imagebank.workflows.init import init
from outcomes import outcome_of_files

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the real MRI files are not beside the repository")


@pytest.fixture(scope="module")
def register(tmp_path_factory: pytest.TempPathFactory) -> Hospital:
    """Records for the patient ids that the real files carry."""
    return build_records_for(tmp_path_factory.mktemp("register") / "hospital", DATA)


@pytest.fixture(scope="module")
def bank(register: Hospital, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("real") / "bank"
    init(root, images=[DATA], records=[register.records], pretend=True)
    ran = imagebank("update", root, timeout=600)
    assert ran.code == 0, ran.err
    assert "Traceback" not in ran.err
    return root


@pytest.fixture(scope="module")
def ended(bank: Path) -> dict[str, tuple[str, str]]:
    return {str(Path(path).relative_to(DATA)): fate for path, fate in outcome_of_files(bank).items()}


def manifest() -> list[dict[str, str]]:
    with open(DATA / "manifest.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def labels() -> dict[str, dict[str, str]]:
    with open(DATA / "labels.csv", newline="", encoding="utf-8") as file:
        return {row["uid_in_set"]: row for row in csv.DictReader(file)}


def test_every_one_of_the_files_ends_in_exactly_one_outcome(ended: dict[str, tuple[str, str]], bank: Path) -> None:
    there = {str(path.relative_to(DATA)) for path in DATA.rglob("*") if path.is_file()}
    assert set(ended) == there
    assert len(manifest()) == 680
    assert {row["path"] for row in manifest()} <= set(ended)
    assert imagebank("check", bank).code == 0


def test_all_images_of_the_studies_that_the_answers_call_linkable_are_banked(
    ended: dict[str, tuple[str, str]], register: Hospital, bank: Path
) -> None:
    """But for those that show no image, or whose pixels are cut off."""
    linkable = {row["study_uid"] for row in read_answers(register.answers, "links") if row["linkable"] == "yes"}
    with open_vault(open_bank(bank), "test", environ={}) as vault:
        item = vault.keys.uid_map.item
        linked = set(vault.linked_people())
    imaged = {row["study"] for row in studies(bank)}
    assert imaged <= linked <= {item(uid) for uid in linkable}
    unlinked = {item(uid) for uid in linkable} - linked
    assert not unlinked & imaged
    reasons = Counter(reason for outcome, reason in ended.values() if outcome == "unlinked")
    told = {"no-birth-date", "birth-date-differs", "before-birth", "shared-number"}
    assert set(reasons) <= told | {"nobody-found", "no-identity", "two-patients"}


def studies(bank: Path) -> list[dict[str, str]]:
    current = (bank / "tables" / "current").read_text().strip()
    return parquet.read_table(bank / "tables" / current / "studies.parquet").to_pylist()


def series(bank: Path) -> list[dict[str, str]]:
    current = (bank / "tables" / "current").read_text().strip()
    return parquet.read_table(bank / "tables" / current / "series.parquet").to_pylist()


def test_what_is_no_mr_image_is_never_banked(ended: dict[str, tuple[str, str]]) -> None:
    for row in manifest():
        if row["label"] in ("non-MR", "non-image", "MRS"):
            assert ended[row["path"]][0] in ("excluded", "quarantined"), row["path"]


def test_banked_series_of_certain_label_are_labelled_right_or_not_at_all(bank: Path) -> None:
    with open_vault(open_bank(bank), "test", environ={}) as vault:
        known = {vault.keys.uid_map.item(uid): row for uid, row in labels().items()}
    right = wrong = 0
    for row in series(bank):
        label = known[row["series"]]
        if label["label_confidence"] != "certain":
            continue
        if row["sequence"] in label["accept_labels"].split("|"):
            right += 1
        elif row["sequence"] not in ("unknown", "other", "derived"):
            wrong += 1
    assert wrong == 0
    assert right >= 20


def test_banked_series_are_converted(bank: Path) -> None:
    conversions = Counter(row["conversion"] for row in series(bank))
    assert conversions["bids"] >= 12
    assert conversions["pending"] == 0
    assert conversions["failed"] <= 1, [row for row in series(bank) if row["conversion"] == "failed"]


def test_files_of_every_set_with_linkable_patients_are_banked(ended: dict[str, tuple[str, str]]) -> None:
    banked = {path for path, (outcome, _) in ended.items() if outcome == "banked"}
    folders = defaultdict(int)
    for path in banked:
        folders[path.split("/")[0]] += 1
    for name in ("dcm_qa_xa30", "dcm_qa_xa30i", "dcm_qa_philips_enh", "dcm_qa_enh", "dcm_qa_pdt2", "dcm_qa_nih"):
        assert folders[f"neurolabusc+{name}"], name


def test_the_official_validator_accepts_the_tree(bank: Path) -> None:
    told = subprocess.run(
        [Path(sys.executable).with_name("bids-validator-deno"), str(bank / "bids"), "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    issues = json.loads(told.stdout)["issues"]["issues"]
    assert [each for each in issues if each["severity"] == "error"] == []


def test_the_patient_names_of_the_files_are_not_in_the_bank(bank: Path) -> None:
    from leaks import found

    names = ["Slice Timing", "ROGERS_20180526", "stc_test", "rordie", "XAtest_sub-July11", "12343@hucheng", "CR_test04"]
    names += ["d2n_Philips_3T_R571", "Rorden_Prisma", "Cheng test", "ALTIBRAIN", "Jaemin"]
    assert found(bank, dict.fromkeys(names, "name"), {}) == []
