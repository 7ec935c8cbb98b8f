"""The loss: Transformers' own on answer tokens, and the same on packed rows."""

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

import pytest
import torch

from andraeus.chat import Example
from andraeus.training.adapter import causal_model
from andraeus.training.batches import IGNORED, collate, shared_prefix_length
from andraeus.training.loss import answered_rows, summed_loss
from andraeus.training.packing import pack, packed_attention
from andraeus.training.recipe import Recipe
from tests.andraeus.training.conftest import Adapted
from tests.conftest import ARCHITECTURES, SLIDING_WINDOW, TinyModel

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel

pytestmark = pytest.mark.model
each_architecture = pytest.mark.parametrize("architecture", ARCHITECTURES)


def gradients(model: "PreTrainedModel") -> "Tensor":
    """All gradients of the trainable parameters in one vector."""
    found = [parameter.grad for parameter in model.parameters() if parameter.requires_grad]
    assert all(gradient is not None and gradient.abs().sum() > 0 for gradient in found)
    return torch.cat([gradient.flatten() for gradient in found if gradient is not None])


def loss_and_gradients(
    model: "PreTrainedModel", rows: list[Example], *, packed: bool, prefix: int | None = None
) -> "tuple[float, Tensor]":
    model.zero_grad()
    batch = collate(rows, shared_prefix_length(rows) if prefix is None else prefix)
    with attending(model, packed):
        loss = summed_loss(model, batch, packed=packed)
        loss.backward()
    return loss.item(), gradients(model)


def attending(model: "PreTrainedModel", packed: bool) -> "AbstractContextManager[object]":
    return packed_attention(model) if packed else nullcontext()


def apart(one: "Tensor", other: "Tensor") -> float:
    return float((one - other).norm() / other.norm())


def of_transformers(model: "PreTrainedModel", rows: list[Example]) -> "Tensor":
    """The mean loss a token that Transformers computes, with -100 on everything but answers."""
    width = max(map(len, rows))
    tokens = torch.zeros(len(rows), width, dtype=torch.long)
    labels = torch.full((len(rows), width), -100)
    attended = torch.zeros(len(rows), width, dtype=torch.long)
    for i, row in enumerate(rows):
        tokens[i, : len(row)] = torch.tensor(row.prompt + row.answer)
        attended[i, : len(row)] = 1
        labels[i, len(row.prompt) : len(row)] = torch.tensor(row.answer)
    loss: Tensor = model(input_ids=tokens, attention_mask=attended, labels=labels).loss
    return loss


@each_architecture
def test_packed_rows_give_the_padded_loss_and_gradients(
    adapted: Adapted, rows: list[Example], architecture: str
) -> None:
    model = causal_model(adapted(architecture, speaking=True))
    assert shared_prefix_length(rows) > SLIDING_WINDOW
    packed, packed_gradients = loss_and_gradients(model, rows, packed=True)
    plain, plain_gradients = loss_and_gradients(model, rows, packed=False)
    assert packed == pytest.approx(plain, rel=1e-6)
    assert apart(packed_gradients, plain_gradients) <= 1e-5


@each_architecture
@pytest.mark.parametrize("packed", [True, False], ids=["packed", "padded"])
def test_it_is_transformers_own_loss_on_answers_only(
    adapted: Adapted, rows: list[Example], architecture: str, packed: bool
) -> None:
    model = causal_model(adapted(architecture, speaking=True))
    loss, ours = loss_and_gradients(model, rows, packed=packed)
    tokens = sum(len(row.answer) for row in rows)
    model.zero_grad()
    expected = of_transformers(model, rows)
    expected.backward()
    assert loss / tokens == pytest.approx(expected.item(), rel=1e-6)
    assert apart(ours / tokens, gradients(model)) <= 1e-5


@each_architecture
@pytest.mark.parametrize("packed", [True, False], ids=["packed", "padded"])
def test_padding_changes_nothing(adapted: Adapted, rows: list[Example], architecture: str, packed: bool) -> None:
    model = causal_model(adapted(architecture, speaking=True))
    prefix = shared_prefix_length(rows)
    assert len({len(row) for row in rows}) > 3, "rows of one length need no padding"
    together, gradients_together = loss_and_gradients(model, rows, packed=packed, prefix=prefix)
    each = [loss_and_gradients(model, [row], packed=packed, prefix=prefix) for row in rows]
    assert together == pytest.approx(sum(loss for loss, _ in each), rel=1e-6)
    assert apart(gradients_together, torch.stack([g for _, g in each]).sum(0)) <= 1e-5


@pytest.mark.parametrize("packed", [True, False], ids=["packed", "padded"])
def test_what_stands_in_the_padding_does_not_matter(adapted: Adapted, rows: list[Example], packed: bool) -> None:
    model = causal_model(adapted(speaking=True))
    batch = collate(rows, shared_prefix_length(rows))
    with attending(model, packed):
        before = summed_loss(model, batch, packed=packed).item()
        batch.tokens[batch.attended == 0] = 777
        assert summed_loss(model, batch, packed=packed).item() == pytest.approx(before, rel=1e-6)


def test_prompt_tokens_carry_no_loss(adapted: Adapted, rows: list[Example]) -> None:
    """Only answer positions reach the vocabulary head."""
    model = causal_model(adapted(speaking=True))
    scored: list[int] = []
    head = model.get_output_embeddings()
    hook = head.register_forward_hook(lambda _, given, __: scored.append(given[0].shape[0]))
    with packed_attention(model):
        summed_loss(model, collate(rows, shared_prefix_length(rows)), packed=True)
    hook.remove()
    assert scored == [sum(len(row.answer) for row in rows)]


def test_nothing_is_computed_twice(adapted: Adapted, rows: list[Example]) -> None:
    """One pass over the prefix once, and over each row's own tokens but the last."""
    model = causal_model(adapted(speaking=True))
    prefix = shared_prefix_length(rows)
    seen: list[int] = []
    hook = model.get_input_embeddings().register_forward_hook(lambda _, given, __: seen.append(given[0].numel()))
    with packed_attention(model):
        summed_loss(model, collate(rows, prefix), packed=True)
    hook.remove()
    assert seen == [prefix + sum(len(row) - prefix - 1 for row in rows)]


@each_architecture
def test_rows_without_a_prefix_pack_too(adapted: Adapted, rows: list[Example], architecture: str) -> None:
    model = causal_model(adapted(architecture, speaking=True))
    packed, packed_gradients = loss_and_gradients(model, rows, packed=True, prefix=0)
    plain, plain_gradients = loss_and_gradients(model, rows, packed=False, prefix=0)
    assert packed == pytest.approx(plain, rel=1e-6)
    assert apart(packed_gradients, plain_gradients) <= 1e-5


def test_a_packed_batch_by_hand() -> None:
    tokens, positions, packing = pack(collate([Example((1, 2, 5), (7, 9)), Example((1, 2, 6, 6, 6), (8,))], 2))
    assert tokens.tolist() == [[1, 2, 5, 7, 6, 6, 6]]
    assert positions.tolist() == [[0, 1, 2, 3, 2, 3, 4]]
    assert packing.rows.gather.tolist() == [0, 1, 0, 2, 3, 4]
    assert packing.rows.scatter.tolist() == [0, 1, 3, 4, 5]


def test_packed_rows_under_another_attention_are_refused(adapted: Adapted, rows: list[Example]) -> None:
    with pytest.raises(RuntimeError, match="packed rows need the packed attention"):
        summed_loss(causal_model(adapted()), collate(rows, shared_prefix_length(rows)), packed=True)


def test_checkpointing_gives_the_plain_gradients(adapted: Adapted, rows: list[Example]) -> None:
    plain, plain_gradients = loss_and_gradients(causal_model(adapted(speaking=True)).train(), rows, packed=False)
    saving = causal_model(adapted(speaking=True, recipe=Recipe(steps=1, gradient_checkpointing=True))).train()
    assert saving.is_gradient_checkpointing
    saved, saved_gradients = loss_and_gradients(saving, rows, packed=False)
    assert saved == pytest.approx(plain, rel=1e-6)
    assert apart(saved_gradients, plain_gradients) <= 1e-5


@each_architecture
@pytest.mark.parametrize("packed", [True, False], ids=["packed", "padded"])
def test_rows_are_right_where_greedy_decoding_would_be(
    tiny_model: TinyModel, rows: list[Example], architecture: str, packed: bool
) -> None:
    model = tiny_model(architecture)
    liked = []
    with torch.inference_mode():
        for row in rows[:4]:
            tokens = torch.tensor([row.prompt])
            found = model.generate(
                tokens, attention_mask=torch.ones_like(tokens), max_new_tokens=3, do_sample=False, eos_token_id=[]
            )
            liked.append(Example(row.prompt, tuple(found[0, len(row.prompt) :].tolist())))
        # As liked, but for the last token; and as the facts are, which a random model does not know.
        almost = [Example(row.prompt, (*row.answer[:-1], (row.answer[-1] + 1) % 49152)) for row in liked]
        mixed = [*liked, *almost, *rows[4:]]
        batch = collate(mixed, shared_prefix_length(mixed))
        with attending(model, packed):
            right, losses = answered_rows(model, batch, packed=packed)
            total = summed_loss(model, batch, packed=packed)
    assert right.tolist() == [True] * 4 + [False] * 8
    assert float(losses.sum()) == pytest.approx(float(total), rel=1e-6)
    assert (batch.labels != IGNORED).any(dim=1).all()
