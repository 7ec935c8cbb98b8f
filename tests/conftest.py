"""Shared fixtures: tiny random models of four architectures, and the embedded model.

Nothing here is downloaded: the tiny models are built from a configuration, and the embedded one is
what ``scripts/prepare_models.py`` put into the user's cache.
"""

import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
# Threads that spin at every barrier make tiny models ten times slower on a machine that does other work.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import HealthCheck, settings

from andraeus.chat import Chat
from andraeus.models.package import Package
from andraeus.models.resolve import ModelFiles, ModelSpec, resolve

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

CONF = Path(__file__).resolve().parents[1] / "conf"
ARCHITECTURES = ("llama", "qwen2", "qwen3", "gemma3")
SLIDING_WINDOW = 8

# Several jobs share the machine: time is no property of the code.
settings.register_profile("andraeus", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("andraeus")

TinyModel = Callable[..., "PreTrainedModel"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that hold slow tests: where processes share the files, none is left alone with one."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session", autouse=True)
def two_threads() -> None:
    """Another thread count gives other bits."""
    import torch

    torch.set_num_threads(2)


def embedded_spec() -> ModelSpec:
    """The embedded model as its config names it."""
    entry = yaml.safe_load((CONF / "model" / "smollm2_135m.yaml").read_text())
    return ModelSpec(**{**entry, "package": Package(**entry["package"])})


@pytest.fixture(scope="session")
def embedded_files() -> ModelFiles:
    """Files of the embedded model."""
    return resolve(embedded_spec())


@pytest.fixture(scope="session")
def embedded_tokenizer(embedded_files: ModelFiles) -> "PreTrainedTokenizerBase":
    """Tokenizer of the embedded model."""
    from andraeus.models.load import load_tokenizer

    return load_tokenizer(embedded_files)


@pytest.fixture(scope="session")
def chat(embedded_tokenizer: "PreTrainedTokenizerBase") -> Chat:
    """Chat rendering of the embedded model, without a system turn of its own."""
    return Chat(embedded_tokenizer)


@pytest.fixture(scope="session")
def _embedded_loaded(embedded_files: ModelFiles) -> "PreTrainedModel":
    from andraeus.models.load import Quantization, load_model

    return load_model(embedded_files, "float32", Quantization(), "cpu")


@pytest.fixture
def embedded_model(_embedded_loaded: "PreTrainedModel") -> "Iterator[PreTrainedModel]":
    """The embedded model; it is shared, so a test must leave its weights as they are."""
    yield _embedded_loaded
    _embedded_loaded.eval()
    assert not hasattr(_embedded_loaded, "peft_config"), "a test left an adapter in the shared model"


# Changes to a tiny model that give it widths which bitsandbytes can hold in 4 bits on every CPU.
IN_BLOCKS: dict[str, Any] = {"hidden_size": 64, "intermediate_size": 128, "head_dim": 16}


def tiny_config(architecture: str, **changes: Any) -> Any:
    """Return the configuration of a tiny model of one architecture."""
    from transformers import Gemma3TextConfig, LlamaConfig, Qwen2Config, Qwen3Config

    shape: dict[str, Any] = {
        "vocab_size": 49152,
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 8,
        "max_position_embeddings": 512,
        "tie_word_embeddings": True,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "pad_token_id": 2,
        # The usual 0.02 leaves a random model so flat that rounding decides; 0.2 gives it opinions.
        "initializer_range": 0.2,
    }
    if architecture == "gemma3":
        # The prefix of the chat template is longer than this window.
        shape |= {"sliding_window": SLIDING_WINDOW, "layer_types": ["sliding_attention", "full_attention"]}
        # Gemma scales its embeddings up: tied, a random one only repeats its last token.
        shape |= {"tie_word_embeddings": False}
    if architecture == "qwen2":
        del shape["head_dim"]
    configs = {"llama": LlamaConfig, "qwen2": Qwen2Config, "qwen3": Qwen3Config, "gemma3": Gemma3TextConfig}
    return configs[architecture](**{**shape, **changes})


@pytest.fixture(scope="session")
def tiny_model() -> TinyModel:
    """Build a tiny random float32 model: ``tiny_model("llama")`` is the same one at every call."""

    def build(architecture: str = "llama", seed: int = 0, **changes: Any) -> "PreTrainedModel":
        import torch
        from transformers import AutoModelForCausalLM

        with torch.random.fork_rng():
            torch.manual_seed(seed)
            model = AutoModelForCausalLM.from_config(tiny_config(architecture, **changes), dtype=torch.float32)
        return model.eval()

    return build


@pytest.fixture
def tiny_files(
    tmp_path: Path, tiny_model: TinyModel, embedded_tokenizer: "PreTrainedTokenizerBase"
) -> Callable[..., ModelFiles]:
    """Save a tiny model with the embedded tokenizer and resolve it by its path."""

    def save(name: str = "base", architecture: str = "llama", seed: int = 0, **changes: Any) -> ModelFiles:
        folder = tmp_path / name
        tiny_model(architecture, seed, **changes).save_pretrained(folder)
        embedded_tokenizer.save_pretrained(folder)
        return resolve(ModelSpec(name="tiny", path=str(folder)))

    return save
