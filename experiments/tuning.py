"""Trials of a search over recipes: each is a small study over several profiles."""

import re
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hydra.core.utils import JobReturn, JobStatus

from andraeus.errors import UserError
from andraeus.files import write_json
from evaluation.groups import is_right
from experiments.grid import fixed_choices, spell
from experiments.store import Store
from experiments.sweep import Engine, checked_name, plan, reported, run_missing


class Trials:
    """Runs trials where a sweeper of Hydra's that optimises has the launcher of its jobs.

    What stands in the store is not run again: a search that proposes the same trials goes on where it was stopped.

    Args:
        engine: What runs the cells of a trial.
        profiles: Names in the ``facts`` group; a trial's value is its mean accuracy over them.
    """

    def __init__(self, engine: Engine, profiles: list[str]) -> None:
        self.engine = engine
        self.profiles = profiles
        self.folder = Path(engine.config.paths.results).expanduser() / (engine.config.study or "optuna")
        self.trials: list[dict[str, Any]] = []

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> list[JobReturn]:
        """Run a trial for each list of overrides, as a launcher of Hydra's does."""
        values = [self._run(list(overrides)) for overrides in job_overrides]
        return [JobReturn(status=JobStatus.COMPLETED, _return_value=value) for value in values]

    def search(self, sweep: Callable[[], None]) -> float:
        """Let a sweeper propose trials; write them down and return the best one's accuracy."""
        with reported():
            if self.engine.config.plan:
                raise UserError("plan=true cannot tell what Optuna will propose: leave it out.")
            checked_name(self.engine.config.study or "optuna")
            self.folder.mkdir(parents=True, exist_ok=True)
            sweep()
        best = max(self.trials, key=lambda trial: trial["accuracy"])
        print(f"Best of {len(self.trials)} trials ({self.folder / 'trials.json'}): {_line(best)}")
        accuracy: float = best["accuracy"]
        return accuracy

    def _run(self, overrides: list[str]) -> float:
        _check_profiles(overrides)
        study = plan(self.engine, [{"facts": self.profiles}], overrides)
        if failures := run_missing(self.engine, study):
            raise UserError(f"a trial failed ({next(iter(failures.values()))}): {' '.join(overrides)}")
        store = Store(self.engine.config.paths.store)
        accuracies = {planned.swept.get("facts", i): _accuracy(store, i) for i, planned in study.cells.items()}
        value = statistics.fmean(accuracies.values())
        self.trials.append({"overrides": fixed_choices(overrides), "accuracy": value, "profiles": accuracies})
        best = max(self.trials, key=lambda trial: trial["accuracy"])
        write_json(self.folder / "trials.json", {"chosen": best["overrides"], "trials": self.trials})
        print(f"Trial {len(self.trials)}: {_line(self.trials[-1])}", flush=True)
        return value


def _check_profiles(overrides: list[str]) -> None:
    """Refuse a trial over other profiles than the tuner's: on whose facts it is chosen, no result may be told."""
    named = [key for key in fixed_choices(overrides) if re.split(r"[.@]", key)[0] == "facts" and key != "facts.seed"]
    if named:
        raise UserError(
            f"{named[0]} says whose facts, and a search takes its own development profiles: leave it out, or name "
            "others with hydra.sweeper.profiles=[…]."
        )


def _accuracy(store: Store, identity: str) -> float:
    """Grade a cell's answers anew: its record has the accuracy by the grader of the day it ran."""
    record = store.record(identity)
    assert record is not None, "a cell that did not fail stands"
    items = store.items(record)
    return sum(map(is_right, items)) / len(items)


def _line(trial: dict[str, Any]) -> str:
    return f"{trial['accuracy']:.1%} with " + " ".join(f"{k}={spell(v)}" for k, v in trial["overrides"].items())
