"""Rows that are read behind one copy of their common prefix, and go on token by token."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from andraeus.attention import EndToEnd, attending

if TYPE_CHECKING:
    from torch import Tensor, nn
    from transformers import Cache, PreTrainedModel
    from transformers.cache_utils import DynamicLayer

ATTENTION = "andraeus_prefixed"
_NEVER = 2**40  # a position that no query reaches: padding
# Keys and values of a prefix, layer by layer, shape (key heads, P, dim) each.
Prefix = list[tuple["Tensor", "Tensor"]]


def prefixed_attention(model: "PreTrainedModel") -> AbstractContextManager[bool]:
    """Let a model's attention look at one prefix for all rows; say whether it can."""
    return attending(model, ATTENTION, _attend, "view")


def encode(model: "PreTrainedModel", tokens: tuple[int, ...]) -> Prefix:
    """Return the keys and values of a prefix, layer by layer, shape (key heads, P, dim) each."""
    import torch
    from transformers import DynamicCache

    cache = DynamicCache()
    with torch.inference_mode():
        model.base_model(input_ids=torch.tensor([tokens], device=model.device), past_key_values=cache, use_cache=True)
    return [(layer.keys[0], layer.values[0]) for layer in cache.layers]


@dataclass(frozen=True)
class _View:
    """What the queries of a forward pass look at.

    Attributes:
        prefix: Keys and values of the common prefix, layer by layer, shape (key heads, P, dim) each.
        queries: Positions of the queries, shape (B, L).
        keys: Positions of the rows' own keys, shape (B, S); `_NEVER` for padding.
        rows: Where the rows lie among tokens that come end to end; ``None`` where they come row by row.
    """

    prefix: Prefix
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


class Rows:
    """A batch of token rows behind a common prefix, with a cache of their own.

    Args:
        model: The model, attending by `prefixed_attention`.
        rows: Tokens of each row behind the prefix.
        prefix: What `encode` returned for the prefix; empty where there is none.
        length: Tokens of the prefix.
    """

    def __init__(self, model: "PreTrainedModel", rows: Sequence[tuple[int, ...]], prefix: Prefix, length: int) -> None:
        import torch
        from transformers import DynamicCache

        self.model, self.rows, self.length = model, rows, length
        # Without the model's config no layer forgets: a sliding window is counted by positions.
        self.cache: Cache = DynamicCache()
        empty = torch.empty(len(rows), 0, dtype=torch.long, device=model.device)
        self.view = _View(prefix, empty, empty)
        self.lengths = torch.tensor([len(row) for row in rows], device=model.device)

    def read(self) -> "Tensor":
        """Return the hidden states of all tokens, row after row, shape (tokens, width).

        The rows go through the model end to end; only attention and the cache need them apart.
        """
        import torch

        columns = torch.arange(int(self.lengths.max()), device=self.model.device).expand(len(self.rows), -1)
        places, positions = columns < self.lengths[:, None], self.length + columns
        keys, rows = positions.where(places, _NEVER), EndToEnd.of(places)
        self.view = replace(self.view, queries=positions, keys=keys, rows=rows)
        tokens = torch.tensor([token for row in self.rows for token in row], device=self.model.device)
        hidden = self._forward(tokens[None], rows.together(positions)[None])[0]
        self.view = replace(self.view, rows=None)
        for layer in cast("list[DynamicLayer]", self.cache.layers):
            layer.keys, layer.values = rows.apart(layer.keys), rows.apart(layer.values)
        return hidden

    def read_on(self, tokens: "Tensor") -> "Tensor":
        """Return the hidden states behind one more token of each row, shape (B, width)."""
        import torch

        positions = self.length + self.lengths[:, None]
        self.view = replace(self.view, queries=positions, keys=torch.cat([self.view.keys, positions], dim=1))
        self.lengths = self.lengths + 1
        return self._forward(tokens[:, None], positions)[:, 0]

    def keep(self, rows: list[int]) -> None:
        """Let the other rows leave."""
        import torch

        kept = torch.tensor(rows, dtype=torch.long, device=self.model.device)
        self.cache.batch_select_indices(kept)
        self.view, self.lengths = replace(self.view, keys=self.view.keys[kept]), self.lengths[kept]

    def _forward(self, tokens: "Tensor", positions: "Tensor") -> "Tensor":
        output = self.model.base_model(
            input_ids=tokens, position_ids=positions, past_key_values=self.cache, use_cache=True, view=self.view
        )
        hidden: Tensor = output.last_hidden_state
        return hidden


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
