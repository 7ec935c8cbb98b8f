"""No tracking."""

from pathlib import Path
from typing import Any

from experiments.tracking.tracker import CellInfo, StudyInfo


class NoTracker:
    """Tells nobody anything."""

    def check(self) -> None:
        """Accept."""

    def begin_study(self, study: StudyInfo) -> None:
        """Do nothing."""

    def begin(self, cell: CellInfo) -> None:
        """Do nothing."""

    def log(self, metrics: dict[str, float]) -> None:
        """Do nothing."""

    def end(self, status: str, metrics: dict[str, float], items: list[dict[str, Any]]) -> None:
        """Do nothing."""

    def close_study(self, study: StudyInfo, summary: dict[str, Any], timings: dict[str, Any], folder: Path) -> None:
        """Do nothing."""
