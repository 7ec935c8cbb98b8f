"""Accuracy by tier, with real composition as the fourth."""

from dataclasses import dataclass
from typing import ClassVar

from evaluation.suites.item import Item, Material, NothingToAsk, Overlap, check_per_fact, fact_item


@dataclass(frozen=True)
class Tiers:
    """Tiers 1 to 3 by held-out questions, tier 4 by questions that were never trained in any form.

    Attributes:
        name: Name in tables.
        per_fact: Held-out questions a fact of tiers 1 to 3.
        composed: Whether to ask the compositions.
    """

    name: str = "tiers"
    per_fact: int = 1
    composed: bool = True
    overlap: ClassVar[Overlap] = "forbidden"

    def __post_init__(self) -> None:
        check_per_fact(self.per_fact, least=0)

    def items(self, material: Material) -> list[Item]:
        """Return items of all tiers."""
        draw = material.phrasings.draw
        items = [
            fact_item(fact, phrasing, number)
            for fact in material.facts
            for number, phrasing in enumerate(draw(fact, "test", self.per_fact) if self.per_fact else [])
        ]
        for composition in material.compositions if self.composed else ():
            for number, question in enumerate(composition.questions):
                items.append(
                    Item(
                        id=f"{composition.id}/{number}",
                        fact=composition.id,
                        tier=4,
                        family="composed",
                        question=question,
                        expected=composition.value,
                        aliases=composition.aliases,
                        answer_type=composition.answer,
                        needs=composition.components,
                    )
                )
        if not items:
            raise NothingToAsk("suite=tiers has nothing to ask: no questions a fact and no compositions.")
        return items
