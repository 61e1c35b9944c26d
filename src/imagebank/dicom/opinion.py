"""A learned second opinion on protocol signatures. It flags disagreement with a label, and never changes one.

Gradient-boosted trees on the resolved fields, trained on the bank's own curated signatures. Signatures of one scanner
model are never on both sides of a split, so that what is told of its accuracy holds for a scanner that it has not seen.
Under 0.8 it abstains.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from imagebank.core.errors import ConfigError

ABSTAIN_BELOW = 0.8
NOT_TOLD = -1.0  # below every value; a column without any number, as NaN would make it, cannot be learned from
FOLDS = 5
FEWEST_OF_A_LABEL = 2
FEWEST_SIGNATURES = 12

NUMBERS = (
    "repetition_time_ms",
    "echo_time_ms",
    "inversion_time_ms",
    "flip_angle_deg",
    "row_spacing_mm",
    "column_spacing_mm",
    "slice_thickness_mm",
    "rows",
    "columns",
    "instances",
    "frames",
    "echoes",
)
WORDS = {
    "plane": ("axial", "sagittal", "coronal", "several"),
    "acquisition": ("2D", "3D"),
    "component": ("magnitude", "phase", "several"),
}
IMAGE_WORDS = ("DERIVED", "SECONDARY", "DIFFUSION", "ADC", "FA", "TRACEW", "MPR", "MIP", "SWI", "MOSAIC", "FMRI", "ASL")
MAKERS = ("Siemens", "GE", "Philips", "Canon", "UIH", "Hitachi", "Hyperfine")


@dataclass(frozen=True)
class Example:
    """One curated signature: the facts of a series of it, what it shows, and the scanner model it is from."""

    facts: Mapping[str, Any]
    sequence: str
    scanner: str


@dataclass(frozen=True)
class Opinion:
    """What the second opinion would call a signature, and how sure it is; empty where it abstains."""

    sequence: str
    probability: float


@dataclass(frozen=True)
class Trained:
    """A trained second opinion, and how it did on scanners that it had not seen: right, wrong, abstained."""

    model: Any
    right: int
    wrong: int
    abstained: int


def features(facts: Mapping[str, Any]) -> list[float]:
    """The resolved fields of a series as numbers. No description takes part."""
    numbers = [NOT_TOLD if facts.get(name) is None else float(facts[name]) for name in NUMBERS]
    words = [float(facts.get(name) == word) for name, known in WORDS.items() for word in known]
    protocol = facts.get("protocol") or {}
    image_type = set(protocol.get("image_type", ()))
    makers = [float(protocol.get("manufacturer") == maker) for maker in MAKERS]
    flags = [float(word in image_type) for word in IMAGE_WORDS]
    told = [float(bool(facts.get(name))) for name in ("fat_suppressed", "inverted")]
    return [*numbers, *words, *makers, *flags, *told]


def train(examples: Sequence[Example]) -> Trained:
    """Learn from curated signatures. Raises ConfigError without scikit-learn, or with too few of them."""
    counts = Counter(each.sequence for each in examples)
    usable = [each for each in examples if counts[each.sequence] >= FEWEST_OF_A_LABEL]
    if len(usable) < FEWEST_SIGNATURES or len({each.sequence for each in usable}) < 2:
        raise ConfigError(
            f"A second opinion needs {FEWEST_SIGNATURES} curated signatures of at least two sequences, "
            f"each with {FEWEST_OF_A_LABEL}; the bank has {len(usable)}.",
            "confirm or correct more signatures with `imagebank signatures`, those with most series first",
        )
    values, labels = _arrays(usable)
    right, wrong, abstained = _held_out(values, labels, [each.scanner for each in usable])
    return Trained(_model().fit(values, labels), right, wrong, abstained)


def opinions(trained: Trained, facts: Sequence[Mapping[str, Any]]) -> list[Opinion]:
    """What the second opinion says of each series; it abstains where it is not sure."""
    if not facts:
        return []
    likely = trained.model.predict_proba(np.array([features(each) for each in facts]))
    return [_opinion(trained.model.classes_, row) for row in likely]


def _opinion(classes: Any, row: Any) -> Opinion:
    best = int(np.argmax(row))
    sure = float(row[best])
    return Opinion(str(classes[best]) if sure >= ABSTAIN_BELOW else "", sure)


def _arrays(examples: Sequence[Example]) -> tuple[Any, Any]:
    return np.array([features(each.facts) for each in examples]), np.array([each.sequence for each in examples])


def _held_out(values: Any, labels: Any, scanners: Sequence[str]) -> tuple[int, int, int]:
    """Right, wrong and abstained on scanners that were left out of training; nothing with a single scanner."""
    splitter = _learning()[1]
    folds = min(FOLDS, len(set(scanners)))
    if folds < 2:
        return 0, 0, 0
    told: Counter[str] = Counter()
    for train_rows, test_rows in splitter(n_splits=folds).split(values, labels, scanners):
        if len(set(labels[train_rows])) < 2:
            continue
        model = _model().fit(values[train_rows], labels[train_rows])
        for row, truth in zip(model.predict_proba(values[test_rows]), labels[test_rows], strict=True):
            said = _opinion(model.classes_, row).sequence
            told["abstained" if not said else "right" if said == truth else "wrong"] += 1
    return told["right"], told["wrong"], told["abstained"]


def _model() -> Any:
    return _learning()[0](max_iter=120, min_samples_leaf=1, l2_regularization=1.0, random_state=0)


def _learning() -> tuple[Any, Any]:
    """The two parts of scikit-learn, which is only loaded when somebody asks for a second opinion."""
    try:
        from sklearn.ensemble import HistGradientBoostingClassifier
        from sklearn.model_selection import GroupKFold
    except ImportError:
        raise ConfigError("scikit-learn is not installed.", "install it with: pip install 'imagebank[learn]'") from None
    return HistGradientBoostingClassifier, GroupKFold
