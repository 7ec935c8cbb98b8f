"""What stands on the terminal: bars, lines that are printed while bars stand, and nothing of what libraries mutter."""

import contextlib
import io
import logging
import multiprocessing
import sys
import warnings
from typing import Any

_CLEAR = "\r\x1b[J"


def bar(total: int, what: str, unit: str = "it", *, shown: bool = True, layout: str | None = None) -> Any:
    """Return a progress bar (tqdm) for a terminal; without one, or not ``shown``, it prints nothing.

    A sweep draws on the first line; what it does itself stands beneath, and so do the processes that run
    its cells side by side, on a line each.

    Args:
        total: How many steps there are.
        what: What is done.
        unit: What a step is called.
        shown: False draws nothing.
        layout: What the line says, as tqdm's ``bar_format``.
    """
    from tqdm.auto import tqdm

    return tqdm(
        total=total,
        desc=what,
        unit=unit,
        disable=None if shown else True,
        leave=False,
        position=_line(),
        bar_format=layout,
    )


def say(text: str) -> None:
    """Print a line on standard output, in the place of the bars that any process draws; they come again beneath it."""
    bars = sys.stdout.isatty() and sys.stderr.isatty()
    # Who has stopped reading stops no work.
    with contextlib.suppress(BrokenPipeError):
        print((_CLEAR if bars else "") + text, flush=True)


def write_what_can_be_written() -> None:
    """Let a terminal of few letters show the others as "?", rather than end what prints them."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def quieten() -> None:
    """Keep the libraries' notes to their developers off the terminal, in each process that loads them."""
    warnings.filterwarnings("ignore", category=FutureWarning, module=r"transformers|peft")
    # A line at each int8 product, and on processors with bf16 units one that asks for a kernel from the Hub.
    for name in ("bitsandbytes", "transformers.integrations.bitsandbytes"):
        logging.getLogger(name).setLevel(logging.ERROR)


def _line() -> int | None:
    """Return a worker's line, the number with which its name ends ("LokyProcess-2"); else tqdm takes the next free."""
    number = multiprocessing.current_process().name.rpartition("-")[2]
    return int(number) if multiprocessing.parent_process() is not None and number.isdecimal() else None
