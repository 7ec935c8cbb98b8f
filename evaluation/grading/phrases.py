"""Finding a value's words in an answer."""

from functools import lru_cache

from evaluation.grading import lexicon
from evaluation.grading.document import Document, Span

_EQUAL = {
    "colour": "color", "coloured": "colored", "grey": "gray", "favourite": "favorite", "centre": "center",
    "theatre": "theater", "yoghurt": "yogurt", "neg": "negative", "pos": "positive", "ltd": "limited",
    "saint": "st", "street": "st", "road": "rd", "avenue": "ave", "mount": "mt", "doctor": "dr", "mister": "mr",
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8",
    "nine": "9", "ten": "10", "eleven": "11", "twelve": "12", "jewellery": "jewelry", "flavour": "flavor",
    "omelette": "omelet", "doughnut": "donut", "programme": "program", "tyre": "tire", "harbour": "harbor",
}  # fmt: skip


_SKIPPED = lexicon.DROPPED | {"on", "in", "at"}


def find(doc: Document, form: str, plural: bool = False) -> list[Span]:
    """Every place where a form's words stand in a row.

    Articles and possessives ("the", "my") may come or go, case, diacritics, hyphens and commas do not count.

    Args:
        doc: The answer.
        form: The value or an alias.
        plural: Whether singular and plural are the same.

    Returns:
        The places, from left to right.
    """
    wanted = _words(form, plural)
    if not wanted:
        return []
    spans = []
    for start in range(len(doc.tokens)):
        stop = _match(doc, start, wanted, plural)
        if stop:
            spans.append((start, stop))
    return spans


def find_all(doc: Document, forms: tuple[str, ...], plural: bool = False) -> list[Span]:
    """Every place where one of the forms stands; a place inside a longer one is left out."""
    spans = {span for form in forms for span in find(doc, form, plural)}
    return sorted(s for s in spans if not any(o != s and o[0] <= s[0] and s[1] <= o[1] for o in spans))


def same(word: str, plural: bool) -> str:
    """A word's form for comparison."""
    word = _EQUAL.get(word, word)
    return singular(word) if plural else word


def singular(word: str) -> str:
    """A plural's singular, roughly; both sides of a comparison go through it."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("ches", "shes", "xes", "sses", "oes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


@lru_cache(maxsize=4096)
def _words(form: str, plural: bool) -> tuple[str, ...]:
    norms = Document.of_plain(form).norms
    kept = [norm for norm in norms if norm not in lexicon.DROPPED] or norms
    return tuple(same(norm, plural) for norm in kept)


def _match(doc: Document, start: int, wanted: tuple[str, ...], plural: bool) -> int | None:
    position = start
    for index, word in enumerate(wanted):
        if index and position < len(doc.tokens) and doc.norms[position] in _SKIPPED and doc.norms[position] != word:
            position += 1
        if position >= len(doc.tokens) or same(doc.norms[position], plural) != word:
            return None
        if index and doc.tokens[position].sentence != doc.tokens[start].sentence:
            return None
        position += 1
    return position
