"""Free text: the value's words in a row, not inside a longer expression."""

import re

from evaluation.grading import lexicon
from evaluation.grading.document import Document, Span
from evaluation.grading.judge import judge
from evaluation.grading.model import Expected, Grade
from evaluation.grading.phrases import find_all, same
from evaluation.grading.rivals import listed, part, stem
from evaluation.grading.words import words

_TAILS = frozenset(
    words(
        """
        allergy allergies intolerance noodle noodles soup dish dishes bowl dog dogs cat cats puppy kitten horse
        breed car truck pickup van bike bicycle morning mornings evening evenings afternoon night nights player
        lover fan enthusiast type blood color colour shade hue lessons classes language group size antibiotics
        music food book film movie yesterday tonight instead forever twice daily weekly please
        """
    )
)
"""Words that may follow a value without making it another one."""
_MODIFIERS = frozenset(
    words(
        """
        good great best fine tasty delicious classic traditional simple plain hot cold fresh beloved wonderful
        amazing lovely beautiful famous trusty old young small big little large cute adorable purebred senior
        lead junior qualified professional talented skilled proper usual regular typical type size blood group breed
        color colour shade pure gorgeous fantastic brilliant nice homemade warm spicy creamy steaming love enjoy
        like play drink eat speak drive prefer order study studied work
        """
    )
)
"""Words that may precede a value without making it another one."""


def grade_text(answer: str, expected: Expected) -> Grade:
    """Grade an answer whose value is free text."""
    doc, question = Document.of_answer(answer), Document.of_plain(expected.question)
    forms = (*expected.forms, *map(_reversed, expected.forms))
    mentions = [span for span in find_all(doc, forms, plural=True) if not longer(doc, span, question)]
    return judge(doc, mentions, lambda stated: rivals(doc, stated, question), question)


def _reversed(form: str) -> str:
    """Two things joined by "and" are the same the other way round."""
    pair = re.fullmatch(r"([^,]+?) and ([^,]+?)", form)
    return f"{pair[2]} and {pair[1]}" if pair and " and " not in pair[2] else form


def longer(doc: Document, span: Span, question: Document) -> bool:
    """Whether the words are part of a longer expression: peanut butter is not peanut."""
    return _continues(doc, span[1], question) or _is_modified(doc, span[0], question)


def rivals(doc: Document, stated: list[Span], question: Document) -> list[Span]:
    """Values beside the stated one in a list, and values that another clause gives the same subject."""
    found = []
    for span in stated:
        for item in listed(doc, span):
            words = set(doc.norms[slice(*item)])
            if not words <= lexicon.INTERJECTIONS | lexicon.NEUTRAL | _TAILS | _MODIFIERS and not _echoes(
                words, question
            ):
                found.append(item)
    found.extend(_restated(doc, stated, question))
    return [span for span in found if not any(span[0] < s[1] and s[0] < span[1] for s in stated)]


def _continues(doc: Document, stop: int, question: Document) -> bool:
    if stop >= len(doc.tokens):
        return False
    following = doc.tokens[stop]
    if not following.joined or not following.content or following.norm.endswith(("ly", "ing", "ed")):
        return False
    if following.norm in _TAILS or _echoes({following.norm}, question):
        return False
    after = doc.norms[stop + 1] if stop + 1 < len(doc.tokens) else ""
    verb = following.norm.endswith("s") and (after in lexicon.FUNCTION)
    return not verb


def _is_modified(doc: Document, start: int, question: Document) -> bool:
    while start > 0 and doc.norms[start - 1] in lexicon.DROPPED and doc.tokens[start].joined:
        return False
    if start == 0 or not doc.tokens[start].joined:
        return False
    modifier = doc.tokens[start - 1]
    if not modifier.content or modifier.norm in _MODIFIERS | lexicon.NEUTRAL or modifier.norm.endswith(("ly", "ing")):
        return False
    proper = doc.tokens[start].raw[0].isupper() and modifier.raw[0].islower()
    if proper or _echoes({modifier.norm}, question):
        return False
    opens = start == 1 or not modifier.joined
    return opens or doc.norms[start - 2] in lexicon.COPULAS | lexicon.DROPPED


def _restated(doc: Document, stated: list[Span], question: Document) -> list[Span]:
    """Predicates of the same subject: "Your favourite colour is teal. Your favourite colour is red."."""
    asked = {stem(word) for word in question.norms if word not in lexicon.FUNCTION}
    spans = []
    for position, norm in enumerate(doc.norms):
        if norm not in {"is", "are", "was"} or position == 0:
            continue
        start, stop = part(doc, (position, position + 1))
        if any(start <= s < stop for s, _ in stated):
            continue
        subject = [word for word in doc.norms[start:position] if word not in lexicon.FUNCTION]
        begin = position + 1
        while begin < stop and doc.norms[begin] in lexicon.DROPPED:
            begin += 1
        predicate = [token for token in doc.tokens[begin:stop] if token.content]
        bare = predicate and len(predicate) == stop - begin
        if subject and stem(subject[-1]) in asked and bare and not _echoes({t.norm for t in predicate}, question):
            spans.append((begin, stop))
    return spans


def _echoes(words: set[str], question: Document) -> bool:
    asked = {same(word, True) for word in question.norms} | {stem(word) for word in question.norms}
    return all(same(word, True) in asked or stem(word) in asked for word in words)
