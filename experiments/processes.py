"""Several processes that train one adapter together, as ``accelerate launch`` starts them.

The first process is the whole program: it plans, trains, asks, writes and prints. The others wait until it trains an
adapter, take their share of each step (`andraeus.training.loop`), and write nothing.
"""

import contextlib
import datetime
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from andraeus.errors import UserError

# The others wait as long as the first does something else, such as answering for hours. Whoever started the
# processes ends them all when one fails, so nothing hangs that long.
WAIT = datetime.timedelta(days=7)
GRACE = 60.0


def started() -> int:
    """Return how many processes this one was started with to train together; 1 for a process alone."""
    return int(os.environ.get("WORLD_SIZE", "1")) if "RANK" in os.environ else 1


def with_processes(arguments: list[str]) -> list[str]:
    """Return a command line's arguments, with ``processes=`` where the program was started as several."""
    told = any(a.startswith("processes=") for a in arguments)
    return arguments if told or started() == 1 else [*arguments, f"processes={started()}"]


@contextlib.contextmanager
def together() -> Iterator[None]:
    """Run the program in the first process while the others help; they never get past this.

    Where the program fails, the others are not told: whoever started the processes ends them.
    """
    if started() == 1:
        yield
        return
    _meet()
    if os.environ["RANK"] != "0":
        _help()
        raise SystemExit
    try:
        yield
    except SystemExit as end:
        if end.code:
            raise
    _tell(None)


def train_along(config: DictConfig) -> None:
    """Let the other processes, if there are any, take part in the training that begins now."""
    if started() > 1:
        _tell(config)


def _meet() -> None:
    import torch

    gpus = torch.cuda.device_count()
    if gpus:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]) % gpus)
    torch.distributed.init_process_group("cpu:gloo,cuda:nccl" if gpus else "gloo", timeout=WAIT)


def _help() -> None:
    """Take part in each training of the first process, until it is done."""
    from experiments.work import take_part

    while (config := _tell(None)) is not None:
        try:
            # What there is to say, the first process says.
            with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
                take_part(config)
        except UserError as error:
            # It meets the same, most likely, and ends us when it has said and recorded so.
            time.sleep(GRACE)
            raise SystemExit(f"andraeus: process {os.environ['RANK']} failed: {error}") from error


def _tell(config: DictConfig | None) -> Any:
    """Send the first process's config to the others, or ``None`` for the end; return what was sent, in each."""
    import torch

    sent = [config]
    torch.distributed.broadcast_object_list(sent, src=0, device=torch.device("cpu"))
    if sent[0] is None:
        torch.distributed.destroy_process_group()
    return sent[0]
