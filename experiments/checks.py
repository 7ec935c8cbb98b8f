"""Combinations that cannot be run, found before a model is loaded."""

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from andraeus.models.load import QuantizationKind
from andraeus.training.loop import planned_steps
from andraeus.training.recipe import Optimizer
from evaluation.statistics.claims import Kind
from experiments.processes import started
from experiments.schema import Config, Device, Power

if TYPE_CHECKING:
    from experiments.cell import Cell

Rule = tuple[Callable[[Config], bool], str]


def _taken(path: Path) -> bool:
    """Whether something stands at a path that must not be overwritten."""
    path = path.expanduser()
    return path.exists() and (not path.is_dir() or any(path.iterdir()) or path.samefile(Path.cwd()))


def _sees_gpu() -> bool:
    import torch

    return torch.cuda.is_available()


def _not_finite(node: Any, name: str = "") -> Iterator[str]:
    """Yield a sentence for each number that is none or has no end: it cannot be trained with, hashed or written."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from _not_finite(value, f"{name}.{key}".lstrip("."))
    elif isinstance(node, list | tuple):
        for value in node:
            yield from _not_finite(value, name)
    elif isinstance(node, float) and not math.isfinite(node):
        yield f"{name}={node} is no finite number: give one."


def _too_small(power: Power) -> bool:
    return min([*power.profiles, *power.seeds, 1]) < 1 or min([*power.facts, 2]) < 2


# What must not be, and what to do about it. Each rule looks at the typed configuration only.
RULES: tuple[Rule, ...] = (
    (
        lambda c: (c.training.epochs is None) == (c.training.steps is None),
        "training.epochs and training.steps: give exactly one of them (and set the other to null).",
    ),
    (lambda c: c.training.epochs is not None and c.training.epochs <= 0, "training.epochs must be above 0."),
    (lambda c: c.training.steps is not None and c.training.steps <= 0, "training.steps must be at least 1."),
    (lambda c: c.training.least_steps < 0, "training.least_steps must be at least 0."),
    (lambda c: c.training.batch_size < 1, "training.batch_size must be at least 1."),
    (lambda c: c.training.accumulation < 1, "training.accumulation must be at least 1."),
    (
        lambda c: c.training.tokens_per_pass is not None and c.training.tokens_per_pass < 1,
        "training.tokens_per_pass must be at least 1, or null.",
    ),
    (lambda c: c.training.learning_rate <= 0, "training.learning_rate must be above 0."),
    (lambda c: c.training.b_ratio <= 0, "training.b_ratio must be above 0."),
    (lambda c: not 0 < c.training.beta2 < 1, "training.beta2 must lie in (0, 1)."),
    (lambda c: c.training.clip_norm <= 0, "training.clip_norm must be above 0."),
    (lambda c: not 0 <= c.training.warmup_ratio < 1, "training.warmup_ratio must lie in [0, 1)."),
    (lambda c: not 0 <= c.lora.dropout < 1, "lora.dropout must lie in [0, 1)."),
    (lambda c: c.lora.r < 0, "lora.r must be 0 (full fine-tune) or above."),
    (lambda c: not 0 <= c.lora.frozen_share < 1, "lora.frozen_share must lie in [0, 1)."),
    (
        lambda c: c.lora.frozen_share > 0 and c.lora.layers is not None,
        "lora.layers and lora.frozen_share both say which layers are adapted: add lora.frozen_share=0.",
    ),
    (
        lambda c: c.lora.frozen_share > 0 and c.lora.r == 0,
        "lora.frozen_share needs an adapter, and lora=none trains all weights: set lora.frozen_share=0.",
    ),
    (lambda c: c.lora.r > 0 and not c.lora.target_modules, "lora.target_modules is empty: name at least one module."),
    (
        lambda c: c.lora.r > 0 and c.lora.alpha <= 0,
        "lora.alpha must be above 0: an adapter of no scale changes no answer.",
    ),
    (
        lambda c: c.lora.layers is not None and not c.lora.layers,
        "lora.layers is empty: name at least one layer, or set it to null for all.",
    ),
    (
        lambda c: c.lora.r == 0 and c.quantization.kind != QuantizationKind.none,
        "lora=none trains all weights, which quantised weights cannot: use quantization=none.",
    ),
    (
        lambda c: c.training.optimizer == Optimizer.paged_adamw_8bit and c.device != Device.cuda,
        "training.optimizer=paged_adamw_8bit needs device=cuda: use training.optimizer=adamw here.",
    ),
    (
        lambda c: c.training.plateau is not None and min(c.training.plateau.every, c.training.plateau.patience) < 1,
        "training.plateau.every and training.plateau.patience must be at least 1.",
    ),
    (
        lambda c: any(s < 1 for s in c.training.checkpoints),
        "training.checkpoints names steps, which begin at 1.",
    ),
    (
        lambda c: c.step is not None and c.step not in c.training.checkpoints,
        "step names a step that training.checkpoints does not: add it there, so that its adapter is kept.",
    ),
    (
        lambda c: any("arm" not in side for contrast in c.contrasts for side in (contrast.a, contrast.b)),
        "contrasts: each side names its arm, as in {a: {arm: finetune}, b: {arm: base}}.",
    ),
    (
        lambda c: any(contrast.a == contrast.b for contrast in c.contrasts),
        "contrasts: a and b of one are the same, which differ in nothing: name another arm or condition on one side.",
    ),
    (
        lambda c: c.endpoint is not None and (c.endpoint.suite is None) != (c.endpoint.metric is None),
        "endpoint: give its suite and its metric, or neither.",
    ),
    (
        lambda c: c.tier.per_tier is not None and (c.tier.per_tier < 1 or c.tier.components),
        "tier.per_tier must be at least 1, or null, and does not go with tier=4.",
    ),
    (
        lambda c: any((one.margin is None) != (one.kind == Kind.difference) for one in c.contrasts),
        "contrasts: kind=equivalence and kind=non_inferiority need a margin, and kind=difference takes none.",
    ),
    (
        lambda c: any(one.margin is not None and not 0 < one.margin < 1 for one in c.contrasts),
        "contrasts: a margin lies in (0, 1), as in margin: 0.05 for five points.",
    ),
    (
        lambda c: not all(0 < effect <= 0.5 for effect in c.power.effects),
        "power.effects lie in (0, 0.5], as in 0.05 for five points.",
    ),
    (
        lambda c: _too_small(c.power),
        "power: profiles and seeds must be at least 1, and facts at least 2.",
    ),
    (
        lambda c: bool(c.power.effects) and not c.contrasts,
        "power plans the stated contrasts anew, and there are none: state contrasts, or set power.effects=[].",
    ),
    (
        lambda c: c.prices is not None and not all(0 <= price < math.inf for price in c.prices.amounts()),
        "prices must be numbers of 0 or above (prices=null leaves the break-even out).",
    ),
    (lambda c: c.variations.n < 1, "variations.n must be at least 1."),
    (lambda c: c.seed < 0, "seed must be 0 or above."),
    (lambda c: c.threads < 1, "threads must be at least 1."),
    (
        lambda c: c.processes != started(),
        "processes says how many train together, and this program was started otherwise: leave it out, and start with "
        "`accelerate launch --multi_gpu --num_processes N -m experiments.run …` (docs/launchers.md).",
    ),
    (lambda c: c.generation.max_new_tokens < 1, "generation.max_new_tokens must be at least 1."),
    (lambda c: c.generation.batch_size < 1, "generation.batch_size must be at least 1."),
    (
        lambda c: c.output is not None and _taken(Path(c.output)),
        "output names a file, a folder that is not empty, or the one you are in: name another, or remove it first.",
    ),
)  # fmt: skip


def problems(cell: "Cell", *, here: bool = True) -> list[str]:
    """Return all that makes a cell impossible.

    Args:
        cell: A composed cell.
        here: Whether it is to run on this machine.

    Returns:
        Sentences; empty where the cell can be run as far as one can tell without loading a model.

    Raises:
        UserError: What an arm, a suite or a profile refuses when it is built.
    """
    found = [*_not_finite(dataclasses.asdict(cell.spec))]
    found += [message for broken, message in RULES if broken(cell.spec)]
    if here and cell.spec.device == Device.cuda and not _sees_gpu():
        found.append("device=cuda, but PyTorch sees no GPU here: use device=cpu or mend the CUDA installation.")
    if not found:
        _ = cell.identity  # builds arm, suite, profile and items
        cell.arm.check(cell.material)
        found = _late_checkpoints(cell) + (_layers_beyond(cell) or _unfit_start(cell)) if cell.arm.trained else []
    return found


def _unfit_start(cell: "Cell") -> list[str]:
    """Say why training cannot begin at the cell's start: its training might be the test, or it reaches further."""
    start, spec = cell.start, cell.spec
    if start is None:
        return []
    chosen = dataclasses.asdict(spec.phrasings)
    found = [
        f"training.start was trained under phrasings.{key}={value}, this cell has {chosen[key]}: "
        "use training=scratch, or set training.start=null."
        for key, value in start.phrasings.items()
        if chosen[key] != value
    ]
    if not start.shipped and start.weights != cell.files.weights_hash:
        found.append("training.start was trained on other weights than this base's: set training.start=null.")
    if beyond := start.beyond(spec.lora, cell.files.depth):
        found.append(
            f"training.start adapts {', '.join(beyond[:3])}, which this adapter does not: let lora.frozen_share, "
            "lora.layers and lora.target_modules reach it, or use training=scratch."
        )
    return found


def _layers_beyond(cell: "Cell") -> list[str]:
    """Say which layers are to be adapted that the base does not have, where its config tells how many it has."""
    depth, lora = cell.files.depth, cell.spec.lora
    if not depth or not lora.r or not (beyond := [n for n in lora.layers or () if not 0 <= n < depth]):
        return []
    told = ", ".join(map(str, beyond))
    return [f"lora.layers names {told}, but this model's layers are 0 to {depth - 1}: name some of these."]


def _late_checkpoints(cell: "Cell") -> list[str]:
    """Say which checkpoints lie beyond the last step, and so would never be written."""
    steps = planned_steps(cell.spec.training, len(cell.material.trained))
    late = [step for step in cell.spec.training.checkpoints if step > steps]
    if not late:
        return []
    return [f"training.checkpoints names step {max(late)}, but training ends at step {steps}: name earlier ones."]
