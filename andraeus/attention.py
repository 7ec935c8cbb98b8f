"""Attention of our own, where Transformers lets a model be told another."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transformers import PreTrainedModel


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
