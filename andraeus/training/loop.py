"""The training loop."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from andraeus.chat import Example
from andraeus.errors import UserError
from andraeus.progress import bar as progress_bar
from andraeus.seeds import stream_seed
from andraeus.training.batches import Batch, collate, epoch_order, passes, share, shared_prefix_length
from andraeus.training.fused import fused_lora
from andraeus.training.loss import answered_rows, summed_loss
from andraeus.training.packing import packed_attention
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
        shared_prefix: Tokens of prefix computed once a batch; 0 where rows were not packed.
        fused_layers: LoRA layers computed in one autograd step.
        seconds: Wall time of the loop.
    """

    steps: int
    planned_steps: int
    examples: int
    final_loss: float
    validation: list[tuple[int, float, float]]
    stopped: str
    shared_prefix: int
    fused_layers: int
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
        UserError: A row is longer than ``recipe.max_length``, there is nothing to train, a plateau rule has
            nothing to look at, or the model rescales its logits.
    """
    _check_lengths(rows, recipe.max_length)
    _check_head(model)
    if recipe.plateau is not None and not validation:
        raise UserError("training.plateau needs development phrasings to look at: set training.plateau=null.")
    with _packing(model, recipe, lora) as packed, _fusing(model, recipe, lora) as fused:
        run = _Run(model, rows, validation, recipe, seed, packed=packed, log=log, checkpoint=checkpoint)
        begun = time.perf_counter()
        run.to_the_end(progress=progress)
    return TrainingOutcome(
        steps=run.step,
        planned_steps=run.planned,
        examples=run.seen,
        final_loss=run.loss,
        validation=run.watch.history,
        stopped=run.stopped,
        shared_prefix=run.prefix if packed else 0,
        fused_layers=fused,
        seconds=time.perf_counter() - begun,
    )


class _Run:
    """One training run: where it stands, and how it goes on."""

    def __init__(
        self,
        model: "PreTrainedModel",
        rows: Sequence[Example],
        validation: Sequence[Example],
        recipe: Recipe,
        seed: int,
        *,
        packed: bool,
        log: Log | None,
        checkpoint: Checkpoint | None,
    ) -> None:
        import torch
        from accelerate import Accelerator
        from transformers import get_scheduler

        # Whatever precision the processes were launched with, the config decides.
        self.accelerator = Accelerator(cpu=model.device.type == "cpu", mixed_precision="no")
        # Masks of its own for each process but the first, whose stream is that of a process alone.
        further = [self.accelerator.process_index] if self.accelerator.process_index else []
        torch.manual_seed(stream_seed(seed, "dropout", *further))
        self.model, self.validation, self.recipe, self.packed = model, validation, recipe, packed
        self.log, self.checkpoint = log, checkpoint
        self.prefix = shared_prefix_length(rows)
        self.planned = planned_steps(recipe, len(rows))
        self.accumulation = min(recipe.accumulation, math.ceil(len(rows) / recipe.batch_size))
        self.batches = _batches(rows, recipe, seed)
        self.parameters = [p for p in model.parameters() if p.requires_grad]
        self.optimizer = self.accelerator.prepare(_optimizer(recipe, _groups(model, recipe)))
        warmup = round(recipe.warmup_ratio * self.planned)
        # What Transformers calls "constant" would skip the warm-up without a word.
        shape = "constant_with_warmup" if recipe.schedule == "constant" else recipe.schedule
        self.scheduler = get_scheduler(shape, self.optimizer, warmup, self.planned)
        self.watch = _PlateauWatch(recipe.plateau)
        self.step, self.seen, self.loss, self.stopped = 0, 0, math.nan, "end"

    def to_the_end(self, *, progress: bool) -> None:
        """Train until the steps are done, the rule stops it, or it diverges."""
        begun = time.perf_counter()
        self.model.train()
        with progress_bar(self.planned, "train", "step", shown=progress) as bar:
            while self.step < self.planned:
                if not self._update():
                    break
                rate = self.seen / (time.perf_counter() - begun)
                bar.update()
                bar.set_postfix_str(f"loss {self.loss:.3f}, {rate:.1f} examples/s")
                self._tell(rate)
                if self.watch.due(self.step) and not self._look():
                    break
        self.model.eval()

    def _update(self) -> bool:
        """Take one optimiser step; return False where loss or gradient is no longer a number."""
        rows = [next(self.batches) for _ in range(self.accumulation)]
        tokens = sum(len(row.answer) for part in rows for row in part)
        self.loss = 0.0
        for batch in self._passes(rows):
            part = summed_loss(self.model, batch, packed=self.packed) / tokens
            self.accelerator.backward(part)
            self.loss += part.item()
        self._add_up_gradients()
        (self.loss,) = self._over_processes("sum", self.loss)
        norm = self.accelerator.clip_grad_norm_(self.parameters, self.recipe.clip_norm)
        if not (math.isfinite(self.loss) and math.isfinite(float(norm))):
            return self._diverged()
        self.optimizer.step()
        self.scheduler.step()
        self.optimizer.zero_grad()
        self.step += 1
        self.seen += sum(map(len, rows))
        return True

    def _passes(self, rows: list[list[Example]]) -> list[Batch]:
        """Return this process's share of a step in the batches that go through the model one after the other."""
        parts = share(rows, self.accelerator.process_index, self.accelerator.num_processes)
        if self.packed and self.recipe.tokens_per_pass is not None:
            parts = passes([row for part in parts for row in part], self.prefix, self.recipe.tokens_per_pass)
        return [collate(part, self.prefix).to(self.model.device) for part in parts]

    def _add_up_gradients(self) -> None:
        """Sum gradients over the processes, each of which saw its share of the step's rows.

        DDP's hooks do so where its wrapper is called; the loop calls what is inside (`summed_loss`). A part's loss
        is divided by the answer tokens of the whole step, so that sums weigh each token alike.
        """
        import torch

        if self.accelerator.num_processes == 1:
            return
        # A process without rows (a step may have fewer than there are processes) has no gradients.
        own = [torch.zeros_like(p) if p.grad is None else p.grad for p in self.parameters]
        total = self.accelerator.reduce(torch.cat([gradient.flatten() for gradient in own]), "sum")
        for parameter, part in zip(self.parameters, total.split([p.numel() for p in own]), strict=True):
            parameter.grad = part.view_as(parameter)

    def _over_processes(self, how: str, *numbers: float) -> list[float]:
        """Return the sum or the mean of numbers over the processes; a process alone gets its own back."""
        import torch

        own = torch.tensor(numbers, dtype=torch.float64, device=self.model.device)
        together: list[float] = self.accelerator.reduce(own, how).tolist()
        return together

    def _tell(self, rate: float) -> None:
        if self.log is not None:
            learning_rate = self.scheduler.get_last_lr()[0]
            self.log(
                {"step": self.step, "loss": self.loss, "learning_rate": learning_rate, "examples_per_second": rate}
            )
        if self.checkpoint is not None and self.step in self.recipe.checkpoints:
            self.checkpoint(self.step)

    def _look(self) -> bool:
        """Look at the development phrasings; return False where training should stop."""
        loss, right = validate(self.model, self.validation, packed=self.packed)
        # What they decide by must not differ by a bit.
        loss, right = self._over_processes("mean", loss, right)
        if not math.isfinite(loss):
            return self._diverged()
        if self.watch.look(self.step, loss, right):
            self.stopped = "plateau"
        return self.stopped == "end"

    def _diverged(self) -> bool:
        self.loss, self.stopped = math.nan, "diverged"
        return False


def planned_steps(recipe: Recipe, rows: int) -> int:
    """Return the number of optimiser steps a recipe allows on so many rows."""
    if recipe.steps is not None:
        return recipe.steps
    assert recipe.epochs is not None
    micro_per_epoch = math.ceil(rows / recipe.batch_size)
    steps = round(recipe.epochs * micro_per_epoch / min(recipe.accumulation, micro_per_epoch))
    return max(1, recipe.least_steps, steps)


def validate(model: "PreTrainedModel", rows: Sequence[Example], *, packed: bool) -> tuple[float, float]:
    """Return the mean loss a token and the share of rows whose every answer token is the likeliest."""
    import torch

    prefix = shared_prefix_length(rows)
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
    loss, right, tokens = 0.0, 0, 0
    model.eval()
    with torch.inference_mode():
        for start in range(0, len(rows), 32):
            batch = collate([rows[i] for i in order[start : start + 32]], prefix).to(model.device)
            rows_right, losses = answered_rows(model, batch, packed=packed)
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


def _batches(rows: Sequence[Example], recipe: Recipe, seed: int) -> Iterator[list[Example]]:
    epoch = 0
    while True:
        for indices in epoch_order(rows, recipe.batch_size, seed, epoch):
            yield [rows[i] for i in indices]
        epoch += 1


@contextmanager
def _packing(model: "PreTrainedModel", recipe: Recipe, lora: LoraSpec) -> Iterator[bool]:
    if not recipe.packing or lora.dropout:
        if recipe.packing:
            print("Note: rows are not packed, since under dropout one prefix would not serve them all exactly.")
        yield False
        return
    with packed_attention(model) as packed:
        if not packed:
            print(f"Note: rows are not packed, since the model attends by {model.config._attn_implementation}.")
        yield packed


@contextmanager
def _fusing(model: "PreTrainedModel", recipe: Recipe, lora: LoraSpec) -> Iterator[int]:
    if not recipe.fused_lora or not lora.r:
        yield 0
        return
    with fused_lora(model) as fused:
        if not fused:
            print("Note: LoRA layers are not fused: that needs a plain base of the adapter's type, and no dropout.")
        yield fused


def _check_lengths(rows: Sequence[Example], longest: int) -> None:
    if not rows:
        raise UserError("There is nothing to train on: the chosen tier has no facts.")
    if too_long := [row for row in rows if len(row) > longest]:
        raise UserError(
            f"{len(too_long)} training rows have more than training.max_length={longest} tokens "
            f"(the longest {max(map(len, too_long))}): raise it or shorten the questions."
        )


def _check_head(model: "PreTrainedModel") -> None:
    """Refuse models that do more to their logits than `andraeus.training.loss` does."""
    for name, neutral in {"logits_scaling": 1.0, "logit_scale": 1.0, "final_logit_softcapping": None}.items():
        if (value := getattr(model.config, name, None)) not in (None, neutral):
            raise UserError(
                f"This model rescales its logits ({name}={value}), which training does not: choose another."
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
