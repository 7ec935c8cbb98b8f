"""Let a library run without a trace in the global random generators."""

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def untouched_randomness() -> Iterator[None]:
    """Put the global generators of random, numpy and torch back as they were.

    Only what is already imported has a state that a result can depend on.
    """
    python = random.getstate()
    numpy: Any = sys.modules.get("numpy")
    torch: Any = sys.modules.get("torch")
    drawn = numpy.random.get_state() if numpy else None
    cpu = torch.get_rng_state() if torch else None
    devices = torch.cuda.get_rng_state_all() if torch and torch.cuda.is_initialized() else None
    try:
        yield
    finally:
        random.setstate(python)
        if numpy:
            numpy.random.set_state(drawn)
        if torch:
            torch.set_rng_state(cpu)
        if devices is not None:
            torch.cuda.set_rng_state_all(devices)
