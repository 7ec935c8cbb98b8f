"""The source document's recipe for Qwen2.5-7B, on one layer of that model's shape with random weights.

Width, heads and feed-forward are the real ones, so that what depends on them (NF4's blocks, grouped
heads, rank 64 on all seven linears) is what will run on a GPU; only depth and vocabulary are not.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch
import yaml

from andraeus.chat import Example
from andraeus.generation import generate
from andraeus.models.load import Quantization, QuantizationKind, load_model
from andraeus.models.resolve import ModelFiles, ModelSpec, resolve
from andraeus.training.adapter import Origin, attach, causal_model, fingerprint, load, save
from andraeus.training.loop import train
from andraeus.training.recipe import LoraSpec, Optimizer, Recipe
from scripts.bench.shape_7b import write_base
from tests.conftest import CONF

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel

QUANTIZATION = Quantization(QuantizationKind.nf4, double=True, compute_dtype="float32")
NO_END = frozenset({1999})


def recipe() -> Recipe:
    """The recipe of the config, for two steps and with the optimiser that a CPU has."""
    written = yaml.safe_load((CONF / "training" / "qlora_7b.yaml").read_text())
    told = Recipe(**written)
    assert (told.batch_size, told.accumulation, told.epochs, told.learning_rate) == (2, 4, 5.0, 3e-4)
    assert (told.schedule, told.max_length, told.gradient_checkpointing) == ("cosine", 512, True)
    assert told.optimizer == "paged_adamw_8bit"
    told.epochs, told.steps, told.optimizer = None, 2, Optimizer.adamw
    return told


def lora() -> LoraSpec:
    written = yaml.safe_load((CONF / "lora" / "r64.yaml").read_text())
    told = LoraSpec(**written)
    assert (told.r, told.alpha) == (64, 128)
    told.frozen_share, told.dropout = 0.0, 0.05
    return told


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> ModelFiles:
    folder = tmp_path_factory.mktemp("7b") / "base"
    write_base(
        folder, num_hidden_layers=1, vocab_size=2000, max_position_embeddings=512, bos_token_id=1, eos_token_id=2
    )
    return resolve(ModelSpec(name="shape of 7B", path=str(folder)))


def base(files: ModelFiles) -> "PreTrainedModel":
    return load_model(files, "float32", QUANTIZATION, "cpu")


def logits(model: "PreTrainedModel", rows: list[Example]) -> "Tensor":
    with torch.inference_mode():
        found: Tensor = model.eval()(torch.tensor([rows[0].prompt])).logits
        return found


@pytest.mark.slow
def test_the_recipe_goes_through_train_save_reload_and_answers(files: ModelFiles, tmp_path: Path) -> None:
    from peft import PeftModel

    rows = [Example((1, 5, 7, 9, *range(20, 20 + n)), tuple(range(100 + n, 103 + n))) for n in range(1, 5)]
    how, shape = recipe(), lora()
    model = attach(base(files), shape, how, QUANTIZATION, 0, "Qwen/Qwen2.5-7B-Instruct")
    # Four rows: a step is an epoch of two micro-batches (four would reach into the next one).
    trainable = sum(p.numel() for p in model.parameters() if p.requires_grad)
    widths = [(3584, 3584), (3584, 512), (3584, 512), (3584, 3584), (3584, 18944), (3584, 18944), (18944, 3584)]
    assert trainable == 64 * sum(a + b for a, b in widths)
    outcome = train(causal_model(model), rows, [], how, shape, 0, progress=False)
    assert (outcome.steps, outcome.examples, outcome.stopped, outcome.shared_prefix) == (2, 8, "end", 0)
    written = fingerprint(files, QUANTIZATION)
    save(model, tmp_path / "adapter", written, Origin("qwen2_5_7b"))
    said = logits(model, rows)
    del model
    stock = PeftModel.from_pretrained(base(files), str(tmp_path / "adapter"))
    assert float((logits(stock, rows) - said).abs().max()) == 0.0
    bare = stock.unload()
    assert not torch.equal(logits(bare, rows), said), "the adapter must change something"
    again = causal_model(load(bare, tmp_path / "adapter", written))
    prompts = [row.prompt for row in rows[:2]]
    answers = generate(again, prompts, end_tokens=NO_END, max_new_tokens=2, batch_size=2)
    assert answers[0].tokens[0] == int(said[0, -1].argmax())
    assert [len(answer.tokens) for answer in answers] == [2, 2]
