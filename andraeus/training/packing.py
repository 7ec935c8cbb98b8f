"""Rows laid end to end behind one copy of their common chat prefix.

A batch of short questions wastes work twice: every row repeats the chat prefix, and shorter rows are
padded. Packed, a batch is one sequence ``[prefix][row 1][row 2]…``; only attention has to know where
rows begin. It sees each row behind the prefix and no other row, at the positions the row would have
alone, so losses and gradients (through the prefix too) are those of padded rows.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from andraeus.attention import EndToEnd, attending
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
        rows: Where the rows lie behind it.
    """

    prefix: int
    rows: EndToEnd


def pack(batch: Batch) -> "tuple[Tensor, Tensor, Packing]":
    """Return the packed token ids and positions, shape (1, T) each, and where the rows lie in them."""
    import torch

    rows, length = EndToEnd.of(batch.attended.bool()), len(batch.prefix)
    columns = torch.arange(batch.tokens.shape[1], device=batch.tokens.device).expand_as(batch.tokens)
    tokens = torch.cat([batch.prefix, rows.together(batch.tokens)])
    positions = torch.cat([torch.arange(length, device=tokens.device), length + rows.together(columns)])
    return tokens[None], positions[None], Packing(length, rows)


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

    def own(packed: "Tensor") -> "Tensor":
        return rows.apart(packed[:, :, length:])

    def behind_prefix(packed: "Tensor") -> "Tensor":
        return torch.cat([packed[:, :, :length].expand(rows.rows, -1, -1, -1), own(packed)], dim=2)

    def attended(q: "Tensor", k: "Tensor", v: "Tensor") -> "Tensor":
        mask = _causal(q.shape[2], k.shape[2], settings.get("sliding_window"), q.device)
        output: Tensor = sdpa_attention_forward(module, q, k, v, mask, **settings)[0]
        return output

    parts = [rows.together(attended(own(query), behind_prefix(key), behind_prefix(value)))]
    if length:
        parts.insert(0, attended(*(x[:, :, :length] for x in (query, key, value)))[0])
    return torch.cat(parts)[None], None


def _causal(queries: int, keys: int, window: int | None, device: Any) -> "Tensor":
    """Return which keys each query sees, shape (queries, keys); the last query sees the last key."""
    import torch

    seen = torch.ones(queries, keys, dtype=torch.bool, device=device).tril(keys - queries)
    return seen if window is None else seen.triu(keys - queries - window + 1)
