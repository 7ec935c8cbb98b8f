"""Suites over single facts: trained, held-out and blind questions."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from evaluation.suites.item import Item, Material, NothingToAsk, Overlap, check_per_fact, fact_item


@dataclass(frozen=True)
class Seen:
    """The trained questions themselves: what was memorised, not what was learned.

    Attributes:
        name: Name in tables.
        per_fact: Questions a fact.
    """

    name: str = "seen"
    per_fact: int = 1
    overlap: ClassVar[Overlap] = "required"

    def __post_init__(self) -> None:
        check_per_fact(self.per_fact, least=1)

    def items(self, material: Material) -> list[Item]:
        """Return the first trained phrasings of each fact."""
        draw = material.phrasings.draw
        return [
            fact_item(fact, phrasing, number)
            for fact in material.facts
            for number, phrasing in enumerate(draw(fact, "train", self.per_fact))
        ]


@dataclass(frozen=True)
class Heldout:
    """Questions of families that were never trained.

    Attributes:
        name: Name in tables.
        per_fact: Questions a fact.
        part: ``test`` families, or ``development`` families for tuning.
    """

    name: str = "heldout"
    per_fact: int = 3
    part: Literal["test", "development"] = "test"
    overlap: ClassVar[Overlap] = "forbidden"

    def __post_init__(self) -> None:
        check_per_fact(self.per_fact, least=1)

    def items(self, material: Material) -> list[Item]:
        """Return the first phrasings of each fact in the untrained families."""
        draw = material.phrasings.draw
        return [
            fact_item(fact, phrasing, number)
            for fact in material.facts
            for number, phrasing in enumerate(draw(fact, self.part, self.per_fact))
        ]


@dataclass(frozen=True)
class Blind:
    """Questions somebody wrote from the facts alone, without having seen any phrasing."""

    name: str = "blind"
    overlap: ClassVar[Overlap] = "forbidden"

    def items(self, material: Material) -> list[Item]:
        """Return the profile's blind questions about the facts that are trained."""
        if not material.profile.blind:
            raise NothingToAsk("suite=blind has nothing to ask: this profile names no facts.blind file.")
        ids = {fact.id for fact in material.facts}
        items = []
        # Numbered before they are chosen: a question has one id, whatever is trained.
        for number, blind in enumerate(material.profile.blind):
            if blind.fact not in ids:
                continue
            fact = material.fact(blind.fact)
            items.append(
                Item(
                    id=f"{fact.id}/blind{number}",
                    fact=fact.id,
                    tier=fact.tier,
                    family="blind",
                    question=blind.question,
                    expected=fact.value,
                    aliases=fact.aliases,
                    answer_type=fact.answer,
                    needs=(fact.id,),
                )
            )
        if not items:
            raise NothingToAsk(
                f"suite=blind has nothing to ask: none of the {len(material.profile.blind)} questions of facts.blind "
                "is about a fact that is trained; choose another tier."
            )
        return items
