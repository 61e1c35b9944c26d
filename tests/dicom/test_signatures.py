"""Protocol signatures, curation, test cases, the pixel witness and the second opinion."""

from __future__ import annotations

import json
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_series_geometry import slices

from imagebank.core.errors import ConfigError
from imagebank.core.png import png
from imagebank.dicom.classify import classify
from imagebank.dicom.curation import Decision, add_decisions, parse_curation, read_curation
from imagebank.dicom.opinion import Example, opinions, train
from imagebank.dicom.signatures import acquisitions_of, case_of, normalised, signature_of
from imagebank.dicom.thumbnail import thumbnail
from imagebank.dicom.witness import contradictions, contradictions_of_run

CORRECTIONS = sorted((Path(__file__).parent / "corrections").glob("*.json"))
SIGNATURE = "0123456789abcdef"


def test_small_adjustments_of_a_protocol_leave_its_signature() -> None:
    usual = slices(20, 6, description="AX T2 TSE")
    adjusted = [replace(each, repetition_time_ms=4020.0, description="tse_t2 ax repeat") for each in usual]
    assert signature_of(usual) == signature_of(adjusted) == signature_of(usual[::-1])


@pytest.mark.parametrize("change", [{"echo_times_ms": (30.0,)}, {"model": "Prisma"}, {"description": "AX PD"}])
def test_another_protocol_has_another_signature(change: dict[str, Any]) -> None:
    usual = slices(20, 6, description="AX T2 TSE")
    assert signature_of(usual).digest != signature_of([replace(each, **change) for each in usual]).digest


def test_a_name_is_its_words_whatever_their_order() -> None:
    assert normalised("T2_TSE tra") == normalised("tra t2 tse T2 repeat") == "t2 tra tse"


def test_a_case_is_classified_as_the_series_that_it_was_made_of() -> None:
    series = [*slices(20, 6, echo=14.0), *slices(20, 6, echo=100.0)]
    case = json.loads(json.dumps(case_of(series)))
    assert classify(acquisitions_of(case)) == classify(series)


def test_a_case_holds_no_time_and_no_machine() -> None:
    case = json.dumps(case_of(slices(2, 6, acquired_s=36000.0, software="E11", model="Prisma", bolus_start_s=1.0)))
    assert not any(word in case for word in ("acquired", "bolus", "E11", "Prisma", "36000"))


@pytest.mark.parametrize("path", CORRECTIONS, ids=lambda path: path.stem)
def test_what_a_curator_corrected_stays_corrected(path: Path) -> None:
    case = json.loads(path.read_text("utf-8"))
    assert classify(acquisitions_of(case)).sequence == case["sequence"]


def test_a_curators_last_word_counts_and_the_earlier_ones_stay(tmp_path: Path) -> None:
    add_decisions(tmp_path, (Decision(SIGNATURE, "T1w", "AB", "2026-01-31"),))
    first = read_curation(tmp_path).digest
    curation = add_decisions(tmp_path, (Decision(SIGNATURE, "T2w", "CD", "2026-02-01", "looked, twice"),))
    assert (curation.sequence_of(SIGNATURE), len(curation.decisions)) == ("T2w", 2)
    assert read_curation(tmp_path) == curation
    assert curation.digest != first


def test_a_bank_without_the_file_has_no_curation(tmp_path: Path) -> None:
    assert read_curation(tmp_path).sequence_of(SIGNATURE) == ""


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("xyz,T1w,AB,2026-01-31,", "Line 2"),
        (f"{SIGNATURE},T9w,AB,2026-01-31,", "unknown sequence"),
        (f"{SIGNATURE},T1w,,2026-01-31,", "who decided"),
        (f"{SIGNATURE},T1w,AB,yesterday,", "who decided"),
        ("\n\nxyz,T1w,AB,2026-01-31,", "Line 4"),
    ],
)
def test_a_line_that_makes_no_sense_is_refused_with_its_number(line: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        parse_curation(f"signature,sequence,by,on,note\n{line}\n")


def test_a_file_that_a_spreadsheet_saved_is_read_and_another_character_set_is_refused(tmp_path: Path) -> None:
    text = f"signature,sequence,by,on,note\n{SIGNATURE},T1w,AB,2026-01-31,für später\n"
    (tmp_path / "signatures.csv").write_bytes(text.replace("\n", "\r\n").encode("utf-8-sig"))
    assert read_curation(tmp_path).sequence_of(SIGNATURE) == "T1w"
    (tmp_path / "signatures.csv").write_bytes(text.encode("cp1252"))
    with pytest.raises(ConfigError, match="cannot be read"):
        read_curation(tmp_path)


def test_a_file_without_its_columns_is_refused() -> None:
    with pytest.raises(ConfigError, match="columns"):
        parse_curation("a,b\n")


def head(fluid: float, tissue: float = 100.0) -> np.ndarray[Any, Any]:
    """A ball of tissue with fluid in its middle, in dark air, both halves alike."""
    z, y, x = np.mgrid[-20:20, -40:40, -40:40] + 0.5
    radius = np.sqrt((2 * z) ** 2 + y**2 + x**2)
    volume = np.where(radius < 34, tissue + 3 * np.cos(y / 3), 2.0 + np.sin(x * y) ** 2)
    return np.where(radius < 9, fluid, volume)


@pytest.mark.parametrize(
    ("sequence", "fluid", "expected"),
    [
        ("T1w", 20.0, []),
        ("T1w", 300.0, ["fluid-is-bright"]),
        ("FLAIR", 300.0, ["fluid-is-bright"]),
        ("T2w", 300.0, []),
        ("T2w", 20.0, ["fluid-is-dark"]),
        ("DWI", 300.0, []),
    ],
)
def test_fluid_tells_t1_from_t2(sequence: str, fluid: float, expected: list[str]) -> None:
    assert contradictions(head(fluid), sequence, plane="axial", coverage="whole-brain") == expected


def test_noise_and_nothing_are_no_images() -> None:
    noise = np.random.default_rng(1).random((10, 40, 40))
    assert contradictions(noise, "T1w") == ["noise"]
    assert contradictions(np.zeros((3, 8, 8)), "T1w") == ["empty"]


def test_half_a_head_is_not_symmetric() -> None:
    half = head(20.0)
    half[:, :, 40:] = np.where(half[:, :, 40:] > 50, half[:, :, 40:] * (1 + np.arange(80)[None, :, None] / 8), 2.0)
    half[:, :40, 40:] = 2.0
    assert "not-symmetric" in contradictions(half, "PDw", plane="axial", coverage="whole-brain")


def test_a_run_varies_a_little_over_time() -> None:
    noise = np.random.default_rng(2).normal(size=(12, 1, 1, 1))
    volume = head(20.0)[None]
    assert contradictions_of_run(volume * (1 + 0.01 * noise), "BOLD") == []
    assert contradictions_of_run(np.repeat(volume, 12, axis=0), "BOLD") == ["does-not-vary"]
    assert contradictions_of_run(volume * np.abs(1 + 0.6 * noise), "BOLD") == ["varies-too-much"]
    assert contradictions_of_run(np.repeat(volume, 12, axis=0), "T1w") == []


def test_a_thumbnail_is_a_small_png_and_the_same_pixels_give_the_same_bytes() -> None:
    made = thumbnail(head(20.0))
    assert made == thumbnail(head(20.0))
    assert made.startswith(b"\x89PNG\r\n\x1a\n")
    grey = np.arange(12, dtype=np.uint8).reshape(3, 4)
    content = png(grey)
    data = content[content.index(b"IDAT") + 4 : content.index(b"IEND") - 8]
    assert zlib.decompress(data) == b"".join(b"\0" + row.tobytes() for row in grey)


def examples() -> list[Example]:
    made = []
    for number in range(24):
        t1 = number % 2 == 0
        facts = {
            "repetition_time_ms": (500.0 if t1 else 4000.0) + 10 * number,
            "echo_time_ms": 10.0 if t1 else 95.0 + number,
            "plane": "axial",
            "protocol": {"manufacturer": "GE", "image_type": ["ORIGINAL"]},
        }
        made.append(Example(facts, "T1w" if t1 else "T2w", f"scanner {number % 4}"))
    return made


def test_a_second_opinion_is_learned_and_tried_on_scanners_that_it_has_not_seen() -> None:
    pytest.importorskip("sklearn")
    trained = train(examples())
    assert (trained.right, trained.wrong) == (24, 0)
    said = opinions(trained, [each.facts for each in examples()])
    assert [each.sequence for each in said] == [each.sequence for each in examples()]


def test_a_second_opinion_abstains_where_it_cannot_know() -> None:
    pytest.importorskip("sklearn")
    mixed = [replace(each, sequence=label) for each in examples()[:1] * 24 for label in ("T1w", "T2w")]
    assert opinions(train(mixed), [mixed[0].facts])[0].sequence == ""


def test_too_few_curated_signatures_give_no_second_opinion() -> None:
    with pytest.raises(ConfigError, match="12 curated signatures"):
        train(examples()[:4])
