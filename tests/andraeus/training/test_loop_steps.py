"""How many steps a run takes, at which rate, and what is kept and told of them."""

import math
from typing import TYPE_CHECKING, Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from andraeus.chat import Example
from andraeus.errors import UserError
from andraeus.training.adapter import causal_model
from andraeus.training.loop import planned_steps, train
from andraeus.training.recipe import Optimizer, Recipe, Schedule
from tests.andraeus.training.conftest import LORA, Adapted
from tests.andraeus.training.runs import equal, recipe, run, weights

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel

pytestmark = pytest.mark.model


def test_checkpoints_are_written_at_their_steps(adapted: Adapted, rows: list[Example]) -> None:
    model = adapted()
    kept: dict[int, dict[str, Tensor]] = {}
    how = recipe(steps=5, checkpoints=(1, 3, 9))
    run(model, rows, how, checkpoint=lambda step: kept.__setitem__(step, weights(model)))
    assert list(kept) == [1, 3]
    assert not equal(kept[1], kept[3])
    for step, held in kept.items():
        # The schedule is constant, so that a shorter run takes the same steps.
        short, constant = adapted(), {"schedule": Schedule.constant}
        run(short, rows, recipe(steps=step, **constant))
        long = adapted()
        at: dict[int, dict[str, Tensor]] = {}
        run(
            long,
            rows,
            recipe(steps=5, checkpoints=(step,), **constant),
            checkpoint=lambda s, at=at, long=long: at.__setitem__(s, weights(long)),
        )
        assert equal(at[step], weights(short))
        assert held.keys() == at[step].keys()


@pytest.mark.parametrize(
    ("given_recipe", "rows_given", "steps"),
    [
        (Recipe(steps=7), 100, 7),
        (Recipe(epochs=1.0, batch_size=16), 160, 10),
        (Recipe(epochs=1.0, batch_size=16), 161, 11),
        (Recipe(epochs=2.5, batch_size=16), 160, 25),
        (Recipe(epochs=5.0, batch_size=2, accumulation=4), 40, 25),
        (Recipe(epochs=0.01, batch_size=16), 16, 1),
        (Recipe(epochs=1.0, least_steps=40, batch_size=16), 16, 40),
        (Recipe(epochs=1.0, least_steps=40, batch_size=16), 800, 50),
        (Recipe(steps=3, least_steps=40), 16, 3),
        (Recipe(epochs=3.0, batch_size=2, accumulation=4), 2, 3),
    ],
)
def test_how_many_steps_are_planned(given_recipe: Recipe, rows_given: int, steps: int) -> None:
    assert planned_steps(given_recipe, rows_given) == steps


@given(st.integers(1, 500), st.integers(1, 32), st.integers(1, 5))
def test_whole_epochs_without_accumulation_are_every_batch(rows_given: int, batch_size: int, epochs: int) -> None:
    planned = planned_steps(Recipe(epochs=float(epochs), batch_size=batch_size), rows_given)
    assert planned == epochs * math.ceil(rows_given / batch_size)


def test_epochs_see_every_row_as_often(adapted: Adapted, rows: list[Example]) -> None:
    outcome = run(adapted(), rows, recipe(steps=None, epochs=3.0, batch_size=3))
    assert (outcome.steps, outcome.planned_steps, outcome.examples) == (9, 9, 24)
    accumulated = run(adapted(), rows, recipe(steps=None, epochs=3.0, batch_size=2, accumulation=4))
    assert (accumulated.steps, accumulated.examples) == (3, 24)


def test_steps_go_through_as_many_epochs_as_they_take(adapted: Adapted, rows: list[Example]) -> None:
    outcome = run(adapted(), rows, recipe(steps=5, batch_size=8))
    assert (outcome.steps, outcome.examples) == (5, 40)


@pytest.mark.parametrize("schedule", list(Schedule))
def test_the_learning_rate_warms_up_and_follows_its_schedule(
    adapted: Adapted, rows: list[Example], schedule: Schedule
) -> None:
    rates: list[float] = []
    peak, warm, steps = 1e-3, 4, 20
    how = recipe(steps=steps, learning_rate=peak, warmup_ratio=warm / steps, schedule=schedule, batch_size=8)
    run(adapted(), rows[:2], how, log=lambda metrics: rates.append(metrics["learning_rate"]))
    shape = {
        Schedule.constant: lambda done: 1.0,
        Schedule.linear: lambda done: 1.0 - done,
        Schedule.cosine: lambda done: 0.5 * (1 + math.cos(math.pi * done)),
    }[schedule]
    # What is logged after step n is the rate of step n + 1.
    expected = [peak * (n / warm if n < warm else shape((n - warm) / (steps - warm))) for n in range(1, steps + 1)]
    assert rates == pytest.approx(expected, abs=1e-12)


def test_the_log_counts_steps(adapted: Adapted, rows: list[Example]) -> None:
    logged: list[dict[str, float]] = []
    outcome = run(adapted(), rows, recipe(steps=3), log=logged.append)
    assert [entry["step"] for entry in logged] == [1, 2, 3]
    assert all(entry.keys() == {"step", "loss", "learning_rate", "examples_per_second"} for entry in logged)
    assert all(entry["examples_per_second"] > 0 for entry in logged)
    assert logged[-1]["loss"] == outcome.final_loss


def test_b_matrices_have_their_own_rate(adapted: Adapted, rows: list[Example]) -> None:
    """With a first step of Adam every entry moves by its rate, so the two groups show theirs."""
    model = adapted(speaking=True)
    before = weights(model)
    how = recipe(steps=1, learning_rate=1e-3, b_ratio=4.0, clip_norm=1e9, schedule=Schedule.constant)
    run(model, rows, how)
    moved = {name: (w - before[name]).abs().median().item() for name, w in weights(model).items()}
    for name, distance in moved.items():
        assert distance == pytest.approx(4e-3 if "lora_B" in name else 1e-3, rel=0.05), name


@pytest.fixture
def norms(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The norm of the gradient that each step of the optimiser sees."""
    seen: list[float] = []
    step = torch.optim.AdamW.step

    def noting(self: torch.optim.AdamW, *arguments: Any, **named: Any) -> Any:
        held = [p.grad for group in self.param_groups for p in group["params"]]
        seen.append(float(torch.cat([g.flatten() for g in held]).norm()))
        return step(self, *arguments, **named)

    monkeypatch.setattr(torch.optim.AdamW, "step", noting)
    return seen


def test_gradients_are_clipped(adapted: Adapted, rows: list[Example], norms: list[float]) -> None:
    run(adapted(speaking=True), rows, recipe(steps=2, clip_norm=0.01))
    run(adapted(speaking=True), rows, recipe(steps=2, clip_norm=1e9))
    assert norms[:2] == pytest.approx([0.01, 0.01], rel=1e-3)
    assert min(norms[2:]) > 0.1


def test_each_step_has_a_gradient_of_its_own(adapted: Adapted, rows: list[Example], norms: list[float]) -> None:
    run(adapted(speaking=True), rows, recipe(steps=3, batch_size=8, learning_rate=0.0, clip_norm=1e9))
    assert norms == pytest.approx([norms[0]] * 3, rel=1e-4)


def test_the_8_bit_optimiser_needs_a_gpu(
    adapted: Adapted, rows: list[Example], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UserError, match=r"needs a GPU: use training\.optimizer=adamw"):
        run(adapted(), rows, recipe(optimizer=Optimizer.paged_adamw_8bit))


def test_no_bar_where_nobody_looks(adapted: Adapted, rows: list[Example], capsys: pytest.CaptureFixture[str]) -> None:
    model: PreTrainedModel = causal_model(adapted())
    train(model, rows, [], recipe(), LORA, 0)
    assert "train" not in capsys.readouterr().err
