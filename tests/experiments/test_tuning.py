"""What the trials chose is what the configs say."""

import json
from pathlib import Path

import pytest
import yaml
from omegaconf import OmegaConf

from tests.conftest import CONF
from tests.experiments.test_conf import composed

TUNING = CONF.parent / "tuning"
ARMS = ("base", "system_prompt", "rag", "oracle", "finetune")


def written(arm: str) -> dict[str, object]:
    content: dict[str, object] = json.loads((TUNING / f"{arm}.json").read_text())
    return content


@pytest.mark.parametrize("arm", ARMS)
def test_the_configs_hold_the_choice(arm: str) -> None:
    tuned = written(arm)
    config, chosen = composed(f"arm={arm}"), tuned["chosen"]
    assert isinstance(chosen, dict)
    assert len(chosen) > 0
    for key, value in chosen.items():
        told = OmegaConf.select(config, "lora.r" if key == "lora" else "variations.n" if key == "variations" else key)
        assert str(told).lower() in {str(value).lower(), str(value).lstrip("rv")}, key


@pytest.mark.parametrize("arm", ARMS)
def test_every_arm_had_the_same_number_of_trials_and_the_best_was_taken(arm: str) -> None:
    tuned = written(arm)
    trials = tuned["trials"]
    assert isinstance(trials, list)
    assert len(trials) == 6
    best = max(trial["accuracy"] for trial in trials)
    assert next(t["overrides"] for t in trials if t["accuracy"] == best) == tuned["chosen"]


@pytest.mark.parametrize("arm", ARMS)
def test_trials_are_those_the_experiment_states(arm: str) -> None:
    file = Path(CONF, "experiment", f"tune_{arm}.yaml")
    grids = yaml.safe_load(file.read_text())["hydra"]["sweeper"]["grids"]
    assert len(grids) == 6
    assert all(grid["facts"] == ["maya", "george"] and grid["suite"] == ["development"] for grid in grids)
