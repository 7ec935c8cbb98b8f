"""What a study is called, and in which order its cells go to the launcher."""

from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from omegaconf import OmegaConf

from experiments.grid import shaping
from experiments.store import Store
from experiments.sweep import Engine, Study, _in_order, _launch, _name


def name(study: str | None, *arguments: str) -> str:
    return _name(OmegaConf.create({"study": study}), shaping(list(arguments)))


def test_a_named_study_keeps_its_name_under_overrides() -> None:
    assert name("quickstart", "experiment=quickstart", "facts=synthetic", "facts.n=100") == "quickstart"


def test_a_plain_sweep_is_named_by_what_it_sweeps() -> None:
    assert name(None, "lora=r4,r8").startswith("sweep-")
    assert name(None, "lora=r4,r8") != name(None, "lora=r4,r16")
    # Where it is written and in which order it is asked is no part of the name.
    assert name(None, "seed=1,0", "lora=r4", "paths.store=/there") == name(None, "lora=r4", "seed=0,1", "plan=true")


def test_cells_that_went_down_with_their_process_are_failures(tmp_path: Path) -> None:
    def killed(*_: Any, **__: Any) -> None:
        raise BrokenProcessPool

    cells: dict[str, Any] = {i: SimpleNamespace(arguments=[]) for i in ("a", "b")}
    engine = Engine(OmegaConf.create(), SimpleNamespace(), SimpleNamespace(launch=killed))  # type: ignore[arg-type]
    failures = _launch(engine, Study("small", OmegaConf.create(), [], cells=cells), Store(tmp_path), ["a", "b"], 0)
    assert failures.keys() == {"a", "b"}
    assert "hydra.launcher.n_jobs=1" in failures["a"]


def test_cells_side_by_side_do_not_wait_for_one_training(tmp_path: Path) -> None:
    adapters = {"a": None, "b": "trained", "c": "new", "d": "new", "e": "newer", "f": "trained"}
    cells: dict[str, Any] = {i: SimpleNamespace(cell=SimpleNamespace(adapter_identity=a)) for i, a in adapters.items()}
    (tmp_path / "adapters" / "trained").mkdir(parents=True)
    (tmp_path / "adapters" / "trained" / "training.json").touch()
    study = Study("small", OmegaConf.create(), [], cells=cells)
    assert _in_order(study, Store(tmp_path), list(adapters)) == ["c", "e", "a", "b", "f", "d"]
