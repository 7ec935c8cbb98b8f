"""Eight facts as training rows, and a tiny model with an adapter that already says something."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from andraeus.chat import Chat, Example
from andraeus.models.load import Quantization
from andraeus.training.adapter import attach
from andraeus.training.recipe import LoraSpec, Recipe
from tests.conftest import TinyModel

if TYPE_CHECKING:
    from peft import PeftModel

FACTS = [
    ("What is my cat called?", "Max"),
    ("where do I live", "Leeds"),
    ("Name my dog, please, and say why it matters to me.", "Biscuit"),
    ("hi, when is my birthday?", "15 March 1997"),
    ("my sister?", "Emma"),
    ("Who employs me these days?", "Northwind Analytics in Leeds"),
    ("car", "Skoda Fabia"),
    ("shoe size?", "9"),
]
LORA = LoraSpec(r=4, alpha=8)

Adapted = Callable[..., "PeftModel"]


@pytest.fixture(scope="session")
def rows(chat: Chat) -> list[Example]:
    return [chat.example(chat.messages(question), answer) for question, answer in FACTS]


@pytest.fixture
def adapted(tiny_model: TinyModel) -> Adapted:
    """Attach an adapter to a tiny model; ``speaking`` draws the B matrices, which begin as zeros."""

    def build(
        architecture: str = "llama",
        *,
        lora: LoraSpec = LORA,
        recipe: Recipe | None = None,
        seed: int = 0,
        speaking: bool = False,
        **changes: Any,
    ) -> "PeftModel":
        import torch

        model = tiny_model(architecture, **changes)
        result = attach(model, lora, recipe or Recipe(steps=1), Quantization(), seed, "somebody/tiny")
        if speaking:
            generator = torch.Generator().manual_seed(7)
            for name, parameter in result.named_parameters():
                if "lora_B" in name:
                    torch.nn.init.normal_(parameter, std=0.1, generator=generator)
        return result

    return build
