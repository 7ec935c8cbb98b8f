"""What all benchmarks measure on: the embedded model and a synthetic person."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from andraeus.chat import Chat, Example
from andraeus.facts.fact import Profile
from andraeus.facts.synthetic import synthetic_profile
from andraeus.models.load import Quantization, load_model, load_tokenizer
from andraeus.models.package import Package
from andraeus.models.resolve import ModelFiles, ModelSpec, resolve
from andraeus.phrasings.build import Phrasings
from andraeus.phrasings.families import split_families

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


def training_rows(facts: int) -> list[Example]:
    """Return the training rows of a synthetic person."""
    profile, phrasings = person(facts)
    chat = subject().chat
    return [chat.example(chat.messages(p.question), p.answer) for p in phrasings.train(profile.facts, VARIATIONS)]
