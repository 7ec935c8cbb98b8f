"""Greedy answers in batches: the prompts' common prefix is encoded once, drafted answers are verified in one pass."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING

from andraeus.chat import common_prefix
from andraeus.prefixed import Prefix, Rows, encode, prefixed_attention

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel

NEAR = 1e-3  # two best float32 logits closer than this may fall the other way in another order of summing
_AT_ONCE = 256  # rows whose logits are held at a time: 50 MB for a vocabulary of 50,000


@dataclass(frozen=True)
class Answer:
    """One generated answer.

    Attributes:
        tokens: Generated token ids, without the end token.
        finished: False where the answer was cut at the limit.
        near_ties: Tokens (the end among them) whose logit lay within `NEAR` of another's: where, in float32, equal
            computations that sum in another order may answer otherwise.
        drafted: Whether a draft was verified.
        seconds: Its share of its batch's time and of the common prefix's.
    """

    tokens: tuple[int, ...]
    finished: bool
    near_ties: int
    drafted: bool
    seconds: float


def generate(
    model: "PreTrainedModel",
    prompts: Sequence[tuple[int, ...]],
    *,
    end_tokens: frozenset[int],
    max_new_tokens: int,
    batch_size: int,
    drafts: Sequence[tuple[int, ...]] | None = None,
    progress: Callable[[int], None] | None = None,
) -> list[Answer]:
    """Answer prompts greedily.

    The longest prefix that all prompts share is encoded once; all rows look at that one copy of its keys
    and values, which is never repeated a row. Rows that have ended leave their batch. Where a model does
    not attend plainly, Transformers' own ``generate`` answers, and nothing is shared or drafted.

    A draft is a guess at an answer. It is read together with its prompt, and as much of it is kept as the model
    would have said (Leviathan et al. 2023, for greedy decoding and a draft that is given); decoding goes on from
    there. A wrong draft costs a second reading of its prompt and changes nothing; that holds for models whose products
    treat each token alone (LLM.int8 does not).

    Greedy means the likeliest token: penalties in the model's own generation settings do not apply.

    Args:
        model: Causal language model, possibly with adapters.
        prompts: Token ids of each prompt.
        end_tokens: Tokens that end an answer.
        max_new_tokens: Longest answer.
        batch_size: Prompts answered together; similar lengths go together.
        drafts: A guess at each answer; may be empty, and counts up to its first end token.
        progress: Called with the number of prompts that are finished with each batch.

    Returns:
        Answers in the order of the prompts.
    """
    if not prompts:
        return []
    model = model.get_base_model() if hasattr(model, "get_base_model") else model
    guesses = [_until_end(draft, end_tokens)[: max_new_tokens - 1] for draft in drafts or [()] * len(prompts)]
    asked = [_Asked(*both) for both in zip(prompts, guesses, strict=True)]
    with _timed(asked):
        shares = model.config._attn_implementation == "sdpa" and len(prompts) > 1
        length = common_prefix(prompts) if shares else 0
        prefix = encode(model, prompts[0][:length]) if length else []
    with prefixed_attention(model) as ours:
        drafted = [one for one in asked if one.draft]
        if drafted and not ours:
            print(f"Note: answers are not drafted, since the model attends by {model.config._attn_implementation}.")
        for part in _batches(drafted if ours else [], batch_size):
            with _timed(part):
                _verify(model, part, prefix, length)
        left = [one for one in asked if one.is_open(end_tokens, max_new_tokens)]
        if progress is not None and len(left) < len(asked):
            progress(len(asked) - len(left))
        for part in _batches(left, batch_size):
            with _timed(part):
                if ours:
                    _decode(model, part, prefix, length, end_tokens, max_new_tokens)
                else:
                    _by_transformers(model, part, end_tokens, max_new_tokens)
            if progress is not None:
                progress(len(part))
    return [one.answer(end_tokens) for one in asked]


@dataclass(eq=False)
class _Asked:
    """A prompt, and what has been said to it so far."""

    prompt: tuple[int, ...]
    draft: tuple[int, ...]
    said: list[int] = field(default_factory=list)
    near_ties: int = 0
    drafted: bool = False
    seconds: float = 0.0

    def say(self, tokens: Sequence[int], ties: Sequence[bool]) -> None:
        self.said += tokens
        self.near_ties += sum(ties)

    def is_open(self, end_tokens: frozenset[int], limit: int) -> bool:
        return len(self.said) < limit and not (self.said and self.said[-1] in end_tokens)

    def answer(self, end_tokens: frozenset[int]) -> Answer:
        ended = self.said[-1] in end_tokens
        said = tuple(self.said[:-1] if ended else self.said)
        return Answer(said, ended, self.near_ties, self.drafted, self.seconds)


def _batches(asked: Sequence[_Asked], size: int) -> Iterator[list[_Asked]]:
    """Yield batches of similar length."""
    order = sorted(asked, key=lambda one: len(one.prompt) + len(one.said or one.draft))
    for start in range(0, len(order), size):
        yield order[start : start + size]


@contextmanager
def _timed(asked: Sequence[_Asked]) -> Iterator[None]:
    """Give each its share of the time that passes."""
    begun = time.perf_counter()
    yield
    for one in asked:
        one.seconds += (time.perf_counter() - begun) / len(asked)


def _verify(model: "PreTrainedModel", asked: Sequence[_Asked], prefix: Prefix, length: int) -> None:
    """Let each say as much of its draft as the model would have said, and the token after it."""
    import torch

    with torch.inference_mode():
        hidden = Rows(model, [(one.prompt + one.draft)[length:] for one in asked], prefix, length).read()
        # From a prompt's last token on, each place says what comes next.
        places: list[int] = []
        end = 0
        for one in asked:
            end += len(one.prompt) - length + len(one.draft)
            places += range(end - len(one.draft) - 1, end)
        tokens, ties = (part.tolist() for part in _likeliest(model, hidden[places]))
    for one in asked:
        until = next((i for i, token in enumerate(one.draft) if token != tokens[i]), len(one.draft)) + 1
        one.say(tokens[:until], ties[:until])
        one.drafted = True
        tokens, ties = tokens[len(one.draft) + 1 :], ties[len(one.draft) + 1 :]


def _decode(
    model: "PreTrainedModel",
    asked: Sequence[_Asked],
    prefix: Prefix,
    length: int,
    end_tokens: frozenset[int],
    limit: int,
) -> None:
    """Let each go on from what it has said until it ends; who has ended leaves the batch."""
    import torch

    with torch.inference_mode():
        rows = Rows(model, [(*one.prompt[length:], *one.said) for one in asked], prefix, length)
        hidden = rows.read()[rows.lengths.cumsum(0) - 1]
        while True:
            tokens, ties = _likeliest(model, hidden)
            for one, token, tie in zip(asked, tokens.tolist(), ties.tolist(), strict=True):
                one.say([token], [tie])
            stay = [i for i, one in enumerate(asked) if one.is_open(end_tokens, limit)]
            if not stay:
                return
            if len(stay) < len(asked):
                asked, tokens = [asked[i] for i in stay], tokens[stay]
                rows.keep(stay)
            hidden = rows.read_on(tokens)


def _likeliest(model: "PreTrainedModel", hidden: "Tensor") -> "tuple[Tensor, Tensor]":
    """Return the likeliest token behind each of N hidden states, and whether another was nearly as likely."""
    import torch

    best, ties = [], []
    for start in range(0, len(hidden), _AT_ONCE):
        logits = model.get_output_embeddings()(hidden[start : start + _AT_ONCE])
        first, second = logits.topk(2).values.unbind(-1)
        best.append(logits.argmax(-1))  # of equal ones the first, as Transformers takes it
        ties.append(first - second < NEAR)
    return torch.cat(best), torch.cat(ties)


def _by_transformers(model: "PreTrainedModel", asked: Sequence[_Asked], end_tokens: frozenset[int], limit: int) -> None:
    """Let Transformers' own ``generate`` answer."""
    import torch
    from transformers import GenerationConfig, LogitsProcessorList

    width = max(len(one.prompt) for one in asked)
    tokens = torch.zeros(len(asked), width, dtype=torch.long, device=model.device)
    mask = torch.zeros_like(tokens)
    for i, one in enumerate(asked):
        tokens[i, width - len(one.prompt) :] = torch.tensor(one.prompt)
        mask[i, width - len(one.prompt) :] = 1
    ties: list[Tensor] = []

    def note_ties(_: "Tensor", logits: "Tensor") -> "Tensor":
        best, second = logits.topk(2).values.unbind(-1)
        ties.append(best - second < NEAR)
        return logits

    settings, model.generation_config = model.generation_config, GenerationConfig()
    try:
        with torch.inference_mode():
            output = model.generate(
                input_ids=tokens,
                attention_mask=mask,
                max_new_tokens=limit,
                do_sample=False,
                eos_token_id=sorted(end_tokens),
                pad_token_id=min(end_tokens),
                logits_processor=LogitsProcessorList([note_ties]),
            )
    finally:
        model.generation_config = settings
    near = torch.stack(ties, dim=1).tolist()
    for one, row, its in zip(asked, output[:, width:].tolist(), near, strict=True):
        said = row[: len(_until_end(row, end_tokens)) + 1]
        one.say(said, its[: len(said)])


def _until_end(tokens: Sequence[int], end_tokens: frozenset[int]) -> tuple[int, ...]:
    return tuple(takewhile(lambda token: token not in end_tokens, tokens))
