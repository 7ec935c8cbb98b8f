"""What Hydra's launchers differ in: where they run cells, what they need, and how they say that a cell was lost.

They are told apart by name, since none is imported that is not used.
"""

import shutil

from hydra.plugins.launcher import Launcher

from andraeus.errors import UserError

# Launchers that hand cells to other machines.
_ELSEWHERE = ("SlurmLauncher", "RayLauncher")
# What is raised where a cell went down with its process (joblib, submitit, Ray), and what to do about it.
_LOST = {
    "BrokenProcessPool": "a process was killed, for lack of memory perhaps: "
    "run fewer side by side (hydra.launcher.n_jobs=1)",
    "UncompletedJobError": "a job gave no result, for lack of time or memory perhaps: see its log under "
    "hydra.launcher.submitit_folder; other jobs go on, and the same command later takes up what they finish",
    "RayError": "a worker of Ray was lost, for lack of memory perhaps: "
    "run fewer side by side (hydra.launcher.ray.init.num_cpus)",
}


def check(launcher: Launcher, processes: int) -> None:
    """Refuse a launcher that cannot work here.

    Args:
        launcher: What runs the cells.
        processes: How many train together.

    Raises:
        UserError: With what to do about it.
    """
    name = type(launcher).__name__
    if processes > 1 and name != "BasicLauncher":
        raise UserError("processes that train together run one cell after the other: add hydra/launcher=basic.")
    if name == "SlurmLauncher" and not (shutil.which("sbatch") and shutil.which("srun")):
        raise UserError("hydra/launcher=slurm needs sbatch and srun: start this where jobs are submitted.")


def runs_here(launcher: Launcher) -> bool:
    """Whether cells run on this machine, so that what it lacks, they lack."""
    return type(launcher).__name__ not in _ELSEWHERE


def at_a_time(launcher: Launcher) -> int | None:
    """Return how many cells a launcher runs at a time; ``None`` where it decides that when it runs them."""
    # Less than one counts from the processors of the machine.
    jobs = {"BasicLauncher": 1, "JoblibLauncher": vars(launcher).get("joblib", {}).get("n_jobs")}
    found = jobs.get(type(launcher).__name__)
    return found if found is not None and found > 0 else None


def lost(error: Exception) -> str | None:
    """Return what a launcher's error says of cells that went down with their process; of other errors, ``None``."""
    return next((_LOST[kind.__name__] for kind in type(error).__mro__ if kind.__name__ in _LOST), None)
