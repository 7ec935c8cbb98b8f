"""Where an adapter begins: at zero, as PEFT makes it, or at another adapter.

An adapter that already leads anyone's questions to the beginning of their answers ("Your employer is",
`andraeus.phrasings.anyone`) has only the values left to learn. One such adapter ships for the embedded model;
``scripts/make_start.py`` made it.
"""

import gzip
import json
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from andraeus.errors import UserError
from andraeus.hashing import content_hash, file_sha256
from andraeus.training.adapter import FINGERPRINT
from andraeus.training.recipe import LoraSpec

if TYPE_CHECKING:
    from torch import Tensor, nn

SHIPPED = "package:"
WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"
MADE = "start.json"  # how a shipped one was made
QUESTIONS = "questions.txt.gz"  # and what it was trained on, a line each
# What makes an adapter more than one pair of matrices of one rank and scale a layer.
_MORE = ("use_rslora", "use_dora", "rank_pattern", "alpha_pattern", "modules_to_save", "layers_pattern")


@dataclass(frozen=True)
class Start:
    """An adapter to begin at.

    Attributes:
        folder: A PEFT adapter that Andraeus made.
        content: Content hash of its weights and scale.
        shipped: Whether it came with the project.
        weights: Hash of the base's weights that it was trained on.
        phrasings: Choices of ``phrasings`` under which it was trained.
        modules: Linear modules it adapts.
        layers: Layers it adapts, or ``None`` for all.
    """

    folder: Path
    content: str
    shipped: bool
    weights: str
    phrasings: dict[str, Any]
    modules: tuple[str, ...]
    layers: tuple[int, ...] | None

    def questions(self) -> list[str]:
        """Return the questions it was trained on, as far as they are told."""
        told = self.folder / QUESTIONS
        return gzip.decompress(told.read_bytes()).decode().splitlines() if told.is_file() else []

    def beyond(self, lora: LoraSpec, depth: int) -> list[str]:
        """Return what it adapts and an adapter of this shape, on so many layers, does not."""
        layers = set(range(depth) if self.layers is None else self.layers)
        adapted = lora.adapted_layers(depth)
        missing = layers - set(range(depth) if adapted is None else adapted)
        return sorted(set(self.modules) - set(lora.target_modules)) + [f"layer {layer}" for layer in sorted(missing)]


def find_start(place: str) -> Start | None:
    """Find an adapter to begin at.

    Args:
        place: ``package:NAME`` for the one that ships for a model of that name, else a folder.

    Returns:
        The adapter, or ``None`` where none ships for that model.

    Raises:
        UserError: There is no readable adapter of Andraeus, or it is more than a plain LoRA.
    """
    shipped, folder = place.startswith(SHIPPED), Path(place).expanduser()
    if shipped:
        folder = Path(str(resources.files("andraeus.training") / "starts" / place.removeprefix(SHIPPED)))
        if not folder.is_dir():
            return None
    try:
        config, told = (json.loads((folder / name).read_text()) for name in (CONFIG, FINGERPRINT))
        content = content_hash([file_sha256(folder / WEIGHTS), config["r"], config["lora_alpha"]])
        layers = config["layers_to_transform"]
        start = Start(
            folder,
            content,
            shipped,
            told["weights"],
            {key: told[key] for key in ("split_seed", "answers")},
            tuple(config["target_modules"]),
            None if layers is None else tuple(layers),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"training.start={place} holds no LoRA adapter of Andraeus: name another folder, or set it to null."
        ) from error
    if more := [key for key in _MORE if config.get(key)]:
        raise UserError(f"training.start={place} is more than a plain LoRA adapter ({', '.join(more)}): name another.")
    return start


def begin_at(model: "nn.Module", start: Start) -> None:
    """Set a model's fresh LoRA matrices to those of another adapter.

    Where the fresh adapter has a higher rank, its further rows of A stay as they were drawn, and count for
    nothing until B grows. Where it has a lower one, it takes the largest singular directions.

    Args:
        model: A PEFT model with one adapter.
        start: What to begin at.

    Raises:
        UserError: The other adapter reaches modules that this one does not, or its matrices have other sizes.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        saved = load_file(start.folder / WEIGHTS)
        config: dict[str, Any] = json.loads((start.folder / CONFIG).read_text())
        scale = config["lora_alpha"] / config["r"]
    except (SafetensorError, OSError, ValueError, KeyError) as error:
        raise UserError(f"The adapter in {start.folder} cannot be read ({error}): name another.") from error
    layers = dict(model.named_modules())
    with torch.no_grad():
        for key in (k for k in saved if k.endswith(".lora_A.weight")):
            name = key.removesuffix(".lora_A.weight")
            layer: Any = layers.get(name)
            down, up = saved[key].float(), saved[f"{name}.lora_B.weight"].float()
            if not hasattr(layer, "lora_A"):
                raise UserError(f"training.start adapts {name}, which this adapter does not: set training.start=null.")
            up = up * scale / layer.scaling["default"]
            _set(layer.lora_A["default"].weight, layer.lora_B["default"].weight, down, up)


def _set(to_down: "Tensor", to_up: "Tensor", down: "Tensor", up: "Tensor") -> None:
    """Copy matrices A and B, shapes (r, inputs) and (outputs, r), into ones of another rank."""
    if down.shape[1] != to_down.shape[1] or up.shape[0] != to_up.shape[0]:
        raise UserError("training.start was trained on a model of another size: set training.start=null.")
    rank = min(len(down), len(to_down))
    if rank < len(down):
        down, up = _truncated(down, up, rank)
    to_down[:rank] = down
    to_up.zero_()
    to_up[:, :rank] = up


def _truncated(down: "Tensor", up: "Tensor", rank: int) -> "tuple[Tensor, Tensor]":
    """Return the matrices of a lower rank whose product is nearest to ``up @ down`` (Eckart and Young 1936)."""
    import torch

    u, s, v = torch.linalg.svd(up @ down, full_matrices=False)
    # Rows of A keep their size: a rate that suits the one suits the other.
    size = down.norm() / len(down) ** 0.5
    return v[:rank] * size, u[:, :rank] * s[:rank] / size
