"""Greedy answers in batches, with the prompts' common prefix encoded once."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from andraeus.chat import common_prefix

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel


@dataclass(frozen=True)
class Answer:
    """One generated answer.

    Attributes:
        tokens: Generated token ids, without the end token.
        finished: False where the answer was cut at the limit.
        seconds: Share of its batch's time.
    """

    tokens: tuple[int, ...]
    finished: bool
    seconds: float


def generate(
    model: "PreTrainedModel",
    prompts: Sequence[tuple[int, ...]],
    *,
    end_tokens: frozenset[int],
    max_new_tokens: int,
    batch_size: int,
    progress: Callable[[int], None] | None = None,
) -> list[Answer]:
    """Answer prompts greedily.

    The longest prefix that all prompts share is encoded once and its keys and values serve every
    batch. Each batch is laid out as ``[prefix][padding][suffix]``, so that all rows end together and
    Transformers' own ``generate`` does the decoding. A sliding window counts the padding in between:
    where one is shorter than the sequences, padding goes first and nothing is shared.

    Greedy means the likeliest token: penalties in the model's own generation settings do not apply.

    Args:
        model: Causal language model, possibly with adapters.
        prompts: Token ids of each prompt.
        end_tokens: Tokens that end an answer.
        max_new_tokens: Longest answer.
        batch_size: Prompts answered together; similar lengths go together.
        progress: Called with the number of prompts of each finished batch.

    Returns:
        Answers in the order of the prompts.
    """
    import time

    from transformers import GenerationConfig

    if not prompts:
        return []
    slides = max(map(len, prompts)) + max_new_tokens > _shortest_window(model)
    length = common_prefix(prompts) if len(prompts) > 1 and not slides else 0
    prefix = _encode(model, prompts[0][:length]) if length else None
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
    answers: list[Answer | None] = [None] * len(prompts)
    settings, model.generation_config = model.generation_config, GenerationConfig()
    try:
        for start in range(0, len(order), batch_size):
            part = order[start : start + batch_size]
            begun = time.perf_counter()
            rows = _decode(model, [prompts[i] for i in part], length, prefix, end_tokens, max_new_tokens)
            seconds = (time.perf_counter() - begun) / len(part)
            for i, (tokens, finished) in zip(part, rows, strict=True):
                answers[i] = Answer(tokens, finished, seconds)
            if progress is not None:
                progress(len(part))
    finally:
        model.generation_config = settings
    return [answer for answer in answers if answer is not None]


KeysValues = list[tuple["Tensor", "Tensor"]]


def _shortest_window(model: "PreTrainedModel") -> float:
    """Return how far back the model's most short-sighted layer looks."""
    from transformers import DynamicCache

    layers: list[Any] = DynamicCache(config=model.config).layers
    return min((layer.sliding_window for layer in layers if layer.is_sliding), default=math.inf)


def _encode(model: "PreTrainedModel", tokens: tuple[int, ...]) -> KeysValues:
    """Return the keys and values of a prefix, layer by layer, shape (1, heads, P, dim) each."""
    import torch
    from transformers import DynamicCache

    cache = DynamicCache(config=model.config)
    with torch.inference_mode():
        model.base_model(input_ids=torch.tensor([tokens], device=model.device), past_key_values=cache, use_cache=True)
    return [(layer.keys, layer.values) for layer in cache.layers]


def _decode(
    model: "PreTrainedModel",
    prompts: Sequence[tuple[int, ...]],
    length: int,
    prefix: KeysValues | None,
    end_tokens: frozenset[int],
    max_new_tokens: int,
) -> list[tuple[tuple[int, ...], bool]]:
    import torch
    from transformers import DynamicCache

    rows, width = len(prompts), max(map(len, prompts))
    tokens = torch.zeros(rows, width, dtype=torch.long)
    mask = torch.zeros(rows, width, dtype=torch.long)
    for i, prompt in enumerate(prompts):
        own = len(prompt) - length
        tokens[i, :length], mask[i, :length] = torch.tensor(prompt[:length], dtype=torch.long), 1
        tokens[i, width - own :], mask[i, width - own :] = torch.tensor(prompt[length:]), 1
    cache = None
    if prefix is not None:
        cache = DynamicCache(config=model.config)
        for index, (keys, values) in enumerate(prefix):
            cache.update(keys.expand(rows, -1, -1, -1), values.expand(rows, -1, -1, -1), index)
    with torch.inference_mode():
        output = model.generate(
            input_ids=tokens.to(model.device),
            attention_mask=mask.to(model.device),
            past_key_values=cache,
            max_new_tokens=max_new_tokens,
            do_sample=False,
            eos_token_id=sorted(end_tokens),
            pad_token_id=min(end_tokens),
        )
    return [_until_end(row, end_tokens) for row in output[:, width:].tolist()]


def _until_end(tokens: list[int], end_tokens: frozenset[int]) -> tuple[tuple[int, ...], bool]:
    for i, token in enumerate(tokens):
        if token in end_tokens:
            return tuple(tokens[:i]), True
    return tuple(tokens), False
