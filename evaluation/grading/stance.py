"""How a value is put: stated, denied, offered as a guess, or asked back."""

import re

from evaluation.grading import lexicon
from evaluation.grading.document import Document, Span

STATED = "stated"
NEGATED = "negated"
HEDGED = "hedged"
ASKED = "asked back"
REFUSED = "refused"


def stance(doc: Document, span: Span, question: Document, cues: re.Pattern[str] | None = None) -> str:
    """Say how the words at a span are put.

    Args:
        doc: The answer.
        span: Where the value stands.
        question: The question, since "used to" denies a value only where the question is not about the past.
        cues: A matcher's own words that, before the value, make it another value ("near", "more than").

    Returns:
        One of the words above.
    """
    start, stop = span
    clause_start, clause_stop = doc.clause(start)
    before = doc.words(clause_start, start)
    after = doc.words(stop, max(stop, clause_stop))
    if _negated(before, after, doc, clause_start, start, question):
        return NEGATED
    if _hedged(doc, before, after, clause_start, max(stop, clause_stop)):
        return HEDGED
    if cues is not None and cues.search(before):
        return NEGATED
    if _asked(doc, span):
        return ASKED
    if _refused(doc, start, before, after):
        return REFUSED
    return STATED


def refusal(doc: Document) -> bool:
    """Whether the answer says somewhere that it does not know."""
    return lexicon.REFUSAL.search(" ".join(doc.norms)) is not None


def _negated(before: str, after: str, doc: Document, clause_start: int, start: int, question: Document) -> bool:
    before = lexicon.INTERJECTED_NO.sub("", before)
    if before in {"no", "nope", "nah"} and "\n" in doc.tokens[start].gap:
        before = ""
    if lexicon.NEGATED_BEFORE.search(before) or lexicon.NEGATED_AFTER.search(after):
        return True
    past = lexicon.PAST_QUESTION.search(" ".join(question.norms))
    return past is None and lexicon.FORMER.search(before) is not None


def _hedged(doc: Document, before: str, after: str, clause_start: int, clause_stop: int) -> bool:
    if lexicon.HEDGED_BEFORE.search(before) or lexicon.HEDGED_AFTER.search(after):
        return True
    tokens = doc.tokens
    sentence = tokens[clause_start].sentence
    neighbours = []
    if clause_start > 0 and tokens[clause_start - 1].sentence == sentence:
        neighbours.append(doc.clause(clause_start - 1))
    if clause_stop < len(tokens) and tokens[clause_stop].sentence == sentence:
        neighbours.append(doc.clause(clause_stop))
    for left, right in neighbours:
        words = doc.words(left, right)
        if words in lexicon.HEDGES or words in {"for example", "for instance", "such as"}:
            return True
    return False


def _asked(doc: Document, span: Span) -> bool:
    start = span[0]
    sentence_start, sentence_stop = doc.sentence(start)
    if "?" not in _closing(doc.gap_after(sentence_stop - 1)):
        return False
    last_start, last_stop = doc.clause(sentence_stop - 1)
    last = doc.words(last_start, last_stop)
    if start >= last_start or doc.tokens[sentence_start].norm in lexicon.QUESTION_OPENERS or lexicon.TAG.search(last):
        return True
    return doc.tokens[last_start].norm not in lexicon.QUESTION_OPENERS


def _closing(gap: str) -> str:
    return gap.split("\n")[0].split("•")[0]


def _refused(doc: Document, start: int, before: str, after: str) -> bool:
    """Whether the value stands in an answer that refuses, and not as the answer all the same."""
    sentence_start, sentence_stop = doc.sentence(start)
    if lexicon.REFUSAL.search(doc.words(0, sentence_start)):
        return lexicon.ASSERTED.search(f"{before} {after}") is None
    if lexicon.REFUSAL.search(doc.words(sentence_start, sentence_stop)):
        clause_start, clause_stop = doc.clause(start)
        if lexicon.REFUSAL.search(doc.words(clause_start, clause_stop)):
            return True
        return lexicon.ASSERTED.search(f"{before} {after}") is None
    return False
