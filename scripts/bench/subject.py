"""What all benchmarks measure on: the embedded model and a synthetic person."""

import dataclasses
import json
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from andraeus.chat import Chat, Example
from andraeus.facts.fact import Profile
from andraeus.facts.synthetic import synthetic_profile
from andraeus.models.load import Quantization, load_model, load_tokenizer
from andraeus.models.package import Package
from andraeus.models.resolve import ModelFiles, ModelSpec, resolve
from andraeus.phrasings.build import Phrasings
from andraeus.phrasings.families import split_families
from andraeus.training.recipe import LoraSpec, Recipe

if TYPE_CHECKING:
    from transformers import PreTrainedModel

ROOT = Path(__file__).resolve().parents[2]
VARIATIONS = 20


@dataclass(frozen=True)
class Subject:
    """The embedded model's files and its conversation."""

    files: ModelFiles
    chat: Chat

    def model(self) -> "PreTrainedModel":
        """Load a copy of the base."""
        return load_model(self.files, "float32", Quantization(), "cpu")


@cache
def subject() -> Subject:
    """Return the embedded model, wherever it comes from."""
    entry = yaml.safe_load((ROOT / "conf" / "model" / "smollm2_135m.yaml").read_text())
    files = resolve(ModelSpec(**{**entry, "package": Package(**entry["package"])}))
    return Subject(files, Chat(load_tokenizer(files)))


@cache
def person(facts: int) -> tuple[Profile, Phrasings]:
    """Return a synthetic person and all questions about them."""
    profile = synthetic_profile(facts, 0)
    return profile, Phrasings(profile, split_families(3))


def training_rows(facts: int, variations: int = VARIATIONS) -> list[Example]:
    """Return the training rows of a synthetic person."""
    profile, phrasings = person(facts)
    chat = subject().chat
    return [chat.example(chat.messages(p.question), p.answer) for p in phrasings.train(profile.facts, variations)]


def recipe_of(name: str) -> Recipe:
    """Return a recipe of conf/training, with those it stands on."""
    content = yaml.safe_load((ROOT / "conf" / "training" / f"{name}.yaml").read_text())
    below = [base for base in content.pop("defaults", []) if base != "_self_"]
    found = recipe_of(below[0]) if below else Recipe()
    return dataclasses.replace(found, **content)


def lora_of(name: str) -> LoraSpec:
    """Return an adapter's shape of conf/lora."""
    return LoraSpec(**yaml.safe_load((ROOT / "conf" / "lora" / f"{name}.yaml").read_text()))


def alone(module: str, *arguments: str) -> Any:
    """Run a module in a process of its own, whose peak memory is its own; return the JSON of its last line."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT)
    return json.loads(done.stdout.splitlines()[-1])
