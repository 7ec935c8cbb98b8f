"""Intervals, paired contrasts and what they claim, adjustment for several, variance shares, power, calibration.

The fact is the unit of inference, and where several profiles are drawn, the profile; facts are crossed with seeds. The
method is described in `kernel`; `python -m evaluation.statistics.calibrate` writes docs/calibration.md, which says how
well it covers.
"""

from evaluation.statistics.adjust import benjamini_hochberg, holm
from evaluation.statistics.claims import Kind
from evaluation.statistics.contrast import Contrast, paired_difference
from evaluation.statistics.interval import Interval, interval
from evaluation.statistics.planning import Design, Pilot, needed, pilot, planned_effect, planned_power
from evaluation.statistics.power import minimum_detectable_effect, power_of
from evaluation.statistics.variance import Components, variance_components

__all__ = [
    "Components",
    "Contrast",
    "Design",
    "Interval",
    "Kind",
    "Pilot",
    "benjamini_hochberg",
    "holm",
    "interval",
    "minimum_detectable_effect",
    "needed",
    "paired_difference",
    "pilot",
    "planned_effect",
    "planned_power",
    "power_of",
    "variance_components",
]
