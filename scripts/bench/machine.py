"""What the machine gives: matrix products a second, start-up of the program, seconds and memory a fact."""

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

COMMANDS = {"--help": ["--help"], "--cfg job": ["--cfg", "job"]}
SIZES = (10, 100, 1000)


def start_up(runs: int) -> dict[str, float]:
    """Return the median seconds until a command that computes nothing has answered."""
    program = str(Path(sys.executable).with_name("andraeus"))
    taken = {name: [_seconds([program, *given]) for _ in range(runs)] for name, given in COMMANDS.items()}
    return {name: statistics.median(seconds) for name, seconds in taken.items()}


def _seconds(command: list[str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begun


def gemm_rate(seconds: float = 3.0) -> float:
    """Return GFLOP/s of fp32 matrix products in a training step's shape (rows x 576 by 576 x 1536)."""
    import torch

    a, b = torch.randn(640, 576), torch.randn(576, 1536)
    for _ in range(20):
        a @ b
    begun, count = time.perf_counter(), 0
    while time.perf_counter() - begun < seconds:
        a @ b
        count += 1
    return 2 * 640 * 576 * 1536 * count / (time.perf_counter() - begun) / 1e9


def scale() -> dict[str, dict[str, float]]:
    """Return seconds and peak memory of a person's rows and of some steps of training, by number of facts.

    Each size runs in a process of its own. The recipe's steps grow with the rows, so what is timed is the
    preparation of all rows and the rate of a fixed number of steps.
    """
    return {str(n): json.loads(_output([sys.executable, "-m", "scripts.bench.scale", str(n)])) for n in SIZES}


def _output(command: list[str]) -> Any:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1]
