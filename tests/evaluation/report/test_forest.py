from typing import Any

import pytest

from evaluation.report.canvas import style
from evaluation.report.forest import draw_contrasts
from tests.evaluation.report.studies import contrast, row, study


def drawn(contrasts: list[dict[str, Any]]) -> Any:
    with style():
        figure = draw_contrasts(
            study([row("finetune", "heldout", 0.5), row("rag", "heldout", 0.6)], contrasts=contrasts)
        )
        figure.draw_without_rendering()
    return figure


def texts(figure: Any) -> list[str]:
    return [text.get_text() for ax in figure.axes for text in ax.texts]


def one(**more: Any) -> dict[str, Any]:
    return contrast(row("finetune", "heldout", 0.5), row("rag", "heldout", 0.6), "heldout", **more)


def places(figure: Any, mark: str) -> list[float]:
    """Return where along the axis the points of a mark are."""
    return [float(x) for line in figure.axes[0].lines if line.get_marker() == mark for x in line.get_xdata()]


def test_differences_and_what_could_have_been_found_are_in_points() -> None:
    figure = drawn([one()])
    (ax,) = figure.axes
    assert places(figure, "o") == pytest.approx([-17.45679])
    assert places(figure, "|") == pytest.approx([-8.11, 8.11])
    interval = next(line for line in ax.lines if len(line.get_xdata()) == 2 and line.get_linewidth() == 1.4)
    assert list(interval.get_xdata()) == pytest.approx([-25, -9.12345])
    assert {"adjusted p", "< 0.001", "8.1"} <= set(texts(figure))
    low, high = ax.get_xlim()
    assert low < 0 <= high


def test_margins_are_drawn_where_there_are_any() -> None:
    found = drawn([one(kind="equivalence", margin=0.05, verdict="not shown"), one()])
    assert "±5.0\nnot shown" in texts(found)
    dashed = [line.get_xdata()[0] for line in found.axes[0].lines if line.get_linestyle() == "--"]
    assert dashed == pytest.approx([-5, 5])
    below = drawn([one(kind="non_inferiority", margin=0.05)])
    assert [line.get_xdata()[0] for line in below.axes[0].lines if line.get_linestyle() == "--"] == pytest.approx([-5])
    assert "margin" not in texts(drawn([one()]))


def test_what_was_not_computed_or_not_asked() -> None:
    lost = dict.fromkeys(("difference", "ci_low", "ci_high", "p_value", "p_adjusted", "mde"))
    figure = drawn([one(**lost), one(ci_low=None), one(asked=False)])
    assert texts(figure).count("not computed") == 1
    assert len(figure.axes[0].get_yticks()) == 2
    assert [line.get_markerfacecolor() for line in figure.axes[0].lines if line.get_marker() == "o"] == ["white"]


def test_another_unit_has_a_panel_of_its_own() -> None:
    figure = drawn([one(), one(metric="steps_to_90", difference=-40.0, ci_low=-60.0, ci_high=-20.0, mde=15.0)])
    assert [ax.get_xlabel() for ax in figure.axes] == ["difference in points", "difference in steps_to_90"]


def test_long_names_do_not_lie_on_one_another() -> None:
    long = {"variations": "v10", "training.a_long_key": "a long value that goes on and on and on"}
    short = {"variations": "v1", "training.a_long_key": "b"}
    rows = [row("finetune", "heldout", 0.5, condition=each) for each in (long, short)]
    contrasts = [contrast(*rows, "heldout"), contrast(*reversed(rows), "heldout")] * 4
    with style():
        figure = draw_contrasts(study(rows, contrasts=contrasts))
        figure.draw_without_rendering()
        boxes = [label.get_window_extent() for label in figure.axes[0].get_yticklabels()]
    assert not any(a.overlaps(b) for a, b in zip(boxes, boxes[1:], strict=False))
    assert all(box.x0 >= 0 for box in boxes)
