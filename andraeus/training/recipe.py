"""What a training run is told: the LoRA shape and the recipe.

These dataclasses are also the schema of the ``lora`` and ``training`` configs (so they are not
frozen: OmegaConf would make the configs read-only).
"""

from dataclasses import dataclass
from enum import StrEnum

SEVEN_LINEARS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


class Schedule(StrEnum):
    """Shape of the learning rate after warm-up."""

    cosine = "cosine"
    linear = "linear"
    constant = "constant"


class Optimizer(StrEnum):
    """``adamw``, or ``paged_adamw_8bit`` (bitsandbytes, on a GPU)."""

    adamw = "adamw"
    paged_adamw_8bit = "paged_adamw_8bit"


@dataclass
class LoraSpec:
    """Shape of the adapter (LoRA, Hu et al. 2021).

    Attributes:
        r: Rank; 0 trains all weights instead (full fine-tune).
        alpha: Scale numerator: the update is ``alpha / r * B A``.
        dropout: Dropout on the adapter's input.
        target_modules: Linear modules that get an adapter.
        frozen_share: Share of the layers, counted from the input, that get no adapter: nothing flows back
            through them.
        layers: Indices of the adapted layers, in place of ``frozen_share``.
    """

    r: int = 16
    alpha: int = 32
    dropout: float = 0.0
    target_modules: tuple[str, ...] = SEVEN_LINEARS
    frozen_share: float = 0.0
    layers: tuple[int, ...] | None = None

    def adapted_layers(self, depth: int) -> list[int] | None:
        """Return the indices of the adapted layers of a model of so many layers, or ``None`` for all."""
        if self.layers is not None:
            return list(self.layers)
        return list(range(int(self.frozen_share * depth), depth)) if self.frozen_share else None


@dataclass
class Plateau:
    """Stopping rule on the development phrasings.

    Attributes:
        every: Steps between two looks.
        patience: Looks without improvement before training stops.
        min_improvement: Fall of the validation loss (nats a token) that counts as improvement.
    """

    every: int = 10
    patience: int = 2
    min_improvement: float = 0.01


@dataclass
class Recipe:
    """How an adapter is trained.

    Exactly one of ``epochs`` and ``steps`` is given; which of them a study holds equal is its own
    statement.

    Attributes:
        epochs: Passes over the training rows.
        steps: Optimiser steps.
        least_steps: Fewest optimiser steps that ``epochs`` may come to: few facts take as long as some more do.
        batch_size: Rows in one micro-batch.
        accumulation: Micro-batches in one optimiser step; losses are weighted by answer tokens.
        learning_rate: Peak learning rate.
        schedule: Shape after warm-up.
        warmup_ratio: Share of the steps over which the rate rises from zero.
        b_ratio: Learning rate of the B matrices over that of the A matrices (LoRA+, Hayou et al. 2024);
            1 is plain LoRA.
        beta2: Decay of Adam's second moment; short runs want a shorter memory than .999.
        weight_decay: Decoupled weight decay.
        clip_norm: Largest gradient norm.
        optimizer: Which optimiser.
        max_length: Longest row in tokens; a longer one is an error, never cut.
        gradient_checkpointing: Trade time for memory.
        packing: Lay the rows of a batch end to end behind one copy of their chat prefix. Exact.
        tokens_per_pass: About how many tokens go through the model at once where rows are packed: a step's rows are
            cut into as few passes as that allows, whatever its micro-batches. It bounds memory, and changes no step.
            ``None`` makes each micro-batch a pass.
        fused_lora: Compute each LoRA layer in one autograd step. Exact.
        start: Adapter to begin at: ``package:NAME`` for the one that ships for that model, if one does, or a
            folder; ``None`` begins at zero.
        checkpoints: Steps whose adapter is kept inside the adapter folder.
        plateau: Stopping rule, or ``None`` to train to the end.
    """

    epochs: float | None = None
    steps: int | None = None
    least_steps: int = 0
    batch_size: int = 16
    accumulation: int = 1
    learning_rate: float = 1e-3
    schedule: Schedule = Schedule.cosine
    warmup_ratio: float = 0.03
    b_ratio: float = 1.0
    beta2: float = 0.999
    weight_decay: float = 0.0
    clip_norm: float = 1.0
    optimizer: Optimizer = Optimizer.adamw
    max_length: int = 512
    gradient_checkpointing: bool = False
    packing: bool = True
    tokens_per_pass: int | None = 640
    fused_lora: bool = True
    start: str | None = None
    checkpoints: tuple[int, ...] = ()
    plateau: Plateau | None = None
