"""One size of the scale benchmark, in a process of its own: python -m scripts.bench.scale FACTS."""

import dataclasses
import json
import math
import sys
import time

EPOCHS, STEPS = 1.1, 12


def main() -> None:
    """Print seconds a fact and peak memory as JSON."""
    import psutil

    from andraeus.models.load import Quantization
    from andraeus.training.adapter import attach, causal_model
    from andraeus.training.loop import train
    from andraeus.training.recipe import LoraSpec, Recipe
    from scripts.bench.subject import VARIATIONS, subject, training_rows

    facts = int(sys.argv[1])
    model = subject().model()
    begun = time.perf_counter()
    rows = training_rows(facts)
    prepared = time.perf_counter() - begun
    lora, recipe = LoraSpec(r=32, alpha=64, frozen_share=0.3), Recipe(steps=STEPS, batch_size=16, learning_rate=7e-4)
    adapted = causal_model(attach(model, lora, recipe, Quantization(), 0, "bench"))
    train(adapted, rows, [], dataclasses.replace(recipe, steps=2), lora, 0, progress=False)
    seconds = train(adapted, rows, [], recipe, lora, 0, progress=False).seconds / STEPS
    steps = math.ceil(EPOCHS * len(rows) / recipe.batch_size)
    total = prepared + steps * seconds
    peak = psutil.Process().memory_info()
    print(
        json.dumps(
            {
                "facts": facts,
                "rows": facts * VARIATIONS,
                "prepared_seconds": prepared,
                "seconds_per_step": seconds,
                "steps": steps,
                "seconds_per_fact": total / facts,
                "peak_memory_mib": getattr(peak, "peak_wset", 0) / 2**20 or _peak_mib(),
            }
        )
    )


def _peak_mib() -> float:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
