"""Fused LoRA layers against PEFT's own."""

import pytest
import torch

from andraeus.training.fused import fused_lora
from andraeus.training.recipe import LoraSpec
from tests.andraeus.training.conftest import Adapted

pytestmark = pytest.mark.model


@pytest.mark.parametrize("architecture", ["llama", "qwen2"])  # the second has biases
def test_outputs_and_gradients_are_pefts(adapted: Adapted, architecture: str) -> None:
    model = adapted(architecture, speaking=True)
    layers = [m for m in model.modules() if type(m).__name__ == "Linear" and hasattr(m, "lora_A")]

    def tried(layer: torch.nn.Module) -> list[torch.Tensor]:
        torch.manual_seed(0)
        x = torch.randn(2, 5, layer.in_features, requires_grad=True)  # type: ignore[call-overload]
        layer.zero_grad()
        y = layer(x)
        (y * torch.randn_like(y)).sum().backward()
        assert x.grad is not None
        gradients = [p.grad.clone() for p in layer.parameters() if p.grad is not None]
        assert len(gradients) == 2
        return [y.detach(), x.grad, *gradients]

    plain = [tried(layer) for layer in layers]
    with fused_lora(model) as count:
        assert count == len(layers) > 6
        fused = [tried(layer) for layer in layers]
    for ours, theirs in zip(fused, plain, strict=True):
        for one, other in zip(ours, theirs, strict=True):
            assert float((one - other).norm() / other.norm()) <= 1e-6


def test_what_is_not_plain_is_left_to_peft(adapted: Adapted) -> None:
    with fused_lora(adapted(lora=LoraSpec(r=4, alpha=8, dropout=0.1))) as count:
        assert count == 0
    half = adapted().to(torch.bfloat16)
    half.base_model.model.lm_head.float()
    for name, parameter in half.named_parameters():
        if "lora_" in name:
            parameter.data = parameter.data.float()
    with fused_lora(half) as count:
        assert count == 0
