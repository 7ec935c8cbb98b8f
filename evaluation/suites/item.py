"""Items, and what a suite is given to make them from."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Protocol

from andraeus.errors import UserError
from andraeus.facts.fact import Composition, Fact, Profile
from andraeus.phrasings.build import Phrasing, Phrasings, normalised
from andraeus.relations.relation import AnswerType

Overlap = Literal["forbidden", "required"]


class NothingToAsk(UserError):
    """The profile has nothing for a suite to ask; a study leaves the suite out and says so."""


@dataclass(frozen=True)
class Item:
    """One question put to one arm.

    Attributes:
        id: Unique in its suite: fact id and number.
        fact: Id of the fact or composition it asks for; the unit of inference.
        tier: 1 to 3, or 4 for a composition.
        family: Way of asking, or ``composed`` / ``blind``.
        question: The text.
        expected: The right answer.
        aliases: Other right answers.
        answer_type: How it is graded.
        needs: Ids of the facts that answer it.
    """

    id: str
    fact: str
    tier: int
    family: str
    question: str
    expected: str
    aliases: tuple[str, ...]
    answer_type: AnswerType
    needs: tuple[str, ...]


@dataclass(frozen=True)
class Material:
    """What suites ask about and arms may know: a profile's facts as far as they are trained.

    Attributes:
        profile: The person.
        facts: The facts of the trained tiers.
        phrasings: All questions, split by family.
        variations: Trained phrasings per fact.
    """

    profile: Profile
    facts: tuple[Fact, ...]
    phrasings: Phrasings
    variations: int

    @cached_property
    def trained(self) -> list[Phrasing]:
        """The questions an adapter is trained on."""
        return self.phrasings.train(self.facts, self.variations)

    @cached_property
    def compositions(self) -> tuple[Composition, ...]:
        """The compositions all of whose components are among the facts."""
        ids = {fact.id for fact in self.facts}
        return tuple(c for c in self.profile.compositions if ids.issuperset(c.components))

    def fact(self, fact_id: str) -> Fact:
        """Return one of the facts by its id."""
        return self._by_id[fact_id]

    @cached_property
    def _by_id(self) -> dict[str, Fact]:
        return {fact.id: fact for fact in self.facts}


class Suite(Protocol):
    """A set of items.

    Attributes:
        name: Name in tables.
        overlap: Whether its questions must be trained ones (only a fine-tuned arm can be asked those) or must not be.
    """

    name: str
    overlap: Overlap

    def items(self, material: Material) -> list[Item]:
        """Return the suite's items.

        Raises:
            UserError: More was asked for than exists.
            NothingToAsk: The profile has nothing of the suite's kind.
        """
        ...


def check_per_fact(per_fact: int, *, least: int) -> None:
    """Refuse a suite that would ask each fact fewer questions than it can."""
    if per_fact < least:
        raise UserError(f"suite.per_fact={per_fact} asks too little: make it at least {least}.")


def fact_item(fact: Fact, phrasing: Phrasing, number: int) -> Item:
    """Return the item that asks a fact in one phrasing."""
    return Item(
        id=f"{fact.id}/{number}",
        fact=fact.id,
        tier=fact.tier,
        family=phrasing.family,
        question=phrasing.question,
        expected=fact.value,
        aliases=fact.aliases,
        answer_type=fact.answer,
        needs=(fact.id,),
    )


def checked_items(suite: Suite, material: Material) -> list[Item]:
    """Return a suite's items after holding them against the trained questions.

    Raises:
        UserError: A forbidden question is trained, or a required one is not.
        NothingToAsk: The suite has no items.
    """
    items = suite.items(material)
    if not items:
        raise NothingToAsk(f"suite={suite.name} has nothing to ask about this profile: choose another suite or tier.")
    trained = {normalised(p.question) for p in material.trained}
    same = [item for item in items if normalised(item.question) in trained]
    if suite.overlap == "forbidden" and same:
        raise UserError(
            f"{len(same)} of {len(items)} test questions are trained ones (such as {same[0].question!r}): "
            "a suite that forbids overlap does not run with them; name your own questions as facts.blind, "
            "which keeps them out of training."
        )
    if suite.overlap == "required" and len(same) < len(items):
        raise UserError(f"{len(items) - len(same)} of {len(items)} questions of this suite are not trained ones.")
    return items
