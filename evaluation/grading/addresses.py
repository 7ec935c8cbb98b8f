"""Addresses without a blank (e-mail, user names, web pages): the same characters; full stops part no sentences."""

import re

from evaluation.grading.document import Document, Span
from evaluation.grading.judge import judge
from evaluation.grading.model import Expected, Grade

_ADDRESS = re.compile(r"@?\w[\w.+\-@/]*[@.][\w.+\-@/]*\w|@\w+")
_DOTTED = re.compile(r"(?=.*[^\W\d_])(?:.*[^\W\d_]\w*\.[^\W\d_].*|.*\w@\w.*)")
_RIGHT, _OTHER = "theaddress", "anotheraddress"


def is_address(form: str) -> bool:
    """Whether a value is an address: one word with "@" or with full stops between letters."""
    return _ADDRESS.fullmatch(form) is not None and _DOTTED.fullmatch(form) is not None


def grade_address(answer: str, expected: Expected) -> Grade:
    """Grade an answer whose value is an address."""
    right = {_same(form) for form in expected.forms}
    # An address becomes one word, so that its full stops end neither a sentence nor a clause.
    text = _ADDRESS.sub(lambda found: _RIGHT if _same(found.group()) in right else _OTHER, answer)
    doc, question = Document.of_answer(text), Document.of_plain(expected.question)

    def places(word: str) -> list[Span]:
        return [(i, i + 1) for i, norm in enumerate(doc.norms) if norm == word]

    return judge(doc, places(_RIGHT), lambda _: places(_OTHER), question)


def _same(address: str) -> str:
    return address.casefold().removeprefix("@").removeprefix("www.")
