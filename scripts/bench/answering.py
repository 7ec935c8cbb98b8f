"""Answers a second, against Transformers' `generate` in padded batches of the same size."""

from collections.abc import Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from andraeus.generation import NEAR, generate
from andraeus.models.load import Quantization
from andraeus.phrasings.answers import AnswerStyle, trained_answer
from andraeus.training.adapter import attach, causal_model
from andraeus.training.fused import fused_lora
from andraeus.training.loop import train
from andraeus.training.start import begin_at, find_start
from scripts.bench.pairs import paired
from scripts.bench.subject import lora_of, person, recipe_of, subject, training_rows

if TYPE_CHECKING:
    from transformers import PreTrainedModel

FACTS, READ, BATCH, MAX_NEW_TOKENS = 40, 40, 64, 32
Tokens = tuple[int, ...]


def measure(runs: int) -> dict[str, dict[str, Any]]:
    """Return answers a second of both sides for a trained adapter, and for the facts in a system prompt."""
    profile, phrasings = person(FACTS)
    chat = subject().chat
    asked = [(p.question, fact) for fact in profile.facts for p in phrasings.draw(fact, "test", 1)]
    bare = [chat.prompt(chat.messages(question)) for question, _ in asked]
    drafts = [chat.example(chat.messages(""), trained_answer(fact, AnswerStyle.sentence)).answer for _, fact in asked]
    facts = " ".join(fact.statement(profile.name) for fact in profile.facts)
    told = [
        chat.prompt([{"role": "system", "content": facts}, {"role": "user", "content": question}])
        for question, _ in asked[:READ]
    ]
    model = _trained()
    return {
        "finetune": _measure(model, bare, runs, drafts),
        "finetune, undrafted": _measure(model, bare, runs),
        "system_prompt": _measure(subject().model(), told, runs),
    }


def _trained() -> "PreTrainedModel":
    """Return the model with an adapter of the default recipe."""
    recipe, lora = recipe_of("quick"), lora_of("r32")
    adapted = attach(subject().model(), lora, recipe, Quantization(), 0, "bench")
    start = find_start("package:smollm2_135m")
    assert start is not None
    begin_at(adapted, start)
    recipe.plateau = None
    train(causal_model(adapted), training_rows(FACTS), [], recipe, lora, 0, progress=False)
    return causal_model(adapted)


def _measure(
    model: "PreTrainedModel", prompts: Sequence[Tokens], runs: int, drafts: Sequence[Tokens] | None = None
) -> dict[str, Any]:
    chat = subject().chat
    ties, said = [0], dict[str, list[Tokens]]()
    adapted = any("lora_" in name for name, _ in model.named_parameters())

    def ours() -> None:
        with fused_lora(model) if adapted else nullcontext():
            answers = generate(
                model,
                prompts,
                end_tokens=chat.end_tokens,
                max_new_tokens=MAX_NEW_TOKENS,
                batch_size=BATCH,
                drafts=drafts,
            )
        said["ours"], ties[0] = [answer.tokens for answer in answers], sum(answer.near_ties for answer in answers)

    def theirs() -> None:
        said["theirs"] = _generate(model, prompts)

    told = paired(ours, theirs, runs).told(len(prompts))
    differing = sum(a != b for a, b in zip(said["ours"], said["theirs"], strict=True))
    return {
        **told,
        "unit": "answers",
        "answers": len(prompts),
        "answers_that_differ": differing,
        f"near_ties_within_{NEAR}": ties[0],
        "batch": BATCH,
    }


def _generate(model: "PreTrainedModel", prompts: Sequence[Tokens]) -> list[Tokens]:
    """Answer with the peer: left-padded batches of similar length."""
    import torch

    chat = subject().chat
    pad, ends = chat.tokenizer.pad_token_id, chat.end_tokens
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    answers: dict[int, Tokens] = {}
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
