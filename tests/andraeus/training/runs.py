"""Runs of the loop on the tiny model."""

from typing import TYPE_CHECKING, Any

import torch

from andraeus.chat import Example
from andraeus.training.adapter import causal_model
from andraeus.training.loop import TrainingOutcome, train
from andraeus.training.recipe import Recipe
from tests.andraeus.training.conftest import LORA

if TYPE_CHECKING:
    from peft import PeftModel
    from torch import Tensor


def recipe(**changes: Any) -> Recipe:
    return Recipe(**{"steps": 4, "batch_size": 4, "learning_rate": 1e-2, "warmup_ratio": 0.0, **changes})


def run(model: "PeftModel", rows: list[Example], how: Recipe, seed: int = 0, **more: Any) -> TrainingOutcome:
    validation = more.pop("validation", [])
    lora = more.pop("lora", LORA)
    return train(causal_model(model), rows, validation, how, lora, seed, progress=False, **more)


def weights(model: "PeftModel") -> "dict[str, Tensor]":
    return {name: p.detach().clone() for name, p in model.named_parameters() if "lora_" in name}


def equal(one: "dict[str, Tensor]", other: "dict[str, Tensor]") -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)
