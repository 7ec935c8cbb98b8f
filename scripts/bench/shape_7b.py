"""One QLoRA step of a model of Qwen2.5-7B's shape, its reload in stock PEFT and an answer, with peak memory.

python -m scripts.bench shape_7b            some 15 minutes and 16 GB of disk (a temporary folder's) on 2 cores

The weights are random: what is measured is whether the recipe fits, not what the model says. The checkpoint is written
layer by layer; training, and reloading with an answer, run in a process of their own each.
"""

import dataclasses
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from andraeus.models.load import Quantization, QuantizationKind, load_model
from andraeus.models.resolve import ModelFiles, ModelSpec, resolve
from experiments.provenance import peak_memory_mib
from scripts.bench.subject import alone, recipe_of

ROWS, ROW_TOKENS, ANSWER_TOKENS = 8, 48, 8
PROMPT = tuple(range(100, 140))
NF4 = Quantization(QuantizationKind.nf4)


def measure() -> dict[str, Any]:
    """Return seconds and peak memory of a step, and of a reload with an answer of two tokens."""
    with tempfile.TemporaryDirectory() as scratch:
        base, adapter = Path(scratch) / "base", Path(scratch) / "adapter"
        parameters = write_base(base)
        step = alone("scripts.bench.shape_7b", "step", str(base), str(adapter))
        reload = alone("scripts.bench.shape_7b", "reload", str(base), str(adapter))
    return {"parameters": parameters, "step": step, "reload": reload}


def write_base(folder: Path, **changes: Any) -> int:
    """Write random weights of Qwen2.5-7B's shape, with changes to its config, a file a layer; return how many."""
    import torch
    from safetensors.torch import save_file
    from transformers import AutoModelForCausalLM, Qwen2Config

    shape = {
        "vocab_size": 152064, "hidden_size": 3584, "intermediate_size": 18944, "num_hidden_layers": 28,
        "num_attention_heads": 28, "num_key_value_heads": 4, "max_position_embeddings": 32768, "rope_theta": 1e6,
        "rms_norm_eps": 1e-6, "tie_word_embeddings": False, "dtype": "bfloat16",
    }  # fmt: skip
    config = Qwen2Config(**{**shape, **changes})
    config.save_pretrained(folder)
    with torch.device("meta"):
        shapes = AutoModelForCausalLM.from_config(config).state_dict()
    # Drawing all of them would take longer than training on them: a million are drawn and laid end to end.
    drawn = torch.randn(1_000_003, generator=torch.Generator().manual_seed(0)).mul(0.02).bfloat16()
    files: dict[str, list[str]] = {}
    for name in shapes:
        file = ".".join(name.split(".")[:3]) if ".layers." in name else name
        files.setdefault(f"{file}.safetensors", []).append(name)
    for file, names in files.items():
        save_file({name: _filled(name, shapes[name], drawn) for name in names}, folder / file, {"format": "pt"})
    places = {name: file for file, names in files.items() for name in names}
    index = {"metadata": {"total_size": 0}, "weight_map": places}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return sum(of.numel() for of in shapes.values())


def _filled(name: str, of: Any, drawn: Any) -> Any:
    import torch

    if "norm" in name:
        return torch.ones(of.shape, dtype=torch.bfloat16)
    return drawn.repeat(of.numel() // len(drawn) + 1)[: of.numel()].view(of.shape).clone()


def step(files: ModelFiles, adapter: Path) -> dict[str, float]:
    """Take one step of the source document's recipe and write the adapter."""
    import random

    from andraeus.chat import Example
    from andraeus.training.adapter import Origin, attach, causal_model, fingerprint, save
    from andraeus.training.loop import train
    from andraeus.training.recipe import LoraSpec, Optimizer

    draw = random.Random(0)
    tokens = [tuple(draw.randrange(100_000) for _ in range(ROW_TOKENS)) for _ in range(ROWS)]
    rows = [Example(row[:-ANSWER_TOKENS], row[-ANSWER_TOKENS:]) for row in tokens]
    recipe = dataclasses.replace(recipe_of("qlora_7b"), epochs=None, steps=1, optimizer=Optimizer.adamw)
    lora = LoraSpec(r=64, alpha=128, dropout=0.05, frozen_share=0)
    begun = time.perf_counter()
    model = attach(load_model(files, "bfloat16", NF4, "cpu"), lora, recipe, NF4, 0, "shape of 7B")
    loaded = time.perf_counter() - begun
    outcome = train(causal_model(model), rows, [], recipe, lora, 0, progress=False)
    save(model, adapter, fingerprint(files, NF4), Origin("shape_7b"))
    return {"load_seconds": loaded, "step_seconds": outcome.seconds, "loss": outcome.final_loss}


def reload(files: ModelFiles, adapter: Path) -> dict[str, float]:
    """Load the adapter with stock PEFT and let Transformers answer."""
    import torch
    from peft import PeftModel

    begun = time.perf_counter()
    model = PeftModel.from_pretrained(load_model(files, "bfloat16", NF4, "cpu"), str(adapter))
    loaded = time.perf_counter() - begun
    written = model.generate(input_ids=torch.tensor([PROMPT]), max_new_tokens=2, do_sample=False, pad_token_id=0)
    seconds = time.perf_counter() - begun - loaded
    return {"load_seconds": loaded, "answer_seconds": seconds, "tokens": written.shape[1] - len(PROMPT)}


if __name__ == "__main__":
    what, base, adapter = sys.argv[1:]
    files = resolve(ModelSpec(name="shape_7b", path=base))
    found = (step if what == "step" else reload)(files, Path(adapter))
    print(json.dumps({**found, "peak_memory_mib": peak_memory_mib()}))
