"""Codes: number plates, phone numbers, postcodes, PINs: the same letters and digits, however they are spaced."""

import re

from evaluation.grading.clean import plain
from evaluation.grading.document import Document, Span
from evaluation.grading.judge import judge
from evaluation.grading.model import Expected, Grade

_SEPARATOR = r"[\s\-./()]{0,2}"
_LONG = 7


def is_code(form: str) -> bool:
    """Whether a value is a code: letters with digits, a leading zero, or more digits than one counts with."""
    bare = re.sub(r"[^\W_]", "", form)
    characters = re.sub(r"[\W_]", "", form)
    if not re.search(r"\d", characters) or re.search(r"[^\s\-./()+]", bare) or re.search(r"[^\W\d_]{5,}", form):
        return False
    mixed = re.search(r"[A-Za-z]", characters) is not None and len(characters) <= 12
    digits = characters.isdigit() and (characters.startswith("0") or len(characters) >= _LONG or " " in form.strip())
    return mixed or (digits and len(characters) > 1)


def grade_code(answer: str, expected: Expected) -> Grade:
    """Grade an answer whose value is a code."""
    doc, question = Document.of_answer(answer), Document.of_plain(expected.question)
    places = [found.span() for form in expected.forms for found in _pattern(form).finditer(doc.text)]
    mentions = sorted({doc.at(start, end) for start, end in places})
    size = min(len(re.sub(r"\W", "", form)) for form in expected.forms)

    def rivals(stated: list[Span]) -> list[Span]:
        return [s for s in _runs(doc, size) if not any(s[0] < t[1] and t[0] < s[1] for t in stated)]

    return judge(doc, mentions, rivals, question)


def _pattern(form: str) -> re.Pattern[str]:
    characters = re.sub(r"[\W_]", "", plain(form))
    lead = ""
    if characters.isdigit() and len(characters) >= _LONG:  # a phone number: with or without its country
        lead = r"(?:(?:\+|00)\d{1,3}[\s-]?(?:\(0\)\s?)?)?" if characters.startswith("0") else r"\+?"
        characters = characters[1:] if characters.startswith("0") else characters
        lead = rf"(?:{lead}|0)" if lead.startswith("(?:(?:") else lead
    body = _SEPARATOR.join(re.escape(character) for character in characters)
    return re.compile(rf"(?<![^\W_])(?<!\d[\s-])(?<!\d\.){lead}{body}(?![^\W_])(?![\s-]?\d)", re.I)


def _runs(doc: Document, size: int) -> list[Span]:
    """Runs of words with digits in them that have about as many characters as the code."""
    spans: list[Span] = []
    for position, token in enumerate(doc.tokens):
        if not re.search(r"\d", token.norm):
            continue
        if spans and spans[-1][1] == position and token.joined:
            spans[-1] = (spans[-1][0], position + 1)
        else:
            spans.append((position, position + 1))
    return [s for s in spans if abs(len("".join(doc.norms[slice(*s)])) - size) <= 1]
