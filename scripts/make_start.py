"""Make the adapter that ships as the start of everybody's: about nobody, on the embedded model.

python scripts/make_start.py            about half an hour on 2 cores
"""

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path

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
from andraeus.training.loop import train
from andraeus.training.recipe import LoraSpec, Recipe
from andraeus.training.start import MADE, QUESTIONS

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
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, help="instead of one epoch")
    chosen = parser.parse_args(arguments)

    import torch

    torch.set_num_threads(chosen.threads)
    entry = yaml.safe_load((ROOT / "conf" / "model" / f"{NAME}.yaml").read_text())
    spec = ModelSpec(**{**entry, "package": Package(**entry["package"])})
    files = resolve(spec)
    chat = Chat(load_tokenizer(files))
    asked = list(opened_questions(split_families(SPLIT_SEED), set_aside()))
    rows = [example(chat, one) for one in asked]
    recipe = dataclasses.replace(RECIPE, epochs=None, steps=chosen.steps) if chosen.steps else RECIPE
    quantization = Quantization()
    adapted = attach(
        load_model(files, "float32", quantization, "cpu"), LORA, recipe, quantization, 0, spec.repo or NAME
    )
    print(f"{len(rows)} questions about nobody in particular", flush=True)
    outcome = train(causal_model(adapted), rows, [], recipe, LORA, 0, log=tell)
    with new_folder(chosen.output) as folder:
        # Half precision halves what everybody downloads; training begins in the model's own.
        origin = Origin(spec.name, spec.repo, files.revision, split_seed=SPLIT_SEED, answers="sentence")
        save(adapted.half(), folder, fingerprint(files, quantization), origin)
        write_text(folder / QUESTIONS, "".join(f"{question}\n" for question in sorted({o.question for o in asked})))
        write_json(
            folder / MADE,
            {
                "command": "python scripts/make_start.py",
                "questions": len(rows),
                "questions_hash": content_hash([dataclasses.asdict(one) for one in asked]),
                "recipe": dataclasses.asdict(recipe),
                "steps": outcome.steps,
                "final_loss": outcome.final_loss,
            },
        )
    print(f"{outcome.steps} steps in {outcome.seconds / 60:.0f} min: {chosen.output}")


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
