"""Loading a base model and its tokenizer, quantised or not."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from andraeus.errors import UserError
from andraeus.models.resolve import Dtype, ModelFiles

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


class QuantizationKind(StrEnum):
    """``int8``: LLM.int8 (Dettmers et al. 2022); ``nf4``: QLoRA (Dettmers et al. 2023)."""

    none = "none"
    int8 = "int8"
    nf4 = "nf4"


@dataclass
class Quantization:
    """How the frozen base's linear weights are stored.

    Attributes:
        kind: ``none``, ``int8`` or ``nf4``.
        double: Quantise the quantisation constants too (``nf4`` only).
        compute_dtype: Type the weights are dequantised to for a product.
        dequantize_up_to: Largest number of weights that are dequantised once for answering on a CPU (`dequantized`).
    """

    kind: QuantizationKind = QuantizationKind.none
    double: bool = True
    compute_dtype: Dtype = Dtype.float32
    dequantize_up_to: int = 1_000_000_000


def pick_device(device: str) -> str:
    """Return where a model goes: ``cpu``, ``cuda``, or the own GPU of each of several processes that train together.

    Args:
        device: The config's ``device``, which is never guessed by default.

    Raises:
        UserError: There is no such GPU.
    """
    import torch

    if device == "cuda" and not torch.cuda.is_available():
        raise UserError("device=cuda, but PyTorch sees no GPU here: use device=cpu or mend the CUDA installation.")
    own = os.environ.get("LOCAL_RANK")
    if device != "cuda" or own is None:
        return device
    if torch.cuda.device_count() <= int(own):
        raise UserError(f"device=cuda, but there are only {torch.cuda.device_count()} GPUs: start fewer processes.")
    return f"cuda:{own}"


def load_tokenizer(files: ModelFiles, chat_template: str | None = None) -> "PreTrainedTokenizerBase":
    """Load a model's tokenizer, with another chat template if one is given.

    Raises:
        UserError: There is none, or it cannot be read.
    """
    from transformers import AutoTokenizer

    try:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(files.folder)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"The tokenizer in {files.folder} cannot be loaded ({_brief(error)}): fetch it anew."
        ) from error
    if chat_template is not None:
        tokenizer.chat_template = chat_template
    return tokenizer


def load_model(files: ModelFiles, dtype: str, quantization: Quantization, device: str) -> "PreTrainedModel":
    """Load a base model in evaluation mode.

    Args:
        files: What `resolve` found.
        dtype: Name of a torch floating-point type.
        quantization: How its linear weights are stored.
        device: ``cpu`` or ``cuda``.

    Raises:
        UserError: The weights cannot be read, or not be quantised so.
    """
    import torch
    from safetensors import SafetensorError
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()
    arguments: dict[str, Any] = {"dtype": getattr(torch, dtype), "device_map": {"": pick_device(device)}}
    if quantization.kind != "none":
        arguments["quantization_config"] = _bitsandbytes(quantization)
    # Weights that are kept as they are stay mapped: processes share their pages, and the system may drop them.
    reading = contextlib.nullcontext() if quantization.kind == "none" else _reading_tensors_one_by_one()
    try:
        with reading:
            loaded = AutoModelForCausalLM.from_pretrained(files.folder, output_loading_info=True, **arguments)
    except torch.OutOfMemoryError:
        raise
    except (SafetensorError, OSError, ValueError, RuntimeError) as error:
        raise UserError(f"The model in {files.folder} cannot be loaded ({_brief(error)}): fetch it anew.") from error
    model: PreTrainedModel = loaded[0]
    # Transformers draws missing weights at random, with only a log line.
    if missing := sorted(loaded[1]["missing_keys"]):
        raise UserError(f"The model in {files.folder} lacks {len(missing)} weights ({missing[0]} …): fetch it anew.")
    if quantization.kind == "nf4" and model.device.type == "cpu":
        _alike_on_every_cpu(model)
    return model.eval()


def _alike_on_every_cpu(model: "PreTrainedModel") -> None:
    """Keep 4-bit layers to what bitsandbytes computes alike, and rightly, on every processor.

    With AVX512-BF16 it would repack the weights at the first answer, multiply in bfloat16 whatever ``compute_dtype``
    says and round the quantisation constants for good. With AVX-512 it reads the constants of rows that do not end
    with a block from the wrong places (bitsandbytes 0.50.2).

    Raises:
        UserError: A layer's width is no multiple of the block that shares a constant.
    """
    from bitsandbytes.nn import Linear4bit

    for name, module in model.named_modules():
        if not isinstance(module, Linear4bit):
            continue
        block = module.weight.quant_state.blocksize
        if module.in_features % block:
            raise UserError(
                f"quantization=nf4 on a CPU needs layers whose width is a multiple of {block}, and {name} has "
                f"{module.in_features}: use quantization=int8 or quantization=none, or a GPU."
            )
        module.support_avx512bf16_for_cpu = False


@contextlib.contextmanager
def _reading_tensors_one_by_one() -> Iterator[None]:
    """Let Transformers read each tensor of a checkpoint rather than map whole files.

    Pages of a mapped file count as the process's own until it is closed: loading a 7B model, of which 5 GB are kept
    in four bits, would peak at 20 GB. Transformers does so itself on systems where mapping costs more.
    """
    from transformers import modeling_utils

    mapped = modeling_utils.safe_open

    def read(file: Any, **how: Any) -> Any:
        # Versions of Transformers that name no backend know only the one.
        return mapped(file, **({**how, "backend": "pread"} if "backend" in how else how))

    modeling_utils.safe_open = read
    try:
        yield
    finally:
        modeling_utils.safe_open = mapped


def dequantized(model: "PreTrainedModel", quantization: Quantization) -> "PreTrainedModel":
    """Return a 4-bit model with its weights dequantised once, where that says the same sooner; else as it is.

    On a CPU each product with 4-bit weights dequantises them first; once before all products is the same where the
    types are. It takes the memory of an unquantised model, hence ``dequantize_up_to``; a GPU has kernels of its own for
    4-bit weights. To be called before an adapter is attached.
    """
    import torch

    alike = quantization.kind == "nf4" and model.device.type == "cpu"
    alike = alike and model.dtype == getattr(torch, quantization.compute_dtype)
    if not alike or model.num_parameters() > quantization.dequantize_up_to:
        return model
    plain: PreTrainedModel = model.dequantize()
    return plain


def _brief(error: Exception) -> str:
    """Return the first line of an error's text."""
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(" :")


def _bitsandbytes(quantization: Quantization) -> Any:
    import torch
    from transformers import BitsAndBytesConfig

    if quantization.kind == "int8":
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=quantization.double,
        bnb_4bit_compute_dtype=getattr(torch, quantization.compute_dtype),
    )
