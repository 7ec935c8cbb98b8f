"""Progress bars."""

import multiprocessing
from typing import Any


def bar(total: int, what: str, unit: str = "it", *, shown: bool = True) -> Any:
    """Return a progress bar (tqdm) for a terminal; without one, or not ``shown``, it prints nothing.

    Processes that run cells side by side draw on a line each.
    """
    from tqdm.auto import tqdm

    return tqdm(total=total, desc=what, unit=unit, disable=None if shown else True, leave=False, position=_line())


def _line() -> int:
    """Return this process's line: 0, or from the number with which a worker's name ends ("LokyProcess-2") 1."""
    number = multiprocessing.current_process().name.rpartition("-")[2]
    return int(number) - 1 if multiprocessing.parent_process() is not None and number.isdecimal() else 0
