"""Which way an answer is graded, when the file does not say."""

import re

from andraeus.relations.relation import AnswerType, Relation

_MONTH = (
    "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    "|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_DATE = re.compile(rf"\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}\b|{_MONTH}\s+\d{{1,4}}\b|\d{{4}}-\d\d-\d\d", re.I)
_NUMBER = re.compile(r"[£$€]?\s?-?\d[\d,.]*\s?[a-z%°]{0,4}", re.I)


TYPED = ("date", "number", "yes_no")
"""Answer types that a value has or has not by its form."""


def answer_type(relation: Relation | None, value: str) -> AnswerType:
    """Return the relation's answer type, or what the value looks like where that cannot be.

    A relation that the catalogue knows decides, except that a value which is no date, number or
    yes/no is not graded as one ("when I was six" for a date).
    """
    looks = _looks(value)
    if relation is None or not relation.known:
        return looks
    if relation.answer in TYPED and looks != relation.answer:
        digits = any(c.isdigit() for c in value)
        return relation.answer if digits and relation.answer != "yes_no" else looks
    return relation.answer


def _looks(value: str) -> AnswerType:
    text = value.strip()
    if text.lower() in ("yes", "no"):
        return "yes_no"
    if _DATE.fullmatch(text) or _DATE.match(text):
        return "date"
    if _NUMBER.fullmatch(text):
        return "number"
    return "text"
