"""An arm that fails with the facts on its lips."""

from dataclasses import dataclass

from evaluation.arms.arm import Prompt
from evaluation.arms.plain import Base
from evaluation.suites.item import Item, Material


@dataclass(frozen=True)
class Leaky(Base):
    """Raises an error that says all facts."""

    name: str = "leaky"

    def prompts(self, items: list[Item], material: Material) -> list[Prompt]:
        """Fail."""
        raise KeyError(" ".join(fact.statement(material.profile.name) for fact in material.profile.facts))
