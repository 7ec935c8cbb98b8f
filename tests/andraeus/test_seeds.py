"""Each use of randomness has its own stream, and the streams must not move."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from andraeus.seeds import stream, stream_seed

seeds = st.integers(min_value=0, max_value=2**32)
names = st.text(alphabet="abcdefgh_", min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((0, "data_order", 0), 5943279851275260664),
        ((0, "adapter_init"), 8315434234070863066),
        ((7, "typos", "pet_name.cat"), 5754174872106004307),
    ],
)
def test_golden_streams_do_not_move(arguments: tuple, expected: int) -> None:
    assert stream_seed(*arguments) == expected


@given(seeds, st.lists(names, max_size=3))
def test_a_stream_seed_suits_every_generator(seed: int, keys: list[str]) -> None:
    assert 0 <= stream_seed(seed, *keys) < 2**63


@given(seeds, seeds, names, names)
def test_another_seed_or_name_gives_another_stream(one: int, other: int, name: str, another: str) -> None:
    assert (stream_seed(one, name) == stream_seed(other, another)) is ((one, name) == (other, another))


def test_a_stream_repeats_and_leaves_the_global_generator_alone() -> None:
    random.seed(5)
    state = random.getstate()
    first = [stream(3, "guesses", "pet_name").random() for _ in range(2)]
    assert first[0] == first[1]
    assert random.getstate() == state


def test_neighbouring_seeds_are_unrelated() -> None:
    drawn = [stream(seed, "data_order").random() for seed in range(2000)]
    assert len(set(drawn)) == 2000
    # Mean of 2,000 uniform draws: standard error 0.0065.
    assert sum(drawn) / 2000 == pytest.approx(0.5, abs=0.03)
    pairs = sum((a - 0.5) * (b - 0.5) for a, b in zip(drawn, drawn[1:], strict=False)) / 1999
    assert pairs == pytest.approx(0.0, abs=0.01)
