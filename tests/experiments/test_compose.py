"""Cells are composed as Hydra composes each of them alone."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from experiments.compose import compose
from experiments.grid import as_arguments
from experiments.run import CONF
from experiments.schema import register

FIXED = ["facts=synthetic", "facts.n=20", "training.plateau=null"]
CELLS = [
    {"lora": "r4", "facts.seed": "3", "seed": "0"},
    {"lora": "r4", "facts.seed": "4", "training.checkpoints": "[1,2]", "step": "2"},
    {"lora": "r8", "facts.n": "7", "chat.system": '"Say = little."', "training.learning_rate": "1e-4"},
    {"lora": "r8", "tier": "2", "model.name": "other", "training.start": "null"},
    {"tier": "2", "lora": "none", "+model.extra": "1"},
]


@pytest.fixture
def hydra() -> Iterator[Any]:
    register()
    with initialize_config_dir(CONF, version_base="1.3"):
        loader = GlobalHydra.instance().config_loader()
        config = loader.load_configuration("config", [], RunMode.MULTIRUN)
        yield SimpleNamespace(loader=loader, config=config)


def alone(hydra: Any, overrides: dict[str, str]) -> DictConfig:
    config: DictConfig = hydra.loader.load_sweep_config(hydra.config, [*FIXED, *as_arguments(overrides)])
    return config


@pytest.mark.parametrize("overrides", CELLS, ids=str)
def test_a_cell_among_others_is_the_cell_alone(hydra: Any, overrides: dict[str, str]) -> None:
    found = next(cell for told, cell in compose(hydra.loader, hydra.config, CELLS, FIXED) if told == overrides)
    expected = alone(hydra, overrides)
    OmegaConf.set_struct(expected, False)
    del expected["hydra"]
    assert OmegaConf.to_yaml(found) == OmegaConf.to_yaml(expected)
    assert OmegaConf.to_container(found, resolve=True) == OmegaConf.to_container(expected, resolve=True)


def test_files_are_composed_once(hydra: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    load = hydra.loader.load_sweep_config
    monkeypatch.setattr(hydra.loader, "load_sweep_config", lambda *given: asked.append(given) or load(*given))
    cells = [{"lora": lora, "facts.seed": str(n)} for lora in ("r4", "r8") for n in range(20)]
    assert [c.facts.seed for _, c in compose(hydra.loader, hydra.config, cells, FIXED)] == [*range(20), *range(20)]
    assert len(asked) == 2


@pytest.mark.parametrize(
    "wrong",
    [{"training.step": "3"}, {"seed": "first"}, {"lora": "r4", "facts.seed": "1", "lora.rank": "3"}],
    ids=str,
)
def test_what_is_refused_is_refused_in_hydras_words(hydra: Any, wrong: dict[str, str]) -> None:
    with pytest.raises(HydraException) as expected:
        alone(hydra, wrong)
    with pytest.raises(type(expected.value)) as found:
        list(compose(hydra.loader, hydra.config, [wrong], FIXED))
    assert str(found.value) == str(expected.value)
