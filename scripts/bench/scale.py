"""One size of the scale benchmark, in a process of its own: python -m scripts.bench.scale FACTS QUANTIZATION."""

import dataclasses
import json
import sys
import time

from andraeus.models.load import Quantization, QuantizationKind, load_model
from andraeus.training.adapter import attach, causal_model
from andraeus.training.loop import planned_steps, train
from experiments.provenance import peak_memory_mib
from scripts.bench.subject import alone, lora_of, recipe_of, subject, training_rows

SIZES = (10, 100, 1000)
STEPS = 10  # of the recipe's are run: enough for a rate and for the memory's peak


def measure() -> dict[str, dict[str, float]]:
    """Return seconds a fact and peak memory by number of facts; a size is a process.

    A recipe's steps grow with its rows, so all rows are prepared and some steps are timed.
    """
    return {str(facts): alone("scripts.bench.scale", str(facts), "none") for facts in SIZES}


def memory() -> dict[str, dict[str, float]]:
    """Return seconds a step and peak memory of training on a base in full and in four bits."""
    return {kind: alone("scripts.bench.scale", "50", kind) for kind in ("none", "nf4")}


def _one(facts: int, kind: str) -> dict[str, float]:
    quantization = Quantization(QuantizationKind(kind))
    model = load_model(subject().files, "float32", quantization, "cpu")
    begun = time.perf_counter()
    rows = training_rows(facts)
    prepared = time.perf_counter() - begun
    # The floor on the steps of a person with few facts is no matter of scale.
    recipe, lora = dataclasses.replace(recipe_of("quick"), plateau=None, least_steps=0), lora_of("r32")
    planned = planned_steps(recipe, len(rows))
    adapted = causal_model(attach(model, lora, recipe, quantization, 0, "bench"))
    some = dataclasses.replace(recipe, epochs=None, steps=STEPS)
    train(adapted, rows, [], dataclasses.replace(some, steps=2), lora, 0, progress=False)
    a_step = train(adapted, rows, [], some, lora, 0, progress=False).seconds / STEPS
    return {
        "rows": len(rows),
        "prepared_seconds": prepared,
        "seconds_per_step": a_step,
        "steps": planned,
        "seconds_per_fact": (prepared + planned * a_step) / facts,
        "peak_memory_mib": peak_memory_mib(),
    }


if __name__ == "__main__":
    print(json.dumps(_one(int(sys.argv[1]), sys.argv[2])))
