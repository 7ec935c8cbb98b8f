import re
from pathlib import Path
from typing import Any

import pytest

from evaluation.report.conditions import accuracy_rows, condition_axis, lines
from evaluation.report.figures import NAMES, figure_names, write_figures
from tests.evaluation.report.studies import PRICES, SUITES, contrast, curves, grid, row, scaled, study, timed

HOSTILE = "$x_{a}$ |&%#\n[red]<b> \\ and a long value that goes on and on"


def names(paths: list[Path]) -> list[str]:
    return [path.name for path in paths]


def overlaps(rows: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return the pairs of labels in the cost figure that lie on one another."""
    from evaluation.report.canvas import style
    from evaluation.report.cost import draw_cost

    with style():
        figure = draw_cost(accuracy_rows(study(rows)))
        found = []
        for ax in figure.axes:
            boxes = [(text.get_text(), text.get_window_extent()) for text in ax.texts if text.get_text()]
            assert len(boxes) == sum(r["suite"] == ax.get_title(loc="left") for r in rows)
            for index, (name, box) in enumerate(boxes):
                found += [(name, other) for other, second in boxes[index + 1 :] if box.overlaps(second)]
    return found


def test_figures_repeat_to_the_byte_and_hold_no_date(tmp_path: Path, summary: dict[str, Any]) -> None:
    more = [*curves(steps=(25, 50))["rows"][1:], *scaled((10, 100))["rows"]]
    everything = {**summary, "rows": [*summary["rows"], *more]}
    timings = timed(everything, prices=PRICES)
    paths = write_figures(tmp_path / "a", everything, timings)
    everything["rows"].reverse()
    timings["cells"].reverse()
    again = write_figures(tmp_path / "b", everything, timings)
    assert names(paths) == [f"{name}.{suffix}" for name in NAMES for suffix in ("png", "svg")]
    assert [path.read_bytes() for path in paths] == [path.read_bytes() for path in again]
    for path in paths:
        assert not re.search(rb"<dc:date>|Matplotlib v|Creation Time", path.read_bytes())


def test_the_users_matplotlibrc_changes_nothing(tmp_path: Path, summary: dict[str, Any]) -> None:
    import matplotlib

    plain = write_figures(tmp_path / "a", summary)
    with matplotlib.rc_context({"font.size": 20, "axes.grid": True, "savefig.dpi": 50, "svg.hashsalt": None}):
        other = write_figures(tmp_path / "b", summary)
        assert matplotlib.rcParams["font.size"] == 20
    assert [path.read_bytes() for path in plain] == [path.read_bytes() for path in other]


def test_pyplot_is_never_loaded(tmp_path: Path, summary: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.delitem(sys.modules, "matplotlib.pyplot", raising=False)
    write_figures(tmp_path, summary)
    assert "matplotlib.pyplot" not in sys.modules


def test_twelve_conditions_and_a_line_for_each_rank(tmp_path: Path) -> None:
    many = grid(("v1", "v5", "v10", "v20"), ("r4", "r16", "r64"))
    axis = condition_axis(many)
    assert axis is not None
    assert (axis.key, list(axis.values)) == ("variations", ["v1", "v5", "v10", "v20"])
    assert list(lines(accuracy_rows(many), axis)) == ["finetune r4", "finetune r16", "finetune r64"]
    assert "by_condition.png" in names(write_figures(tmp_path, many))


@pytest.mark.parametrize("ranks", [("r16",), ("r4", "r16", "r64"), ("r4", "r8", "r16", "r32", "r64")])
def test_labels_do_not_lie_on_one_another(ranks: tuple[str, ...]) -> None:
    assert overlaps(grid(("v1", "v5", "v10", "v20"), ranks)["rows"]) == []


def test_labels_of_points_that_nearly_coincide_stay_apart() -> None:
    arms = ("base", "system_prompt", "few_shot", "rag", "finetune", "memory", "oracle")
    tokens = (0.0, 0.0, 100.0, 104.0, 120.0, 130.0, 135.0)
    rows = [
        row(arm, suite, 0.9 + i / 500, context_tokens=n)
        for suite in SUITES
        for i, (arm, n) in enumerate(zip(arms, tokens, strict=True))
    ]
    assert overlaps(rows) == []


@pytest.mark.parametrize(
    ("values", "others"),
    [(("r4", "r16", "none"), ("none",)), ((1, 5, 10), ()), (("0.5", "1.0"), ()), ((1e-5, 5e-5, 1e-3, -2), ())],
)
def test_numeric_conditions_make_an_axis(values: tuple[Any, ...], others: tuple[str, ...]) -> None:
    axis = condition_axis(study([row("finetune", "seen", 0.5, condition={"x": value}) for value in values]))
    assert axis is not None
    assert axis.others == others
    assert list(axis.values.values()) == sorted(axis.values.values())


@pytest.mark.parametrize(
    "conditions",
    [
        [{"tier": 1}, {"tier": 2}],
        [{"model": "qwen2_5_7b"}, {"model": "gemma3_270m"}],
        [{"q": "nf4"}, {"q": "int8"}],
        [{"v": "v5"}, {"v": "v5"}],
        [{"flag": True}, {"flag": False}],
    ],
)
def test_names_make_no_axis(conditions: list[dict[str, Any]]) -> None:
    assert condition_axis(study([row("finetune", "seen", 0.5, condition=each) for each in conditions])) is None


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([row("finetune", "heldout", 0.7)], 2),
        ([row("finetune", "heldout", 0.7), row("rag", "heldout", 0.7, context_tokens=60)], 4),
        ([row("finetune", "heldout", None)], 2),
        ([row("finetune", "heldout", 0.7, context_tokens=None)], 2),
        ([row("finetune", "heldout", v, condition={"v": f"v{i}"}) for i, v in enumerate((None, 0.5, None))], 4),
        ([row("finetune", "heldout", None, condition={"v": f"v{i}"}) for i in range(3)], 4),
        ([row("another", f"suite {i}", 0.5, condition={"v": HOSTILE}) for i in range(5)], 2),
        ([row("finetune", "heldout", 0.7, condition={"v": HOSTILE}), row("finetune", "heldout", 0.6)], 2),
        ([], 0),
    ],
)
@pytest.mark.filterwarnings("error::UserWarning")
def test_any_summary_can_be_drawn(tmp_path: Path, rows: list[dict[str, Any]], expected: int) -> None:
    assert len(write_figures(tmp_path, study(rows))) == expected


def hostile() -> dict[str, Any]:
    """Return a study in which much is missing and names are long."""
    rows = []
    for index, value in enumerate((HOSTILE, "v1", "v2", None, 7)):
        for step in (5, 50, None):
            condition = {"variations": value, "step": step, "facts.n": 10 ** (index % 3 + 1)}
            estimate = None if index == 2 else 0.5
            rows.append(row("finetune", HOSTILE, estimate, condition=condition, context_tokens=None))
        rows.append(row("a very long name of an arm " * 3, HOSTILE, 1.0, condition={"facts.n": 10}, context_tokens=1e7))
    contrasts = [
        contrast(rows[0], rows[-1], HOSTILE, mde=None, p_adjusted=None, margin=0.1, verdict=HOSTILE),
        contrast(rows[0], rows[-1], HOSTILE, difference=None, ci_low=None, ci_high=None, p_value=None),
    ]
    return study(rows, contrasts=contrasts)


@pytest.mark.parametrize("prices", [PRICES, {**PRICES, "per_training_hour": 0.0, "currency": HOSTILE}, None])
@pytest.mark.filterwarnings("error::UserWarning")
def test_a_hostile_study_can_be_drawn(tmp_path: Path, prices: dict[str, Any] | None) -> None:
    summary = hostile()
    timings = timed(summary | {"rows": [r for r in summary["rows"] if r["condition"].get("variations") == "v1"]})
    assert len(write_figures(tmp_path, summary, timings | {"prices": prices})) >= 2 * 4


def test_each_figure_has_its_cause() -> None:
    many, facts = grid(("v1", "v5"), ("r16",)), scaled()
    assert figure_names(many) == ["accuracy", "context_cost", "by_condition"]
    assert figure_names(many, timed(many, prices=PRICES))[-1] == "break_even"
    assert figure_names(facts, timed(facts)) == ["accuracy", "context_cost", "scale"]
    assert "learning_curve" in figure_names(curves())
    free = timed(many, prices={**PRICES, "per_training_hour": 0.0})
    assert "break_even" not in figure_names(many, free)


def test_figures_of_an_earlier_summary_do_not_stay(tmp_path: Path) -> None:
    write_figures(tmp_path, grid(("v1", "v5"), ("r16",)))
    kept = write_figures(tmp_path, study([row("finetune", "heldout", 0.7)]))
    assert sorted((tmp_path / "figures").iterdir()) == sorted(kept)
