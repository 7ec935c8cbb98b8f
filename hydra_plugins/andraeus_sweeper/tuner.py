"""Hydra's view of tuning with Optuna; the work is in `experiments.tuning`."""

from typing import Any

from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from hydra.utils import instantiate
from omegaconf import DictConfig, open_dict

from hydra_plugins.andraeus_sweeper.sweeper import launcher_of


class ProfileTuner(Sweeper):
    """Lets Optuna (hydra-optuna-sweeper) choose among trials, each a small study over several profiles.

    Args:
        profiles: Names in the ``facts`` group.
        n_trials: How many trials.
        sampler: What proposes them, as a configuration.
        params: The search space, in the words of hydra-optuna-sweeper.
    """

    def __init__(self, profiles: list[str], n_trials: int, sampler: DictConfig, params: DictConfig) -> None:
        try:
            from hydra_plugins.hydra_optuna_sweeper.optuna_sweeper import OptunaSweeper
        except ImportError as error:
            install = "pip install --constraint constraints.txt --editable '.[optuna]'"
            raise SystemExit(f"andraeus: hydra/sweeper=tune needs Optuna: .venv/bin/{install}.") from error
        self.profiles = list(profiles)
        self.optuna: Any = OptunaSweeper(
            sampler=instantiate(sampler),
            direction="maximize",
            # Nothing is kept but what was run, in the store; a sampler with a seed asks for the same again.
            storage=None,
            study_name=None,
            n_trials=n_trials,
            n_jobs=1,
            max_failure_rate=0.0,
            search_space=None,
            custom_search_space=None,
            params=params,
        )

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Put trials where Optuna's sweeper has a launcher of jobs."""
        from experiments.sweep import Engine
        from experiments.tuning import Trials

        launcher = launcher_of(hydra_context, task_function, config)
        self.trials = Trials(Engine(config, hydra_context.config_loader, launcher), self.profiles)
        ours = config.copy()
        with open_dict(ours):
            ours.hydra.sweep.dir = str(self.trials.folder)  # where the sweeper writes what it found
        self.optuna.setup(hydra_context=hydra_context, task_function=task_function, config=ours)
        self.optuna.sweeper.launcher = self.trials

    def sweep(self, arguments: list[str]) -> float:
        """Run the trials and write them down; return the best one's accuracy."""
        return self.trials.search(lambda: self.optuna.sweep(arguments))
