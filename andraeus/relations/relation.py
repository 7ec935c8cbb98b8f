"""One relation: its noun, its answer type, how it is stated and how it is asked."""

import re
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict

AnswerType = Literal["name", "date", "number", "place", "yes_no", "text"]
Pronoun = Literal["he", "she", "it", "they"]

# Ways of asking that are written out in the catalogue. The tenth, typo, is a perturbation of these.
WrittenFamily = Literal[
    "direct", "casual", "polite", "minimal", "indirect", "imperative", "embedded", "third_person", "confirming"
]
Family = Literal[WrittenFamily, "typo"]
FAMILIES: tuple[Family, ...] = get_args(Family)

_OBJECT = {"he": "him", "she": "her", "it": "it", "they": "them"}
_POSSESSIVE = {"he": "his", "she": "her", "it": "its", "they": "their"}

_TOLD = {"i'm": "you're", "i": "you", "me": "you", "my": "your"}
_FIRST_PERSON = re.compile(rf"\b(?:{'|'.join(_TOLD)})\b", re.IGNORECASE)


class Relation(BaseModel):
    """A kind of personal fact.

    Templates use the slots ``{subject}`` (noun phrase without "my"), ``{their}`` / ``{them}`` /
    ``{they}`` (the subject's pronoun), ``{owner}`` (the person's name), ``{value}`` (statements
    only) and ``{guess}`` (confirming questions only).

    Attributes:
        name: Key of the relation.
        noun: Noun that names it: "my {subject}'s {noun}".
        subject: Default noun of the subject, or ``None`` when the relation is the person's own.
        answer: How its answers are graded.
        tier: Default tier of its facts, 1 to 3.
        synonyms: Other keys that mean it in a user's file.
        guesses: Plausible values for yes/no questions.
        statement: The fact in the first person.
        third_person_statement: The fact about ``{owner}``.
        questions: Question templates by family.
        plural: Whether the noun is a plural.
        known: False for a relation made up from an unknown key.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    noun: str
    subject: str | None
    answer: AnswerType
    tier: Literal[1, 2, 3]
    synonyms: tuple[str, ...] = ()
    guesses: tuple[str, ...] = ()
    statement: str
    third_person_statement: str
    questions: dict[WrittenFamily, tuple[str, ...]]
    plural: bool = False
    known: bool = True

    @property
    def of_another(self) -> bool:
        """Whether its subject goes by its own name (an organisation), and not as "my …"."""
        return self.statement.startswith("{subject}")


def fill(template: str, *, owner: str, subject: str | None, pronoun: Pronoun, value: str = "", guess: str = "") -> str:
    """Fill a template's slots and mend its first letter.

    Values are inserted as they stand: braces in them are no slots.
    """
    slots = {
        "owner": owner,
        "subject": subject or "",
        "they": pronoun,
        "them": _OBJECT[pronoun],
        "their": _POSSESSIVE[pronoun],
        "value": value,
        "guess": guess,
    }
    parts = template.split("{")
    filled = parts[0] + "".join(_fill_part(part, slots) for part in parts[1:])
    starts_with_slot = template.startswith("{")
    return filled[:1].upper() + filled[1:] if starts_with_slot else filled


def _fill_part(part: str, slots: dict[str, str]) -> str:
    name, closed, rest = part.partition("}")
    return slots[name] + rest if closed and name in slots else "{" + part


def second_person(text: str) -> str:
    """Return a text as it is said to the person who says it: "last present to me" as "last present to you"."""
    return _FIRST_PERSON.sub(lambda found: _TOLD[found.group().lower()], text)
