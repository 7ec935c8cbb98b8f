"""Impossible combinations are named before a model is loaded."""

from pathlib import Path

import pytest
import torch
from hydra.errors import ConfigCompositionException

from experiments.cell import Cell
from experiments.checks import problems
from tests.experiments.test_conf import composed


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        (["training.epochs=0"], "training.epochs must be above 0."),
        (["training.epochs=-1"], "training.epochs must be above 0."),
        (["training.epochs=null", "training.steps=0"], "training.steps must be at least 1."),
        (["training.epochs=0", "training.steps=0"], "exactly one"),
        (["lora.frozen_share=1"], "lora.frozen_share must lie in [0, 1)."),
        (["lora.layers=[1]"], "add lora.frozen_share=0."),
        (["lora=none", "lora.frozen_share=0.5"], "lora.frozen_share needs an adapter"),
        (["contrasts=[{a: {arm: base}, b: {arm: rag}, kind: equivalence}]"], "need a margin"),
        (["contrasts=[{a: {arm: base}, b: {arm: rag}, margin: 0.05}]"], "kind=difference takes none"),
        (["contrasts=[{a: {arm: base}, b: {arm: rag}, kind: non_inferiority, margin: 5}]"], "a margin lies in (0, 1)"),
        (["contrasts=[{a: {arm: base}, b: {arm: rag}}]", "power.effects=[5]"], "power.effects lie in (0, 0.5]"),
        (["contrasts=[{a: {arm: base}, b: {arm: rag}}]", "power.facts=[1]"], "facts at least 2"),
        (["contrasts=[{a: {arm: rag, tier: 1}, b: {arm: rag, tier: 1}}]"], "contrasts: a and b of one are the same"),
        (["endpoint.suite=heldout"], "endpoint: give its suite and its metric, or neither."),
        (["lora.alpha=0"], "lora.alpha must be above 0"),
        (["lora.alpha=-8"], "lora.alpha must be above 0"),
        (["lora.layers=[]", "lora.frozen_share=0"], "lora.layers is empty"),
        (["training.learning_rate=nan"], "training.learning_rate=nan is no finite number"),
        (["training.epochs=inf"], "training.epochs=inf is no finite number"),
        (["training.clip_norm=inf"], "training.clip_norm=inf is no finite number"),
        (["training.plateau.min_improvement=nan"], "training.plateau.min_improvement=nan is no finite number"),
        (["+arm.share=[1,-inf]"], "arm.share=-inf is no finite number"),
        (["power.effects=[0.1]"], "power plans the stated contrasts anew, and there are none"),
    ],
)
def test_what_the_configuration_alone_shows(overrides: list[str], told: str) -> None:
    assert any(told in problem for problem in problems(Cell(composed(*overrides))))


def test_output_is_never_something_of_the_users(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "empty").mkdir()
    for name, told in (("file", ["output names a file"]), (".", ["output names a file"]), ("empty", []), ("new", [])):
        found = problems(Cell(composed("arm=base", "facts=alex", f"output={tmp_path / name}")))
        assert [f[:19] for f in found] == told, name


def test_output_is_not_the_folder_one_is_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (found,) = problems(Cell(composed("arm=base", "facts=alex", "output=.")))
    assert "or the one you are in" in found
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "mine").write_text("mine")
    assert problems(Cell(composed("arm=base", "facts=alex", "output='~/mine'")))


def test_a_gpu_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert any("sees no GPU" in problem for problem in problems(Cell(composed("device=cuda"))))


def test_a_step_is_one_that_was_kept() -> None:
    found = problems(Cell(composed("training.checkpoints=[5,10]", "step=7")))
    assert any("step names a step that training.checkpoints does not" in problem for problem in found)


def test_a_contrast_names_its_arms() -> None:
    found = problems(Cell(composed("contrasts=[{a: {arm: base}, b: {condition: {lora: r4}}}]")))
    assert any("each side names its arm" in problem for problem in found)


@pytest.mark.parametrize("price", ["-1", "nan", "inf"])
def test_prices_are_amounts(price: str) -> None:
    found = problems(Cell(composed(f"prices.per_training_hour={price}")))
    assert any("prices must be numbers of 0 or above" in problem for problem in found)
    assert not any("prices" in problem for problem in problems(Cell(composed("prices=null"))))


@pytest.mark.parametrize("knob", ["model.dtype", "quantization.compute_dtype"])
def test_a_type_that_does_not_exist_is_refused_by_the_schema(knob: str) -> None:
    with pytest.raises(ConfigCompositionException) as caught:
        composed(f"{knob}=floot32")
    assert "bfloat16" in str(caught.value.__cause__)


@pytest.mark.model
@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        (["lora.layers=[0,29]", "training.start=null"], []),
        (["lora.layers=[29,30,99,-1]"], ["lora.layers names 30, 99, -1, but this model's layers are 0 to 29"]),
        (["lora.layers=[99]", "arm=base"], []),
    ],
)
def test_layers_that_the_base_does_not_have(overrides: list[str], told: list[str]) -> None:
    found = problems(Cell(composed(*overrides, "lora.frozen_share=0")))
    assert [problem.removesuffix(": name some of these.") for problem in found] == told


@pytest.mark.model
@pytest.mark.parametrize(
    ("overrides", "late"),
    [
        (["training.epochs=null", "training.steps=10", "training.checkpoints=[5,10]"], None),
        (
            ["training.epochs=null", "training.steps=10", "training.checkpoints=[5,11]"],
            "step 11, but training ends at step 10",
        ),
        (["training.epochs=1", "training.checkpoints=[5000]"], "step 5000, but training ends at"),
        (["training.epochs=1", "training.checkpoints=[5000]", "arm=base"], None),
    ],
)
def test_checkpoints_that_training_does_not_reach(overrides: list[str], late: str | None) -> None:
    found = problems(Cell(composed(*overrides)))
    assert len(found) == (late is not None)
    assert late is None or late in found[0]
