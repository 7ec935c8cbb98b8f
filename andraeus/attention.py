"""Attention of our own, where Transformers lets a model be told another, and rows that come without padding."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel


@dataclass(frozen=True)
class EndToEnd:
    """Where rows of different lengths lie when they come end to end, without padding.

    Attributes:
        rows: Number of rows B.
        gather: Place among the T tokens of each token of the padded rows, shape (B * L,); padding points to 0.
        scatter: Place in the padded rows of each of the T tokens, shape (T,).
    """

    rows: int
    gather: "Tensor"
    scatter: "Tensor"

    @classmethod
    def of(cls, places: "Tensor") -> "EndToEnd":
        """Read from the padded rows which places hold tokens, shape (B, L)."""
        import torch

        scatter = places.flatten().nonzero().flatten()
        gather = torch.zeros(places.numel(), dtype=torch.long, device=places.device)
        gather[scatter] = torch.arange(len(scatter), device=places.device)
        return cls(len(places), gather, scatter)

    def apart(self, tokens: "Tensor") -> "Tensor":
        """Lay tokens of shape (1, heads, T, dim) out in rows, shape (B, heads, L, dim)."""
        heads, _, dim = tokens[0].shape
        return tokens[0].index_select(1, self.gather).view(heads, self.rows, -1, dim).transpose(0, 1)

    def together(self, rows: "Tensor") -> "Tensor":
        """Lay rows of shape (B, L, …) end to end again, shape (T, …)."""
        return rows.flatten(0, 1).index_select(0, self.scatter)


@contextmanager
def attending(model: "PreTrainedModel", name: str, function: Callable[..., Any], argument: str) -> Iterator[bool]:
    """Let a model attend by a function of ours while the context lasts; yield whether it can.

    The function is called as Transformers' attention functions are; what it may look at comes in an argument
    of the model's forward pass, by the name of ``argument``. Without that argument the model attends as ever.
    Only models that attend by plain ``scaled_dot_product_attention`` can be told; others have more in their
    attention than we would compute.
    """
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.integrations.sdpa_attention import sdpa_attention_forward
    from transformers.masking_utils import sdpa_mask

    def attend(*tensors: Any, **settings: Any) -> Any:
        return (function if settings.get(argument) is not None else sdpa_attention_forward)(*tensors, **settings)

    before = model.config._attn_implementation
    if before != "sdpa":
        yield False
        return
    AttentionInterface.register(name, attend)
    AttentionMaskInterface.register(name, sdpa_mask)
    model.config._attn_implementation = name
    try:
        yield True
    finally:
        model.config._attn_implementation = before
