"""Greedy answers in batches: the prompts' common prefix is encoded once, drafted answers are verified in one pass."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from andraeus.attention import EndToEnd, attending
from andraeus.chat import common_prefix

if TYPE_CHECKING:
    from torch import Tensor, nn
    from transformers import Cache, PreTrainedModel
    from transformers.cache_utils import DynamicLayer

ATTENTION = "andraeus_prefixed"
NEVER = 2**40  # a position that no query reaches: padding, and drafted tokens that were not said
NEAR = 1e-3  # two best logits closer than this may fall the other way in another order of summing
_AT_ONCE = 256  # rows whose logits are held at a time: 50 MB for a vocabulary of 50,000


@dataclass(frozen=True)
class Answer:
    """One generated answer.

    Attributes:
        tokens: Generated token ids, without the end token.
        finished: False where the answer was cut at the limit.
        near_ties: Tokens (the end among them) whose logit lay within `NEAR` of another's: there, and only there, can
            equal computations that sum in another order answer otherwise.
        seconds: Its share of its batch's time and of the common prefix's.
    """

    tokens: tuple[int, ...]
    finished: bool
    near_ties: int
    seconds: float


_Written = tuple[tuple[int, ...], bool, int]  # tokens, whether they ended, near ties


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
    there. A wrong draft costs its tokens and changes nothing.

    Greedy means the likeliest token: penalties in the model's own generation settings do not apply.

    Args:
        model: Causal language model, possibly with adapters.
        prompts: Token ids of each prompt.
        end_tokens: Tokens that end an answer.
        max_new_tokens: Longest answer.
        batch_size: Prompts answered together; similar lengths go together.
        drafts: A guess at each answer; may be empty, and counts up to its first end token.
        progress: Called with the number of prompts of each finished batch.

    Returns:
        Answers in the order of the prompts.
    """
    import time

    if not prompts:
        return []
    model = model.get_base_model() if hasattr(model, "get_base_model") else model
    drafts = [_until_end(draft, end_tokens)[0] for draft in drafts or [()] * len(prompts)]
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]) + len(drafts[i]))
    answers: list[Answer | None] = [None] * len(prompts)
    begun = time.perf_counter()
    shares = model.config._attn_implementation == "sdpa" and len(prompts) > 1
    length = common_prefix(prompts) if shares else 0
    prefix = _encode(model, prompts[0][:length]) if length else []
    encoding = (time.perf_counter() - begun) / len(prompts)
    with attending(model, ATTENTION, _attend, "view") as ours:
        for start in range(0, len(order), batch_size):
            part = order[start : start + batch_size]
            asked = [prompts[i] for i in part]
            begun = time.perf_counter()
            if ours:
                rows = _Rows(model, [prompt[length:] for prompt in asked], prefix, length).answer(
                    [drafts[i] for i in part], end_tokens, max_new_tokens
                )
            else:
                rows = _by_transformers(model, asked, end_tokens, max_new_tokens)
            seconds = encoding + (time.perf_counter() - begun) / len(part)
            for i, row in zip(part, rows, strict=True):
                answers[i] = Answer(*row, seconds)
            if progress is not None:
                progress(len(part))
    return [answer for answer in answers if answer is not None]


@dataclass(frozen=True)
class _View:
    """What the queries of a forward pass look at.

    Attributes:
        prefix: Keys and values of the common prefix, layer by layer, shape (key heads, P, dim) each.
        queries: Positions of the queries, shape (B, L).
        keys: Positions of the rows' own keys, shape (B, S); `NEVER` for padding.
        rows: Where the rows lie among tokens that come end to end; ``None`` where they come row by row.
    """

    prefix: "list[tuple[Tensor, Tensor]]"
    queries: "Tensor"
    keys: "Tensor"
    rows: EndToEnd | None = None

    def allowed(self, length: int, window: int | None) -> "Tensor":
        """Return which keys each query sees, shape (B, 1, 1, L, P + S); a window counts positions."""
        import torch

        before = torch.arange(length, device=self.keys.device).expand(len(self.keys), -1)
        distance = self.queries[:, :, None] - torch.cat([before, self.keys], dim=1)[:, None, :]
        seen = distance >= 0 if window is None else (distance >= 0) & (distance < window)
        return seen[:, None, None]


class _Rows:
    """A batch of prompts that is being answered; rows that have ended leave it."""

    def __init__(
        self,
        model: "PreTrainedModel",
        prompts: Sequence[tuple[int, ...]],
        prefix: "list[tuple[Tensor, Tensor]]",
        length: int,
    ) -> None:
        import torch
        from transformers import DynamicCache

        self.model, self.prompts = model, prompts
        # Without the model's config no layer forgets: a sliding window is counted by positions.
        self.cache: Cache = DynamicCache()
        empty = torch.empty(len(prompts), 0, dtype=torch.long, device=model.device)
        self.view = _View(prefix, empty, empty)
        self.ends = torch.tensor([length + len(prompt) for prompt in prompts], device=model.device)
        self.length = length

    def answer(self, drafts: Sequence[tuple[int, ...]], end_tokens: frozenset[int], limit: int) -> list[_Written]:
        """Return each row's tokens, whether it ended before the limit, and its near ties."""
        import torch

        open_rows = list(range(len(self.prompts)))
        with torch.inference_mode():
            written, near, tokens = self._read_prompts([draft[: limit - 1] for draft in drafts])
            while open_rows:
                stay = [
                    i
                    for i, row in enumerate(open_rows)
                    if written[row][-1] not in end_tokens and len(written[row]) < limit
                ]
                if len(stay) < len(open_rows):
                    open_rows = [open_rows[i] for i in stay]
                    tokens = self._keep(stay, tokens)
                if open_rows:
                    tokens, ties = self._said(self._read(tokens))
                    for row, token, tie in zip(open_rows, tokens.tolist(), ties.tolist(), strict=True):
                        written[row].append(token)
                        near[row] += tie
        ended = [row[-1] in end_tokens for row in written]
        return [
            (tuple(row[:-1] if end else row), end, ties) for row, end, ties in zip(written, ended, near, strict=True)
        ]

    def _read_prompts(self, drafts: Sequence[tuple[int, ...]]) -> "tuple[list[list[int]], list[int], Tensor]":
        """Read prompts with their drafts; return what each row says so far, its near ties, and its last token.

        They go through the model end to end; only attention and the cache need them row by row.
        """
        import torch

        device = self.model.device
        given = [(*prompt, *draft) for prompt, draft in zip(self.prompts, drafts, strict=True)]
        lengths = torch.tensor([len(row) for row in given], device=device)
        columns = torch.arange(int(lengths.max()), device=device).expand(len(lengths), -1)
        places, positions = columns < lengths[:, None], self.length + columns
        keys, rows = positions.where(places, NEVER), EndToEnd.of(places)
        self.view = replace(self.view, queries=positions, keys=keys, rows=rows)
        tokens = torch.tensor([token for row in given for token in row], device=device)
        hidden = self._forward(tokens[None], rows.together(positions)[None])[0]
        for layer in cast("list[DynamicLayer]", self.cache.layers):
            layer.keys, layer.values = rows.apart(layer.keys), rows.apart(layer.values)
        # From a prompt's last token on, each place says what comes next.
        speaking = rows.together(columns >= self.ends[:, None] - self.length - 1)
        said, ties = (part.tolist() for part in self._said(hidden[speaking]))
        written, near, begin = [], [], 0
        for draft in drafts:
            kept = _agreeing(draft, said[begin:])
            written.append(said[begin : begin + kept + 1])
            near.append(sum(ties[begin : begin + kept + 1]))
            begin += len(draft) + 1
        self.ends = self.ends + torch.tensor([len(row) - 1 for row in written], device=device)
        self.view = replace(self.view, rows=None, keys=keys.where(keys < self.ends[:, None], NEVER))
        return written, near, torch.tensor([row[-1] for row in written], device=device)

    def _said(self, hidden: "Tensor") -> "tuple[Tensor, Tensor]":
        """Return the likeliest token behind each of N hidden states, and whether another was nearly as likely."""
        import torch

        best, ties = [], []
        for start in range(0, len(hidden), _AT_ONCE):
            logits = self.model.get_output_embeddings()(hidden[start : start + _AT_ONCE])
            highest = logits.max(-1)
            best.append(highest.indices)
            ties.append((logits > highest.values[:, None] - NEAR).sum(-1) > 1)
        return torch.cat(best), torch.cat(ties)

    def _read(self, tokens: "Tensor") -> "Tensor":
        """Return the hidden states behind one more token of each row, shape (B, width)."""
        import torch

        positions = self.ends[:, None]
        self.view = replace(self.view, queries=positions, keys=torch.cat([self.view.keys, positions], dim=1))
        self.ends = self.ends + 1
        return self._forward(tokens[:, None], positions)[:, 0]

    def _forward(self, tokens: "Tensor", positions: "Tensor") -> "Tensor":
        output = self.model.base_model(
            input_ids=tokens, position_ids=positions, past_key_values=self.cache, use_cache=True, view=self.view
        )
        hidden: Tensor = output.last_hidden_state
        return hidden

    def _keep(self, rows: list[int], tokens: "Tensor") -> "Tensor":
        import torch

        kept = torch.tensor(rows, dtype=torch.long, device=tokens.device)
        self.cache.batch_select_indices(kept)
        self.view, self.ends = replace(self.view, keys=self.view.keys[kept]), self.ends[kept]
        return tokens[kept]


def _agreeing(draft: Sequence[int], said: Sequence[int]) -> int:
    """Return how many leading tokens of a draft are what was said."""
    return next((i for i, (ours, theirs) in enumerate(zip(draft, said, strict=False)) if ours != theirs), len(draft))


def _encode(model: "PreTrainedModel", tokens: tuple[int, ...]) -> "list[tuple[Tensor, Tensor]]":
    """Return the keys and values of a prefix, layer by layer, shape (key heads, P, dim) each."""
    import torch
    from transformers import DynamicCache

    cache = DynamicCache()
    with torch.inference_mode():
        model.base_model(input_ids=torch.tensor([tokens], device=model.device), past_key_values=cache, use_cache=True)
    return [(layer.keys[0], layer.values[0]) for layer in cache.layers]


def _attend(
    module: "nn.Module",
    query: "Tensor",
    key: "Tensor",
    value: "Tensor",
    _: Any,
    *,
    scaling: float,
    view: _View,
    sliding_window: int | None = None,
    **__: Any,
) -> "tuple[Tensor, None]":
    """Attend to the one prefix of all rows and to each row's own keys.

    Shapes: queries (B, heads, L, dim), the rows' own keys and values (B, key heads, S, dim), output
    (B, L, heads, dim). With ``view.rows`` all come end to end instead: (1, heads, tokens, dim) and so on.
    """
    import torch

    if view.rows is not None:
        query, key, value = (view.rows.apart(x) for x in (query, key, value))
    batch, heads, queries, dim = query.shape
    shared = key.shape[1]
    own = (query * scaling).reshape(batch, shared, -1, dim)  # the queries that share a key head, side by side
    scores, length = own @ key.transpose(2, 3), 0
    if view.prefix:
        prefix_key, prefix_value = view.prefix[cast(int, module.layer_idx)]
        length = prefix_key.shape[1]
        scores = torch.cat([_all_rows(own, prefix_key.transpose(1, 2)), scores], dim=3)
    seen = view.allowed(length, sliding_window)
    scores = scores.view(batch, shared, -1, queries, scores.shape[3]).masked_fill(~seen, torch.finfo(scores.dtype).min)
    weights = scores.softmax(-1, dtype=torch.float32).to(value.dtype).flatten(2, 3)
    output = weights[..., length:] @ value
    if view.prefix:
        output = output + _all_rows(weights[..., :length], prefix_value)
    rows = output.view(batch, heads, queries, dim).transpose(1, 2)
    return rows if view.rows is None else view.rows.together(rows)[None], None


def _all_rows(rows: "Tensor", one: "Tensor") -> "Tensor":
    """Multiply (B, key heads, n, k) by (key heads, k, m) in one product a head, whatever the number of rows."""
    batch, shared, each, _ = rows.shape
    return (rows.transpose(0, 1).flatten(1, 2) @ one).view(shared, batch, each, -1).transpose(0, 1)


def _by_transformers(
    model: "PreTrainedModel", prompts: Sequence[tuple[int, ...]], end_tokens: frozenset[int], limit: int
) -> list[_Written]:
    import torch
    from transformers import GenerationConfig, LogitsProcessorList

    rows, width = len(prompts), max(map(len, prompts))
    tokens = torch.zeros(rows, width, dtype=torch.long, device=model.device)
    mask = torch.zeros_like(tokens)
    for i, prompt in enumerate(prompts):
        tokens[i, width - len(prompt) :], mask[i, width - len(prompt) :] = torch.tensor(prompt), 1
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
    ended = [_until_end(row, end_tokens) for row in output[:, width:].tolist()]
    return [(row, end, sum(its[: len(row) + end])) for (row, end), its in zip(ended, near, strict=True)]


def _until_end(tokens: Sequence[int], end_tokens: frozenset[int]) -> tuple[tuple[int, ...], bool]:
    for i, token in enumerate(tokens):
        if token in end_tokens:
            return tuple(tokens[:i]), True
    return tuple(tokens), False
