"""What a study tells the outside while it runs."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True)
class CellInfo:
    """The cell that is about to run.

    Attributes:
        identity: The cell's content hash.
        study: Name of the study the cell belongs to.
        arm: Name of the arm.
        suite: Name of the suite.
        seed: Training replicate; ``None`` for an arm without randomness.
        tags: Further words to find the cell by; a tracker shows them as they are.
        config: Resolved config; may hold personal facts, which a tracker keeps to itself.
    """

    identity: str
    study: str
    arm: str
    suite: str
    seed: int | None
    tags: tuple[str, ...]
    config: dict[str, Any]


class Tracker(Protocol):
    """Follows a study cell by cell; changes no result and, once work has begun, stops none."""

    def check(self) -> None:
        """Find out, before any work, whether this tracker can be used.

        Raises:
            UserError: If it can not, with what to do about it.
        """

    def begin(self, cell: CellInfo) -> None:
        """Note that a cell starts."""

    def log(self, metrics: dict[str, float]) -> None:
        """Note a training step: ``step``, ``loss``, ``learning_rate``, ``examples_per_second``."""

    def end(self, status: str, metrics: dict[str, float], items: list[dict[str, Any]]) -> None:
        """Note that the cell ended.

        Args:
            status: ``success`` or ``failed``.
            metrics: The cell's results by name.
            items: Questions and answers; personal.
        """

    def close_study(self, study: str, summary: dict[str, Any], folder: Path) -> None:
        """Note that a study ended.

        Args:
            study: Its name.
            summary: Content of its ``summary.json``.
            folder: Where its ``tables/`` and ``figures/`` lie.
        """
