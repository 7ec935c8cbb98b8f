"""LoRA layers in one autograd step.

PEFT adds the adapter's output to the base layer's in separate operations, each a pass over memory and
a node that keeps its tensors. Here one node computes ``y = x W' + s (x A') B'`` with the sum inside the
matrix product, and keeps only ``x`` and ``x A'`` (' is the transpose). Same numbers up to rounding.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn


@contextmanager
def fused_lora(model: "nn.Module") -> Iterator[int]:
    """Fuse a model's LoRA layers while the context lasts; yield how many there are.

    Layers that are more than a plain linear with one plain adapter (quantised, with dropout, DoRA, a bias on
    the adapter, mixed precision) stay as PEFT has them.
    """
    layers = [module for module in model.modules() if _is_plain(module)]
    for layer in layers:
        layer.forward = _forward_of(layer)
    try:
        yield len(layers)
    finally:
        for layer in layers:
            del layer.forward


def _is_plain(module: Any) -> bool:
    from peft.tuners.lora import Linear
    from torch import nn

    if not isinstance(module, Linear) or module.merged or module.disable_adapters or module.fan_in_fan_out:
        return False
    if type(module.base_layer) is not nn.Linear or len(module.active_adapters) != 1:
        return False
    (name,) = module.active_adapters
    if name not in module.lora_A or name in module.lora_variant:
        return False
    down, up = module.lora_A[name], module.lora_B[name]
    same_type = down.weight.dtype == up.weight.dtype == module.base_layer.weight.dtype
    return same_type and up.bias is None and isinstance(module.lora_dropout[name], nn.Identity)


def _forward_of(layer: Any) -> Any:
    (name,) = layer.active_adapters
    base, down, up, scale = layer.base_layer, layer.lora_A[name], layer.lora_B[name], layer.scaling[name]
    step = _step()

    def forward(x: "Tensor") -> "Tensor":
        output: Tensor = step.apply(x, base.weight, base.bias, down.weight, up.weight, scale)
        return output

    return forward


@cache
def _step() -> Any:
    """Return the autograd function (made late: torch is slow to import)."""
    import torch

    class LoraLinear(torch.autograd.Function):
        """Base layer and adapter together; the base is frozen."""

        @staticmethod
        def forward(
            ctx: Any, x: "Tensor", w: "Tensor", bias: "Tensor | None", a: "Tensor", b: "Tensor", s: float
        ) -> Any:
            flat = x.flatten(0, -2)
            inner = flat @ a.T
            y = torch.nn.functional.linear(flat, w, bias).addmm_(inner, b.T, alpha=s)
            ctx.save_for_backward(flat, inner, w, a, b)
            ctx.scale, ctx.shape = s, x.shape
            return y.view(*x.shape[:-1], -1)

        @staticmethod
        def backward(ctx: Any, *gradients: "Tensor") -> Any:
            flat, inner, w, a, b = ctx.saved_tensors
            g = gradients[0].flatten(0, -2)
            g_inner = (g @ b).mul_(ctx.scale)
            g_x = (g @ w).addmm_(g_inner, a).view(ctx.shape) if ctx.needs_input_grad[0] else None
            # The narrow matrix first: the product then runs along its long side.
            return g_x, None, None, g_inner.T @ flat, (inner.T @ g).T.mul(ctx.scale), None

    return LoraLinear
