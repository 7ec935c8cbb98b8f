"""The verdict that all matchers share: the value stated, and no other value beside it."""

import re
from collections.abc import Callable, Iterable

from evaluation.grading.document import Document, Span
from evaluation.grading.model import MATCH, Grade
from evaluation.grading.rivals import alternative, competes, corrected
from evaluation.grading.stance import NEGATED, STATED, refusal, stance

Rivals = Callable[[list[Span]], Iterable[Span]]
"""From the places where the value is stated to the places where another value may stand."""


def judge(
    doc: Document, mentions: list[Span], rivals: Rivals, question: Document, cues: re.Pattern[str] | None = None
) -> Grade:
    """Grade an answer from where the value and where other values stand in it.

    Args:
        doc: The answer.
        mentions: Every place where the expected value stands.
        rivals: Finds other values of the same kind.
        question: The question that was asked.
        cues: The matcher's own words that make a value another one ("near Leeds").

    Returns:
        Right if the value is stated somewhere, and nowhere denied, offered among others or taken back.
    """
    if not doc.tokens:
        return Grade(False, "empty")
    stances = [stance(doc, mention, question, cues) for mention in mentions]
    stated = [mention for mention, how in zip(mentions, stances, strict=True) if how == STATED]
    if not stated:
        return Grade(False, stances[0] if stances else "refused" if refusal(doc) else "other value")
    if NEGATED in stances:
        return Grade(False, "contradicted")
    if any(alternative(doc, mention, stated) for mention in stated):
        return Grade(False, "hedged")
    if corrected(doc, max(stated)):
        return Grade(False, "contradicted")
    if any(competes(doc, rival, stated, question) for rival in rivals(stated)):
        return Grade(False, "other value")
    return MATCH
