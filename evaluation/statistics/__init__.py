"""Intervals, paired contrasts, adjustment for several contrasts, and their calibration.

The fact is the unit of inference, and where several profiles are drawn, the profile; facts are crossed with seeds. The
method is described in `kernel`; `python -m evaluation.statistics.calibrate` writes docs/calibration.md, which says how
well it covers.
"""

from evaluation.statistics.adjust import benjamini_hochberg, holm
from evaluation.statistics.contrast import Contrast, paired_difference
from evaluation.statistics.interval import Interval, interval
from evaluation.statistics.power import minimum_detectable_effect

__all__ = [
    "Contrast",
    "Interval",
    "benjamini_hochberg",
    "holm",
    "interval",
    "minimum_detectable_effect",
    "paired_difference",
]
