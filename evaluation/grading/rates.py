"""How often the grader is wrong on answers that a reader has labelled: ``python -m evaluation.grading.rates FOLDER``.

A folder holds ``<group>.yaml`` or ``<group>.<batch>.yaml`` files: planted answers are grouped by answer type, real
outputs by arm.
"""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import yaml
from pydantic import BaseModel, ConfigDict

from evaluation.grading.dispatch import grade
from evaluation.grading.model import AnswerType, Expected


class Planted(BaseModel):
    """An answer, planted or real, whose grade a reader has decided.

    Attributes:
        value: The expected value.
        aliases: Other right forms.
        question: The question asked.
        answer: The answer to grade.
        correct: The reader's label.
        type: The answer type, where the file's name does not say it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: str
    aliases: tuple[str, ...] = ()
    question: str = ""
    answer: str
    correct: bool
    type: AnswerType | None = None


@dataclass(frozen=True)
class Rates:
    """The grader's errors on the answers of one group.

    Attributes:
        group: The answer type, or the arm.
        right: Answers a reader calls right.
        wrong: Answers a reader calls wrong.
        false_rejects: Right answers that were graded wrong.
        false_accepts: Wrong answers that were graded right.
    """

    group: str
    right: int
    wrong: int
    false_rejects: tuple[Planted, ...]
    false_accepts: tuple[Planted, ...]

    @property
    def false_reject_rate(self) -> float:
        """Share of the right answers that were graded wrong; 0 where there are none."""
        return len(self.false_rejects) / max(self.right, 1)

    @property
    def false_accept_rate(self) -> float:
        """Share of the wrong answers that were graded right; 0 where there are none."""
        return len(self.false_accepts) / max(self.wrong, 1)


def groups(folder: Path) -> list[str]:
    """Return the groups of a folder, in alphabetical order."""
    return sorted({file.name.split(".")[0] for file in folder.glob("*.yaml")})


def load(folder: Path, group: str) -> list[Planted]:
    """Read a group's answers: the files ``<group>.*.yaml`` and ``<group>.yaml`` of a folder."""
    files = sorted([*folder.glob(f"{group}.yaml"), *folder.glob(f"{group}.*.yaml")])
    return [Planted.model_validate(entry) for file in files for entry in yaml.safe_load(file.read_text("utf-8"))]


def measure(group: str, answers: Iterable[Planted]) -> Rates:
    """Grade labelled answers and count the errors."""
    graded = [(planted, is_right(planted, planted.type or cast(AnswerType, group))) for planted in answers]
    return Rates(
        group,
        right=sum(planted.correct for planted, _ in graded),
        wrong=sum(not planted.correct for planted, _ in graded),
        false_rejects=tuple(planted for planted, passed in graded if planted.correct and not passed),
        false_accepts=tuple(planted for planted, passed in graded if passed and not planted.correct),
    )


def is_right(planted: Planted, kind: AnswerType) -> bool:
    """Return the grader's verdict on a labelled answer."""
    return grade(planted.answer, Expected(planted.value, planted.aliases, kind, planted.question)).correct


def rates(folder: Path) -> list[Rates]:
    """Return the grader's errors for every group of a folder."""
    return [measure(group, load(folder, group)) for group in groups(folder)]


def table(measured: Iterable[Rates]) -> str:
    """The rates as a Markdown table."""
    lines = ["| group | right | wrong | false accepts | false rejects |", "|---|---:|---:|---:|---:|"]
    lines += [
        f"| {r.group} | {r.right} | {r.wrong} | {len(r.false_accepts)} ({r.false_accept_rate:.1%}) "
        f"| {len(r.false_rejects)} ({r.false_reject_rate:.1%}) |"
        for r in measured
    ]
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Print the table for a folder of labelled answers, and the answers the grader gets wrong."""
    if len(arguments) != 1 or not Path(arguments[0]).is_dir():
        print("Usage: python -m evaluation.grading.rates FOLDER (of <group>.yaml files)", file=sys.stderr)
        return 2
    measured = rates(Path(arguments[0]))
    print(table(measured))
    for result in measured:
        for name, answers in (("false accept", result.false_accepts), ("false reject", result.false_rejects)):
            for planted in answers:
                print(f"{name}, {result.group}, expected {planted.value!r}: {planted.answer!r}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
