"""Loading a base: as it is stored, quantised, or not at all."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from andraeus.errors import UserError
from andraeus.models.load import (
    Quantization,
    QuantizationKind,
    dequantized,
    load_model,
    load_tokenizer,
    pick_device,
)
from andraeus.models.resolve import Dtype, ModelFiles
from tests.conftest import IN_BLOCKS, TinyModel

pytestmark = pytest.mark.model

SaveTiny = Callable[..., ModelFiles]
PLAIN = Quantization()
TOKENS = torch.tensor([[1, 40, 500, 6000]])


def test_the_weights_are_those_that_were_saved(tiny_files: SaveTiny, tiny_model: TinyModel) -> None:
    loaded = load_model(tiny_files(), "float32", PLAIN, "cpu")
    assert not loaded.training
    with torch.inference_mode():
        assert torch.equal(loaded(TOKENS).logits, tiny_model()(TOKENS).logits)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_type_of_the_weights_is_the_one_asked_for(tiny_files: SaveTiny, dtype: str) -> None:
    loaded = load_model(tiny_files(), dtype, PLAIN, "cpu")
    assert {parameter.dtype for parameter in loaded.parameters()} == {getattr(torch, dtype)}


@pytest.mark.parametrize("double", [True, False])
def test_nf4_stores_linear_weights_in_four_bits(tiny_files: SaveTiny, double: bool) -> None:
    from bitsandbytes.nn import Linear4bit

    loaded = load_model(tiny_files(**IN_BLOCKS), "float32", Quantization(QuantizationKind.nf4, double), "cpu")
    linear = loaded.model.layers[0].mlp.up_proj
    assert isinstance(linear, Linear4bit)
    assert linear.weight.dtype == torch.uint8
    assert linear.weight.numel() == 64 * 128 // 2
    assert linear.weight.quant_state.quant_type == "nf4"
    assert linear.weight.quant_state.nested is double
    assert linear.compute_dtype == torch.float32
    assert loaded.get_input_embeddings().weight.dtype == torch.float32


def test_int8_stores_linear_weights_in_eight_bits(tiny_files: SaveTiny) -> None:
    from bitsandbytes.nn import Linear8bitLt

    loaded = load_model(tiny_files(**IN_BLOCKS), "float32", Quantization(QuantizationKind.int8), "cpu")
    linear = loaded.model.layers[0].mlp.up_proj
    assert isinstance(linear, Linear8bitLt)
    assert linear.weight.dtype == torch.int8


@pytest.mark.parametrize("kind", list(QuantizationKind))
def test_what_is_not_kept_as_it_is_is_read_and_not_mapped(
    tiny_files: SaveTiny, kind: QuantizationKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transformers import modeling_utils

    plain, told = modeling_utils.safe_open, []

    def spy(file: object, **how: object) -> object:
        told.append(how["backend"])
        return plain(file, **how)

    monkeypatch.setattr(modeling_utils, "safe_open", spy)
    load_model(tiny_files(**IN_BLOCKS), "float32", Quantization(kind), "cpu")
    assert set(told) == {"mmap" if kind == "none" else "pread"}
    assert modeling_utils.safe_open is spy


@pytest.mark.parametrize("kind", [QuantizationKind.nf4, QuantizationKind.int8])
def test_a_quantised_model_is_near_the_one_it_stands_for(tiny_files: SaveTiny, kind: QuantizationKind) -> None:
    files = tiny_files(**IN_BLOCKS)
    with torch.inference_mode():
        exact = load_model(files, "float32", PLAIN, "cpu")(TOKENS).logits
        rounded = load_model(files, "float32", Quantization(kind), "cpu")(TOKENS).logits.float()
    apart = float((rounded - exact).norm() / exact.norm())
    assert 0 < apart < 0.3


@pytest.mark.parametrize("double", [True, False])
def test_a_dequantised_model_says_what_4_bits_say(tiny_files: SaveTiny, double: bool) -> None:
    from peft import LoraConfig, get_peft_model

    quantization = Quantization(QuantizationKind.nf4, double)
    models = [load_model(tiny_files(**IN_BLOCKS), "float32", quantization, "cpu") for _ in range(2)]
    models[1] = dequantized(models[1], quantization)
    assert type(models[1].model.layers[0].mlp.up_proj) is torch.nn.Linear
    with torch.inference_mode():
        bare = [model(TOKENS).logits for model in models]
        assert float((bare[0] - bare[1]).norm() / bare[0].norm()) < 1e-7
        config = LoraConfig(r=4, init_lora_weights=False, target_modules=["q_proj", "down_proj"])
        adapted = []
        for model in models:
            torch.manual_seed(0)
            adapted.append(get_peft_model(model, config)(TOKENS).logits)
    assert float((adapted[0] - adapted[1]).norm() / adapted[0].norm()) < 1e-6
    assert not torch.equal(adapted[0], bare[0]), "the adapter must change something"


def test_answering_does_not_change_what_is_stored_in_4_bits(
    tiny_files: SaveTiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With AVX512-BF16, bitsandbytes would repack the weights for products in another type at the first answer."""
    monkeypatch.setattr("bitsandbytes.nn.modules.has_avx512bf16", lambda: True)
    model = load_model(tiny_files(**IN_BLOCKS), "float32", Quantization(QuantizationKind.nf4), "cpu")
    linear = model.model.layers[0].mlp.up_proj
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with torch.inference_mode():
        first, second = (model(TOKENS).logits for _ in range(2))
    assert torch.equal(first, second)
    assert linear.weight.quant_state.nested
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


@pytest.mark.parametrize("changes", [{"hidden_size": 32}, {"intermediate_size": 96}, {"head_dim": 8}])
def test_widths_that_are_read_wrongly_in_4_bits_are_refused(tiny_files: SaveTiny, changes: dict[str, int]) -> None:
    files = tiny_files(**{**IN_BLOCKS, **changes})
    with pytest.raises(UserError, match=r"multiple of 64, and model\.layers\.0\..* has (32|96): use quantization=int8"):
        load_model(files, "float32", Quantization(QuantizationKind.nf4), "cpu")
    load_model(files, "float32", Quantization(QuantizationKind.int8), "cpu")


def test_what_would_answer_otherwise_or_is_too_large_stays_in_4_bits(tiny_files: SaveTiny) -> None:
    def stays(quantization: Quantization) -> bool:
        model = load_model(tiny_files(**IN_BLOCKS), "float32", quantization, "cpu")
        return dequantized(model, quantization) is model

    assert stays(PLAIN)
    assert stays(Quantization(QuantizationKind.int8))
    assert stays(Quantization(QuantizationKind.nf4, compute_dtype=Dtype.bfloat16))
    assert stays(Quantization(QuantizationKind.nf4, dequantize_up_to=1000))


def test_a_given_chat_template_replaces_the_tokenizers(tiny_files: SaveTiny) -> None:
    files = tiny_files()
    assert "<|im_start|>" in str(load_tokenizer(files).chat_template)
    assert load_tokenizer(files, "{{ messages }}").chat_template == "{{ messages }}"


def broken(files: ModelFiles, how: str) -> None:
    weights, config = files.folder / "model.safetensors", files.folder / "config.json"
    data = weights.read_bytes()
    match how:
        case "cut short":
            weights.write_bytes(data[: len(data) // 2])
        case "no weights at all":
            weights.write_bytes(b"\xff" * 64)
        case "of another shape":
            config.write_text(json.dumps({**json.loads(config.read_text()), "intermediate_size": 64}))
        case "of an unknown kind":
            config.write_text('{"model_type": "nonsense"}')
        case "a tensor short":
            tensors = load_file(weights)
            del tensors["model.layers.1.mlp.up_proj.weight"]
            save_file(tensors, weights, metadata={"format": "pt"})


@pytest.mark.parametrize(
    "how", ["cut short", "no weights at all", "of another shape", "of an unknown kind", "a tensor short"]
)
def test_a_damaged_model_is_refused_in_one_line(tiny_files: SaveTiny, how: str) -> None:
    files = tiny_files()
    broken(files, how)
    with pytest.raises(UserError, match=r"(cannot be loaded|lacks 1 weights) \(.*\): fetch it anew\.$") as error:
        load_model(files, "float32", PLAIN, "cpu")
    assert str(files.folder) in str(error.value)
    assert "\n" not in str(error.value)


def cut_short(path: Path) -> None:
    path.write_text(path.read_text()[:1000])


@pytest.mark.parametrize("damage", [Path.unlink, cut_short, lambda path: path.write_text("{}")])
def test_a_damaged_tokenizer_is_refused_in_one_line(tiny_files: SaveTiny, damage: Callable[[Path], object]) -> None:
    files = tiny_files()
    damage(files.folder / "tokenizer.json")
    with pytest.raises(UserError, match=r"The tokenizer in .* cannot be loaded \(.*\): fetch it anew\.$") as error:
        load_tokenizer(files)
    assert "\n" not in str(error.value)


def test_a_device_is_never_guessed() -> None:
    assert pick_device("cpu") == "cpu"


def test_a_gpu_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UserError, match="device=cuda, but PyTorch sees no GPU here"):
        pick_device("cuda")
