"""What the machine gives: start-up of the program, and the share of its matrix products' rate that training reaches."""

import dataclasses
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

COMMANDS = {"--help": ["--help"], "--cfg job": ["--cfg", "job"]}


def start_up(runs: int) -> dict[str, dict[str, float]]:
    """Return the median seconds until a command that computes nothing has answered."""
    program = str(Path(sys.executable).with_name("andraeus"))
    taken = {name: [_seconds([program, *given]) for _ in range(runs)] for name, given in COMMANDS.items()}
    return {name: {"seconds": statistics.median(seconds)} for name, seconds in taken.items()}


def _seconds(command: list[str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begun


def products(runs: int) -> dict[str, dict[str, Any]]:
    """Return GFLOP/s of plain fp32 products of a step's shape, of steps of 16 rows, and their ratio."""
    from torch.utils.flop_counter import FlopCounterMode

    from andraeus.models.load import Quantization
    from andraeus.training.adapter import attach, causal_model
    from andraeus.training.loop import train
    from andraeus.training.recipe import Recipe
    from scripts.bench.subject import lora_of, subject, training_rows

    lora, recipe, rows = lora_of("r32"), Recipe(steps=2, batch_size=16, learning_rate=1e-4), training_rows(50)
    model = causal_model(attach(subject().model(), lora, recipe, Quantization(), 0, "bench"))
    # The counter does not know the product inside the sum that fused layers use.
    plain = dataclasses.replace(recipe, fused_lora=False)
    with FlopCounterMode(display=False) as counted:
        train(model, rows, [], plain, lora, 0, progress=False)
    work = counted.get_total_flops() / 1e9
    pairs = [(work / train(model, rows, [], recipe, lora, 0, progress=False).seconds, _plain()) for _ in range(runs)]
    return {
        "fp32": {
            "plain_gflops": statistics.median(plain for _, plain in pairs),
            "training_gflops": statistics.median(ours for ours, _ in pairs),
            "share": statistics.median(ours / plain for ours, plain in pairs),
            "gflop_per_example": work / (recipe.batch_size * 2),
        }
    }


def _plain(seconds: float = 2.0) -> float:
    """Return GFLOP/s of products of 450 tokens with the feed-forward weights of the embedded model."""
    import torch

    tokens, weights = torch.randn(450, 576), torch.randn(1536, 576)
    begun, count = time.perf_counter(), 0
    while time.perf_counter() - begun < seconds:
        torch.nn.functional.linear(tokens, weights)
        count += 1
    return 2 * 450 * 576 * 1536 * count / (time.perf_counter() - begun) / 1e9
