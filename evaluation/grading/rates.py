"""How often the grader is wrong on planted answers: ``python -m evaluation.grading.rates FOLDER``."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import yaml
from pydantic import BaseModel, ConfigDict

from evaluation.grading.dispatch import grade
from evaluation.grading.model import AnswerType, Expected


class Planted(BaseModel):
    """An answer whose grade a reader has decided.

    Attributes:
        value: The expected value.
        aliases: Other right forms.
        question: The question asked.
        answer: The answer to grade.
        correct: The reader's label.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: str
    aliases: tuple[str, ...] = ()
    question: str = ""
    answer: str
    correct: bool


@dataclass(frozen=True)
class Rates:
    """The grader's errors on the planted answers of one type.

    Attributes:
        kind: The answer type.
        right: Answers a reader calls right.
        wrong: Answers a reader calls wrong.
        false_rejects: Right answers that were graded wrong.
        false_accepts: Wrong answers that were graded right.
    """

    kind: AnswerType
    right: int
    wrong: int
    false_rejects: tuple[Planted, ...]
    false_accepts: tuple[Planted, ...]

    @property
    def false_reject_rate(self) -> float:
        """Share of the right answers that were graded wrong."""
        return len(self.false_rejects) / self.right

    @property
    def false_accept_rate(self) -> float:
        """Share of the wrong answers that were graded right."""
        return len(self.false_accepts) / self.wrong


def load(folder: Path, kind: AnswerType) -> list[Planted]:
    """Read a type's planted answers: the files ``<type>.*.yaml`` and ``<type>.yaml`` of a folder."""
    files = sorted([*folder.glob(f"{kind}.yaml"), *folder.glob(f"{kind}.*.yaml")])
    return [Planted.model_validate(entry) for file in files for entry in yaml.safe_load(file.read_text("utf-8"))]


def measure(kind: AnswerType, answers: Iterable[Planted]) -> Rates:
    """Grade planted answers and count the errors."""
    graded = [(planted, is_right(planted, kind)) for planted in answers]
    return Rates(
        kind,
        right=sum(planted.correct for planted, _ in graded),
        wrong=sum(not planted.correct for planted, _ in graded),
        false_rejects=tuple(planted for planted, passed in graded if planted.correct and not passed),
        false_accepts=tuple(planted for planted, passed in graded if passed and not planted.correct),
    )


def is_right(planted: Planted, kind: AnswerType) -> bool:
    """The grader's verdict on a planted answer."""
    return grade(planted.answer, Expected(planted.value, planted.aliases, kind, planted.question)).correct


def rates(folder: Path) -> list[Rates]:
    """The grader's errors for every answer type."""
    return [measure(kind, load(folder, kind)) for kind in get_args(AnswerType)]


def table(measured: Iterable[Rates]) -> str:
    """The rates as a Markdown table."""
    lines = ["| type | right | wrong | false accepts | false rejects |", "|---|---:|---:|---:|---:|"]
    lines += [
        f"| {r.kind} | {r.right} | {r.wrong} | {len(r.false_accepts)} ({r.false_accept_rate:.1%}) "
        f"| {len(r.false_rejects)} ({r.false_reject_rate:.1%}) |"
        for r in measured
    ]
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Print the table for a folder of planted answers, and the answers the grader gets wrong."""
    if len(arguments) != 1 or not Path(arguments[0]).is_dir():
        print("Usage: python -m evaluation.grading.rates FOLDER (of <type>.yaml files)", file=sys.stderr)
        return 2
    measured = rates(Path(arguments[0]))
    print(table(measured))
    for result in measured:
        for name, answers in (("false accept", result.false_accepts), ("false reject", result.false_rejects)):
            for planted in answers:
                print(f"{name}, {result.kind}, expected {planted.value!r}: {planted.answer!r}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
