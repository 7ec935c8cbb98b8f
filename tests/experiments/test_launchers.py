"""Engines that run cells in other processes, or on other machines, give the serial summary byte for byte."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from experiments.run import CONF
from tests.experiments.conftest import QUICK, TWO_FACTS

# Two cells, each of which trains an adapter.
SWEEP = ["-m", "seed=0,1", "study=small", "threads=1"]


def installed(plugin: str) -> bool:
    found = importlib.util.find_spec("hydra_plugins")
    return found is not None and importlib.util.find_spec(f"hydra_plugins.{plugin}") is not None


needs_submitit = pytest.mark.skipif(
    not installed("hydra_submitit_launcher"), reason="hydra-submitit-launcher is not installed: make setup"
)
needs_ray = pytest.mark.skipif(
    not installed("hydra_ray_launcher"), reason="hydra-ray-launcher is not installed (docs/launchers.md)"
)
needs_optuna = pytest.mark.skipif(
    not installed("hydra_optuna_sweeper"), reason="hydra-optuna-sweeper is not installed: docs/launchers.md"
)


def run(folder: Path, arguments: list[str], **variables: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("andraeus")), *arguments]
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "COLUMNS": "160"} | variables
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.fixture(scope="module")
def serial(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> tuple[Path, list[str]]:
    """A sweep that ran one cell after the other."""
    folder = tmp_path_factory.mktemp("serial")
    (folder / "robin.yaml").write_text(TWO_FACTS)
    arguments = [*SWEEP, "model=custom", f"model.path={tiny_folder}", "facts=file", "facts.path=robin.yaml", *QUICK]
    done = run(folder, arguments)
    assert done.returncode == 0, done.stderr
    return folder, arguments


def same(folder: Path, other: Path) -> None:
    """Hold two folders' summaries and adapters against each other."""
    summary = Path("results") / "small" / "summary.json"
    assert (folder / summary).read_bytes() == (other / summary).read_bytes()
    weights = [sorted((f / "store").glob("adapters/*/adapter_model.safetensors")) for f in (folder, other)]
    assert [w.parent.name for w in weights[0]] == [w.parent.name for w in weights[1]]
    assert len(weights[0]) == 2
    assert [w.read_bytes() for w in weights[0]] == [w.read_bytes() for w in weights[1]]


@needs_submitit
def test_submitit_without_a_cluster(serial: tuple[Path, list[str]], tmp_path: Path) -> None:
    folder, arguments = serial
    shutil.copy(folder / "robin.yaml", tmp_path)
    done = run(tmp_path, [*arguments, "hydra/launcher=slurm_local"])
    assert done.returncode == 0, done.stderr
    same(folder, tmp_path)
    # The cells ran elsewhere: what they print is in their logs, and the sweep tells of each.
    assert sum("finetune · heldout, seed" in line for line in done.stdout.splitlines()) == 2
    logs = [log.read_text() for log in (tmp_path / "store" / "jobs").glob("*/*_log.out")]
    assert sum("finetune · heldout" in log for log in logs) == 2


SBATCH = """\
#!{python}
# As SLURM would: each task of the array is the script, in an environment that says which it is.
import os, re, subprocess, sys
script = sys.argv[-1]
text = open(script).read()
open("submitted.sh", "w").write(text)
tasks = re.search(r"--array=0-(\\d+)", text)
for task in range(int(tasks[1]) + 1 if tasks else 1):
    told = {{"JOB_ID": str(4711 + task), "ARRAY_JOB_ID": "4711", "ARRAY_TASK_ID": str(task), "NTASKS": "1"}}
    told |= {{"JOB_NUM_NODES": "1", "JOB_NODELIST": "here", "NODEID": "0", "PROCID": "0", "LOCALID": "0"}}
    told = told if tasks else {{k: v for k, v in told.items() if "ARRAY" not in k}}
    if {runs}:
        environment = os.environ | {{"SLURM_" + key: value for key, value in told.items()}}
        subprocess.Popen(["bash", script], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print("Submitted batch job 4711")
"""
SRUN = """\
#!/bin/bash
while [[ $1 == -* ]]; do case $1 in --output|--error) shift 2;; *) shift;; esac; done
exec "$@"
"""
SACCT = """\
#!/bin/bash
echo 'JobID|State'
echo '4711|{state}'
for task in 0 1 2; do echo "4711_$task|{state}"; done
"""


def cluster(folder: Path, *, runs: bool, state: str) -> str:
    """Write SLURM's programs as far as submitit uses them; return the PATH that finds them."""
    tools = folder / "bin"
    tools.mkdir()
    texts = {
        "sbatch": SBATCH.format(python=sys.executable, runs=runs),
        "srun": SRUN,
        "sacct": SACCT.format(state=state),
    }
    for name, text in texts.items():
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    return f"{tools}{os.pathsep}{os.environ['PATH']}"


@needs_submitit
def test_slurm_as_far_as_it_goes_without_one(serial: tuple[Path, list[str]], tmp_path: Path) -> None:
    folder, arguments = serial
    shutil.copy(folder / "robin.yaml", tmp_path)
    asked = ["hydra/launcher=slurm", "hydra.launcher.partition=night", "hydra.launcher.mem_gb=8"]
    done = run(tmp_path, [*arguments, *asked], PATH=cluster(tmp_path, runs=True, state="RUNNING"))
    assert done.returncode == 0, done.stderr
    same(folder, tmp_path)
    script = (tmp_path / "submitted.sh").read_text()
    options = ["partition=night", "mem=8GB", "cpus-per-task=1", "time=240", "array=0-1%2", "job-name=andraeus"]
    for option in options:
        assert f"#SBATCH --{option}" in script


@needs_submitit
def test_a_job_that_is_lost_is_a_failure_of_its_cell(serial: tuple[Path, list[str]], tmp_path: Path) -> None:
    folder, arguments = serial
    shutil.copy(folder / "robin.yaml", tmp_path)
    path = cluster(tmp_path, runs=False, state="OUT_OF_MEMORY")
    done = run(tmp_path, [*arguments, "hydra/launcher=slurm"], PATH=path)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    summary = json.loads((tmp_path / "results" / "small" / "summary.json").read_text())
    assert {failure["error"].split(",")[0] for failure in summary["failures"]} == {"a job gave no result"}
    # What is not lost is taken up.
    assert run(tmp_path, arguments).returncode == 0
    same(folder, tmp_path)


@needs_submitit
def test_slurm_where_there_is_none_is_one_sentence(serial: tuple[Path, list[str]], tmp_path: Path) -> None:
    folder, arguments = serial
    shutil.copy(folder / "robin.yaml", tmp_path)
    done = run(tmp_path, [*arguments, "hydra/launcher=slurm"])
    assert done.returncode == 1
    assert "sbatch" in done.stderr
    assert "Traceback" not in done.stderr


@needs_ray
def test_ray(serial: tuple[Path, list[str]], tmp_path: Path) -> None:
    folder, arguments = serial
    shutil.copy(folder / "robin.yaml", tmp_path)
    done = run(tmp_path, [*arguments, "hydra/launcher=ray_cluster"])
    assert done.returncode == 0, done.stderr
    same(folder, tmp_path)


@needs_optuna
def test_optuna_tunes_on_several_profiles(tiny: list[str], tmp_path: Path) -> None:
    tuned = ["-m", "hydra/sweeper=tune", "hydra.sweeper.n_trials=2", "training=scratch", "study=mine", "threads=1"]
    # Whose facts is what the tuner chooses; the plain rank makes room for its search.
    rest = [t for t in tiny if not t.startswith(("facts", "lora="))] + ["training.steps=2"]
    done = run(tmp_path, [*tuned, *rest])
    assert done.returncode == 0, done.stderr
    written = json.loads((tmp_path / "results" / "mine" / "trials.json").read_text())
    assert len(written["trials"]) == 2
    records = [json.loads(r.read_text()) for r in (tmp_path / "store" / "cells").glob("*/record.json")]
    assert len(records) == 4
    objectives = [record["objective"] for record in records]
    for trial in written["trials"]:
        assert trial["profiles"].keys() == {"maya", "george"}
        assert set(trial["profiles"].values()) <= set(objectives)
        assert trial["accuracy"] == pytest.approx(sum(trial["profiles"].values()) / 2)
    chosen = max(written["trials"], key=lambda trial: trial["accuracy"])
    assert written["chosen"] == chosen["overrides"]
    found = yaml.safe_load((tmp_path / "results" / "mine" / "optimization_results.yaml").read_text())
    assert found["best_value"] == chosen["accuracy"]
    # Again, and one trial further: what was run is not run again.
    again = run(tmp_path, [*tuned, *rest, "hydra.sweeper.n_trials=3"])
    assert again.returncode == 0, again.stderr
    assert again.stdout.count("2 cells, 2 in the store") == 2
    longer = json.loads((tmp_path / "results" / "mine" / "trials.json").read_text())
    assert longer["trials"][:2] == written["trials"]


LAUNCHERS = sorted(path.stem for path in (Path(CONF) / "hydra" / "launcher").glob("*.yaml"))


@pytest.mark.parametrize("name", LAUNCHERS)
def test_an_engine_that_is_not_installed_is_named(name: str, tiny: list[str], tmp_path: Path) -> None:
    # What is scanned for plugins: with nothing but ours none is there.
    code = "import sys, hydra.core.plugins as p; found = p.Plugins._register; "
    code += "ours = lambda c: 'hydra_plugins.hydra_' not in c.__module__; "
    code += "p.Plugins._register = lambda self, c: found(self, c) if ours(c) else None; "
    code += f"sys.argv[1:] = {['-m', f'hydra/launcher={name}', *tiny]!r}; "
    code += "from experiments.run import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 1
    assert f"hydra/launcher={name} is not installed here" in done.stderr
    assert "Traceback" not in done.stderr
