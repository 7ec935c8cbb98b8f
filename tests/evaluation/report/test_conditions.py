from typing import Any

import pytest

from evaluation.report.conditions import accuracy_rows, at_the_end, axis_along, condition_axis
from evaluation.report.rows import side_of
from tests.evaluation.report.studies import curves, row, scaled, study


def test_steps_and_facts_are_left_to_figures_of_their_own() -> None:
    assert condition_axis(scaled()) is None
    found = condition_axis(curves(steps=(1, 2, 3, 4, 5)))
    assert found is not None
    assert found.key == "variations"
    steps = axis_along(curves(), "step")
    assert steps is not None
    assert list(steps.values.values()) == [25, 50, 100, 200]
    assert axis_along(study([row("finetune", "seen", 0.5, condition={"step": 5})]), "step") is None


@pytest.mark.parametrize(
    ("steps", "kept"),
    [([5, 50, 7], [50]), (["5", "50", "7"], ["50"]), ([5, None, 50], [None]), ([None], [None]), ([5], [5])],
)
def test_of_a_curve_the_last_step_stays(steps: list[Any], kept: list[Any]) -> None:
    rows = [row("finetune", "seen", 0.5, condition={"v": 1, "step": step}) for step in steps]
    assert [side_of(found)[1]["step"] for found in at_the_end(rows)] == kept


def test_what_differs_in_anything_else_is_another_curve() -> None:
    rows = accuracy_rows(curves(suites=("seen", "heldout")))
    last = at_the_end(rows)
    assert len(last) == 2 + 2 * 2
    assert all(side_of(found)[1].get("step", 200) == 200 for found in last)
    timings = [
        {"arm": "finetune", "suite": "seen", "seed": s, "condition": {"step": k}} for s in (0, 1) for k in (1, 2)
    ]
    assert [cell["seed"] for cell in at_the_end(timings)] == [0, 1]
