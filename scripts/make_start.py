"""Make the adapter that ships as the start of everybody's: about nobody, on the embedded model.

python scripts/make_start.py            forty minutes on 2 cores
"""

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from andraeus.chat import Chat, Example
from andraeus.facts.file import load_profile
from andraeus.files import new_folder, write_json, write_text
from andraeus.hashing import content_hash
from andraeus.models.load import Quantization, load_model, load_tokenizer
from andraeus.models.package import Package
from andraeus.models.resolve import ModelSpec, resolve
from andraeus.phrasings.anyone import Opened, opened_questions
from andraeus.phrasings.families import split_families
from andraeus.training.adapter import Origin, attach, causal_model, fingerprint, save
from andraeus.training.loop import TrainingOutcome, train
from andraeus.training.recipe import LoraSpec, Recipe
from andraeus.training.start import MADE, QUESTIONS
from experiments import provenance

ROOT = Path(__file__).resolve().parents[1]
NAME = "smollm2_135m"
SPLIT_SEED = 3  # phrasings.split_seed of conf/config.yaml
LORA = LoraSpec(r=16, alpha=32, frozen_share=0.3)
RECIPE = Recipe(epochs=1, batch_size=32, learning_rate=7e-4, b_ratio=8, beta2=0.98, warmup_ratio=0.05)
SHIPPED_PROFILES = ("alex", "maya", "george")


def main(arguments: Sequence[str] | None = None) -> None:
    """Train the start and write it where it ships from."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=ROOT / "andraeus" / "training" / "starts" / NAME)
    parser.add_argument("--model", default=NAME, help="a config of conf/model, or a model's folder")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, help="instead of one epoch")
    chosen = parser.parse_args(arguments)

    import torch

    torch.set_num_threads(chosen.threads)
    asked = list(opened_questions(split_families(SPLIT_SEED), set_aside()))
    print(f"{len(asked)} questions about nobody in particular", flush=True)
    spec, quantization = spec_of(chosen.model), Quantization()
    files = resolve(spec)
    chat = Chat(load_tokenizer(files))
    recipe = dataclasses.replace(RECIPE, epochs=None, steps=chosen.steps) if chosen.steps else RECIPE
    model = load_model(files, "float32", quantization, "cpu")
    adapted = attach(model, LORA, recipe, quantization, 0, spec.repo or spec.name)
    outcome = train(causal_model(adapted), [example(chat, one) for one in asked], [], recipe, LORA, 0, log=tell)
    with new_folder(chosen.output) as folder:
        # Half precision halves what everybody downloads; training begins in the model's own.
        origin = Origin(spec.name, spec.repo, files.revision, split_seed=SPLIT_SEED, answers="sentence")
        save(adapted.half(), folder, fingerprint(files, quantization), origin)
        write_text(folder / QUESTIONS, "".join(f"{question}\n" for question in sorted({o.question for o in asked})))
        write_json(folder / MADE, made(asked, recipe, outcome))
    print(f"{outcome.steps} steps in {outcome.seconds / 60:.0f} min: {chosen.output}")


def spec_of(model: str) -> ModelSpec:
    """Return a model of conf/model by its name, or one in a folder."""
    if Path(model).is_dir():
        return ModelSpec(NAME, None, path=model)
    entry = yaml.safe_load((ROOT / "conf" / "model" / f"{model}.yaml").read_text())
    return ModelSpec(**{**entry, "package": Package(**entry["package"])})


def made(asked: list[Opened], recipe: Recipe, outcome: TrainingOutcome) -> dict[str, Any]:
    """Return how the start was made."""
    return {
        "command": "python scripts/make_start.py",
        "code": provenance.code(),
        "questions": len(asked),
        "questions_hash": content_hash([dataclasses.asdict(one) for one in asked]),
        "recipe": dataclasses.asdict(recipe),
        "steps": outcome.steps,
        "final_loss": outcome.final_loss,
    }


def set_aside() -> list[str]:
    """Return the shipped people's blind and composed questions, which nothing is ever trained on."""
    people = [load_profile(f"package:{name}", f"package:{name}.blind") for name in SHIPPED_PROFILES]
    blind = [blind.question for person in people for blind in person.blind]
    return blind + [question for person in people for one in person.compositions for question in one.questions]


def example(chat: Chat, asked: Opened) -> Example:
    """Return the tokens of a question and the beginning of its answer, which does not end there."""
    whole = chat.example(chat.messages(asked.question), asked.beginning)
    return whole if asked.whole else Example(whole.prompt, whole.answer[:-1])


def tell(metrics: dict[str, float]) -> None:
    """Print a line every fifty steps."""
    if metrics["step"] % 50 == 0:
        print(
            f"step {metrics['step']:.0f}: loss {metrics['loss']:.3f}, {metrics['examples_per_second']:.1f} examples/s",
            file=sys.stderr,
            flush=True,
        )


if __name__ == "__main__":
    main()
