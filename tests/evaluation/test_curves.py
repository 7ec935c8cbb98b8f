"""Learning curves: the area under them, and the steps until most is known."""

import numpy
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evaluation.curves import averaged, steps_to


def frame(curves: dict[tuple[str, int], dict[int, list[float]]]) -> pd.DataFrame:
    """Scores by (profile, seed), step and question."""
    rows = [
        {"cell": f"{profile}{seed}{step}", "profile": profile, "seed": seed, "step": step}
        | {"fact": f"f{i}", "item": f"i{i}", "score": score}
        for (profile, seed), curve in curves.items()
        for step, scores in curve.items()
        for i, score in enumerate(scores)
    ]
    return pd.DataFrame(rows)


@given(
    st.lists(st.integers(1, 500), min_size=2, max_size=7, unique=True).map(sorted),
    st.integers(1, 4),
    st.data(),
)
def test_the_area_is_that_of_the_trapezoids(steps: list[int], questions: int, data: st.DataObject) -> None:
    right = st.lists(st.sampled_from([0.0, 1.0]), min_size=questions, max_size=questions)
    curve = {step: data.draw(right) for step in steps}
    found = averaged(frame({("p", 0): curve})).sort_values("fact")["score"].to_numpy()
    scores = numpy.array(list(curve.values()))
    expected = numpy.trapezoid(scores, steps, axis=0) / (steps[-1] - steps[0])
    assert found == pytest.approx(expected)
    assert ((found >= 0) & (found <= 1)).all()


def test_what_not_every_step_answered_is_left_out() -> None:
    table = frame({("p", 0): {10: [1, 0], 20: [1, 1]}})
    table = table[~((table["step"] == 10) & (table["fact"] == "f1"))]
    assert averaged(table)["fact"].tolist() == ["f0"]


def test_steps_lie_on_straight_lines_between_checkpoints() -> None:
    half, most = [1.0] * 5 + [0.0] * 5, [1.0] * 9 + [0.0]
    assert steps_to(frame({("p", 0): {10: half, 20: most}})).estimate == 20
    assert steps_to(frame({("p", 0): {10: half, 20: [1.0] * 10}})).estimate == pytest.approx(18)
    assert steps_to(frame({("p", 0): {10: most, 20: half}})).estimate == 10


def test_what_was_before_the_first_checkpoint_is_not_known() -> None:
    found = steps_to(frame({("p", 0): {10: [1.0], 20: [1.0]}, ("q", 0): {10: [0.0], 20: [1.0]}}))
    assert (found.estimate, found.low) == (None, None)
    assert found.reasons["estimate"] == "1 of 2 trainings had passed 90% at the first checkpoint, step 10"


def test_cells_of_one_person_and_seed_count_as_one_at_each_step() -> None:
    once = frame({("p", 0): {10: [1, 0], 20: [1, 1]}})
    found = averaged(pd.concat([once, once.assign(cell="again", score=0.0)]))
    assert found["score"].tolist() == [0.5, 0.25]


def test_what_is_never_reached_is_null_and_says_so() -> None:
    found = steps_to(frame({("p", 0): {10: [0.0], 20: [1.0]}, ("q", 0): {10: [0.0], 20: [0.0]}}))
    assert (found.estimate, found.low, found.high) == (None, None, None)
    assert found.reasons["estimate"] == "1 of 2 trainings had not reached 90% at step 20"


@pytest.mark.parametrize("unit", ["profiles", "seeds"])
def test_the_interval_is_students(unit: str) -> None:
    ends = [20, 24, 40, 32]
    keys = [(f"p{i}", 0) if unit == "profiles" else ("p", i) for i in range(4)]
    found = steps_to(frame({key: {end // 2: [0.0], end: [1.0]} for key, end in zip(keys, ends, strict=True)}))
    reached = [end / 2 + end / 2 * 0.9 for end in ends]
    low, high = stats.t.interval(0.95, 3, numpy.mean(reached), stats.sem(reached))
    assert (found.estimate, found.low, found.high) == pytest.approx((numpy.mean(reached), low, high))
    assert found.scope == ("profiles, facts, this seed" if unit == "profiles" else "these facts, seeds")


def test_two_trainings_have_no_interval() -> None:
    found = steps_to(frame({("p", 0): {10: [0.0], 20: [1.0]}, ("p", 1): {10: [0.0], 20: [1.0]}}))
    assert (found.estimate, found.low) == (19, None)
    assert found.reasons["low"] == "an interval needs three seeds"
