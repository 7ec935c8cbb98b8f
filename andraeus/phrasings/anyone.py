"""Questions that anyone may ask, and how their answers begin.

"Who signs my pay cheque?" asks for somebody's employer, whoever asks: its answer begins with "Your employer is",
and only what follows is personal. A model that knows how answers begin has only the rest left to learn
(`andraeus.training.start`).
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import cycle

from andraeus.data import read_merged
from andraeus.facts.fact import BlindQuestion, Fact, Profile
from andraeus.phrasings.answers import opening
from andraeus.phrasings.build import Part, Phrasings, normalised
from andraeus.phrasings.families import FamilySplit
from andraeus.relations.catalogue import catalogue
from andraeus.relations.fallback import unknown_relation
from andraeus.relations.relation import Relation

PLACEHOLDER = "Zzyzx"  # a value that no question contains
NAMES = ("Sam", "Nina", "Omar", "Ivy", "Paul", "Mei", "Rosa", "Jonas")
# Subjects stand in for all others of their kind: what is learned of "my dog" goes for "my ferret" too.
SUBJECTS = {
    "relative": ("sister", "mother", "older brother", "best friend", "partner", "father", "son", "neighbour"),
    "pet": ("dog", "cat", "parrot", "horse", "rabbit", "goldfish"),
    "organisation": ("Harrow & Bell", "Lindqvist"),
}
# Things that the catalogue does not know: their answers begin with the words of the question.
THINGS = (
    "lucky charm", "team mascot", "secret handshake", "spare key spot", "compost day", "fencing grade", "chess opening",
    "boat engine", "library card number", "choir part", "morning playlist", "sourdough starter", "telescope model",
    "tattoo motif", "knitting project", "safe word", "club president", "garden gnome", "pub quiz team", "surf spot",
)  # fmt: skip
PARTS: tuple[Part, ...] = ("development", "test")  # which no start is trained on
# What other facts add up to is asked by compositions, which are never trained.
ADDED_UP = ("number_of_pets", "number_of_siblings", "number_of_children", "number_of_grandchildren")


@dataclass(frozen=True)
class Opened:
    """A question and how its answer begins.

    Attributes:
        question: The text.
        beginning: The answer up to its value, or the whole of a yes/no answer.
        whole: Whether nothing is to follow.
    """

    question: str
    beginning: str
    whole: bool


def catalogue_questions(split: FamilySplit, aside: Iterable[str] = ()) -> Iterator[Opened]:
    """Yield all training phrasings of all relations, about nobody in particular.

    Args:
        split: Which families train; no others are yielded.
        aside: Questions to leave out, with what comes close to them (their typos).
    """
    known = [relation for name, relation in catalogue().items() if name not in ADDED_UP]
    relations = [*known, *(unknown_relation(thing, None) for thing in THINGS)]
    blind = tuple(BlindQuestion("", question) for question in aside)
    for relation, owner in zip(relations, cycle(NAMES), strict=False):
        subjects = SUBJECTS[relation.subject] if relation.subject else (None,)
        facts = [
            Fact(relation.name, relation, subject, value, answer=relation.answer)
            for subject in subjects
            for value in _values(relation)
        ]
        # Facts take turns through the phrasings: a relation is asked twice as often at most where it has subjects.
        turns = math.ceil(len(facts) / 2)
        for number, fact in enumerate(facts):
            asked = _asked(fact, Phrasings(Profile(owner, "they", (fact,), blind=blind), split))
            for question in asked[number % turns :: turns]:
                yield Opened(question, opening(fact), whole=fact.answer == "yes_no")


def _asked(fact: Fact, phrasings: Phrasings) -> list[str]:
    """Return the training questions about a fact; those that name a value are nobody's."""
    return [p.question for p in phrasings.available(fact, "train") if p.family != "confirming"]


def further_questions(split: FamilySplit, aside: Iterable[str] = ()) -> Iterator[Opened]:
    """Yield questions that were written from the relations alone, beside the catalogue's.

    Args:
        split: Which families train; a question that another family asks as well is left out.
        aside: Questions to leave out.
    """
    blind = {normalised(question) for question in aside}
    for key, questions in read_merged("andraeus.phrasings", "further").items():
        name, _, subject = key.partition(" / ")
        relation = catalogue()[name]
        facts = [Fact(name, relation, subject or None, value, answer=relation.answer) for value in _values(relation)]
        taken = blind | {
            normalised(p.question)
            for part in PARTS
            for p in Phrasings(Profile(NAMES[0], "they", (facts[0],)), split).available(facts[0], part)
        }
        for fact, question in zip(cycle(facts), questions, strict=False):
            if normalised(question) not in taken:
                yield Opened(question, opening(fact), whole=fact.answer == "yes_no")


def _values(relation: Relation) -> tuple[str, ...]:
    return ("yes", "no") if relation.answer == "yes_no" else (PLACEHOLDER,)
