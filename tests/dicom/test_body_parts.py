"""Which part of the body a series shows, by one list of words for the index and for the classification."""

from __future__ import annotations

import pytest
from made_headers import facts

from imagebank.dicom.body_parts import body_part, header_part
from imagebank.dicom.headers import IMAGE

pytestmark = pytest.mark.filterwarnings("ignore")  # pydicom says that these are no defined terms

DEFINED_TERMS = """
ABDOMEN ABDOMENPELVIS ANKLE ARM BREAST CALF CHEST CHESTABDOMEN CHESTABDPELVIS CSPINE CTSPINE ELBOW EXTREMITY FEMUR
FINGER FOOT FOREARM HAND HEART HIP HUMERUS KIDNEY KNEE LEG LIVER LSPINE LSSPINE PANCREAS PELVIS PROSTATE SHOULDER SPINE
SSPINE THIGH THORAX THUMB TOE TSPINE TLSPINE UTERUS WRIST
"""
OF_CONSOLES = (
    *("KNIE", "Schulter", "HÜFTE", "LWS", "Lendenwirbelsäule", "OBERSCHENKEL", "BECKEN", "MAMMA"),  # German
    *("GENOU", "ÉPAULE", "RACHIS LOMBAIRE", "CHEVILLE", "BASSIN", "FOIE"),  # French
    *("RODILLA", "HOMBRO", "COLUMNA CERVICAL", "PIERNA", "HÍGADO"),  # Spanish
    *("GINOCCHIO", "SPALLA", "COLONNA LOMBARE", "ADDOME", "FEGATO"),  # Italian
    *("SCHOUDER", "HEUP", "ENKEL", "LWK", "WERVELKOLOM", "BEKKEN", "BORST"),  # Dutch
    *("JOELHO", "COLUNA", "膝", "腰椎", "knee", "L SPINE", "KNEE_LEFT", "Left Knee"),
)
MAY_SHOW_A_BRAIN = (
    *(
        "BRAIN",
        "HEAD",
        "SKULL",
        "",
        "unknown",
        "SMITH",
        "NECK",
        "HEADNECK",
        "CAROTID",
        "ORBIT",
        "IAC",
        "PHANTOM",
        "WHOLEBODY",
    ),
    *("BRAIN AND C-SPINE", "HEAD/NECK/SPINE", "KOPF-HWS", "SCHÄDELHALSWIRBELSÄULE", "ENCÉPHALE ET MOELLE"),
    *("CRÂNE + RACHIS", "CABEZA Y COLUMNA", "ENCEFALO E COLONNA", "HERSENEN EN CWK", "頭部・頚椎", "SPINE, BRAIN"),
    *("KOPF", "TETE", "CABEZA", "TESTA", "HOOFD", "頭", "MAIN", "SENOS", "HIPPOCAMPUS", "FOOT TO HEAD"),
)


@pytest.mark.parametrize(
    ("header", "text", "expected"),
    [
        ("BRAIN", "t2 axial", "brain"),
        ("C-SPINE", "", "spine"),
        ("", "Sag T2 C-spine", "spine"),
        ("HEAD", "brain and c-spine", "brain"),
        ("HEAD", "t1 iams", "inner-ear"),
        ("HEAD", "QA daily", "phantom"),
        ("", "AX T2", "unknown"),
        ("SMITH", "", "unknown"),
        ("KOPF", "", "brain"),
        ("CRÂNE", "", "brain"),
        ("WIRBELSÄULE", "", "spine"),
        ("COLUMNA LUMBAR", "", "spine"),
        ("膝", "", "limb"),
        ("", "SAG DP FS GENOU", "limb"),
        ("", "rodilla derecha", "limb"),
        ("", "頭部 T2強調", "brain"),
        ("", "頚椎 T2", "spine"),
        ("CABEZA", "columna", "brain"),
        ("HERSENEN", "", "brain"),
        ("KNEE_LEFT", "t2 axial", "limb"),
        ("", "lwk sagittaal", "spine"),
    ],
)
def test_the_body_part_is_the_headers_word_then_the_descriptions(header: str, text: str, expected: str) -> None:
    assert body_part(header, text).name == expected


@pytest.mark.parametrize("header", [*DEFINED_TERMS.split(), *OF_CONSOLES])
def test_what_the_header_calls_another_part_is_excluded_in_any_language(header: str) -> None:
    assert header_part(header).excluded


@pytest.mark.parametrize("header", MAY_SHOW_A_BRAIN)
def test_what_may_show_a_brain_is_not_excluded(header: str) -> None:
    assert not header_part(header).excluded


def test_the_index_goes_by_the_same_list() -> None:
    assert facts(BodyPartExamined="GENOU").verdict == "other-body-part"
    assert facts(BodyPartExamined="KOPF-HWS").verdict == IMAGE
