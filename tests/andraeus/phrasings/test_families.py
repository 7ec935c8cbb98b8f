"""The split of families into train, development and test."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from andraeus.phrasings.families import FamilySplit, split_families
from andraeus.relations.relation import FAMILIES

split_seeds = st.integers(min_value=0, max_value=2**31)


@given(split_seeds)
def test_five_families_train_two_develop_three_test(seed: int) -> None:
    split = split_families(seed)
    assert (len(split.train), len(split.development), len(split.test)) == (5, 2, 3)
    assert sorted(split.train + split.development + split.test) == sorted(FAMILIES)


@given(split_seeds)
def test_questions_that_name_a_value_are_only_trained_and_come_last(seed: int) -> None:
    assert split_families(seed).train[-1] == "confirming"


@given(split_seeds)
def test_a_split_repeats(seed: int) -> None:
    assert split_families(seed) == split_families(seed)


@pytest.mark.parametrize("part", ["train", "development", "test"])
def test_over_the_seeds_every_family_takes_every_part(part: str) -> None:
    seen = {family for seed in range(60) for family in getattr(split_families(seed), part)}
    assert seen - {"confirming"} == set(FAMILIES) - {"confirming"}


def test_the_default_split_does_not_move() -> None:
    assert split_families(0) == FamilySplit(
        train=("minimal", "direct", "embedded", "typo", "confirming"),
        development=("indirect", "casual"),
        test=("imperative", "third_person", "polite"),
    )
