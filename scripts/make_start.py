"""Make the adapter that ships as the start of everybody's: about nobody, on the embedded model.

python scripts/make_start.py            about an hour on 2 cores
"""

import argparse
import dataclasses
import gzip
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from andraeus.chat import Chat, Example
from andraeus.facts.file import load_profile
from andraeus.files import new_folder, write_bytes, write_json
from andraeus.generation import generate
from andraeus.hashing import content_hash
from andraeus.models.load import Quantization, load_model, load_tokenizer
from andraeus.models.package import Package
from andraeus.models.resolve import ModelSpec, resolve
from andraeus.phrasings.answers import opening
from andraeus.phrasings.anyone import Opened, catalogue_questions, further_questions
from andraeus.phrasings.families import split_families
from andraeus.training.adapter import Origin, attach, causal_model, fingerprint, save
from andraeus.training.loop import train
from andraeus.training.recipe import LoraSpec, Recipe
from andraeus.training.start import MADE, QUESTIONS, begin_at, find_start
from experiments import provenance

if TYPE_CHECKING:
    from transformers import PreTrainedModel

ROOT = Path(__file__).resolve().parents[1]
NAME = "smollm2_135m"
SPLIT_SEED = 3  # phrasings.split_seed of conf/config.yaml
LORA = LoraSpec(r=16, alpha=32, frozen_share=0.3)
RECIPE = Recipe(epochs=1, batch_size=32, learning_rate=7e-4, b_ratio=8, beta2=0.98, warmup_ratio=0.05)
# Each with a schedule of its own, from where the one before it ended.
STAGES = (catalogue_questions, further_questions)
SHIPPED_PROFILES = ("alex", "maya", "george")


def main(arguments: Sequence[str] | None = None) -> None:
    """Train the start, stage by stage, and write it where it ships from."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=ROOT / "andraeus" / "training" / "starts" / NAME)
    parser.add_argument("--model", default=NAME, help="a config of conf/model, or a model's folder")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, help="of a stage, instead of one epoch")
    parser.add_argument("--go-on", action="store_true", help="train the stages that the output has not had")
    chosen = parser.parse_args(arguments)

    os.environ.setdefault("GOMP_SPINCOUNT", "10000")  # as the program does
    import torch

    torch.set_num_threads(chosen.threads)
    recipe = dataclasses.replace(RECIPE, epochs=None, steps=chosen.steps) if chosen.steps else RECIPE
    done = json.loads((chosen.output / MADE).read_text())["stages"] if chosen.go_on else []
    for number, ask in enumerate(STAGES):
        asked = list(ask(split_families(SPLIT_SEED), set_aside()))
        if number < len(done):
            if done[number]["questions_hash"] != hash_of(asked):
                raise SystemExit(f"stage {number + 1} was trained on other questions than today's: begin anew")
            continue
        print(f"{len(asked)} questions about nobody in particular", flush=True)
        done = train_stage(done, asked, spec_of(chosen.model), recipe, chosen.output)
        print(f"{done[-1]['steps']} steps: {chosen.output}", flush=True)


def spec_of(model: str) -> ModelSpec:
    """Return a model of conf/model by its name, or one in a folder."""
    if Path(model).is_dir():
        return ModelSpec(NAME, None, path=model)
    entry = yaml.safe_load((ROOT / "conf" / "model" / f"{model}.yaml").read_text())
    return ModelSpec(**{**entry, "package": Package(**entry["package"])})


def train_stage(
    done: list[dict[str, Any]], asked: list[Opened], spec: ModelSpec, recipe: Recipe, output: Path
) -> list[dict[str, Any]]:
    """Train a stage from where the one before it ended and write the adapter; return what all stages were."""
    files, quantization = resolve(spec), Quantization()
    chat = Chat(load_tokenizer(files))
    model = load_model(files, "float32", quantization, "cpu")
    adapted = attach(model, LORA, recipe, quantization, 0, spec.repo or spec.name)
    before = find_start(str(output)) if done else None
    if before is not None:
        begin_at(adapted, before)
    rows = [example(chat, one) for one in asked]
    outcome = train(causal_model(adapted), rows, [], recipe, LORA, len(done), log=tell)
    questions = {one.question for one in asked} | set(before.questions() if before else [])
    told: dict[str, Any] = {"questions": len(asked), "questions_hash": hash_of(asked), "steps": outcome.steps}
    told["right_openings"] = right_openings(causal_model(adapted), chat)
    told |= {"final_loss": outcome.final_loss, "recipe": dataclasses.asdict(recipe), "code": provenance.code()}
    stages = [*done, told]
    with new_folder(output) as folder:
        # Half precision halves what everybody downloads; training begins in the model's own.
        origin = Origin(spec.name, spec.repo, files.revision, split_seed=SPLIT_SEED, answers="sentence")
        save(adapted.half(), folder, fingerprint(files, quantization), origin)
        told_questions = "".join(f"{question}\n" for question in sorted(questions))
        write_bytes(folder / QUESTIONS, gzip.compress(told_questions.encode(), mtime=0))
        write_json(folder / MADE, {"command": "python scripts/make_start.py", "stages": stages})
    return stages


def hash_of(asked: list[Opened]) -> str:
    """Return the content hash of what was asked and how its answers begin."""
    return content_hash([dataclasses.asdict(one) for one in asked])


def right_openings(
    model: "PreTrainedModel", chat: Chat, people: Sequence[str] = SHIPPED_PROFILES
) -> dict[str, tuple[int, int]]:
    """Count the blind questions about people whose answers a model begins rightly, and all of them."""
    counts = {}
    for name in people:
        person = load_profile(f"package:{name}", f"package:{name}.blind")
        simple = {fact.id for fact in person.facts if fact.relation.known}
        asked = [(blind.question, opening(person.fact(blind.fact))) for blind in person.blind if blind.fact in simple]
        prompts = [chat.prompt(chat.messages(question)) for question, _ in asked]
        answers = generate(model, prompts, end_tokens=chat.end_tokens, max_new_tokens=10, batch_size=64)
        said = [chat.decode(answer.tokens) for answer in answers]
        counts[name] = (sum(s.startswith(begins) for s, (_, begins) in zip(said, asked, strict=True)), len(asked))
    return counts


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
