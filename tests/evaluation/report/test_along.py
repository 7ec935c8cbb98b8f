from typing import Any

import pytest

from evaluation.report.along import Cost, draw_along
from evaluation.report.canvas import line_look, style
from evaluation.report.conditions import accuracy_rows, at_the_end, axis_along, condition_axis
from tests.evaluation.report.studies import curves, grid, scaled, timed


def titles(figure: Any) -> list[str]:
    return [ax.get_title(loc="left") for ax in figure.axes if ax.axison]


def legend(figure: Any) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def along_steps(summary: dict[str, Any]) -> Any:
    axis = axis_along(summary, "step")
    assert axis is not None
    with style():
        figure = draw_along(accuracy_rows(summary), axis, enough=0.9)
        figure.draw_without_rendering()
    return figure


def test_marks_and_dashes_alone_tell_32_lines_apart() -> None:
    looks = [line_look(index) for index in range(32)]
    assert len({(look["marker"], look["linestyle"]) for look in looks}) == 32
    assert len({look["linestyle"] for look in looks[:4]}) == 4


def test_a_learning_curve_has_a_line_a_condition_and_a_point_a_step() -> None:
    summary = curves()
    figure = along_steps(summary)
    assert titles(figure) == ["heldout"]
    assert legend(figure) == ["finetune v1", "finetune v10"]
    lines = [line for line in figure.axes[0].lines if len(line.get_xdata()) == 4]
    assert [list(line.get_xdata()) for line in lines] == [[25, 50, 100, 200]] * 2
    expected = [100 * row["estimate"] for row in accuracy_rows(summary) if row["condition"].get("variations") == "v1"]
    assert list(lines[0].get_ydata()) == pytest.approx(expected)
    assert figure.axes[0].lines[-1].get_ydata() == pytest.approx([90, 90])


def test_many_lines_are_parted_into_panels() -> None:
    figure = along_steps(curves(("v1", "v3", "v5", "v10", "v15", "v20"), ("ablation", "equal_steps")))
    assert titles(figure) == ["heldout, training ablation", "heldout, training equal_steps"]
    assert len(legend(figure)) == 6


def test_seconds_stand_beside_accuracy() -> None:
    summary = grid(("v1", "v5", "v10"), ("r16",), ("heldout",))
    cells, axis = timed(summary)["cells"], condition_axis(summary)
    assert axis is not None
    with style():
        figure = draw_along(accuracy_rows(summary), axis, [Cost("training", "seconds", cells, "train_seconds")])
    assert titles(figure) == ["heldout", "training"]
    line = next(line for line in figure.axes[1].lines if len(line.get_xdata()) == 3)
    assert list(line.get_ydata()) == [110, 510, 1010]


def test_the_number_of_facts_is_drawn_on_a_logarithmic_axis() -> None:
    summary = scaled((10, 20))
    axis = axis_along(summary, "facts.n")
    assert axis is not None
    with style():
        figure = draw_along(at_the_end(accuracy_rows(summary)), axis, log=True)
    assert figure.axes[0].get_xscale() == "log"
    assert [tick.get_text() for tick in figure.axes[0].get_xticklabels()] == ["10", "20"]


@pytest.mark.parametrize("steps", [tuple(range(10, 310, 10)), (1, 2, 3, 400), (1000, 1001, 100000)])
def test_named_places_do_not_lie_on_one_another(steps: tuple[int, ...]) -> None:
    ax = along_steps(curves(steps=steps)).axes[0]
    boxes = [label.get_window_extent() for label in ax.get_xticklabels() if label.get_text()]
    assert len(boxes) >= 2
    assert not any(a.overlaps(b) for a, b in zip(boxes, boxes[1:], strict=False))
