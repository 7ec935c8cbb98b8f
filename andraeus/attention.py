"""Attention of our own, where Transformers lets a model be told another."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@contextmanager
def attending(model: "PreTrainedModel", name: str, function: Callable[..., Any]) -> Iterator[bool]:
    """Let a model attend by a function of ours while the context lasts; yield whether it can.

    The function is called as Transformers' attention functions are, without a mask: what it may look at
    comes in an argument of the model's forward pass. Only models that attend by plain
    ``scaled_dot_product_attention`` can be told; others have more in their attention than we would compute.
    """
    from transformers import AttentionInterface, AttentionMaskInterface

    before = model.config._attn_implementation
    if before != "sdpa":
        yield False
        return
    AttentionInterface.register(name, function)
    AttentionMaskInterface.register(name, _no_mask)
    model.config._attn_implementation = name
    try:
        yield True
    finally:
        model.config._attn_implementation = before


def _no_mask(*_: Any, **__: Any) -> None:
    return None
