"""Image quality: numbers that say whether an image is worth using, and a verdict with its reasons.

`assess` is the step: it reads one image (`volumes`) and the headers of its series (`positions`) and measures where the
head is (`head`), how it lies (`placement`), how the slices are stacked (`stacking`), what the voxels are like
(`intensity`) and how a series of volumes behaves (`series`). `verdict` decides over all images of a bank at once, each
held against those like it. The metrics are declared in `data/metrics.toml`, the fixed limits in `data/limits.toml`.
"""

from imagebank.imaging.quality.assess import VERSION, assess_image
from imagebank.imaging.quality.model import ABSENT, Metric, QualityResult, QualityTask, metrics, shown_by
from imagebank.imaging.quality.verdict import VERDICTS, Limit, Measured, Verdict, judge, limits

__all__ = [
    "ABSENT",
    "VERDICTS",
    "VERSION",
    "Limit",
    "Measured",
    "Metric",
    "QualityResult",
    "QualityTask",
    "Verdict",
    "assess_image",
    "judge",
    "limits",
    "metrics",
    "shown_by",
]
