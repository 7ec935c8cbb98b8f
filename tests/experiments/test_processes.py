"""``accelerate launch``: several processes train one adapter, and one of them is the program."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch
from safetensors.torch import load_file

from experiments.cell import Cell
from experiments.checks import problems
from experiments.processes import with_processes
from tests.experiments.conftest import Program
from tests.experiments.test_conf import composed

ROOT = Path(__file__).parents[2]
# Where there is no GPU, too, this is what makes `accelerate launch` start more than one process.
LAUNCH = ["launch", "--multi_gpu", "--num_processes=2", "--num_machines=1", "--mixed_precision=no"]
LAUNCH += ["--dynamo_backend=no", "--main_process_port=0", "-m", "experiments.run"]


def started(folder: Path, *arguments: str) -> psutil.Popen:
    command = [str(Path(sys.executable).with_name("accelerate")), *LAUNCH, *arguments]
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "PYTHONPATH": str(ROOT), "COLUMNS": "160"}
    pipe = subprocess.PIPE
    return psutil.Popen(command, cwd=folder, env=environment, stdout=pipe, stderr=pipe, text=True)


def trained(folder: Path) -> tuple[torch.Tensor, dict[str, Any]]:
    """Return the weights of a store's one adapter, and how it was trained."""
    (adapter,) = (folder / "store" / "adapters").glob("*/adapter_model.safetensors")
    held = load_file(adapter)
    told: dict[str, Any] = json.loads((adapter.parent / "training.json").read_text())
    return torch.cat([held[key].flatten() for key in sorted(held)]), told


def test_two_processes_train_the_adapter_of_one(andraeus: Program, tiny: list[str], tmp_path: Path) -> None:
    arguments = ["-m", "arm=base,finetune", "training.accumulation=2", "study=small", "threads=1", *tiny]
    alone, both = tmp_path / "alone", tmp_path / "both"
    for folder in (alone, both):
        folder.mkdir()
    done = andraeus(*arguments, cwd=alone)
    assert done.returncode == 0, done.stderr
    process = started(both, *arguments)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err[-3000:]
    # Only the first process speaks.
    assert sum("finetune · heldout" in line for line in out.splitlines()) == 1
    assert out.count("Study small:") == 1
    one, told = trained(alone)
    two, told_too = trained(both)
    assert float((two - one).norm() / one.norm()) <= 1e-4
    losses = [[entry.pop("loss") for entry in t["curve"]] for t in (told, told_too)]
    assert losses[1] == pytest.approx(losses[0], abs=1e-4)
    assert told_too.pop("final_loss") == pytest.approx(told.pop("final_loss"), abs=1e-4)
    assert told_too == told
    # The context arm is one cell under both; the adapter is not the same bits, and so has another name.
    cells = [{path.name for path in (folder / "store" / "cells").glob("[!.]*")} for folder in (alone, both)]
    assert [len(found) for found in cells] == [2, 2]
    assert len(cells[0] & cells[1]) == 1


def test_what_a_user_can_mend_is_recorded_and_ends_all(tiny: list[str], tmp_path: Path) -> None:
    process = started(tmp_path, "-m", "lora.target_modules=[no_such_module]", "seed=0,1", "study=bad", *tiny)
    _, err = process.communicate(timeout=120)
    assert process.returncode != 0
    assert "no_such_module" in err + (tmp_path / "results" / "bad" / "report.md").read_text()
    assert (
        "stopped at its first failure with 1 cells not run" in (tmp_path / "results" / "bad" / "report.md").read_text()
    )
    assert not list((tmp_path / "store" / "adapters").glob("*/training.json"))


@pytest.mark.parametrize("rank", ["0", "1"])
def test_a_process_that_dies_ends_the_other(tiny: list[str], tmp_path: Path, rank: str) -> None:
    long = [t for t in tiny if not t.startswith("training.steps")] + ["training.steps=100000", "study=long"]
    process = started(tmp_path, "-m", *long)
    deadline = time.monotonic() + 120
    partial = tmp_path / "store" / "adapters"
    while not list(partial.glob(".partial-*")) and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(3)  # they are somewhere in the training
    workers = process.children(recursive=True)
    (victim,) = (w for w in workers if w.environ().get("RANK") == rank)
    victim.kill()
    process.communicate(timeout=60)
    assert process.returncode != 0
    assert not psutil.wait_procs(workers, timeout=30)[1], "a process outlived the other"
    assert not list(partial.glob("*/training.json"))


def test_the_command_line_is_told_how_many_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    assert with_processes(["arm=base"]) == ["arm=base"]
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", "4")
    assert with_processes(["arm=base"]) == ["arm=base", "processes=4"]
    assert with_processes(["processes=2"]) == ["processes=2"]


@pytest.mark.model
def test_processes_that_are_not_there_are_refused() -> None:
    assert any("accelerate launch" in problem for problem in problems(Cell(composed("processes=2"))))


def test_side_by_side_and_together_do_not_go_together(tiny: list[str], tmp_path: Path) -> None:
    process = started(tmp_path, "-m", "hydra/launcher=side_by_side", *tiny)
    _, err = process.communicate(timeout=120)
    assert process.returncode != 0
    assert "add hydra/launcher=basic" in err
