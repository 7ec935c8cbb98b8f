"""What a study is called."""

import pytest
from omegaconf import OmegaConf

from experiments.grid import expand, shaping
from experiments.sweep import _name


def name(study: str | None, *arguments: str) -> str:
    swept, fixed = expand([], list(arguments))
    return _name(OmegaConf.create({"study": study}), swept, fixed, shaping(list(arguments)))


@pytest.mark.parametrize("typed", [(), ("plan=true", "paths.results=there", "tracker=wandb", "fail_fast=true")])
def test_a_named_study_as_it_stands_has_its_name(typed: tuple[str, ...]) -> None:
    assert name("quickstart", "experiment=quickstart", *typed) == "quickstart"


def test_a_named_study_under_overrides_is_another_one() -> None:
    changed = name("quickstart", "experiment=quickstart", "facts=synthetic", "facts.n=100")
    assert changed.startswith("quickstart-")
    assert len(changed) == len("quickstart-") + 8
    assert changed == name("quickstart", "facts.n=100", "experiment=quickstart", "plan=true", "facts=synthetic")
    assert changed != name("quickstart", "experiment=quickstart", "facts=synthetic", "facts.n=200")
    assert name("quickstart", "experiment=quickstart", "lora=r4,r8").startswith("quickstart-")


def test_the_users_own_name_stands() -> None:
    assert name("mine", "experiment=quickstart", "lora=r4", "study=mine") == "mine"


def test_a_plain_sweep_is_named_by_what_it_sweeps() -> None:
    assert name(None, "lora=r4,r8").startswith("sweep-")
