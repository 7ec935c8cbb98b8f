"""From facts to questions: every phrasing of a fact, by family, and the trained selection."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

from andraeus.errors import UserError
from andraeus.facts.fact import Fact, Profile
from andraeus.letters import MARKS, composed
from andraeus.phrasings.answers import AnswerStyle, trained_answer
from andraeus.phrasings.families import FamilySplit
from andraeus.phrasings.typos import with_typos
from andraeus.relations.catalogue import pronoun_of, subject_words
from andraeus.relations.relation import Family, fill
from andraeus.seeds import stream

Part = Literal["train", "development", "test"]
TYPOS_PER_PART = 6
_NO_WORD = re.compile(rf"[^\w\s{MARKS}]")
_HALF_AS_OFTEN = ("typo", "confirming")


@dataclass(frozen=True)
class Phrasing:
    """One question text of one fact.

    Attributes:
        fact: Id of the fact.
        family: The way of asking.
        question: The text.
        answer: What the model should say; to a confirming question "Yes, …" or "No, …".
    """

    fact: str
    family: Family
    question: str
    answer: str


def normalised(question: str) -> str:
    """Return the form in which two questions count as the same: letters, digits, single spaces."""
    return " ".join(_NO_WORD.sub("", composed(question).casefold().replace("’", "'")).split())


class Phrasings:
    """All questions about a profile under one family split.

    Questions that contain their answer, repeat another question of the profile, or are set aside as
    blind are left out.

    Args:
        profile: The person.
        split: Which families train, develop, test.
        answers: How answers are worded.
    """

    def __init__(self, profile: Profile, split: FamilySplit, answers: AnswerStyle = AnswerStyle.sentence) -> None:
        self.profile = profile
        self.split = split
        self.answers = answers
        taken = {normalised(b.question) for b in profile.blind}
        taken |= {normalised(q) for c in profile.compositions for q in c.questions}
        self._written = {fact.id: self._write(fact, taken) for fact in profile.facts}
        self._taken = frozenset(taken)

    def available(self, fact: Fact, part: Part) -> list[Phrasing]:
        """Return a fact's phrasings of one part, in the order in which they are drawn.

        The order goes round the part's families, so that the first n hold as many families as they
        can; every shorter selection is a beginning of every longer one. Typos and confirming
        questions repeat words or values that are there already and join every second round.
        """
        families: tuple[Family, ...] = getattr(self.split, part)
        by_family = dict(self._written[fact.id])
        if "typo" in families:
            by_family["typo"] = self._typos(fact, families)
        return _round_robin([by_family.get(f, []) for f in families], [f in _HALF_AS_OFTEN for f in families])

    def draw(self, fact: Fact, part: Part, n: int) -> list[Phrasing]:
        """Return the first n phrasings of a part.

        Raises:
            UserError: Fewer than n exist.
        """
        found = self.available(fact, part)
        if len(found) < n:
            raise UserError(
                f"{n} {part} phrasings were asked for, but {fact.id} has {len(found)}: "
                "ask for fewer, or give it more under `questions:` in the facts file."
            )
        return found[:n]

    def train(self, facts: Iterable[Fact], variations: int) -> list[Phrasing]:
        """Return the trained phrasings: ``variations`` of each fact."""
        return [p for fact in facts for p in self.draw(fact, "train", variations)]

    def _write(self, fact: Fact, taken: set[str]) -> dict[Family, list[Phrasing]]:
        """Fill a fact's templates, family by family, skipping what must not be asked."""
        words = _spread(subject_words(fact.subject)) if fact.subject else (None,)
        guesses = _guesses(fact, self.profile)
        written: dict[Family, list[Phrasing]] = {}
        for family, templates in fact.relation.questions.items():
            own = fact.questions.get(family, ())
            order = list(templates)
            # The plainest questions come first in the catalogue; which follow is drawn.
            head, tail = order[:1], order[1:]
            stream(self.profile.seed, "phrasing_order", fact.id, family).shuffle(tail)
            phrasings = []
            for number, template in enumerate([*own, *head, *tail]):
                guess = guesses[number % len(guesses)] if guesses and "{guess}" in template else ""
                if "{guess}" in template and not guess:
                    continue
                question = self._fill(fact, template, words[number % len(words)], guess)
                if normalised(question) in taken or self._answers_itself(fact, family, question):
                    continue
                taken.add(normalised(question))
                answer = trained_answer(fact, self.answers, guess)
                phrasings.append(Phrasing(fact.id, family, question, answer))
            written[family] = phrasings
        return written

    def _fill(self, fact: Fact, template: str, word: str | None, guess: str) -> str:
        owner = self.profile.name
        subject = word or fact.relation.subject
        return fill(template, owner=owner, subject=subject, pronoun=pronoun_of(fact.subject), guess=guess)

    def _answers_itself(self, fact: Fact, family: Family, question: str) -> bool:
        if family == "confirming" or fact.answer == "yes_no":
            return False
        text = f" {normalised(question)} "
        return any(f" {normalised(value)} " in text for value in (fact.value, *fact.aliases))

    def _typos(self, fact: Fact, families: tuple[Family, ...]) -> list[Phrasing]:
        """Perturb the later questions of the same part, so that no typo is a near-copy across parts."""
        random = stream(self.profile.seed, "typos", fact.id)
        protected = frozenset((fact.subject or "").lower().split())
        sources = [p for f in families if f not in ("typo", "confirming") for p in reversed(self._written[fact.id][f])]
        stream(self.profile.seed, "typo_sources", fact.id).shuffle(sources)
        seen = set(self._taken)
        typos = []
        for source in sources:
            question = with_typos(source.question, random, protected)
            if normalised(question) not in seen and not self._answers_itself(fact, "typo", question):
                seen.add(normalised(question))
                typos.append(Phrasing(fact.id, "typo", question, source.answer))
        return typos[:TYPOS_PER_PART]


def _round_robin(lists: list[list[Phrasing]], halved: list[bool]) -> list[Phrasing]:
    """Take one from each list in turn (from halved lists in every second turn) until all are empty."""
    # A halved list is stretched by a gap before each entry.
    stretched = [
        [entry for p in part for entry in (None, p)] if half else list(part)
        for part, half in zip(lists, halved, strict=True)
    ]
    return [p for turn in zip_longest(*stretched) for p in turn if p is not None]


def _spread(words: tuple[str, ...]) -> tuple[str, ...]:
    """Let the user's own word stand in two of three questions, the other words for it in the third."""
    own, *others = words
    return tuple(w for other in others for w in (own, own, other)) or (own,)


def _guesses(fact: Fact, profile: Profile) -> list[str]:
    """Return values for confirming questions: the right one in turn with wrong ones (balanced)."""
    if fact.answer == "yes_no":
        return []
    others = [f.value for f in profile.facts if f.relation.name == fact.relation.name and f.id != fact.id]
    right = {value.casefold() for value in (fact.value, *fact.aliases)}
    wrong = [g for g in [*others, *fact.relation.guesses] if g.casefold() not in right]
    if not wrong:
        wrong = [f.value for f in profile.facts if f.answer == fact.answer and f.value.casefold() not in right]
    stream(profile.seed, "guesses", fact.id).shuffle(wrong)
    return [value for guess in wrong for value in (fact.value, guess)] or [fact.value]
