"""What Hydra's launchers differ in."""

import pytest
from hydra._internal.core_plugins.basic_launcher import BasicLauncher
from hydra.plugins.launcher import Launcher
from hydra_plugins.hydra_joblib_launcher.joblib_launcher import JoblibLauncher
from hydra_plugins.hydra_submitit_launcher.submitit_launcher import SlurmLauncher

from experiments.engines import at_a_time

LAUNCHERS = [
    (BasicLauncher(), 1),
    (JoblibLauncher(n_jobs=3, batch_size=1), 3),
    # All processors but one: how many these are is known where cells run.
    (JoblibLauncher(n_jobs=-2), None),
    (SlurmLauncher(submitit_folder="jobs"), None),
]


@pytest.mark.parametrize(("launcher", "cells"), LAUNCHERS, ids=[f"{type(one).__name__} {n}" for one, n in LAUNCHERS])
def test_how_many_cells_run_at_a_time(launcher: Launcher, cells: int | None) -> None:
    assert at_a_time(launcher) == cells
