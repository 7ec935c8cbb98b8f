"""Which matcher grades which answer."""

import re
from dataclasses import replace
from functools import lru_cache

from andraeus.letters import composed
from evaluation.grading.addresses import grade_address, is_address
from evaluation.grading.calendar_dates import date_of, grade_date
from evaluation.grading.clock import clock_of, grade_clock
from evaluation.grading.codes import grade_code, is_code
from evaluation.grading.document import Document
from evaluation.grading.lists import grade_sequence, items_of
from evaluation.grading.model import AnswerType, Expected, Grade, Matcher
from evaluation.grading.names import grade_name
from evaluation.grading.numbers import grade_quantity, quantity_of
from evaluation.grading.places import grade_place
from evaluation.grading.stance import refusal
from evaluation.grading.texts import grade_text
from evaluation.grading.yes_no import grade_yes_no

Kind = tuple[object, Matcher]

_CLOCK = (clock_of, grade_clock)
_DATE = (date_of, grade_date)
_QUANTITY = (quantity_of, grade_quantity)
_ADDRESS = (is_address, grade_address)
_CODE = (is_code, grade_code)
_SEQUENCE = (items_of, grade_sequence)

_READINGS = {
    "number": (_CLOCK, _QUANTITY, _CODE),
    "date": (_CLOCK, _DATE),
    "text": (_ADDRESS, _CLOCK, _QUANTITY, _CODE, _DATE, _SEQUENCE),
}
"""What a value of a type may turn out to be, tried in turn."""

_MATCHERS: dict[AnswerType, Matcher] = {
    "name": grade_name,
    "date": grade_text,
    "number": grade_text,
    "place": grade_place,
    "yes_no": grade_yes_no,
    "text": grade_text,
}


def grade(answer: str, expected: Expected) -> Grade:
    """Grade a free-text answer against what was expected.

    Args:
        answer: What the model wrote, as it is.
        expected: The value, its aliases, its type and the question.

    Returns:
        Whether the answer states the value, and in a word or two why (not).
    """
    answer, expected = composed(answer), _composed(expected)
    for reads, matcher in _READINGS.get(expected.answer, ()):
        if reads(expected.value):
            return matcher(answer, expected)
    return _MATCHERS[expected.answer](*_with_one_word(answer, expected))


def _composed(expected: Expected) -> Expected:
    aliases = tuple(map(composed, expected.aliases))
    return replace(expected, value=composed(expected.value), aliases=aliases, question=composed(expected.question))


def _with_one_word(answer: str, expected: Expected) -> tuple[str, Expected]:
    """Put one word for a value that would not be read as one, where it stands.

    It has full stops ("J. R. R. Tolkien"), is no words ("★★★★"), or reads as a refusal ("Unknown Pleasures").
    """
    forms = [form for form in expected.forms if _misread(form)]
    if not forms:
        return answer, expected
    replaced = re.sub("|".join(map(_alone, forms)), "Thisvalue", answer)
    if replaced == answer:
        return answer, expected
    return replaced, replace(expected, value="Thisvalue", aliases=tuple(f for f in expected.forms if f not in forms))


@lru_cache(maxsize=4096)
def _misread(form: str) -> bool:
    no_words = re.search(r"[^\W_]", form) is None
    return no_words or re.search(r"[.!?\n]", form) is not None or _refuses(form)


def _refuses(form: str) -> bool:
    return refusal(Document.of_plain(form))


def _alone(form: str) -> str:
    """Return what finds a form where it is not part of something longer: in a word, or in a row of its own signs."""
    around = r"\w" if re.search(r"[^\W_]", form) else rf"[\w{re.escape(''.join(form.split()))}]"
    spelled = r"\s+".join(map(re.escape, form.split()))
    # No Idea is a band, and no idea is none.
    case = "" if _refuses(form) else "i"
    return rf"(?{case}:(?<!{around}){spelled}(?!{around}))"
