"""Names of people, pets, works and firms: whole, and not the beginning of another name."""

import re

from evaluation.grading import lexicon
from evaluation.grading.document import Document, Span
from evaluation.grading.judge import judge
from evaluation.grading.model import Expected, Grade
from evaluation.grading.phrases import find_all
from evaluation.grading.rivals import listed
from evaluation.grading.words import words

_LAST_NAME = re.compile(r"\b(?:last name|surname|family name|maiden name)\b")
_FIRST_NAME = re.compile(r"\b(?:first name|given name)\b")
_LEFT = re.compile(r"\b(?:left|quit|leaving|quitting)$")
_FIRMS = frozenset(words("ltd limited inc llc plc co corp gmbh"))
_CALENDAR = frozenset(
    words(
        """
        january february march april may june july august september october november december monday tuesday
        wednesday thursday friday saturday sunday
        """
    )
)
_PLAIN_WORDS = lexicon.FUNCTION | lexicon.INTERJECTIONS | lexicon.NEUTRAL | lexicon.TITLES | _CALENDAR
_ANNOUNCING = lexicon.COPULAS | {"called", "named", "be", "name", "as", "meant", "mean", "actually", "or"}
_CONNECTORS = frozenset({"of", "the", "and", "de", "van", "von", "del", "la", "le", "di"})


def grade_name(answer: str, expected: Expected) -> Grade:
    """Grade an answer whose value is a name."""
    doc, question = Document.of_answer(answer), Document.of_plain(expected.question)
    mentions = [span for span in find_all(doc, expected.forms) if not longer_name(doc, span, question)]
    return judge(doc, mentions, lambda stated: name_rivals(doc, stated, question), question, _LEFT)


def name_rivals(doc: Document, stated: list[Span], question: Document) -> list[Span]:
    """Other names that the answer gives: in a list with the stated one, or as a statement of their own."""
    spans = [item for span in stated for item in listed(doc, span) if _like(doc, span, item)]
    spans += [span for span in proper(doc) if _announced(doc, span)]
    taken = [span for span in spans if not any(span[0] < s[1] and s[0] < span[1] for s in stated)]
    return [span for span in taken if not set(doc.norms[slice(*span)]) <= _PLAIN_WORDS]


def proper(doc: Document) -> list[Span]:
    """Every run of capitalised words that are not common words."""
    spans: list[Span] = []
    start = 0
    while doc.cased and start < len(doc.tokens):
        stop = start
        while stop < len(doc.tokens) and _proper(doc, stop) and (stop == start or doc.tokens[stop].joined):
            stop += 1
            ahead = stop + 1
            if ahead < len(doc.tokens) and doc.norms[stop] in _CONNECTORS and doc.norms[stop] not in {"and"}:
                joined = doc.tokens[stop].joined and doc.tokens[ahead].joined
                stop = ahead if joined and _proper(doc, ahead) else stop
        if stop > start:
            spans.append((start, stop))
        start = max(stop, start + 1)
    return spans


def _proper(doc: Document, position: int) -> bool:
    token = doc.tokens[position]
    return token.raw[0].isupper() and token.norm not in _PLAIN_WORDS


def _like(doc: Document, stated: Span, item: Span) -> bool:
    """Whether a list item is written like the stated name (a name beside a name, not a description)."""
    if doc.cased and doc.tokens[stated[0]].raw[0].isupper():
        return all(token.capital for token in doc.tokens[slice(*item)])
    return True


def _announced(doc: Document, span: Span) -> bool:
    """Whether a name is given as the answer: "it is Luna", "called Luna", "Luna.", "Luna is your cat"."""
    start, stop = span
    tokens = doc.tokens
    if tokens[stop - 1].possessive and stop < len(tokens) and tokens[stop].joined:
        return False
    clause_start, clause_stop = doc.clause(start)
    before = start - 1
    while before >= clause_start and doc.norms[before] in lexicon.ARTICLES | {"not"}:
        before -= 1
    if before >= clause_start and doc.norms[before] in _ANNOUNCING:
        return True
    alone = all(not token.content for token in tokens[clause_start:start]) and stop == clause_stop
    if alone and not any(t.norm in {"by", "from", "at", "in", "for", "with"} for t in tokens[clause_start:start]):
        return not _addressed(doc, span)
    after = doc.norms[stop : stop + 2]
    return start == clause_start and len(after) == 2 and after[0] in {"is", "was"} and after[1] in lexicon.DROPPED


def _addressed(doc: Document, span: Span) -> bool:
    """Whether the name calls somebody: "Alex, your cat is Max", "Sure, Alex!"."""
    start, stop = span
    if stop < len(doc.tokens) and "," in doc.tokens[stop].gap:
        return doc.norms[stop] in lexicon.PRONOUNS | lexicon.POSSESSIVES
    opener = doc.norms[start - 1] if start and "," in doc.tokens[start].gap else ""
    return opener in {"sure", "hi", "hello", "hey", "yes", "okay", "ok", "thanks", "course", "you", "dear"}


def longer_name(doc: Document, span: Span, question: Document) -> bool:
    """Whether the words are part of a longer name: Emma Stone is not Emma."""
    start, stop = span
    tokens, asked = doc.tokens, " ".join(question.norms)
    cased = doc.cased and tokens[start].raw[0].isupper() and not _shouted(doc, start)
    if stop < len(tokens) and tokens[stop].joined and not _FIRST_NAME.search(asked):
        following = tokens[stop]
        foreign = following.content and following.norm not in _FIRMS and following.norm not in question.norms
        if tokens[stop - 1].possessive and foreign and following.norm not in lexicon.NEUTRAL:
            return True
        ends = stop + 1 == doc.clause(start)[1]
        if foreign and (following.capital if cased else ends and not following.norm.endswith("ly")):
            return True
    if start > 0 and tokens[start].joined and not _LAST_NAME.search(asked):
        preceding = tokens[start - 1]
        foreign = preceding.norm not in _PLAIN_WORDS and preceding.norm not in question.norms
        foreign = (
            foreign
            and preceding.norm not in {"county", "downtown", "central"}
            and not preceding.possessive
            and not preceding.norm.endswith("ly")
        )
        opens = start - 1 == doc.clause(start)[0]
        if foreign and (preceding.raw[0].isupper() if cased else opens and stop == doc.clause(start)[1]):
            return True
    return False


def _shouted(doc: Document, position: int) -> bool:
    words = [token.raw for token in doc.tokens[slice(*doc.sentence(position))]]
    return len(words) > 1 and all(word.isupper() for word in words)
