"""What training k adapters in one pass of the base could win: examples a second of a step with k times the rows.

Stacked adapters would still multiply each adapter's own matrices by its own rows, so this is a bound from above.
"""

import statistics
from typing import Any

from andraeus.models.load import Quantization
from andraeus.training.adapter import attach, causal_model
from andraeus.training.loop import train
from andraeus.training.recipe import Recipe
from scripts.bench.subject import lora_of, subject, training_rows

ADAPTERS = (1, 2, 4, 8)


def measure(runs: int) -> dict[str, dict[str, Any]]:
    """Return the bound for the default batch, and for the source document's micro-batch of two rows."""
    return {f"batch {rows}": _measure(rows, runs) for rows in (16, 2)}


def _measure(batch: int, runs: int) -> dict[str, Any]:
    lora = lora_of("r32")
    model = causal_model(attach(subject().model(), lora, Recipe(), Quantization(), 0, "bench"))
    rows = training_rows(50)

    def rate(adapters: int) -> float:
        steps = min(4, max(ADAPTERS) // adapters)
        recipe = Recipe(steps=steps, batch_size=batch * adapters, learning_rate=1e-4, tokens_per_pass=None)
        return batch * adapters * steps / train(model, rows, [], recipe, lora, 0, progress=False).seconds

    rate(1)
    rates = [{k: rate(k) for k in ADAPTERS} for _ in range(runs)]
    found = {str(k): statistics.median(one[k] / one[1] for one in rates) for k in ADAPTERS}
    return {"bound_by_adapters": found, "examples_per_second": {str(k): [one[k] for one in rates] for k in ADAPTERS}}
