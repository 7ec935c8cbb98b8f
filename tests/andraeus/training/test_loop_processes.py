"""Two processes take the steps that one takes."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from tests.andraeus.training.together import RECIPES


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders ``1/0`` of a process alone, and ``2/0`` and ``2/1`` of two."""
    folder = tmp_path_factory.mktemp("together")
    module = ["-m", "tests.andraeus.training.together"]
    several = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    for count, command in (("1", module), ("2", [*several, *module])):
        done = subprocess.run(
            [sys.executable, *command, str(folder / count)],
            cwd=Path(__file__).parents[3],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
    return folder


def ended(folder: Path, name: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((folder / f"{name}.json").read_text())
    return told


def weights(folder: Path, name: str) -> torch.Tensor:
    held = load_file(folder / f"{name}.safetensors")
    return torch.cat([held[key].flatten() for key in sorted(held)])


@pytest.mark.parametrize("name", [name for name in RECIPES if name != "diverging"])
def test_two_processes_end_where_one_ends(ran: Path, name: str) -> None:
    alone, first, second = (weights(ran / place, name) for place in ("1/0", "2/0", "2/1"))
    assert float((first - alone).norm() / alone.norm()) <= 1e-4
    assert torch.equal(first, second), "the processes have gone apart"
    one, two = ended(ran / "1/0", name), ended(ran / "2/0", name)
    assert two.pop("losses") == pytest.approx(one.pop("losses"), abs=1e-4)
    assert one == two


def test_they_diverge_together(ran: Path) -> None:
    ends = [ended(ran / place, "diverging") for place in ("1/0", "2/0", "2/1")]
    assert {end["stopped"] for end in ends} == {"diverged"}
    assert ends[1]["steps"] == ends[2]["steps"]


def test_all_but_what_is_held_still_moved(ran: Path) -> None:
    # Else equal ends would prove nothing.
    held = weights(ran / "1/0", "watched")
    assert all(not torch.equal(weights(ran / "1/0", name), held) for name in RECIPES if name != "watched")
