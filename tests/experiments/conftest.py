"""A tiny model on disk and a way to run the program as a user does."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

TWO_FACTS = """\
name: Robin
pronoun: she
facts:
  - {relation: dog_name, value: Pepper}
  - {relation: home_city, value: Lisbon}
"""

# Five training steps of a tiny random model: what is tested is the harness, not the model.
QUICK = [
    "training.epochs=null",
    "training.steps=3",
    "training.plateau=null",
    "training.batch_size=4",
    "lora=r4",
    "variations=v3",
    "generation.max_new_tokens=4",
]

Program = Callable[..., subprocess.CompletedProcess[str]]


def save_tiny(folder: Path) -> Path:
    """Save a random Llama of two layers with the embedded model's tokenizer."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from andraeus.models.load import load_tokenizer
    from andraeus.models.resolve import resolve
    from tests.conftest import embedded_spec

    tokenizer = load_tokenizer(resolve(embedded_spec()))
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        tie_word_embeddings=True,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Llama of two layers with the embedded model's tokenizer."""
    return save_tiny(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def facts_file(tmp_path: Path) -> Path:
    """A person of two facts."""
    path = tmp_path / "robin.yaml"
    path.write_text(TWO_FACTS)
    return path


@pytest.fixture
def environment() -> dict[str, str]:
    """What the program sees of the surroundings."""
    return os.environ | {"HF_HUB_OFFLINE": "1", "PYTHONUNBUFFERED": "1", "COLUMNS": "160"}


@pytest.fixture
def andraeus(tmp_path: Path, environment: dict[str, str]) -> Program:
    """Run ``andraeus`` in a folder of its own and return the finished process."""

    def run(*arguments: str, timeout: float = 300, cwd: Path = tmp_path) -> subprocess.CompletedProcess[str]:
        command = [str(Path(sys.executable).with_name("andraeus")), *arguments]
        return subprocess.run(
            command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=timeout, check=False
        )

    return run


@pytest.fixture
def tiny(tiny_folder: Path, facts_file: Path) -> list[str]:
    """Overrides for a run of seconds: a tiny model, two facts, few steps."""
    return ["model=custom", f"model.path={tiny_folder}", "facts=file", f"facts.path={facts_file}", *QUICK]
