"""Other values in an answer: alternatives, list items, corrections, and what is merely about something else."""

import re

from evaluation.grading import lexicon
from evaluation.grading.document import Document, Span
from evaluation.grading.stance import ASKED, NEGATED, REFUSED, stance

_LIST_GAP = re.compile(r"\s*[,/+]\s*|\s*[.,;]?\s*\n\s*•?\s*|\s*•\s*")
_PART_END = re.compile(r"[.!?…\n,;:()\[\]{}→–—•=/+]|\s-+|-+\s|--")
_AND = frozenset({"and", "plus"})
_IRREGULAR = {
    "grew": "grow", "grown": "grow", "went": "go", "bought": "buy", "met": "meet", "drove": "drive", "wore": "wear",
    "ate": "eat", "slept": "sleep", "taught": "teach", "spoke": "speak", "began": "begin", "held": "hold",
    "kept": "keep", "took": "take", "children": "child", "wife": "wive", "wives": "wive", "feet": "foot",
}  # fmt: skip
_ITEM = 3


def alternative(doc: Document, span: Span, stated: list[Span]) -> bool:
    """Whether "or" ties a value to another one."""
    start, stop = span
    norms = doc.norms
    starts, stops = {s for s, _ in stated}, {e for _, e in stated}
    if stop < len(norms) and norms[stop] == "or":
        follower = norms[stop + 1] if stop + 1 < len(norms) else ""
        after = stop + 2 if follower in lexicon.ARTICLES else stop + 1
        if follower not in {"so", "more", "less", "thereabouts"} and not starts & {stop + 1, after}:
            return True
    left = start
    while left > 0 and norms[left - 1] in lexicon.DROPPED | {"in", "at", "on", "is", "it", "maybe", "perhaps"}:
        left -= 1
    return left > 0 and norms[left - 1] in {"or", "nor"} and left - 1 not in stops


def corrected(doc: Document, last: Span) -> bool:
    """Whether the answer takes the value back after the last place where it is stated ("no wait, …")."""
    following = doc.words(last[1], len(doc.tokens))
    found = lexicon.CORRECTION.search(following)
    return found is not None and following[found.end() :].strip() != ""


def listed(doc: Document, span: Span) -> list[Span]:
    """The items that stand beside a value in a list: joined by commas, "and", slashes or line breaks."""
    return [item for item in (_item_after(doc, span[1]), _item_before(doc, span[0])) if item is not None]


def competes(doc: Document, rival: Span, stated: list[Span], question: Document) -> bool:
    """Whether another value answers the same question as the stated ones.

    It does not if it is denied or asked, echoes the question, or stands in a part of the answer that is about
    something else ("… and your dog is Biscuit").
    """
    if stance(doc, rival, question) in {NEGATED, ASKED, REFUSED}:
        return False
    if set(doc.norms[slice(*rival)]) <= set(question.norms):
        return False
    return any(not _about_something_else(doc, rival, value, question) for value in stated)


def _about_something_else(doc: Document, rival: Span, value: Span, question: Document) -> bool:
    mine, theirs = part(doc, value), part(doc, rival)
    if mine == theirs:
        theirs = (value[1], theirs[1]) if value[1] <= rival[0] else (rival[1], value[0])
        subject: set[str] = set()
    else:
        subject = _topic(doc, mine, value)
    asked = {stem(word) for word in question.norms if word not in lexicon.FUNCTION} - _NEUTRAL_STEMS
    topic = _topic(doc, theirs, rival)
    return bool(topic) and not topic & (asked | subject)


def _topic(doc: Document, stretch: Span, value: Span) -> set[str]:
    words = {
        stem(doc.tokens[i].norm)
        for i in range(*stretch)
        if not value[0] <= i < value[1] and doc.tokens[i].content and not doc.tokens[i].norm[0].isdigit()
    }
    return {word for word in words if not word.endswith("ly")} - _NEUTRAL_STEMS


def stem(word: str) -> str:
    """A crude stem: cats and cat, allergic and allergy, lives and living are one."""
    word = _IRREGULAR.get(word, word)
    for ending in ("ies", "ing", "ion", "ed", "es", "ic", "s", "y", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


_NEUTRAL_STEMS = {stem(word) for word in lexicon.NEUTRAL}


def part(doc: Document, span: Span) -> Span:
    """The smallest part of the sentence around a span: between commas, "and", "or" and clause breaks."""
    start, stop = span
    while start > 0 and not _parted(doc, start):
        start -= 1
    while stop < len(doc.tokens) and not _parted(doc, stop):
        stop += 1
    return (start, stop)


def _parted(doc: Document, position: int) -> bool:
    here, before = doc.tokens[position], doc.tokens[position - 1]
    words = {"and", "or", "but", "so", "then", "while", "because"}
    return _PART_END.search(here.gap) is not None or here.norm in words or before.norm in words


def _item_after(doc: Document, stop: int) -> Span | None:
    tokens = doc.tokens
    if stop >= len(tokens):
        return None
    start = stop
    linked = tokens[start].norm in _AND
    if linked:
        start += 1
    if not linked and not _LIST_GAP.fullmatch(tokens[start].gap):
        return None
    if not linked and start < len(tokens) and tokens[start].norm in _AND:
        start, linked = start + 1, True
    if linked and start < len(tokens) and tokens[start].norm in lexicon.ARTICLES:
        start += 1
    end = start
    while end < len(tokens) and tokens[end].content and (end == start or tokens[end].joined):
        end += 1
    if end == start or end - start > _ITEM:
        return None
    closed = end == len(tokens) or not tokens[end].joined or tokens[end].norm in _AND | {"or", "are", "is", "were"}
    return (start, end) if closed else None


def _item_before(doc: Document, start: int) -> Span | None:
    tokens = doc.tokens
    stop = start
    while stop > 0 and tokens[stop - 1].norm in lexicon.ARTICLES and tokens[stop].joined:
        stop -= 1
    linked = stop > 0 and tokens[stop - 1].norm in _AND
    if linked:
        stop -= 1
    elif stop == 0 or stop == len(tokens) or not _LIST_GAP.fullmatch(tokens[stop].gap):
        return None
    begin = stop
    while begin > 0 and tokens[begin - 1].content and (begin == stop or tokens[begin].joined):
        begin -= 1
    if begin == stop or stop - begin > _ITEM:
        return None
    opened = begin == 0 or not tokens[begin].joined
    after_copula = begin > 0 and tokens[begin - 1].norm in lexicon.COPULAS | lexicon.ARTICLES | {"called", "named"}
    return (begin, stop) if linked or opened or after_copula else None
