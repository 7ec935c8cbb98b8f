"""The loop: what a seed decides, when it stops, and that it learns."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from andraeus.chat import Chat, Example
from andraeus.errors import UserError
from andraeus.generation import generate
from andraeus.models.load import Quantization, load_model
from andraeus.models.resolve import ModelFiles
from andraeus.training.adapter import attach, causal_model
from andraeus.training.loop import TrainingOutcome, planned_steps, train, validate
from andraeus.training.recipe import LoraSpec, Optimizer, Plateau, Recipe, Schedule
from tests.andraeus.training.conftest import LORA, Adapted
from tests.conftest import ARCHITECTURES, TinyModel

if TYPE_CHECKING:
    from peft import PeftModel
    from torch import Tensor
    from transformers import PreTrainedModel

pytestmark = pytest.mark.model


def recipe(**changes: Any) -> Recipe:
    return Recipe(**{"steps": 4, "batch_size": 4, "learning_rate": 1e-2, "warmup_ratio": 0.0, **changes})


def run(model: "PeftModel", rows: list[Example], how: Recipe, seed: int = 0, **more: Any) -> TrainingOutcome:
    validation = more.pop("validation", [])
    lora = more.pop("lora", LORA)
    return train(causal_model(model), rows, validation, how, lora, seed, progress=False, **more)


def weights(model: "PeftModel") -> "dict[str, Tensor]":
    return {name: p.detach().clone() for name, p in model.named_parameters() if "lora_" in name}


def equal(one: "dict[str, Tensor]", other: "dict[str, Tensor]") -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("dropout", [0.0, 0.1])
def test_a_seed_gives_the_same_bits_and_another_seed_others(
    adapted: Adapted, rows: list[Example], dropout: float
) -> None:
    lora = LoraSpec(r=4, alpha=8, dropout=dropout)
    how = recipe(packing=not dropout, fused_lora=not dropout)
    trained, outcomes = [], []
    for seed, disturbance in ((0, 1), (0, 2), (1, 1)):
        torch.manual_seed(disturbance)
        # The same adapter each time: what differs is the data's order and the dropout.
        model = adapted(lora=lora, seed=5)
        outcomes.append(run(model, rows, how, seed, lora=lora))
        trained.append(weights(model))
    assert equal(trained[0], trained[1])
    assert outcomes[0].final_loss == outcomes[1].final_loss
    assert not equal(trained[0], trained[2])
    assert outcomes[0].final_loss != outcomes[2].final_loss


def test_dropout_draws_from_the_seed_too(adapted: Adapted, rows: list[Example]) -> None:
    # One row, so that the order of the data decides nothing.
    lora, how = LoraSpec(r=4, alpha=8, dropout=0.5), recipe(batch_size=1, steps=3, packing=False, fused_lora=False)
    ended = [run(adapted(lora=lora, seed=5), rows[:1], how, seed, lora=lora).final_loss for seed in (0, 0, 1)]
    assert ended[0] == ended[1] != ended[2]
    plain = [run(adapted(seed=5), rows[:1], how, seed).final_loss for seed in (0, 1)]
    assert plain[0] == plain[1]


def test_the_seed_decides_the_order_of_the_data(adapted: Adapted, rows: list[Example]) -> None:
    def first_tokens(seed: int) -> list[list[int]]:
        model = adapted(seed=5)
        seen: list[list[int]] = []
        inside = causal_model(model)
        hook = inside.get_input_embeddings().register_forward_hook(
            lambda _, given, __: seen.append(given[0][:, -1].tolist())
        )
        run(model, rows, recipe(batch_size=2, packing=False, learning_rate=0.0), seed)
        hook.remove()
        return seen

    assert first_tokens(0) == first_tokens(0) != first_tokens(1)


def test_an_adapter_lowers_the_loss(adapted: Adapted, rows: list[Example]) -> None:
    model = adapted()
    losses: list[float] = []
    before, _ = validate(causal_model(model), rows, packed=False)
    outcome = run(model, rows, recipe(steps=40), log=lambda metrics: losses.append(metrics["loss"]))
    after, _ = validate(causal_model(model), rows, packed=False)
    assert (outcome.steps, outcome.stopped) == (40, "end")
    assert losses[-1] == outcome.final_loss < 0.8 * losses[0]
    assert after < 0.8 * before


def said(model: "PreTrainedModel", rows: list[Example], chat: Chat) -> list[tuple[int, ...]]:
    """What the model answers to the rows' prompts, with the end token where it finished."""
    prompts = [row.prompt for row in rows]
    answers = generate(model, prompts, end_tokens=chat.end_tokens, max_new_tokens=12, batch_size=8)
    (end,) = chat.end_tokens
    return [(*answer.tokens, end) if answer.finished else answer.tokens for answer in answers]


def test_what_is_learned_is_then_said(tiny_model: TinyModel, rows: list[Example], chat: Chat) -> None:
    # A random model has nothing for an adapter to build on: all its weights are trained.
    model = tiny_model(hidden_size=64, head_dim=16, initializer_range=0.1).requires_grad_(True)
    how = recipe(steps=40, batch_size=8)
    assert validate(model, rows, packed=False)[1] == 0.0
    train(model, rows, [], how, LoraSpec(r=0), 0, progress=False)
    loss, right = validate(model, rows, packed=False)
    assert (loss < 0.1, right) == (True, 1.0)
    assert said(model, rows, chat) == [row.answer for row in rows]


def test_the_embedded_model_learns_facts_through_an_adapter(
    embedded_files: ModelFiles, rows: list[Example], chat: Chat
) -> None:
    lora = LoraSpec(r=8, alpha=16, layers=tuple(range(18, 30)))
    how = Recipe(steps=8, batch_size=3, learning_rate=2e-3, b_ratio=4.0, beta2=0.98, warmup_ratio=0.1)
    model = load_model(embedded_files, "float32", Quantization(), "cpu")
    facts = rows[:3]
    assert all(answer != row.answer for answer, row in zip(said(model, facts, chat), facts, strict=True))
    adapted = attach(model, lora, how, Quantization(), 0, "somebody/smollm2")
    outcome = train(causal_model(adapted), facts, [], how, lora, 0, progress=False)
    assert outcome.final_loss < 0.3
    assert said(causal_model(adapted), facts, chat) == [row.answer for row in facts]


def test_only_the_adapter_is_trained_and_the_model_is_left_in_evaluation(adapted: Adapted, rows: list[Example]) -> None:
    model = adapted()
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    run(model, rows, recipe())
    changed = {name for name, p in model.named_parameters() if not torch.equal(p, before[name])}
    assert changed == {name for name in before if "lora_" in name}
    assert not any(module.training for module in causal_model(model).modules())


@pytest.fixture
def first_gradient(adapted: Adapted, rows: list[Example]) -> "Callable[[Recipe], Tensor]":
    """Run one step and return the gradient as it stood before clipping."""

    def gradient(how: Recipe) -> "Tensor":
        model = adapted(speaking=True)
        held: dict[str, Tensor] = {}
        for name, parameter in model.named_parameters():
            if parameter.requires_grad:
                parameter.register_post_accumulate_grad_hook(
                    lambda p, name=name: held.__setitem__(name, p.grad.detach().clone())
                )
        outcome = run(model, rows, how)
        assert outcome.examples == len(rows)
        return torch.cat([held[name].flatten() for name in sorted(held)])

    return gradient


@pytest.mark.parametrize("packing", [True, False], ids=["packed", "padded"])
def test_accumulation_changes_nothing(
    first_gradient: "Callable[[Recipe], Tensor]", rows: list[Example], packing: bool
) -> None:
    # Rows of unlike numbers of answer tokens: means of means would weigh them otherwise.
    assert len({len(row.answer) for row in rows}) > 2
    whole, halves, quarters = (
        first_gradient(recipe(steps=1, batch_size=size, accumulation=times, packing=packing))
        for size, times in ((8, 1), (4, 2), (2, 4))
    )
    assert float((halves - whole).norm() / whole.norm()) <= 1e-5
    assert float((quarters - whole).norm() / whole.norm()) <= 1e-5


def test_what_does_not_fit_falls_back_aloud(
    adapted: Adapted, rows: list[Example], capsys: pytest.CaptureFixture[str]
) -> None:
    lora = LoraSpec(r=4, alpha=8, dropout=0.05)
    outcome = run(adapted(lora=lora), rows, recipe(steps=2), lora=lora)
    assert (outcome.shared_prefix, outcome.fused_layers) == (0, 0)
    told = capsys.readouterr().out
    assert "rows are not packed, since under dropout" in told
    assert "LoRA layers are not fused" in told
    # Whoever did not ask for it is told nothing.
    unasked = run(adapted(lora=lora), rows, recipe(steps=2, packing=False, fused_lora=False), lora=lora)
    assert capsys.readouterr().out == ""
    assert unasked.final_loss == outcome.final_loss


def test_a_model_that_attends_otherwise_is_padded_aloud(
    adapted: Adapted, rows: list[Example], capsys: pytest.CaptureFixture[str]
) -> None:
    model = adapted()
    causal_model(model).set_attn_implementation("eager")
    assert run(model, rows, recipe(steps=1)).shared_prefix == 0
    assert "the model attends by eager" in capsys.readouterr().out
    assert causal_model(model).config._attn_implementation == "eager"


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("checkpointing", [False, True])
@pytest.mark.parametrize("pieces", [{"packing": True}, {"fused_lora": True}, {"packing": True, "fused_lora": True}])
def test_twenty_steps_end_where_the_plain_loop_ends(
    adapted: Adapted, rows: list[Example], architecture: str, checkpointing: bool, pieces: dict[str, bool]
) -> None:
    def ended(**how: bool) -> "tuple[TrainingOutcome, Tensor]":
        told = recipe(
            steps=20,
            learning_rate=1e-3,
            gradient_checkpointing=checkpointing,
            **{"packing": False, "fused_lora": False, **how},
        )
        model = adapted(architecture, recipe=told)
        outcome = run(model, rows, told)
        return outcome, torch.cat([w.flatten() for w in weights(model).values()])

    fast, trained = ended(**pieces)
    plain, expected = ended()
    assert (fast.shared_prefix > 20, fast.fused_layers > 0) == ("packing" in pieces, "fused_lora" in pieces)
    assert (plain.shared_prefix, plain.fused_layers) == (0, 0)
    assert fast.final_loss == pytest.approx(plain.final_loss, abs=1e-4)
    assert float((trained - expected).norm() / expected.norm()) <= 1e-3


def test_the_model_is_left_as_it_was(adapted: Adapted, rows: list[Example]) -> None:
    model = adapted()
    run(model, rows, recipe())
    assert causal_model(model).config._attn_implementation == "sdpa"
    assert not any("forward" in vars(module) for module in model.modules())


def test_a_plateau_stops(adapted: Adapted, rows: list[Example]) -> None:
    how = recipe(steps=50, learning_rate=0.0, plateau=Plateau(every=2, patience=3, min_improvement=0.01))
    outcome = run(adapted(), rows, how, validation=rows[:4])
    # The first look is an improvement on nothing; three more are not.
    assert (outcome.stopped, outcome.steps, outcome.planned_steps) == ("plateau", 8, 50)
    assert [step for step, _, _ in outcome.validation] == [2, 4, 6, 8]
    assert len({loss for _, loss, _ in outcome.validation}) == 1


def test_who_improves_goes_on(adapted: Adapted, rows: list[Example]) -> None:
    how = recipe(steps=20, learning_rate=2e-2, plateau=Plateau(every=5, patience=1, min_improvement=0.01))
    outcome = run(adapted(), rows, how, validation=rows)
    assert (outcome.stopped, outcome.steps) == ("end", 20)
    losses = [loss for _, loss, _ in outcome.validation]
    assert len(losses) == 4
    assert losses == sorted(losses, reverse=True)


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_looking_changes_nothing(adapted: Adapted, rows: list[Example], dropout: float) -> None:
    lora = LoraSpec(r=4, alpha=8, dropout=dropout)
    exact = {"packing": not dropout, "fused_lora": not dropout}
    watched, unwatched = adapted(lora=lora), adapted(lora=lora)
    looking = recipe(plateau=Plateau(every=1, patience=99), **exact)
    run(watched, rows, looking, validation=rows[:3], lora=lora)
    run(unwatched, rows, recipe(**exact), lora=lora)
    assert equal(weights(watched), weights(unwatched))


def test_a_model_that_rescales_its_logits_is_refused(adapted: Adapted, rows: list[Example]) -> None:
    model = adapted()
    causal_model(model).config.final_logit_softcapping = 30.0
    with pytest.raises(UserError, match="final_logit_softcapping=30"):
        run(model, rows, recipe())


def test_a_plateau_needs_something_to_look_at(adapted: Adapted, rows: list[Example]) -> None:
    with pytest.raises(UserError, match=r"set training\.plateau=null"):
        run(adapted(), rows, recipe(plateau=Plateau()))


@pytest.mark.parametrize("learning_rate", [1e6, 1e20])
@pytest.mark.parametrize("plateau", [None, Plateau(every=1, patience=99)], ids=["unwatched", "watched"])
def test_divergence_is_an_outcome(
    adapted: Adapted, rows: list[Example], learning_rate: float, plateau: Plateau | None
) -> None:
    model = adapted()
    outcome = run(model, rows, recipe(steps=40, learning_rate=learning_rate, plateau=plateau), validation=rows)
    assert outcome.stopped == "diverged"
    assert math.isnan(outcome.final_loss)
    assert outcome.steps < 40
    assert all(math.isfinite(loss) for _, loss, _ in outcome.validation), "NaN is no JSON"
    # Whatever it has become, it is asked and scored.
    answers = generate(
        causal_model(model), [row.prompt for row in rows], end_tokens=frozenset({2}), max_new_tokens=3, batch_size=4
    )
    assert len(answers) == len(rows)


def test_rows_that_are_too_long_are_refused(adapted: Adapted, rows: list[Example]) -> None:
    longest = max(map(len, rows))
    assert run(adapted(), rows, recipe(steps=1, max_length=longest)).steps == 1
    model = adapted()
    before = weights(model)
    with pytest.raises(UserError, match=rf"^1 training rows have more than training.max_length={longest - 1} tokens"):
        run(model, rows, recipe(max_length=longest - 1))
    with pytest.raises(UserError, match=rf"\(the longest {longest}\): raise it"):
        run(model, rows, recipe(max_length=8))
    assert equal(weights(model), before)


def test_nothing_to_train_is_refused(adapted: Adapted) -> None:
    with pytest.raises(UserError, match="nothing to train on"):
        run(adapted(), [], recipe())


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
