"""What a study is called."""

from omegaconf import OmegaConf

from experiments.grid import shaping
from experiments.sweep import _name


def name(study: str | None, *arguments: str) -> str:
    return _name(OmegaConf.create({"study": study}), shaping(list(arguments)))


def test_a_named_study_keeps_its_name_under_overrides() -> None:
    assert name("quickstart", "experiment=quickstart", "facts=synthetic", "facts.n=100") == "quickstart"


def test_a_plain_sweep_is_named_by_what_it_sweeps() -> None:
    assert name(None, "lora=r4,r8").startswith("sweep-")
    assert name(None, "lora=r4,r8") != name(None, "lora=r4,r16")
    # Where it is written and in which order it is asked is no part of the name.
    assert name(None, "seed=1,0", "lora=r4", "paths.store=/there") == name(None, "lora=r4", "seed=0,1", "plan=true")
