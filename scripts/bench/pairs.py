"""Paired timings: two ways of doing the same in turn, so that a machine whose speed drifts treats both alike."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Paired:
    """Seconds of two ways, run in turn.

    Attributes:
        ours: Seconds of each of our runs.
        theirs: Seconds of each of the peer's runs; run i of both stood side by side.
    """

    ours: tuple[float, ...]
    theirs: tuple[float, ...]

    @property
    def ratios(self) -> list[float]:
        """How many times as long the peer took, pair by pair."""
        return [b / a for a, b in zip(self.ours, self.theirs, strict=True)]

    def told(self, work: int) -> dict[str, float | int | list[float]]:
        """Return what is written down: medians, the smallest and largest ratio, rates of so much work a run."""
        return {
            "ratio": statistics.median(self.ratios),
            "ratio_min": min(self.ratios),
            "ratio_max": max(self.ratios),
            "runs": len(self.ours),
            "ours_per_second": work / statistics.median(self.ours),
            "theirs_per_second": work / statistics.median(self.theirs),
            "ours_seconds": list(self.ours),
            "theirs_seconds": list(self.theirs),
        }


def paired(ours: Callable[[], float | None], theirs: Callable[[], float | None], runs: int) -> Paired:
    """Run two ways in turn, after a run of each that does not count.

    A way returns its own seconds where part of it is not to be timed, else ``None``: then all of it is.
    """

    def timed(way: Callable[[], float | None]) -> float:
        begun = time.perf_counter()
        told = way()
        return time.perf_counter() - begun if told is None else told

    timed(ours), timed(theirs)
    pairs = [(timed(ours), timed(theirs)) for _ in range(runs)]
    return Paired(tuple(a for a, _ in pairs), tuple(b for _, b in pairs))
