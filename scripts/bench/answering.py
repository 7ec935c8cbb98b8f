"""Answers a second, against Transformers' `generate` in padded batches of the same size."""

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from andraeus.generation import generate
from andraeus.models.load import Quantization
from andraeus.training.adapter import attach, causal_model
from andraeus.training.fused import fused_lora
from andraeus.training.loop import train
from andraeus.training.recipe import LoraSpec, Recipe
from andraeus.training.start import begin_at, find_start
from scripts.bench.pairs import paired
from scripts.bench.subject import person, subject, training_rows

if TYPE_CHECKING:
    from transformers import PreTrainedModel

FACTS, BATCH, MAX_NEW_TOKENS = 40, 64, 32
LORA = LoraSpec(r=32, alpha=64, frozen_share=0.3)
RECIPE = Recipe(steps=55, batch_size=16, learning_rate=7e-4, b_ratio=8, beta2=0.98)


def measure(runs: int) -> dict[str, dict[str, Any]]:
    """Return answers a second of both sides for a trained adapter, and for the facts in a system prompt."""
    profile, phrasings = person(FACTS)
    asked = [p.question for fact in profile.facts for p in phrasings.draw(fact, "test", 2)]
    chat = subject().chat
    trained = attach(subject().model(), LORA, RECIPE, Quantization(), 0, "bench")
    start = find_start("package:smollm2_135m")
    assert start is not None
    begin_at(trained, start)
    model = causal_model(trained)
    train(model, training_rows(FACTS), [], RECIPE, LORA, 0, progress=False)
    facts = " ".join(fact.statement(profile.name) for fact in profile.facts)
    told = [chat.prompt([{"role": "system", "content": facts}, {"role": "user", "content": q}]) for q in asked]
    return {
        "finetune": _measure(model, [chat.prompt(chat.messages(q)) for q in asked], runs, adapted=True),
        "system_prompt": _measure(subject().model(), told, runs, adapted=False),
    }


def _measure(model: "PreTrainedModel", prompts: list[tuple[int, ...]], runs: int, *, adapted: bool) -> dict[str, Any]:
    chat = subject().chat
    said: dict[str, list[tuple[int, ...]]] = {}

    def ours() -> None:
        with fused_lora(model) if adapted else nullcontext():
            answers = generate(
                model, prompts, end_tokens=chat.end_tokens, max_new_tokens=MAX_NEW_TOKENS, batch_size=BATCH
            )
        said["ours"] = [answer.tokens for answer in answers]

    def theirs() -> None:
        said["theirs"] = _generate(model, prompts)

    told = paired(ours, theirs, runs).told(len(prompts))
    same = sum(a == b for a, b in zip(said["ours"], said["theirs"], strict=True))
    return {**told, "unit": "answers", "same_answers": same, "answers": len(prompts), "batch": BATCH}


def _generate(model: "PreTrainedModel", prompts: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Answer with the peer: left-padded batches of similar length."""
    import torch

    chat = subject().chat
    pad, ends = chat.tokenizer.pad_token_id, chat.end_tokens
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    answers: dict[int, tuple[int, ...]] = {}
    for begin in range(0, len(order), BATCH):
        part = order[begin : begin + BATCH]
        longest = max(len(prompts[i]) for i in part)
        tokens = torch.tensor([[pad] * (longest - len(prompts[i])) + list(prompts[i]) for i in part])
        mask = torch.tensor([[0] * (longest - len(prompts[i])) + [1] * len(prompts[i]) for i in part])
        with torch.inference_mode():
            out = model.generate(
                input_ids=tokens, attention_mask=mask, max_new_tokens=MAX_NEW_TOKENS, do_sample=False,
                eos_token_id=sorted(ends), pad_token_id=pad,
            )  # fmt: skip
        for i, row in zip(part, out[:, longest:].tolist(), strict=True):
            answers[i] = tuple(row[: next((n for n, t in enumerate(row) if t in ends), len(row))])
    return [answers[i] for i in range(len(prompts))]
