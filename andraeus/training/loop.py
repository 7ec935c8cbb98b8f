"""The training loop."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from andraeus.chat import Example
from andraeus.errors import UserError
from andraeus.seeds import stream_seed
from andraeus.training.batches import Batch, collate, epoch_order, shared_prefix_length
from andraeus.training.loss import answered_rows, summed_loss
from andraeus.training.recipe import LoraSpec, Plateau, Recipe

if TYPE_CHECKING:
    from transformers import PreTrainedModel

Log = Callable[[dict[str, float]], None]
Checkpoint = Callable[[int], None]


@dataclass(frozen=True)
class TrainingOutcome:
    """What came of a run.

    Attributes:
        steps: Optimiser steps taken.
        planned_steps: Steps the recipe allowed.
        examples: Rows seen, repeats counted.
        final_loss: Mean loss a token of the last step (NaN where training diverged).
        validation: ``(step, loss a token, share of questions answered right)`` at each look.
        stopped: ``end``, ``plateau`` or ``diverged``.
        shared_prefix: Tokens of prefix computed once a batch; 0 where it was not shared.
        seconds: Wall time of the loop.
    """

    steps: int
    planned_steps: int
    examples: int
    final_loss: float
    validation: list[tuple[int, float, float]]
    stopped: str
    shared_prefix: int
    seconds: float


def train(
    model: "PreTrainedModel",
    rows: Sequence[Example],
    validation: Sequence[Example],
    recipe: Recipe,
    lora: LoraSpec,
    seed: int,
    *,
    log: Log | None = None,
    checkpoint: Checkpoint | None = None,
    progress: bool = True,
) -> TrainingOutcome:
    """Train the model's trainable parameters on answer tokens only.

    Args:
        model: Causal language model with adapters injected, on its device.
        rows: Training examples.
        validation: Examples of the development families; needed by a plateau rule.
        recipe: How to train.
        lora: Shape of the adapter, for what it excludes (dropout).
        seed: Seed of the run; data order and dropout draw from their own streams.
        log: Called after each step with ``step``, ``loss``, ``learning_rate``, ``examples_per_second``.
        checkpoint: Called after each step that ``recipe.checkpoints`` names.
        progress: Show a bar on standard error when it is a terminal.

    Raises:
        UserError: A row is longer than ``recipe.max_length``, there is nothing to train, or a plateau rule has
            nothing to look at.
    """
    import torch
    from accelerate import Accelerator
    from tqdm.auto import tqdm
    from transformers import get_scheduler

    _check_lengths(rows, recipe.max_length)
    if recipe.plateau is not None and not validation:
        raise UserError("training.plateau needs development phrasings to look at: set training.plateau=null.")
    share = _may_share(recipe, lora)
    prefix = shared_prefix_length(rows)
    micro_per_epoch = math.ceil(len(rows) / recipe.batch_size)
    planned = planned_steps(recipe, len(rows))
    torch.manual_seed(stream_seed(seed, "dropout"))
    accelerator = Accelerator(cpu=model.device.type == "cpu")
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = accelerator.prepare(_optimizer(recipe, _groups(model, recipe)))
    scheduler = get_scheduler(recipe.schedule, optimizer, round(recipe.warmup_ratio * planned), planned)
    batches = _batches(rows, recipe, seed, prefix)
    watch = _PlateauWatch(recipe.plateau)
    begun, seen, step, loss, stopped = time.perf_counter(), 0, 0, math.nan, "end"
    model.train()
    with tqdm(total=planned, desc="train", unit="step", disable=None if progress else True, leave=False) as bar:
        while step < planned:
            micros = [next(batches).to(model.device) for _ in range(min(recipe.accumulation, micro_per_epoch))]
            tokens = sum(m.answer_tokens for m in micros)
            total = 0.0
            for micro in micros:
                part = summed_loss(model, micro, share_prefix=share) / tokens
                accelerator.backward(part)
                total += part.item()
            norm = accelerator.clip_grad_norm_(parameters, recipe.clip_norm)
            loss = total
            if not (math.isfinite(loss) and math.isfinite(float(norm))):
                loss, stopped = math.nan, "diverged"
                break
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()
            step += 1
            seen += sum(len(m.tokens) for m in micros)
            rate = seen / (time.perf_counter() - begun)
            bar.update()
            bar.set_postfix_str(f"loss {loss:.3f}, {rate:.1f} examples/s")
            if log is not None:
                log(
                    {
                        "step": step,
                        "loss": loss,
                        "learning_rate": scheduler.get_last_lr()[0],
                        "examples_per_second": rate,
                    }
                )
            if checkpoint is not None and step in recipe.checkpoints:
                checkpoint(step)
            if watch.due(step):
                looked, right = validate(model, validation, recipe, share_prefix=share)
                if not math.isfinite(looked):
                    loss, stopped = math.nan, "diverged"
                    break
                if watch.look(step, looked, right):
                    stopped = "plateau"
                    break
    model.eval()
    return TrainingOutcome(
        steps=step,
        planned_steps=planned,
        examples=seen,
        final_loss=loss,
        validation=watch.history,
        stopped=stopped,
        shared_prefix=prefix if share else 0,
        seconds=time.perf_counter() - begun,
    )


def planned_steps(recipe: Recipe, rows: int) -> int:
    """Return the number of optimiser steps a recipe allows on so many rows."""
    if recipe.steps is not None:
        return recipe.steps
    assert recipe.epochs is not None
    micro_per_epoch = math.ceil(rows / recipe.batch_size)
    return max(1, round(recipe.epochs * micro_per_epoch / min(recipe.accumulation, micro_per_epoch)))


def validate(
    model: "PreTrainedModel", rows: Sequence[Example], recipe: Recipe, *, share_prefix: bool
) -> tuple[float, float]:
    """Return the mean loss a token and the share of rows whose every answer token is the likeliest."""
    import torch

    prefix = shared_prefix_length(rows)
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
    loss, right, tokens = 0.0, 0, 0
    model.eval()
    with torch.inference_mode():
        for start in range(0, len(rows), 32):
            batch = collate([rows[i] for i in order[start : start + 32]], prefix).to(model.device)
            rows_right, losses = answered_rows(model, batch, share_prefix=share_prefix)
            loss += float(losses.sum())
            right += int(rows_right.sum())
            tokens += batch.answer_tokens
    model.train()
    return loss / tokens, right / len(rows)


class _PlateauWatch:
    """Remembers the best validation loss and says when to stop."""

    def __init__(self, rule: Plateau | None) -> None:
        self.rule = rule
        self.history: list[tuple[int, float, float]] = []
        self._best = math.inf
        self._since = 0

    def due(self, step: int) -> bool:
        return self.rule is not None and step % self.rule.every == 0

    def look(self, step: int, loss: float, right: float) -> bool:
        assert self.rule is not None
        self.history.append((step, loss, right))
        if loss < self._best - self.rule.min_improvement:
            self._best, self._since = loss, 0
        else:
            self._since += 1
        return self._since >= self.rule.patience


def _batches(rows: Sequence[Example], recipe: Recipe, seed: int, prefix: int) -> Iterator[Batch]:
    epoch = 0
    while True:
        for indices in epoch_order(rows, recipe.batch_size, seed, epoch):
            yield collate([rows[i] for i in indices], prefix)
        epoch += 1


def _may_share(recipe: Recipe, lora: LoraSpec) -> bool:
    reason = "dropout" if lora.dropout else "gradient checkpointing" if recipe.gradient_checkpointing else None
    if recipe.share_prefix and reason:
        print(f"Note: the chat prefix is not shared in training, since {reason} would make that inexact.")
    return recipe.share_prefix and reason is None


def _check_lengths(rows: Sequence[Example], longest: int) -> None:
    if not rows:
        raise UserError("There is nothing to train on: the chosen tier has no facts.")
    if too_long := [row for row in rows if len(row) > longest]:
        raise UserError(
            f"{len(too_long)} training rows have more than training.max_length={longest} tokens "
            f"(the longest {max(map(len, too_long))}): raise it or shorten the questions."
        )


def _groups(model: "PreTrainedModel", recipe: Recipe) -> list[dict[str, Any]]:
    """Return the trainable parameters in two groups: B matrices with their own rate, and the rest."""
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    rest = [p for name, p in named if "lora_B" not in name]
    matrices = [p for name, p in named if "lora_B" in name]
    groups = [(rest, recipe.learning_rate), (matrices, recipe.learning_rate * recipe.b_ratio)]
    return [{"params": parameters, "lr": rate} for parameters, rate in groups if parameters]


def _optimizer(recipe: Recipe, groups: list[dict[str, Any]]) -> Any:
    import torch

    shared: dict[str, Any] = {"betas": (0.9, recipe.beta2), "weight_decay": recipe.weight_decay}

    if recipe.optimizer == "paged_adamw_8bit":
        import bitsandbytes

        if not torch.cuda.is_available():
            raise UserError("training.optimizer=paged_adamw_8bit needs a GPU: use training.optimizer=adamw.")
        return bitsandbytes.optim.PagedAdamW8bit(groups, **shared)
    return torch.optim.AdamW(groups, **shared)
