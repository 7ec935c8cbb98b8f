"""A tracker driven as a cell drives it, here or in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

from experiments.tracking import wandb as tracking
from experiments.tracking.tracker import CellInfo, Tracker
from tests.experiments.tracking.samples import CELL, ITEMS, METRICS, SECRET


def track(tracker: Tracker, cell: CellInfo = CELL, steps: int = 3, status: str = "success") -> None:
    """Tell a tracker of a whole cell."""
    tracker.begin(cell)
    for step in range(1, steps + 1):
        tracker.log({"step": step, "loss": 1 / step, "learning_rate": 1e-3, "examples_per_second": 5.0})
    tracker.end(status, METRICS if status == "success" else {}, ITEMS)


def python(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script with a secret on its command line."""
    return subprocess.run(
        [sys.executable, "-c", script, f"facts.path={SECRET}.yaml"],
        env={**os.environ, "PYTHONPATH": str(Path(tracking.__file__).parents[2]), **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
