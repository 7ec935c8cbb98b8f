"""Training examples a second, against TRL's SFTTrainer with PEFT on the same rows."""

import tempfile
from dataclasses import dataclass
from typing import Any

from andraeus.chat import Example
from andraeus.models.load import Quantization
from andraeus.training.adapter import attach, causal_model
from andraeus.training.loop import train
from andraeus.training.recipe import LoraSpec, Recipe, Schedule
from scripts.bench.pairs import paired
from scripts.bench.subject import subject, training_rows

FACTS = 50


@dataclass(frozen=True)
class Shape:
    """One shape of training that both sides are put to.

    Attributes:
        batch: Rows in a micro-batch.
        accumulation: Micro-batches in a step (losses are weighted by answer tokens on both sides).
        rank: Rank of the adapter.
        checkpointing: Whether the peer trades time for memory, as the source recipe does; ours need not.
        steps: Optimiser steps in one run.
    """

    batch: int
    accumulation: int
    rank: int
    checkpointing: bool
    steps: int


SHAPES = {
    "batch 32": Shape(32, 1, 16, False, 1),
    "batch 8": Shape(8, 1, 16, False, 3),
    "source recipe (2 x 4, r 64, checkpointing)": Shape(2, 4, 64, True, 2),
}


def measure(runs: int) -> dict[str, dict[str, Any]]:
    """Return examples a second of both sides, and their ratio, for each shape."""
    return {name: _measure(shape, runs) for name, shape in SHAPES.items()}


def _measure(shape: Shape, runs: int) -> dict[str, Any]:
    rows = training_rows(FACTS)[: shape.batch * shape.accumulation * shape.steps]
    lora = LoraSpec(r=shape.rank, alpha=2 * shape.rank)
    recipe = Recipe(
        steps=shape.steps,
        batch_size=shape.batch,
        accumulation=shape.accumulation,
        learning_rate=3e-4,
        schedule=Schedule.constant,
        warmup_ratio=0,
    )
    model = causal_model(attach(subject().model(), lora, recipe, Quantization(), 0, "bench"))
    peer = Peer(shape, lora, rows)

    def ours() -> float:
        return train(model, rows, [], recipe, lora, 0, progress=False).seconds

    return {**paired(ours, peer.train, runs).told(len(rows)), "unit": "examples", **_told(shape)}


def _told(shape: Shape) -> dict[str, Any]:
    return {
        "rank": shape.rank,
        "steps": shape.steps,
        "batch": shape.batch,
        "accumulation": shape.accumulation,
        "peer_checkpointing": shape.checkpointing,
    }


class Peer:
    """TRL's trainer on the same model, rows, optimiser and type."""

    def __init__(self, shape: Shape, lora: LoraSpec, rows: list[Example]) -> None:
        from datasets import Dataset
        from peft import LoraConfig

        self.shape = shape
        # Tokenised by us: the peer's own template would end rows with a line feed and train on it.
        self.data = Dataset.from_list(
            [
                {"input_ids": [*row.prompt, *row.answer], "labels": [*[-100] * len(row.prompt), *row.answer]}
                for row in rows
            ]
        )
        self.model = subject().model()
        modules = list(lora.target_modules)
        self.lora: Any = LoraConfig(r=lora.r, lora_alpha=lora.alpha, target_modules=modules, task_type="CAUSAL_LM")
        self.folder = tempfile.TemporaryDirectory()
        self._trainer()

    def _trainer(self) -> Any:
        from trl import SFTConfig, SFTTrainer

        config = SFTConfig(
            output_dir=self.folder.name, max_steps=self.shape.steps, per_device_train_batch_size=self.shape.batch,
            gradient_accumulation_steps=self.shape.accumulation, gradient_checkpointing=self.shape.checkpointing,
            learning_rate=3e-4, lr_scheduler_type="constant", optim="adamw_torch", max_grad_norm=1.0, bf16=False,
            fp16=False, use_cpu=True, report_to="none", save_strategy="no", logging_strategy="no", disable_tqdm=True,
            dataset_kwargs={"skip_prepare_dataset": True}, seed=0,
        )  # fmt: skip
        tokenizer = subject().chat.tokenizer
        made = SFTTrainer(
            model=self.model, args=config, train_dataset=self.data, processing_class=tokenizer, peft_config=self.lora
        )
        # The adapter is attached once; later trainers take the model with it.
        self.model, self.lora = made.model, None
        return made

    def train(self) -> float:
        """Train as many steps as ours; return the seconds of the loop."""
        seconds: float = self._trainer().train().metrics["train_runtime"]
        return seconds
