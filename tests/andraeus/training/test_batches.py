"""Batches: what is padded, what carries loss, and in which order the rows come."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from andraeus.chat import Example
from andraeus.training.batches import IGNORED, collate, epoch_order, passes, share, shared_prefix_length

token = st.integers(1, 9)
examples = st.lists(
    st.builds(
        Example,
        prompt=st.lists(token, min_size=1, max_size=6).map(lambda own: (1, 2, 3, *own)),
        answer=st.lists(token, min_size=1, max_size=4).map(tuple),
    ),
    min_size=1,
    max_size=9,
)


def test_a_batch_by_hand() -> None:
    batch = collate([Example((1, 2, 5), (7, 9)), Example((1, 2, 6, 6, 6), (8,))], 2)
    assert batch.prefix.tolist() == [1, 2]
    # The answers' last tokens predict nothing and are left out.
    assert batch.tokens.tolist() == [[5, 7, 0], [6, 6, 6]]
    assert batch.attended.tolist() == [[1, 1, 0], [1, 1, 1]]
    # Position j predicts token j + 1: the last prompt token carries the answer's first.
    no = IGNORED
    assert batch.labels.tolist() == [[7, 9, no], [no, no, 8]]
    assert batch.answer_tokens == 3


@given(examples, st.booleans())
def test_nothing_is_lost_and_loss_falls_on_answers_only(rows: list[Example], share: bool) -> None:
    prefix = shared_prefix_length(rows) if share else 0
    batch = collate(rows, prefix)
    assert batch.answer_tokens == sum(len(row.answer) for row in rows)
    for i, row in enumerate(rows):
        length = int(batch.attended[i].sum())
        assert (*batch.prefix.tolist(), *batch.tokens[i, :length].tolist()) == (row.prompt + row.answer)[:-1]
        assert batch.attended[i, :length].all()
        assert not batch.attended[i, length:].any()
        told = [label for label in batch.labels[i].tolist() if label != IGNORED]
        assert tuple(told) == row.answer
        assert (batch.labels[i, length:] == IGNORED).all()


@given(examples)
def test_the_shared_prefix_leaves_each_prompt_a_token(rows: list[Example]) -> None:
    length = shared_prefix_length(rows)
    assert length >= 3
    assert len({row.prompt[:length] for row in rows}) == 1
    assert all(len(row.prompt) > length for row in rows)


def rows_of(lengths: list[int]) -> list[Example]:
    return [Example((1,) * length, (2,)) for length in lengths]


@given(st.lists(st.integers(1, 30), min_size=1, max_size=60), st.integers(1, 9), st.integers(0, 99), st.integers(0, 9))
def test_an_epoch_is_every_row_once(lengths: list[int], batch_size: int, seed: int, epoch: int) -> None:
    rows = rows_of(lengths)
    batches = list(epoch_order(rows, batch_size, seed, epoch))
    assert sorted(i for batch in batches for i in batch) == list(range(len(rows)))
    assert sorted(map(len, batches), reverse=True)[:-1] == [batch_size] * (len(batches) - 1)
    assert len(batches) == -(-len(rows) // batch_size)
    assert batches == list(epoch_order(rows, batch_size, seed, epoch))


@pytest.mark.parametrize(("seed", "epoch"), [(1, 0), (0, 1)])
def test_another_seed_or_epoch_has_another_order(seed: int, epoch: int) -> None:
    rows = rows_of(list(range(1, 41)))
    assert list(epoch_order(rows, 4, seed, epoch)) != list(epoch_order(rows, 4, 0, 0))


def test_rows_of_like_length_go_together() -> None:
    rows = rows_of([1 + (i * 37) % 64 for i in range(64)])
    grouped = sum(max(len(rows[i]) for i in batch) * len(batch) for batch in epoch_order(rows, 8, 0, 0))
    in_file_order = sum(max(map(len, rows[i : i + 8])) * 8 for i in range(0, 64, 8))
    assert grouped < 0.8 * in_file_order


def test_the_order_stays_random_between_epochs() -> None:
    rows = rows_of(list(range(1, 65)))
    neighbours = [
        {frozenset(pair) for batch in epoch_order(rows, 8, 0, epoch) for pair in zip(batch, batch[1:], strict=False)}
        for epoch in range(4)
    ]
    assert len(neighbours[0] & neighbours[1] & neighbours[2] & neighbours[3]) < 8


@given(examples, st.integers(1, 60))
def test_passes_hold_each_row_once_and_about_so_many_tokens(rows: list[Example], tokens: int) -> None:
    prefix = shared_prefix_length(rows)
    parts = passes(rows, prefix, tokens)
    assert sorted((row for part in parts for row in part), key=repr) == sorted(rows, key=repr)
    assert all(parts)
    own = [len(row) - prefix for row in rows]
    # A row that lies across the border of two passes goes to one of them whole.
    most = max(tokens - prefix, sum(own) / len(own)) + max(own)
    assert all(sum(len(row) - prefix for row in part) <= most for part in parts)


def test_passes_are_the_fewest_and_alike_in_length() -> None:
    rows = rows_of([9, 9, 9, 9, 29, 29])  # 10 or 30 tokens with the answer's
    assert passes(rows, 0, 100) == [rows]
    assert [[len(row) for row in part] for part in passes(rows, 0, 60)] == [[10, 10, 10, 10], [30, 30]]
    assert [len(part) for part in passes(rows_of([9] * 16), 0, 80)] == [8, 8]
    # A limit below every row moves a row at a time.
    assert passes(rows_of([9] * 3), 0, 1) == [[row] for row in rows_of([9] * 3)]


@given(st.lists(st.lists(st.integers(), min_size=1, max_size=6), min_size=1, max_size=5), st.integers(1, 4))
def test_processes_share_a_step_evenly(step: list[list[int]], processes: int) -> None:
    parts: list[list[list[int]]] = [share(step, p, processes) for p in range(processes)]  # type: ignore[arg-type]
    rows = [row for part in step for row in part]
    counts = [sum(map(len, part)) for part in parts]
    assert sorted(row for part in parts for micro in part for row in micro) == sorted(rows)
    assert max(counts) - min(counts) <= 1
    assert share(step, 0, 1) == step  # type: ignore[arg-type]
    # A micro-batch grows for nobody: what one process has room for, each has.
    assert all(len(micro) <= max(map(len, step)) for part in parts for micro in part)
