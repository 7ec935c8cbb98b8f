"""What a study tells the outside while it runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
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
        tags: Further words to find the cell by.
        config: Resolved config; may hold personal facts, which a tracker keeps to itself.
        choices: Which config of each group was chosen, such as ``lora: r16``.
    """

    identity: str
    study: str
    arm: str
    suite: str
    seed: int | None
    tags: tuple[str, ...]
    config: dict[str, Any]
    choices: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class StudyInfo:
    """A study as the store has it.

    Attributes:
        name: Its name.
        made: For each of its cells, by identity, the resolved config under which the cell was run, whichever
            study that was for; ``None`` where it does not stand as a success.
    """

    name: str
    made: Mapping[str, Mapping[str, Any] | None]


class Tracker(Protocol):
    """Follows a study cell by cell; changes no result and, once work has begun, stops none."""

    def check(self) -> None:
        """Find out, before any work, whether this tracker can be used.

        Raises:
            UserError: If it can not, with what to do about it.
        """

    def begin_study(self, study: StudyInfo) -> None:
        """Note that a study starts, with what stands and what is to be run."""

    def begin(self, cell: CellInfo) -> None:
        """Note that a cell starts."""

    def log(self, metrics: dict[str, float]) -> None:
        """Note a training step: ``step``, ``loss``, ``learning_rate``, ``examples_per_second``."""

    def end(self, status: str, metrics: dict[str, float], items: list[dict[str, Any]]) -> None:
        """Note that the cell ended.

        Args:
            status: ``success``, ``failed`` or ``interrupted``.
            metrics: The cell's results by name.
            items: Questions and answers; personal.
        """

    def close_study(self, study: StudyInfo, summary: dict[str, Any], timings: dict[str, Any], folder: Path) -> None:
        """Note that a study ended.

        Args:
            study: The study.
            summary: Content of its ``summary.json``.
            timings: Content of its ``timings.json``.
            folder: Where its ``tables/`` and ``figures/`` lie.
        """
