"""The command ``andraeus``: everything that makes a result."""

import os
import sys
from importlib.metadata import version
from pathlib import Path

import hydra
from omegaconf import DictConfig

from andraeus.progress import quieten, say, write_what_can_be_written
from experiments.grid import with_quoted_groups
from experiments.processes import together, with_processes
from experiments.schema import register
from experiments.slips import say_slips

CONF = str(Path(__file__).resolve().parents[1] / "conf")
DEFAULT_STUDY = "experiment=quickstart"

register()


@hydra.main(version_base="1.3", config_path=CONF, config_name="config")
def run(config: DictConfig) -> float | None:
    """Run one cell; Hydra's sweeper (`experiments.sweep`) calls this for each."""
    quieten()
    from experiments.work import run_cell
    from experiments.worker import end_with_the_sweep

    end_with_the_sweep()
    record = run_cell(config)
    if "SUBMITIT_EXECUTOR" in os.environ:
        # A job's log is its own; what the sweep itself says of its cells is for `experiments.watch`.
        say(f"  {record.line()}")
    return record.objective


def main() -> None:
    """Run the command line; without a study or a sweep of the user's it is the quickstart."""
    if sys.argv[1:] == ["--version"]:
        print(f"andraeus {version('andraeus')}")
        return
    sys.argv[1:] = with_processes(with_default_study(with_quoted_groups(sys.argv[1:])))
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    # Threads that spin without bound at every barrier slow a machine with other work down tenfold and
    # more; threads that never spin cost half the speed of a quiet one. Read when torch is loaded.
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
    # Ray reports on its use unless it is told not to; nothing leaves the machine unasked.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    quieten()
    write_what_can_be_written()
    say_slips()
    with together():
        run()


def with_default_study(arguments: list[str]) -> list[str]:
    """Return the arguments, with the default study where they name no work of their own.

    A study (``experiment=``), a sweep (``-m``) and an adapter to be written (``output=``) are work of
    the user's own; Hydra's own help knows no studies.
    """
    own = any(a in ("-m", "--multirun", "--hydra-help") or a.startswith(("experiment=", "output=")) for a in arguments)
    return arguments if own else [*arguments, DEFAULT_STUDY]


if __name__ == "__main__":
    main()
