"""Sequences ("stretch, coffee, cycle"): the same items in the same order, and none between."""

import re

from evaluation.grading import lexicon
from evaluation.grading.document import Document, Span
from evaluation.grading.judge import judge
from evaluation.grading.model import Expected, Grade
from evaluation.grading.phrases import find
from evaluation.grading.rivals import listed, stem
from evaluation.grading.words import words

_SPLIT = re.compile(r"\s*(?:,\s*(?:and\s+|then\s+|and then\s+)?|;|→|->|\bthen\b)\s*")
_FILLERS = frozenset(
    words(
        """
        go going have having drink drinking eat eating make making grab grabbing take taking start starting
        begin beginning follow followed following finish finishing end ending step steps order morning evening
        routine number hop ride riding work nice cup quick good bit little enjoy enjoying do doing read reading
        head heading listen listening practise practice play playing wake wakes waking day proceed move moving
        """
    )
)


def items_of(value: str) -> tuple[str, ...]:
    """The items of a value that is a sequence; empty if it is none."""
    items = tuple(item for item in _SPLIT.split(value.strip()) if item)
    return items if len(items) > 2 or (len(items) == 2 and "then" in value) else ()


def grade_sequence(answer: str, expected: Expected) -> Grade:
    """Grade an answer whose value is a sequence."""
    doc, question = Document.of_answer(answer), Document.of_plain(expected.question)
    mentions = [span for form in expected.forms for span in _runs(doc, items_of(form), question)]
    return judge(doc, mentions, lambda stated: _extra(doc, stated, question), question)


def _runs(doc: Document, items: tuple[str, ...], question: Document) -> list[Span]:
    """Every stretch that names the items in their order with nothing else between them."""
    places = [_find(doc, item) for item in items]
    runs = []
    for first in places[0] if places else ():
        end: int | None = first[1]
        for following in places[1:]:
            end = next((stop for start, stop in following if end is not None and _linked(doc, end, start)), None)
        if end is not None:
            runs.append((first[0], end))
    return runs


def _find(doc: Document, item: str) -> list[Span]:
    exact = find(doc, item, plural=True)
    words = [stem(word) for word in Document.of_plain(item).norms if word not in lexicon.DROPPED]
    if exact or len(words) != 1:
        return exact
    return [(i, i + 1) for i, norm in enumerate(doc.norms) if stem(norm) == words[0]]


def _linked(doc: Document, end: int, start: int) -> bool:
    between = doc.tokens[end:start]
    return (
        start >= end
        and all(
            not token.content or token.norm in _FILLERS or token.norm.isdigit() or token.norm.endswith("ly")
            for token in between
        )
        and not any(token.norm in {"or", "not"} for token in between)
    )


def _extra(doc: Document, stated: list[Span], question: Document) -> list[Span]:
    """List items before the first or after the last of the sequence."""
    found = [item for span in stated for item in listed(doc, span)]
    return [item for item in found if not set(doc.norms[slice(*item)]) <= _FILLERS | lexicon.INTERJECTIONS]
