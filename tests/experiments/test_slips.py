"""Slips of files and overrides that Hydra leaves to a traceback end in a sentence."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import ConfigCompositionException
from hydra.types import RunMode

from experiments.compose import compose as compose_cells
from experiments.run import CONF
from experiments.schema import register
from experiments.slips import say_slips


@pytest.fixture
def conf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the configuration, to be damaged, under a Hydra that says slips."""
    monkeypatch.setattr(ConfigLoaderImpl, "load_configuration", ConfigLoaderImpl.load_configuration)
    say_slips()
    register()
    folder = Path(shutil.copytree(CONF, tmp_path / "conf"))
    with initialize_config_dir(str(folder), version_base="1.3"):
        yield folder


OVERRIDES = [
    (["training=null"], "training=null cannot be composed: Config group override must be a string or a list."),
    (["seed=1", "training=5", "lora=r4"], "training=5 cannot be composed"),
    (["training.plateau=null", "training.plateau.every=5"], "training.plateau.every=5 cannot be set"),
    # Files are chosen first, wherever they are named.
    (["training.plateau.every=5", "training=ablation"], "training.plateau.every=5 cannot be set"),
    (["training=ablation", "training.plateau={every:5}"], "training.plateau={every:5} cannot be set"),
    (["prices=null", "prices.currency=EUR"], "prices.currency, or what it is part of, is null here"),
]


@pytest.mark.parametrize(("overrides", "told"), OVERRIDES, ids=[" ".join(typed) for typed, _ in OVERRIDES])
def test_the_override_at_which_composing_stops_is_named(conf: Path, overrides: list[str], told: str) -> None:
    with pytest.raises(ConfigCompositionException) as refused:
        compose("config", overrides=overrides)
    assert told in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "arm: [base\nseed: 2\n",
            r"experiment/mine.yaml, line 3, is no YAML \(expected ',' or '\]', but got ':'",
        ),
        ("seed: 1\nseed: 2\n", r"experiment/mine.yaml, line 3, is no YAML \(found duplicate key seed\): mend it."),
        ("\tseed: 1\n", r"experiment/mine.yaml, line 2, is no YAML \(found character"),
        ("seed: \x01\n", r"A configuration file is no YAML \(unacceptable character #x0001"),
        ("defaults: 3\n", "experiment=mine cannot be composed: Invalid defaults list in 'experiment/mine'"),
    ],
)
def test_a_slip_of_a_file_is_named_with_its_line(conf: Path, text: str, told: str) -> None:
    (conf / "experiment" / "mine.yaml").write_text(f"# @package _global_\n{text}")
    with pytest.raises(ConfigCompositionException, match=told) as refused:
        compose("config", overrides=["experiment=mine"])
    assert len(str(refused.value).splitlines()) == 1


def test_a_main_file_that_is_no_yaml_is_named(conf: Path) -> None:
    (conf / "config.yaml").write_text("defaults: [\n")
    with pytest.raises(ConfigCompositionException, match=r"conf/config.yaml, line 2, is no YAML"):
        compose("config")


def test_a_swept_knob_inside_a_null_is_one_too(conf: Path) -> None:
    loader, fixed = GlobalHydra.instance().config_loader(), ["training.plateau=null"]
    config = loader.load_configuration("config", fixed, RunMode.MULTIRUN)
    with pytest.raises(ConfigCompositionException, match=r"training.plateau.every=5 cannot be set"):
        list(compose_cells(loader, config, [{"training.plateau.every": "5"}], fixed))


@pytest.mark.parametrize("typed", [["endpoint={suite:heldout,metric:accuracy}"], ["endpoint.suite=heldout"]])
def test_an_endpoint_can_be_typed(conf: Path, typed: list[str]) -> None:
    assert compose("config", overrides=typed).endpoint.suite == "heldout"
    assert compose("config", overrides=["endpoint=null"]).endpoint is None
