"""Trains a tiny model by several recipes, alone or as one of several processes.

``python -m tests.andraeus.training.together FOLDER`` writes weights and losses of each recipe into a folder.
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

from andraeus.chat import Example
from andraeus.models.load import Quantization
from andraeus.training.adapter import attach, causal_model
from andraeus.training.loop import train
from andraeus.training.recipe import Plateau, Recipe
from tests.andraeus.training.conftest import LORA
from tests.andraeus.training.runs import recipe, weights
from tests.conftest import tiny_config

# Rows of unlike lengths, with unlike numbers of answer tokens: sums must weigh tokens, not rows or processes.
ROWS = [Example((1, 2, 3, 40 + i, *range(10, 11 + i)), tuple(range(20 + i, 21 + 2 * i))) for i in range(7)]
RECIPES = {
    "packed": recipe(steps=6),
    "padded": recipe(steps=6, packing=False, fused_lora=False),
    "accumulated": recipe(steps=4, batch_size=2, accumulation=3),
    "one row a step": recipe(steps=6, batch_size=1),
    "watched": recipe(steps=8, learning_rate=0.0, plateau=Plateau(every=2, patience=1)),
    "diverging": recipe(steps=40, learning_rate=1e20),
}


def trained(how: Recipe, folder: Path, name: str) -> None:
    """Train by one recipe and write what came of it; of several processes each writes its own."""
    from transformers import AutoModelForCausalLM

    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(tiny_config("llama", vocab_size=64), dtype=torch.float32).eval()
    adapted = attach(model, LORA, how, Quantization(), 0, "somebody/tiny")
    losses: list[float] = []

    def note(told: dict[str, float]) -> None:
        losses.append(told["loss"])

    outcome = train(causal_model(adapted), ROWS, ROWS[:3], how, LORA, 0, progress=False, log=note)
    save_file({key: value.contiguous() for key, value in weights(adapted).items()}, folder / f"{name}.safetensors")
    ended = {"losses": losses, "stopped": outcome.stopped, "steps": outcome.steps, "examples": outcome.examples}
    (folder / f"{name}.json").write_text(json.dumps(ended))


def main(folder: Path) -> None:
    """Run all recipes."""
    from accelerate import PartialState

    torch.set_num_threads(1)
    mine = folder / str(PartialState(cpu=True).process_index)
    mine.mkdir(parents=True)
    for name, how in RECIPES.items():
        trained(how, mine, name)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
