"""Grading dates: every part that the value has must be given and agree."""

import re

from evaluation.grading.clean import plain
from evaluation.grading.dates import Date, Reading, dates
from evaluation.grading.document import Document, Span
from evaluation.grading.judge import judge
from evaluation.grading.model import Expected, Grade
from evaluation.grading.numerals import quantities

_BOUND = re.compile(
    r"\b(?:before|after|until|till|by|between|prior to|following|later than|earlier than|around the (?:start|end) of"
    r"|(?:day|week|month|year|days|weeks|months|years) (?:before|after|from))(?: the)?$"
)
_YEARS = range(1500, 2101)
_WEEKDAY = re.compile(r"^(?:on\s+)?(?:the\s+)?(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day,?\s+)?(?:the\s+)?", re.I)


def date_of(form: str) -> Date | None:
    """The date that a value is, if it is nothing but a date."""
    text = _WEEKDAY.sub("", plain(form))
    found = dates(text)
    return found[0] if len(found) == 1 and (found[0].start, found[0].end) == (0, len(text)) else None


def grade_date(answer: str, expected: Expected) -> Grade:
    """Grade an answer whose value is a date."""
    doc, question = Document.of_answer(answer), Document.of_plain(expected.question)
    wanted = [reading for form in expected.forms if (date := date_of(form)) for reading in date.readings]
    found = _with_years(doc, (*dates(doc.text), *_years_in_words(doc.text)))
    right = [date for date in found if any(_agree(r, w) for r in date.readings for w in wanted)]
    others = [d for d in found if d not in right and all(_differs(r, w) for r in d.readings for w in wanted)]

    def rivals(stated: list[Span]) -> list[Span]:
        return [doc.at(date.start, date.end) for date in others]

    verdict = judge(doc, [doc.at(date.start, date.end) for date in right], rivals, question, _BOUND)
    if verdict.reason == "other value" and not right and _partial(found, wanted):
        return Grade(False, "incomplete")
    return verdict


def _years_in_words(text: str) -> list[Date]:
    """Nineteen ninety-seven, two thousand and one."""
    spelled = [q for q in quantities(text) if not re.search(r"\d", text[q.start : q.end]) and q.unit is None]
    return [Date(q.start, q.end, ((int(q.value), None, None),)) for q in spelled if q.value in _YEARS]


def _agree(reading: Reading, wanted: Reading) -> bool:
    """Whether every part of the value is in the answer and the same."""
    return all(want is None or given == want for given, want in zip(reading, wanted, strict=True))


def _differs(reading: Reading, wanted: Reading) -> bool:
    """Whether the answer gives every part of the value, one of them differently."""
    complete = all(want is None or given is not None for given, want in zip(reading, wanted, strict=True))
    return complete and not _agree(reading, wanted)


def _partial(found: list[Date], wanted: list[Reading]) -> bool:
    pairs = ((reading, want) for date in found for reading in date.readings for want in wanted)
    return any(all(g is None or g == w for g, w in zip(r, want, strict=True)) for r, want in pairs)


def _with_years(doc: Document, found: tuple[Date, ...]) -> list[Date]:
    """Give a day and month the year that stands elsewhere in its sentence ("In 2019, on 2 September")."""
    complete = []
    for date in found:
        sentence = doc.tokens[doc.at(date.start, date.end)[0]].sentence
        years = {
            other.readings[0][0]
            for other in found
            if other.readings[0][1] is None and doc.tokens[doc.at(other.start, other.end)[0]].sentence == sentence
        }
        if len(years) == 1 and date.readings[0][0] is None and date.day:
            year = next(iter(years))
            date = Date(date.start, date.end, tuple((year, month, day) for _, month, day in date.readings))
        complete.append(date)
    return complete
