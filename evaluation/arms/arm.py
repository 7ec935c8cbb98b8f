"""What an arm is, and the prompt it puts together."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from andraeus.chat import Message
from andraeus.errors import UserError
from evaluation.suites.item import Item, Material


@dataclass(frozen=True)
class Prompt:
    """What an arm says to the model for one item.

    Attributes:
        messages: The conversation.
        retrieved: Ids of the facts (or distractors) a retriever brought, best first; ``None`` for an
            arm that does not retrieve.
    """

    messages: tuple[Message, ...]
    retrieved: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Template:
    """How an arm words its request.

    Attributes:
        system: System turn, or ``None`` for the template's own.
        user: User turn. ``{question}`` stands for the item's question, ``{facts}`` for the facts the
            arm gives (one a line), ``{owner}`` for the person's name.
        line: How one fact is written; ``{fact}`` stands for its statement.
        third_person: State facts about "Alex's cat" and not about "my cat".
    """

    system: str | None = None
    user: str = "{question}"
    line: str = "- {fact}"
    third_person: bool = False

    def __post_init__(self) -> None:
        if "{question}" not in self.user:
            raise UserError("An arm's `user` text needs {question}, or the model never sees the question.")
        if "{fact}" not in self.line:
            raise UserError("An arm's `line` text needs {fact}, or the model never sees a fact.")

    def holds(self, slot: str) -> bool:
        """Whether a slot such as ``{facts}`` stands in one of the turns."""
        return slot in self.user or slot in (self.system or "")

    def statement(self, fact_id: str, material: Material) -> str:
        """Return a fact's statement in the template's person."""
        return material.fact(fact_id).statement(material.profile.name, third_person=self.third_person)

    def fill(self, item: Item, material: Material, statements: list[str]) -> tuple[Message, ...]:
        """Return the conversation that asks an item beside the given statements."""
        facts = "\n".join(self.line.replace("{fact}", s) for s in statements)
        messages: list[Message] = []
        if self.system is not None:
            messages.append({"role": "system", "content": self._slots(self.system, item, material, facts)})
        messages.append({"role": "user", "content": self._slots(self.user, item, material, facts)})
        return tuple(messages)

    def _slots(self, text: str, item: Item, material: Material, facts: str) -> str:
        # The question goes in last: a user's braces are no slots.
        filled = text.replace("{owner}", material.profile.name).replace("{facts}", facts)
        return filled.replace("{question}", item.question)


class Arm(ABC):
    """Turns items into prompts.

    Attributes:
        name: Name in tables.
        template: How it words its request.
        trained: Whether it asks a model with an adapter; such an arm is random (it has seeds).
        knows_facts: Whether its prompts hold facts of the profile.
    """

    name: str
    template: Template
    trained: ClassVar[bool] = False
    knows_facts: ClassVar[bool] = True

    @abstractmethod
    def prompts(self, items: list[Item], material: Material) -> list[Prompt]:
        """Return one prompt for each item."""

    def check(self, material: Material) -> None:
        """Refuse what cannot be run on this profile.

        Raises:
            UserError: The template gives no facts, though the arm is there to give them.
        """
        if self.knows_facts and not self.template.holds("{facts}"):
            raise UserError(
                f"arm={self.name} gives facts, but its template has no {{facts}}: "
                "put {facts} into arm.template.user or arm.template.system."
            )

    def identity(self) -> dict[str, Any]:
        """Return what about this arm, beyond its template and its facts, can change an answer."""
        return {}

    def knowledge(self, items: list[Item], material: Material) -> dict[str, Any]:
        """Return what the prompts may hold of the profile beyond the questions: no more, no less."""
        return {"owner": material.profile.name} if self.template.holds("{owner}") else {}
