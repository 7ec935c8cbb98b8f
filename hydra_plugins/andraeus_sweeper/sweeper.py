"""Hydra's view of the study sweeper; the work is in `experiments.sweep`."""

from typing import Any

from hydra.core.plugins import Plugins
from hydra.plugins.launcher import Launcher
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, ListConfig, OmegaConf


def launcher_of(context: HydraContext, task_function: TaskFunction, config: DictConfig) -> Launcher:
    """Make the launcher that a config names; where it is not installed, say so and exit with status 1."""
    plugins, chosen = Plugins.instance(), config.hydra.launcher
    if chosen._target_ not in plugins.class_name_to_class:
        name = config.hydra.runtime.choices["hydra/launcher"]
        raise SystemExit(f"andraeus: hydra/launcher={name} is not installed here: docs/launchers.md says how it is.")
    return plugins.instantiate_launcher(hydra_context=context, task_function=task_function, config=config)


class StudySweeper(Sweeper):
    """Runs the cells of a study.

    Args:
        grids: Mappings of overrides to lists of values, as an experiment file states them.
    """

    def __init__(self, grids: ListConfig | list[Any]) -> None:
        self.grids: Any = OmegaConf.to_container(grids) if isinstance(grids, ListConfig) else grids
        self.config: DictConfig | None = None
        self.context: HydraContext | None = None
        self.launcher: Launcher | None = None

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Remember Hydra's parts and make the launcher."""
        self.config = config
        self.context = hydra_context
        self.launcher = launcher_of(hydra_context, task_function, config)

    def sweep(self, arguments: list[str]) -> Any:
        """Run the study; the process exits with status 1 where a cell failed."""
        from experiments.sweep import Engine, sweep_and_exit

        assert self.config is not None
        assert self.context is not None
        assert self.launcher is not None
        engine = Engine(self.config, self.context.config_loader, self.launcher)
        return sweep_and_exit(engine, self.grids, arguments)
