"""Arms whose facts are in the weights, in the prompt, or nowhere."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from andraeus.errors import UserError
from evaluation.arms.arm import Arm, Prompt, Template
from evaluation.suites.item import Item, Material


@dataclass(frozen=True)
class Base(Arm):
    """The untrained model and the bare question: what it guesses."""

    name: str = "base"
    template: Template = field(default_factory=Template)
    knows_facts: ClassVar[bool] = False

    def prompts(self, items: list[Item], material: Material) -> list[Prompt]:
        """Return the questions as they stand."""
        return [Prompt(self.template.fill(item, material, [])) for item in items]


@dataclass(frozen=True)
class Finetune(Base):
    """The model with the facts in an adapter and the bare question."""

    name: str = "finetune"
    trained: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.template.system is not None or self.template.user != "{question}":
            raise UserError(
                f"arm={self.name} asks as it was trained, by the bare question: leave arm.template as it is "
                "(the system turn that training and all arms share is chat.system)."
            )


@dataclass(frozen=True)
class SystemPrompt(Arm):
    """All facts in every prompt (the template says whether in the system or the user turn)."""

    name: str
    template: Template

    def prompts(self, items: list[Item], material: Material) -> list[Prompt]:
        """Return prompts that state all facts."""
        statements = self._statements(material)
        return [Prompt(self.template.fill(item, material, statements)) for item in items]

    def knowledge(self, items: list[Item], material: Material) -> dict[str, Any]:
        """Return all statements."""
        return {**super().knowledge(items, material), "statements": self._statements(material)}

    def _statements(self, material: Material) -> list[str]:
        return [self.template.statement(fact.id, material) for fact in material.facts]


@dataclass(frozen=True)
class Oracle(Arm):
    """Just the facts an item needs: reading without finding."""

    name: str
    template: Template

    def prompts(self, items: list[Item], material: Material) -> list[Prompt]:
        """Return prompts that state the needed facts."""
        return [
            Prompt(self.template.fill(item, material, [self.template.statement(f, material) for f in item.needs]))
            for item in items
        ]

    def knowledge(self, items: list[Item], material: Material) -> dict[str, Any]:
        """Return the statements that the items need."""
        needed = {f: self.template.statement(f, material) for item in items for f in item.needs}
        return {**super().knowledge(items, material), "statements": needed}
