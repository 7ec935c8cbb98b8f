import csv
import io
import math
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from evaluation.report.break_even import Prices, break_even, break_even_table, pairs, shown_break_even
from evaluation.report.tables import study_tables, to_csv, to_latex, to_markdown
from tests.evaluation.report.studies import LOST, PRICES, curves, grid, row, scaled, study, timed

AMOUNTS = st.floats(0, 1e6, allow_subnormal=False)


def five_arms(**more: Any) -> dict[str, Any]:
    arms = ("base", "system_prompt", "rag", "oracle", "finetune")
    return study([row(arm, suite, 0.5) for arm in arms for suite in ("seen", "heldout")], **more)


@given(AMOUNTS, AMOUNTS, AMOUNTS)
@example(3.0, 0.0, 1.0)
@example(0.0, 0.0, 1e-300)
@example(1e6, 0.0, 5e-324)
@example(0.3, 0.1, 0.2)
def test_it_is_the_first_number_of_queries_after_which_training_is_cheaper(
    training: float, trained: float, context: float
) -> None:
    def cheaper(n: int) -> bool:
        return Fraction(training) + n * Fraction(trained) < n * Fraction(context)

    found = break_even(training, trained, context)
    if trained >= context:
        assert found == math.inf
    else:
        assert isinstance(found, int)
        assert cheaper(found)
        assert not cheaper(found - 1)


def test_by_hand() -> None:
    # An hour at 2, saving 400 of 412 tokens a query at 0.5 a million: 2 / 0.0002 queries, and one more.
    assert break_even(2.0, 12 * 0.5 / 1e6, 412 * 0.5 / 1e6) == pytest.approx(10_000, abs=1)
    assert break_even(2.0, 0.0, 2.0**-10) == 2049


def test_each_trained_arm_stands_beside_each_arm_with_context() -> None:
    summary = five_arms(endpoint={"suite": "heldout", "metric": "accuracy"})
    found = pairs(summary, timed(summary, prices=PRICES))
    assert [(pair.trained[0], pair.context[0], pair.suite) for pair in found] == [
        ("finetune", arm, "heldout") for arm in ("system_prompt", "rag", "oracle")
    ]
    prompt = found[0]
    # The median of 100, 110 and 120 s, at 1 an hour; 412 tokens read and 8 written, against 0 and 8.
    assert prompt.training == pytest.approx(110 / 3600)
    assert prompt.queries == pytest.approx(((8 * 1.5) / 1e6, (412 * 0.5 + 8 * 1.5) / 1e6))
    assert prompt.break_even == math.floor(110 / 3600 / (412 * 0.5 / 1e6)) + 1 == 149


def test_without_answer_tokens_only_context_counts() -> None:
    summary = five_arms()
    timings = timed(summary, prices=PRICES)
    for cell in timings["cells"]:
        if cell["arm"] == "rag":
            del cell["answer_tokens"]
    prompt, rag, _ = pairs(summary, timings)
    assert prompt.answers == (8, 8)
    assert rag.answers == (None, None)
    assert rag.queries == (0, pytest.approx(61.25 * 0.5 / 1e6))
    assert "Where answer tokens are not recorded" in to_markdown(study_tables(summary, timings)["break_even"][1])


@pytest.mark.parametrize("prices", [None, {}])
def test_no_prices_no_break_even(prices: Any) -> None:
    summary = five_arms()
    assert pairs(summary, timed(summary, prices=prices)) == []
    assert "break_even" not in study_tables(summary, timed(summary, prices=prices))


def test_conditions_that_contradict_each_other_are_no_pair() -> None:
    summary = scaled()
    found = pairs(summary, timed(summary, prices=PRICES))
    assert len(found) == 8
    assert all(pair.trained[1]["facts.n"] == pair.context[1]["facts.n"] for pair in found)
    many = grid(("v1", "v5"), ("r4", "r16"))
    assert len(pairs(many, timed(many, prices=PRICES))) == 4


def test_a_learning_curve_has_one_training() -> None:
    summary = curves()
    found = pairs(summary, timed(summary, prices=PRICES))
    assert [pair.trained[1]["step"] for pair in found] == [200, 200]


def test_never_where_context_is_not_dearer_and_unknown_where_something_is() -> None:
    rows = [
        row("finetune", "heldout", 0.9, context_tokens=100.0),
        row("finetune_rag", "heldout", None, context_tokens=None),
        row("rag", "heldout", 0.9, context_tokens=100.0),
    ]
    summary = study(rows)
    first, second = pairs(summary, timed(summary, prices=PRICES))
    assert first.break_even == math.inf
    assert second.break_even is None
    frame = break_even_table([first, second])
    texts = [line["break_even"] for line in csv.DictReader(io.StringIO(to_csv(frame)))]
    assert texts == ["inf", ""]
    table = shown_break_even(frame, PRICES)
    assert [cells[-1].text for cells in table.rows] == ["never", "–"]
    assert LOST in table.notes
    assert "never" in to_latex(table)
    assert r"$\lfloor$training / (" in to_latex(table)


def test_the_table_says_whose_prices_they_are() -> None:
    summary = five_arms()
    text = to_markdown(study_tables(summary, timed(summary, prices=PRICES))["break_even"][1])
    assert "Prices in USD (example values): 0.5 for a million prompt tokens, 1.5 for a million answer tokens" in text
    assert "| finetune | 50.0 | 0.0306 | system\\_prompt | 50.0 | 0.206 | 149 |" in text.replace(
        "system_prompt", "system\\_prompt"
    )


def test_amounts() -> None:
    assert Prices("EUR", 1.0, 2.0, 3.0).amounts() == (1, 2, 3)
