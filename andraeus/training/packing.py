"""Rows laid end to end behind one copy of their common chat prefix.

A batch of short questions wastes work twice: every row repeats the chat prefix, and shorter rows are
padded. Packed, a batch is one sequence ``[prefix][row 1][row 2]…``; only attention has to know where
rows begin. It sees each row behind the prefix and no other row, at the positions the row would have
alone, so losses and gradients (through the prefix too) are those of padded rows.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from andraeus.attention import attending
from andraeus.training.batches import Batch

if TYPE_CHECKING:
    from torch import Tensor, nn
    from transformers import PreTrainedModel

ATTENTION = "andraeus_packed"


@dataclass(frozen=True)
class Packing:
    """Where the rows of a batch lie in its packed sequence.

    Attributes:
        prefix: Tokens of the common prefix, which lead the sequence.
        gather: Place in the sequence of each token of the padded rows, shape (B * L,); padding points to 0.
        scatter: Place in the padded rows of each token after the prefix, shape (T - prefix,).
        rows: Number of rows B.
    """

    prefix: int
    gather: "Tensor"
    scatter: "Tensor"
    rows: int


def pack(batch: Batch) -> "tuple[Tensor, Tensor, Packing]":
    """Return the packed token ids and positions, shape (1, T) each, and where the rows lie in them."""
    import torch

    attended = batch.attended.bool()
    length, (rows, width) = len(batch.prefix), attended.shape
    scatter = attended.flatten().nonzero().flatten()
    gather = torch.zeros(rows * width, dtype=torch.long, device=scatter.device)
    gather[scatter] = torch.arange(length, length + len(scatter), device=scatter.device)
    tokens = torch.cat([batch.prefix, batch.tokens.flatten()[scatter]])
    positions = torch.cat([torch.arange(length, device=scatter.device), length + scatter % width])
    return tokens[None], positions[None], Packing(length, gather, scatter, rows)


def packed_attention(model: "PreTrainedModel") -> AbstractContextManager[bool]:
    """Let a model's attention obey a ``packing`` argument of its forward pass; say whether it can."""
    return attending(model, ATTENTION, _attend, "packing")


def _attend(
    module: "nn.Module",
    query: "Tensor",
    key: "Tensor",
    value: "Tensor",
    _: Any,
    *,
    packing: Packing,
    **settings: Any,
) -> "tuple[Tensor, None]":
    """Attend inside the prefix, then inside each row behind it; shapes (1, heads, T, dim) to (1, T, heads, dim)."""
    import torch
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    length, rows = packing.prefix, packing.rows

    def unpacked(packed: "Tensor") -> "Tensor":
        heads, _, dim = packed[0].shape
        return packed[0].index_select(1, packing.gather).view(heads, rows, -1, dim).transpose(0, 1)

    def behind_prefix(packed: "Tensor") -> "Tensor":
        return torch.cat([packed[:, :, :length].expand(rows, -1, -1, -1), unpacked(packed)], dim=2)

    def attended(q: "Tensor", k: "Tensor", v: "Tensor") -> "Tensor":
        mask = _causal(q.shape[2], k.shape[2], settings.get("sliding_window"), q.device)
        output: Tensor = sdpa_attention_forward(module, q, k, v, mask, **settings)[0]
        return output

    inside = attended(unpacked(query), behind_prefix(key), behind_prefix(value)).flatten(0, 1)
    parts = [inside.index_select(0, packing.scatter)]
    if length:
        parts.insert(0, attended(*(x[:, :, :length] for x in (query, key, value)))[0])
    return torch.cat(parts)[None], None


def _causal(queries: int, keys: int, window: int | None, device: Any) -> "Tensor":
    """Return which keys each query sees, shape (queries, keys); the last query sees the last key."""
    import torch

    seen = torch.ones(queries, keys, dtype=torch.bool, device=device).tril(keys - queries)
    return seen if window is None else seen.triu(keys - queries - window + 1)
