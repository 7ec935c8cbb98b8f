"""Training by number of facts: seconds a fact, sizes in turn; peak memory, in a process each.

python -m scripts.bench.scale FACTS QUANTIZATION        one peak
"""

import dataclasses
import json
import statistics
import sys
import time
from typing import Any

from andraeus.models.load import Quantization, QuantizationKind, load_model
from andraeus.training.adapter import attach, causal_model
from andraeus.training.loop import planned_steps, train
from andraeus.training.recipe import Recipe
from experiments.provenance import peak_memory_mib
from scripts.bench.subject import alone, lora_of, recipe_of, subject, training_rows

SIZES = (10, 100, 1000)
STEPS = 6  # of the recipe's are run at a time: enough for a rate and for the memory's peak


def measure(runs: int) -> dict[str, dict[str, Any]]:
    """Return seconds a fact and peak memory by number of facts.

    A recipe's steps grow with its rows, so all rows are prepared and some steps are timed, other ones in each run; the
    sizes take turns, since a machine's rate drifts.
    """
    sizes = {facts: _Size(facts) for facts in SIZES}
    for size in sizes.values():
        size.seconds(seed=0)
    seconds = [{facts: size.seconds(seed) for facts, size in sizes.items()} for seed in range(1, runs + 1)]
    found = {}
    for facts, size in sizes.items():
        a_step = statistics.median(one[facts] for one in seconds)
        ratios = [size.per_fact(one[facts]) / sizes[SIZES[0]].per_fact(one[SIZES[0]]) for one in seconds]
        found[str(facts)] = {
            "rows": len(size.rows),
            "tokens_per_row": statistics.mean(map(len, size.rows)),
            "prepared_seconds": size.prepared,
            "seconds_per_step": a_step,
            "steps": size.steps,
            "seconds_per_fact": size.per_fact(a_step),
            "ratio_to_smallest": statistics.median(ratios),
            "peak_memory_mib": alone("scripts.bench.scale", str(facts), "none")["peak_memory_mib"],
        }
    return found


def memory() -> dict[str, dict[str, float]]:
    """Return seconds a step and peak memory of training on a base in full and in four bits."""
    return {kind: alone("scripts.bench.scale", "50", kind) for kind in ("none", "nf4")}


def _recipe() -> Recipe:
    # The floor on the steps of a person with few facts is no matter of scale.
    return dataclasses.replace(recipe_of("quick"), plateau=None, least_steps=0)


class _Size:
    """A person of so many facts, ready to be trained on."""

    def __init__(self, facts: int) -> None:
        subject()
        begun = time.perf_counter()
        self.facts, self.rows = facts, training_rows(facts)
        self.prepared = time.perf_counter() - begun
        self.steps = planned_steps(_recipe(), len(self.rows))
        self.model = causal_model(attach(subject().model(), lora_of("r32"), _recipe(), Quantization(), 0, "bench"))

    def seconds(self, seed: int) -> float:
        """Train some steps on rows that the seed draws; return the seconds of one."""
        recipe = dataclasses.replace(_recipe(), epochs=None, steps=STEPS)
        return train(self.model, self.rows, [], recipe, lora_of("r32"), seed, progress=False).seconds / STEPS

    def per_fact(self, a_step: float) -> float:
        """Return the seconds a fact takes with all its steps, preparation included."""
        return (self.prepared + self.steps * a_step) / self.facts


def _one(facts: int, kind: str) -> dict[str, float]:
    quantization = Quantization(QuantizationKind(kind))
    model = load_model(subject().files, "float32", quantization, "cpu")
    rows, lora = training_rows(facts), lora_of("r32")
    recipe = dataclasses.replace(_recipe(), epochs=None, steps=STEPS)
    adapted = causal_model(attach(model, lora, recipe, quantization, 0, "bench"))
    train(adapted, rows, [], dataclasses.replace(recipe, steps=2), lora, 0, progress=False)
    seconds = train(adapted, rows, [], recipe, lora, 0, progress=False).seconds
    return {"rows": len(rows), "seconds_per_step": seconds / STEPS, "peak_memory_mib": peak_memory_mib()}


if __name__ == "__main__":
    print(json.dumps(_one(int(sys.argv[1]), sys.argv[2])))
