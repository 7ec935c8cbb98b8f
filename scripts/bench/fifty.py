"""Fifty facts from the command to the adapter on disk, against the source document's recipe in TRL."""

import json
import math
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from scripts.bench.subject import lora_of, training_rows
from scripts.bench.training import Peer, Shape

FACTS = 50
# The source document: five epochs over ten phrasings a fact, 2 rows x 4 micro-batches, r 64, checkpointing.
EPOCHS, VARIATIONS, STEPS = 5, 10, 30
SOURCE = Shape(batch=2, accumulation=4, rank=64, checkpointing=True, steps=STEPS)


def measure() -> dict[str, Any]:
    """Return our seconds and accuracy, and the peer's seconds, extrapolated from thirty steps."""
    ours = _ours()
    rows = training_rows(FACTS, VARIATIONS)
    peer = Peer(SOURCE, lora_of("r64"), rows)
    a_step = peer.train() / STEPS
    steps = math.ceil(EPOCHS * len(rows) / (SOURCE.batch * SOURCE.accumulation))
    theirs = {"steps_measured": STEPS, "seconds_per_step": a_step, "steps": steps, "seconds": steps * a_step}
    return {"ours": ours, "theirs": theirs, "ratio": theirs["seconds"] / ours["seconds_to_adapter"]}


def _ours() -> dict[str, Any]:
    """Run the program as a user does, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        program = str(Path(sys.executable).with_name("andraeus"))
        command = [program, "facts=synthetic", f"facts.n={FACTS}", "output=adapter", "study=fifty"]
        began, wall = time.time(), time.perf_counter()
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        wall = time.perf_counter() - wall
        # The adapter is complete in the store before it is asked anything.
        (weights,) = Path(folder, "store", "adapters").glob("*/adapter_model.safetensors")
        rows = json.loads(Path(folder, "results", "fifty", "summary.json").read_text())["rows"]
        accuracy = next(r["estimate"] for r in rows if r["suite"] == "heldout" and r["metric"] == "accuracy")
        return {
            "command": "andraeus " + " ".join(command[1:]),
            "seconds_to_adapter": weights.stat().st_mtime - began,
            "seconds_with_test": wall,
            "heldout_accuracy": accuracy,
        }
