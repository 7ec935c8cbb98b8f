"""Every file under conf/ is composed, built and opens with the command that uses it."""

import shlex
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf

from andraeus.errors import UserError
from experiments.build import build
from experiments.grid import with_quoted_groups
from experiments.run import CONF, with_default_study
from experiments.schema import Config, register

FILES = sorted(p.relative_to(CONF) for p in Path(CONF).rglob("*.yaml"))
TARGETS = ("facts", "arm", "suite", "tracker")
NEEDS = {"facts/file.yaml": ["facts.path=package:alex"], "model/custom.yaml": ["model.path=/some/where"]}


def composed(*overrides: str) -> DictConfig:
    register()
    with initialize_config_dir(CONF, version_base="1.3"):
        return compose("config", overrides=list(overrides))


def overrides_for(file: Path) -> list[str]:
    if file == Path("config.yaml"):
        return []
    return [*with_quoted_groups([f"{file.parent.as_posix()}={file.stem}"]), *NEEDS.get(file.as_posix(), [])]


@pytest.mark.parametrize("file", FILES, ids=[f.as_posix() for f in FILES])
def test_file_composes_and_builds(file: Path) -> None:
    config = composed(*overrides_for(file))
    spec = OmegaConf.to_object(config)
    assert isinstance(spec, Config)
    for group in TARGETS:
        assert build(config[group], group) is not None


@pytest.mark.parametrize("file", FILES, ids=[f.as_posix() for f in FILES])
def test_file_opens_with_a_command_that_parses(file: Path) -> None:
    lines = (Path(CONF) / file).read_text().splitlines()
    first = next(line for line in lines if not line.startswith("# @package"))
    assert first.startswith("# andraeus"), "a config file opens with the command that uses it"
    command = shlex.split(first.removeprefix("# ").split("   ")[0])
    if file != Path("config.yaml"):
        assert any(file.stem in part for part in command), f"{first} does not use {file.stem}"


@pytest.mark.parametrize("file", FILES, ids=[f.as_posix() for f in FILES])
def test_every_knob_says_what_it_is_for(file: Path) -> None:
    if file.parts[0] == "experiment":
        return
    silent = [
        line
        for line in (Path(CONF) / file).read_text().splitlines()
        if ":" in line and "#" not in line and not line.lstrip().startswith(("-", "_target_", "name:", "repo:"))
    ]
    allowed = (
        "defaults:",
        "hydra:",
        "ray:",
        "init:",
        "remote:",
        "phrasings:",
        "chat:",
        "generation:",
        "run:",
        "dir:",
        "sweep:",
        "subdir:",
        "job:",
    )
    allowed += (
        "chdir:",
        "alpha:",
        "dropout:",
        "target_modules:",
        "layers:",
        "version:",
        "plateau:",
        "template:",
        "split_seed:",
    )
    assert [line for line in silent if not line.lstrip().startswith(allowed)] == []


def test_all_problems_of_a_node_are_named_together() -> None:
    config = composed("arm=rag", "+arm.nonsense=1", "arm.k=many")
    with pytest.raises(UserError) as caught:
        build(config.arm, "arm")
    assert "arm.k" in str(caught.value)
    assert "arm.nonsense" in str(caught.value)


def test_a_class_that_does_not_exist_is_named() -> None:
    config = composed("arm._target_=evaluation.arms.Nothing")
    with pytest.raises(UserError, match="evaluation.arms.Nothing"):
        build(config.arm, "arm")


@pytest.mark.parametrize(
    ("typed", "added"),
    [
        ([], True),
        (["lora=r4"], True),
        (["facts=file", "facts.path=me.yaml"], True),
        (["-m", "lora=r4,r8"], False),
        (["experiment=none"], False),
        (["output=there"], False),
    ],
)
def test_the_default_study_is_added_only_where_nothing_else_is_asked(typed: list[str], added: bool) -> None:
    assert ("experiment=quickstart" in with_default_study(typed)) is added


def test_what_is_stored_is_not_copied_for_each_group_of_the_help() -> None:
    import copy

    from hydra.core.config_store import ConfigStore

    store = ConfigStore.instance()
    assert copy.deepcopy(store) is store
    loaded = store.load("schema.yaml").node
    loaded.seed = 17
    assert store.load("schema.yaml").node.seed == 0, "what is loaded is a copy"
