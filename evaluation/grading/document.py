"""An answer as tokens that know their sentence, their clause and what stands between them."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property, lru_cache

from andraeus.letters import MARKS
from evaluation.grading import lexicon
from evaluation.grading.clean import clean, plain
from evaluation.grading.words import words

_LETTER = rf"(?:[^\W_]|[{MARKS}])"
_TOKEN = re.compile(rf"\d+(?:[.,:/]\d+)*{_LETTER}*|[^\W_]{_LETTER}*(?:'{_LETTER}+)*[+#]*")
_SENTENCE_END = re.compile(r"[.!?…\n]")
_CLAUSE_END = re.compile(r"[.!?…\n,;:()\[\]{}→–—•=]|\s-+|-+\s|--|->")
_CONJUNCTIONS = frozenset(words("but however although though whereas while because"))
_LINKS = frozenset(words("and so then"))
_ALL_BUT = frozenset(words("anyone anything anybody anywhere nothing all everything nobody no any everyone none"))
_SUBJECTS = lexicon.PRONOUNS | lexicon.POSSESSIVES
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i"})
_CONNECTED = re.compile(r"[ \t-]?")
# Marks before this are accents and points, which people leave out; those of later scripts are vowels and tones.
_VOWEL_SIGNS = 0x0900

Span = tuple[int, int]
"""Token positions, the second exclusive."""


def fold(word: str) -> str:
    """Case, diacritics and apostrophes away: José, JOSE and jose' are one word."""
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    bare = "".join(one for one in decomposed if ord(one) >= _VOWEL_SIGNS or not unicodedata.combining(one))
    return bare.translate(_LETTERS).replace("'", "")


@dataclass(frozen=True)
class Token:
    """A word or number.

    Attributes:
        norm: Folded form, without a possessive ending.
        raw: As written.
        start: Where it starts in the text.
        end: Where it ends.
        gap: What stands between the token before and this one.
        sentence: Number of its sentence.
        clause: Number of its clause (a negation reaches as far as its clause).
        possessive: Whether it ended in 's.
    """

    norm: str
    raw: str
    start: int
    end: int
    gap: str
    sentence: int
    clause: int
    possessive: bool

    @property
    def capital(self) -> bool:
        """Whether it is written with a capital, or as a number."""
        return not self.raw[0].islower()

    @property
    def content(self) -> bool:
        """Whether it carries meaning of its own."""
        return self.norm not in lexicon.FUNCTION

    @property
    def joined(self) -> bool:
        """Whether nothing but a space or hyphen parts it from the token before."""
        return _CONNECTED.fullmatch(self.gap) is not None


class Document:
    """A plain text, tokenised."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[Token] = []
        position = sentence = clause = 0
        found = list(_TOKEN.finditer(text))
        for index, match in enumerate(found):
            gap, raw = text[position : match.start()], match.group()
            norm = fold(re.sub(r"'s$", "", raw))
            following = fold(found[index + 1].group()) if index + 1 < len(found) else ""
            before = self.tokens[-1].norm if self.tokens else ""
            if _SENTENCE_END.search(gap) and self.tokens:
                sentence += 1
            opens = (norm in _CONJUNCTIONS and before not in _ALL_BUT) or (norm in _LINKS and following in _SUBJECTS)
            if self.tokens and (_CLAUSE_END.search(gap) or opens):
                clause += 1
            self.tokens.append(
                Token(norm, raw, match.start(), match.end(), gap, sentence, clause, raw.lower().endswith("'s"))
            )
            position = match.end()
        self.tail = text[position:]

    @classmethod
    @lru_cache(maxsize=4096)
    def of_answer(cls, answer: str) -> "Document":
        """Clean and tokenise an answer."""
        return cls(clean(answer))

    @classmethod
    @lru_cache(maxsize=4096)
    def of_plain(cls, text: str) -> "Document":
        """Tokenise a value or a question."""
        return cls(plain(text))

    @cached_property
    def norms(self) -> list[str]:
        """The folded words."""
        return [token.norm for token in self.tokens]

    @cached_property
    def _clauses(self) -> list[int]:
        return [token.clause for token in self.tokens]

    @cached_property
    def _sentences(self) -> list[int]:
        return [token.sentence for token in self.tokens]

    @cached_property
    def cased(self) -> bool:
        """Whether capitals mean something here: some word has one, and the text is not shouted."""
        return any(t.raw[0].isupper() for t in self.tokens) and any(letter.islower() for letter in self.text)

    def gap_after(self, position: int) -> str:
        """What stands after a token: the gap to the next one, or the end of the text."""
        return self.tokens[position + 1].gap if position + 1 < len(self.tokens) else self.tail

    def clause(self, position: int) -> Span:
        """The clause a token stands in."""
        return self._stretch(position, self._clauses)

    def sentence(self, position: int) -> Span:
        """The sentence a token stands in."""
        return self._stretch(position, self._sentences)

    def words(self, start: int, stop: int) -> str:
        """Folded words joined by spaces."""
        return " ".join(self.norms[start:stop])

    def at(self, start: int, end: int) -> Span:
        """The tokens that overlap a stretch of characters."""
        inside = [i for i, token in enumerate(self.tokens) if token.start < end and token.end > start]
        return (inside[0], inside[-1] + 1)

    @staticmethod
    def _stretch(position: int, numbers: list[int]) -> Span:
        start = stop = position
        while start > 0 and numbers[start - 1] == numbers[position]:
            start -= 1
        while stop < len(numbers) and numbers[stop] == numbers[position]:
            stop += 1
        return (start, stop)
