"""Places: in them and not near them, one and not several, with their region or without."""

import re

from evaluation.grading.document import Document, Span
from evaluation.grading.gazetteer import SITE, level
from evaluation.grading.judge import judge
from evaluation.grading.model import Expected, Grade
from evaluation.grading.names import longer_name, name_rivals, proper
from evaluation.grading.phrases import find_all
from evaluation.grading.texts import longer
from evaluation.grading.words import words

_NEAR = re.compile(
    r"\b(?:near|nearby|outside(?: of)?|beside|behind|under|above|beneath|next(?: door)? to|close to|adjacent to"
    r"|(?<!the )(?:north|south|east|west|northeast|northwest|southeast|southwest) of|(?:miles?|km|kilometres?|hours?"
    r"|minutes?|away|far|across|drive|ride|train) from"
    r"|(?:suburbs?|outskirts|edge) of|(?:road|train|bus|flight|way) to|between|opposite|beyond|past"
    r"|in front of|towards?"
    r"|left|leaving)(?: the| your| my| a)?$"
)
_PREPOSITIONS = frozenset({"in", "from", "to", "at", "into"})
_SITES = frozenset(
    words(
        """
        park pier street road avenue lane school primary college university academy hospital clinic station
        castle museum gallery church cathedral gym restaurant bar cafe pub hotel beach hall library farm shelter
        garden gardens market theatre cinema stadium club centre center airport bridge square tower zoo
        """
    )
)
_KINDS = frozenset({"city", "town", "village", "itself", "proper"})


def grade_place(answer: str, expected: Expected) -> Grade:
    """Grade an answer whose value is a place."""
    doc, question = Document.of_answer(answer), Document.of_plain(expected.question)
    mentions = [span for span in find_all(doc, expected.forms) if not _longer(doc, span, question)]
    return judge(doc, mentions, lambda stated: _rivals(doc, stated, question), question, _NEAR)


def _longer(doc: Document, span: Span, question: Document) -> bool:
    start, stop = span
    if stop < len(doc.tokens) and doc.tokens[stop].joined and doc.norms[stop] in _KINDS:
        span = (start, stop + 1)
    if any(token.raw[0].isupper() for token in doc.tokens[start:stop]):
        return longer_name(doc, span, question)
    return longer(doc, span, question) or longer_name(doc, span, question)


def _rivals(doc: Document, stated: list[Span], question: Document) -> list[Span]:
    spans = name_rivals(doc, stated, question) + [s for s in proper(doc) if _located(doc, s)]
    apart = [span for span in spans if not any(span[0] < s[1] and s[0] < span[1] for s in stated)]
    return [span for span in apart if not any(_region(doc, span, value) for value in stated)]


def _located(doc: Document, span: Span) -> bool:
    before = span[0] - 1
    return before >= 0 and doc.norms[before] in _PREPOSITIONS and doc.tokens[span[0]].joined


def _region(doc: Document, other: Span, value: Span) -> bool:
    """Whether one of two places is merely the wider region of the other."""
    mine, theirs = _level(doc, value), _level(doc, other)
    return theirs < mine if other[0] > value[0] else mine < theirs


def _level(doc: Document, span: Span) -> int:
    """How wide a place is; a building, a park or a piece of furniture lies inside a town."""
    tokens = doc.tokens[slice(*span)]
    inside = tokens[-1].norm in _SITES or any(token.content and token.raw[0].islower() for token in tokens)
    return SITE if inside and doc.cased else level(doc.words(*span))
