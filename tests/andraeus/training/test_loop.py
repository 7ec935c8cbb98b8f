"""The loop: what a seed decides, when it stops, and that it learns."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import torch

from andraeus.chat import Chat, Example
from andraeus.errors import UserError
from andraeus.generation import generate
from andraeus.models.load import Quantization, load_model
from andraeus.models.resolve import ModelFiles
from andraeus.training.adapter import attach, causal_model
from andraeus.training.loop import TrainingOutcome, train, validate
from andraeus.training.recipe import LoraSpec, Plateau, Recipe
from tests.andraeus.training.conftest import Adapted
from tests.andraeus.training.runs import equal, recipe, run, weights
from tests.conftest import ARCHITECTURES, TinyModel

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel

pytestmark = pytest.mark.model


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
        first_gradient(recipe(steps=1, batch_size=size, accumulation=times, packing=packing, tokens_per_pass=None))
        for size, times in ((8, 1), (4, 2), (2, 4))
    )
    assert float((halves - whole).norm() / whole.norm()) <= 1e-5
    assert float((quarters - whole).norm() / whole.norm()) <= 1e-5


@pytest.mark.parametrize("tokens", [1, 60, 10_000], ids=["a row or two a pass", "some passes", "one pass"])
def test_the_tokens_of_a_pass_change_nothing(
    first_gradient: "Callable[[Recipe], Tensor]", rows: list[Example], tokens: int
) -> None:
    plain = first_gradient(recipe(steps=1, batch_size=2, accumulation=4, packing=False))
    cut = first_gradient(recipe(steps=1, batch_size=2, accumulation=4, tokens_per_pass=tokens))
    assert float((cut - plain).norm() / plain.norm()) <= 1e-5


def test_micro_batches_go_through_the_model_together(adapted: Adapted, rows: list[Example]) -> None:
    def passes_of(**how: Any) -> int:
        model = adapted()
        taken: list[int] = []
        causal_model(model).base_model.register_forward_hook(lambda *_: taken.append(1))
        run(model, rows, recipe(steps=1, batch_size=2, accumulation=4, **how))
        return len(taken)

    assert (passes_of(), passes_of(tokens_per_pass=None), passes_of(packing=False)) == (1, 4, 4)


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
