"""What a process that runs cells beside others does besides."""

import multiprocessing
import os
import threading
import time
from functools import cache


@cache
def end_with_the_sweep() -> None:
    """Let a worker process end where its sweep was killed, which could not tell it so."""
    # Not os.getppid(): where the sweep is dead by now, that is another process already.
    if (sweep := multiprocessing.parent_process()) is not None:
        threading.Thread(target=_watch, args=(sweep.pid,), daemon=True).start()


def _watch(sweep: int) -> None:
    while os.getppid() == sweep:
        time.sleep(1)
    os._exit(1)
