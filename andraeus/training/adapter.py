"""Adapters: attaching one to a base, writing it, and reading it back on the right base only."""

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from andraeus.errors import UserError
from andraeus.files import write_json, writing
from andraeus.models.load import Quantization
from andraeus.models.resolve import ModelFiles
from andraeus.seeds import stream_seed
from andraeus.training.recipe import LoraSpec, Recipe

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel

FINGERPRINT = "andraeus.json"


@dataclass(frozen=True)
class Origin:
    """What it takes, beside the fingerprint, to find an adapter's base and ask it as it was trained.

    Attributes:
        model: Name of the base's config.
        repo: Its Hub repository, or ``None`` (a folder of the user's is named by no path here).
        revision: Commit or tag in the repository.
        dtype: Type of the base's weights.
        compute_dtype: Type a quantised base computes in.
        chat_template: Jinja template that replaced the tokenizer's own, or ``None``.
        system: System turn of the training conversations, or ``None`` for the template's own.
        split_seed: Which split of the families it was trained on.
        answers: How its answers are worded.
    """

    model: str
    repo: str | None = None
    revision: str | None = None
    dtype: str = "float32"
    compute_dtype: str = "float32"
    chat_template: str | None = None
    system: str | None = None
    split_seed: int | None = None
    answers: str | None = None


def fingerprint(files: ModelFiles, quantization: Quantization) -> dict[str, Any]:
    """Return what an adapter must find beneath it to answer as it was trained."""
    return {
        "weights": files.weights_hash,
        "tokenizer": files.tokenizer_hash,
        "quantization": quantization.kind,
        "double_quantization": quantization.double if quantization.kind == "nf4" else None,
    }


def attach(
    model: "PreTrainedModel", lora: LoraSpec, recipe: Recipe, quantization: Quantization, seed: int, base_name: str
) -> "PeftModel | PreTrainedModel":
    """Put a fresh adapter on a base model, or make all its weights trainable (``lora.r == 0``).

    Args:
        model: The base, as `andraeus.models.load.load_model` returns it.
        lora: Shape of the adapter.
        recipe: For gradient checkpointing.
        quantization: How the base is stored.
        seed: Seed of the run; the initialisation draws from its own stream.
        base_name: Public name of the base that stands in ``adapter_config.json``.

    Raises:
        UserError: A full fine-tune of a quantised base, or a module name the base does not have.
    """
    import torch
    from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training

    how = {"use_reentrant": False}
    if quantization.kind != "none":
        model = prepare_model_for_kbit_training(
            model, use_gradient_checkpointing=recipe.gradient_checkpointing, gradient_checkpointing_kwargs=how
        )
    elif recipe.gradient_checkpointing:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs=how)
    if lora.r == 0:
        if quantization.kind != "none":
            raise UserError("lora=none trains all weights, which quantised weights cannot: use quantization=none.")
        return model.requires_grad_(True)
    torch.manual_seed(stream_seed(seed, "adapter_init"))
    _check_modules(model, lora)
    config = LoraConfig(
        r=lora.r,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=list(lora.target_modules),
        layers_to_transform=lora.adapted_layers(model.config.get_text_config().num_hidden_layers),
        task_type="CAUSAL_LM",
    )
    try:
        adapted = get_peft_model(model, config)
    except ValueError as error:
        raise UserError(f"The adapter's shape does not fit this model: {error}") from error
    adapted.peft_config["default"].base_model_name_or_path = base_name
    return adapted


def _check_modules(model: "PreTrainedModel", lora: LoraSpec) -> None:
    """Refuse a module name that the base does not have; PEFT leaves it out without a word if another fits."""
    from torch import nn

    names = [name for name, _ in model.named_modules()]
    missing = [t for t in lora.target_modules if not any(n == t or n.endswith(f".{t}") for n in names)]
    if missing:
        linear = {name.rsplit(".", 1)[-1] for name, module in model.named_modules() if isinstance(module, nn.Linear)}
        raise UserError(
            f"lora.target_modules names {', '.join(missing)}, which this model does not have: "
            f"choose among {', '.join(sorted(linear - {'lm_head'}))}."
        )


def causal_model(model: "PeftModel | PreTrainedModel") -> "PreTrainedModel":
    """Return the causal language model inside a PEFT wrapper (or the model itself)."""
    inner: PreTrainedModel = model.get_base_model() if hasattr(model, "get_base_model") else model
    return inner


def save(model: "PeftModel | PreTrainedModel", folder: Path, base: dict[str, Any], origin: Origin) -> None:
    """Write an adapter (or fully tuned weights) as stock PEFT (or Transformers) loads it.

    Args:
        model: What `attach` returned, trained.
        folder: Where to.
        base: `fingerprint` of the base.
        origin: Where the base comes from and how it was asked, for `andraeusctl ask`.

    PEFT writes module names in set order; they are sorted so that equal adapters are equal files.

    Raises:
        CannotWrite: The disk is full, or the folder may only be read.
    """
    with writing(folder):
        _save_weights(model, folder)
    config = folder / "adapter_config.json"
    if config.is_file():
        content = json.loads(config.read_text())
        for key, value in content.items():
            if isinstance(value, list):
                content[key] = sorted(value, key=str)
        write_json(config, dict(sorted(content.items())))
    write_json(folder / FINGERPRINT, {**base, **asdict(origin)})


def _save_weights(model: "PeftModel | PreTrainedModel", folder: Path) -> None:
    from peft import PeftModel
    from safetensors import SafetensorError

    folder.mkdir(parents=True, exist_ok=True)
    try:
        if isinstance(model, PeftModel):
            # Otherwise PEFT asks the Hub whether the base's vocabulary was changed, and may save it.
            model.save_pretrained(str(folder), save_embedding_layers=False)
        else:
            model.save_pretrained(folder)
    except SafetensorError as error:
        # What the disk said is in its text only.
        raise OSError(str(error)) from error
    (folder / "README.md").unlink(missing_ok=True)


def load(model: "PreTrainedModel", folder: Path, base: dict[str, Any]) -> "PeftModel | PreTrainedModel":
    """Put a stored adapter on a base model.

    Raises:
        UserError: The adapter was trained on other weights or another quantisation, or is damaged.
    """
    from peft import PeftModel
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM

    try:
        trained_on = json.loads((folder / FINGERPRINT).read_text())
    except (OSError, ValueError) as error:
        raise UserError(f"{folder} is no complete adapter of Andraeus: delete it and train it anew.") from error
    if differing := [key for key in base if trained_on.get(key) != base[key]]:
        raise UserError(
            f"The adapter in {folder} was trained on another base (its {', '.join(differing)} differ): "
            "load the model and quantisation it was trained on."
        )
    try:
        if (folder / "adapter_config.json").is_file():
            return PeftModel.from_pretrained(model, str(folder)).eval()
        tuned: PreTrainedModel = AutoModelForCausalLM.from_pretrained(folder, dtype=model.dtype)
        return tuned.to(model.device).eval()
    except (SafetensorError, OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
        raise UserError(
            f"The adapter in {folder} cannot be read ({error}): delete that folder and run again."
        ) from error


def export(folder: Path, output: Path) -> None:
    """Copy an adapter to where the user wants it; a folder that is not empty is never overwritten."""
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise UserError(f"output={output} is there and not empty: name another folder, or remove it first.")
    partial = output.with_name(f".{output.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(folder, partial)
    if output.exists():
        output.rmdir()
    partial.rename(output)
