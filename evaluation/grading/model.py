"""What goes into a grade and what comes out of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

AnswerType = Literal["name", "date", "number", "place", "yes_no", "text"]


@dataclass(frozen=True)
class Expected:
    """What an answer is held against.

    Attributes:
        value: The fact's value as the person wrote it.
        aliases: Other forms that are as right as the value.
        answer: The answer type, which chooses the matcher.
        question: The question that was asked: words of it that an answer echoes are not counted against the answer.
    """

    value: str
    aliases: tuple[str, ...] = ()
    answer: AnswerType = "text"
    question: str = ""

    @property
    def forms(self) -> tuple[str, ...]:
        """The value and its aliases."""
        return (self.value, *self.aliases)


@dataclass(frozen=True)
class Grade:
    """Whether an answer states the expected value, and in a word or two why (not)."""

    correct: bool
    reason: str


Matcher = Callable[[str, Expected], Grade]

MATCH = Grade(True, "match")
