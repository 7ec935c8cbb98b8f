"""Impossible combinations are named before a model is loaded."""

import pytest

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
    ],
)
def test_what_the_configuration_alone_shows(overrides: list[str], told: str) -> None:
    assert any(told in problem for problem in problems(Cell(composed(*overrides))))


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
