"""Numbers: equal in value and unit, whole, and not one of several."""

import re
from dataclasses import replace
from decimal import Decimal

from evaluation.grading import lexicon
from evaluation.grading.clean import plain
from evaluation.grading.clock import clocks
from evaluation.grading.dates import dates
from evaluation.grading.document import Document, Span, fold
from evaluation.grading.judge import judge
from evaluation.grading.model import Expected, Grade
from evaluation.grading.numerals import Quantity, quantities
from evaluation.grading.units import FREE, Unit, unit_of

_BOUND = re.compile(
    r"\b(?:over|under|above|below|exceeding|(?:more|less|fewer|older|younger|greater|bigger|smaller|higher|lower) than"
    r"|at (?:least|most)|nearly|almost|up to|between|minimum(?: of)?|maximum(?: of)?|minus|just (?:shy|short) of"
    r"|from \S+ to|\d+ to|not quite)(?: a| an| the| size| age| of)*$"
)
_LABELS = re.compile(r"^(?:size|number|no(?=\W*\d)|age|about|around|approximately|roughly)\s+", re.I)
_DIMENSIONS = frozenset({"tall", "long", "high", "wide", "deep", "heavy", "old", "away", "month", "total"})
_MEASURING = frozenset({"long", "far", "tall", "high", "heavy", "weigh", "sleep", "take", "takes", "time", "commute"})
_ROUNDING = Decimal("0.006")
_YEARS = range(1900, 2101)


def quantity_of(form: str) -> Quantity | None:
    """The number that a value is, if it is nothing but a number with its unit."""
    text = _LABELS.sub("", plain(form))
    found = quantities(text)
    leading_zero = re.match(r"0\d", text)
    if len(found) != 1 or found[0].start or found[0].end != len(text) or leading_zero:
        return None
    return found[0] if len(re.sub(r"\D", "", text)) < 10 else None


def grade_quantity(answer: str, expected: Expected) -> Grade:
    """Grade an answer whose value is a number."""
    doc, question = Document.of_answer(answer), Document.of_plain(expected.question)
    wanted = [quantity for form in expected.forms if (quantity := quantity_of(form))]
    found = [quantity for quantity in quantities(doc.text) if not _part_of_date(doc.text, quantity)]
    right = [q for q in found if any(_equal(q, w, question) for w in wanted) and not _ranged(doc.text, q)]

    def rivals(stated: list[Span]) -> list[Span]:
        others = [q for q in found if q not in right and any(_same_kind(q, r) for r in right)]
        return [doc.at(q.start, q.end) for q in others if not _is_year(q, doc, wanted)]

    return judge(doc, [doc.at(q.start, q.end) for q in right], rivals, question, _BOUND)


def _equal(found: Quantity, wanted: Quantity, question: Document) -> bool:
    unit, asked = found.unit, wanted.unit
    if asked is None:
        return found.value == wanted.value and (unit is None or _harmless(unit, question))
    if unit is None:
        return found.value == wanted.value and not _of_things(found.noun, question)
    if unit.dimension != asked.dimension and "pound" in {unit.dimension, asked.dimension}:
        found, wanted = _pounds_as(found, asked), _pounds_as(wanted, unit)
        unit, asked = found.unit or unit, wanted.unit or asked
    if unit.dimension != asked.dimension:
        return False
    if unit.system == asked.system:
        return found.measure == wanted.measure
    return abs(found.measure - wanted.measure) <= _ROUNDING * abs(wanted.measure)


def _pounds_as(quantity: Quantity, other: Unit) -> Quantity:
    """Read pounds as mass or as money, as whichever they are held against."""
    meant = {"mass": unit_of("lb"), "gbp": unit_of("gbp")}.get(other.dimension)
    unit = quantity.unit
    return replace(quantity, unit=meant) if meant and unit and unit.dimension == "pound" else quantity


def _harmless(unit: Unit, question: Document) -> bool:
    """Whether a number whose value has no unit may be given in this one.

    It may in a unit that the question names, as money or a region's size, as years, and as any measure where the
    question asks for a measure and names none of its kind: a commute of 45 takes 45 minutes, but four years are not
    four months, and nobody is 28 months old.
    """
    asked = [u for norm in question.norms if (u := unit_of(norm))]
    if unit in asked or unit.dimension in FREE:
        return True
    usual = unit == unit_of("years") or not _MEASURING.isdisjoint(question.norms)
    return usual and not any(u.dimension == unit.dimension for u in asked)


def _of_things(noun: str, question: Document) -> bool:
    """Whether the word after a number that lacks its unit counts something else: 178 books is not 178 cm."""
    plain_words = lexicon.FUNCTION | lexicon.INTERJECTIONS | _DIMENSIONS | set(question.norms)
    return bool(noun) and fold(noun) not in plain_words and not noun.endswith("ly")


def _same_kind(one: Quantity, other: Quantity) -> bool:
    mine, theirs = one.unit, other.unit
    return mine is None or theirs is None or mine.dimension == theirs.dimension


def _is_year(quantity: Quantity, doc: Document, wanted: list[Quantity]) -> bool:
    """Whether a number is merely a year mentioned beside an answer that is none."""
    looks = quantity.unit is None and quantity.value in _YEARS
    return looks and not any(w.value in _YEARS for w in wanted)


def _ranged(text: str, quantity: Quantity) -> bool:
    """Whether the number begins or ends a range: 28-30, 28 to 30, 28+."""
    after = re.match(r"\s?(?:\+|(?:-|–|—|to|through)\s?\d)", text[quantity.end :])
    return after is not None or re.search(r"\d\s?[-–—]$", text[: quantity.start]) is not None


def _part_of_date(text: str, quantity: Quantity) -> bool:
    spans = [(date.start, date.end) for date in dates(text) if date.day]
    spans += [(c.start, c.end) for c in clocks(text) if not re.fullmatch(r"[\d.]+", text[c.start : c.end])]
    return any(start <= quantity.start and quantity.end <= end for start, end in spans)
