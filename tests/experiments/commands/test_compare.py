"""Comparing two conditions, or two cells, of the store."""

import re

import pytest

from evaluation.statistics.contrast import paired_difference
from experiments.commands.compare import compare
from experiments.frames import items
from experiments.store import Store
from tests.experiments.commands.conftest import Results
from tests.experiments.stored import MADE, composed, put

GOOD = [True] * 27 + [False] * 3
WORSE = [True] * 15 + [False] * 15


@pytest.fixture(autouse=True)
def filled(store: Store) -> None:
    """Two ranks under three seeds, and an arm without any."""
    for seed in range(3):
        put(store, f"aa{seed}", GOOD, seed=seed)
        put(store, f"bb{seed}", WORSE[seed:] + WORSE[:seed], seed=seed, words="lora=r4")
    put(store, "cc", WORSE, seed=None, arm="rag", adapter=None)


def test_it_is_the_paired_difference_of_the_statistics(store: Store) -> None:
    a, b = (items(store.root, "arm=finetune", f"lora={rank}") for rank in ("r16", "r4"))
    found = compare(a, b)
    assert found == {"heldout": paired_difference(a, b)}
    assert found["heldout"].difference == pytest.approx(0.4)
    assert (found["heldout"].n_items, found["heldout"].n_seeds) == (90, 3)


def test_conditions_are_compared_in_words(results: Results) -> None:
    text = results("compare", "arm=finetune lora=r16", "arm=finetune lora=r4", "suite=heldout")
    assert re.search(r"heldout +│ +90.0% +│ +50.0% +│ +\+40.0 \[\+\d", text), text
    assert "cells: 3, seeds: 3" in text
    assert "exploratory" in text
    # An arm without randomness meets every seed of the other.
    assert "cells: 1, seeds: –" in results("compare", "lora=r16 arm=finetune", "arm=rag")


def test_two_cells_are_compared_by_their_hashes(results: Results) -> None:
    with pytest.raises(SystemExit, match="No question was asked of both aa0 and aa1 \\(under one seed"):
        results("compare", "aa0", "aa1")
    assert "│ 30 " in results("compare", "aa0", "cc")


def test_questions_that_only_one_side_answered_are_counted(store: Store, results: Results) -> None:
    put(store, "dd", [True] * 10, arm="oracle", seed=None, adapter=None)
    assert "10 (20 without a partner)" in results("compare", "cc", "dd")


WRONG = [
    (
        ("arm=finetune", "arm=rag"),
        "arm=finetune names cells of several conditions: lora.r is 16, 4; lora.alpha is 32, 8. Add words",
    ),
    (("status=success", "arm=rag"), "several conditions: "),
    (("aa", "cc"), "aa begins the hashes of 3 cells"),
    (("aa0", "arm=oracle"), "arm=oracle has no finished cell here"),
    (("ee", "ff"), "No suite was asked of both: ee has tiers, ff has seen"),
]


@pytest.mark.parametrize(("sides", "said"), WRONG, ids=[" ".join(sides) for sides, _ in WRONG])
def test_what_cannot_be_compared_is_said(store: Store, results: Results, sides: tuple[str, str], said: str) -> None:
    put(store, "ee", GOOD, suite="tiers")
    put(store, "ff", GOOD, suite="seen")
    with pytest.raises(SystemExit) as stopped:
        results("compare", *sides)
    assert said in str(stopped.value)


def test_rows_run_over_people_and_replicates_whichever_study_ran_them(store: Store, results: Results) -> None:
    """One arm as the default study, two named ones and a sweep of the user's own leave it."""
    runs = ["experiment=quickstart", "experiment=statistical_power facts.seed=4", "experiment=ablation_rank lora=r4"]
    runs += ["facts=file facts.path=me.yaml facts.blind=mine.yaml facts.seed=1 prices=null threads=1"]
    runs += ["tracker=wandb paths.store=there output=there model.path=there fail_fast=true study=mine threads=1"]
    for number, words in enumerate(runs):
        profile = f"p{number}" if number else "person"
        put(store, f"r{number}", WORSE, profile=profile, words=words, seed=None, arm="rag", adapter=None)
    assert "cells: 5" in results("compare", "arm=rag threads=1", "lora=r16 arm=finetune threads=2")
    with pytest.raises(SystemExit, match="arm=rag names cells of several conditions: threads is 1, 2"):
        results("compare", "arm=rag", "aa0")


def test_the_number_of_facts_is_a_condition(store: Store, results: Results) -> None:
    for n in (10, 50):
        put(store, f"dd{n}", GOOD, words=f"facts=synthetic facts.n={n}")
    with pytest.raises(SystemExit, match=r"facts=synthetic names cells of several conditions: facts.n is 10, 50\. Add"):
        results("compare", "facts=synthetic", "arm=rag")
    assert "cells: 1" in results("compare", "facts=synthetic facts.n=10", "arm=rag")


def test_what_shaped_only_adapters_tells_no_other_arms_apart(store: Store, results: Results) -> None:
    put(store, "cd", WORSE, seed=None, arm="rag", adapter=None, profile="another", words="lora=r4")
    assert "cells: 2" in results("compare", "arm=rag", "lora=r16 arm=finetune")
    put(store, "ce", WORSE, seed=None, arm="rag", adapter=None, words="tier='1'")
    with pytest.raises(SystemExit, match="tier.name"):
        put(store, "cf", WORSE, seed=None, arm="rag", adapter=None, words="tier='2'")
        results("compare", "arm=rag", "aa0")


def test_ten_and_fifty_facts_of_a_drawn_person_pair(store: Store, results: Results) -> None:
    for n in (10, 30):
        made = {**MADE, "person": "drawn", "config": composed(f"facts=synthetic facts.n={n}")[0]}
        words = f"facts=synthetic facts.n={n}"
        put(store, f"dd{n}", GOOD[:n], words=words, profile=f"told {n}", provenance=made)
    assert "10 (20 without a partner)" in results("compare", "facts.n=10", "facts.n=30")


def test_where_no_question_is_shared_it_is_said(store: Store, results: Results) -> None:
    put(store, "dd", GOOD, profile="somebody else")
    with pytest.raises(SystemExit, match="No question was asked of both dd and aa0 .*: they are about other people"):
        results("compare", "dd", "aa0")
    put(store, "de", GOOD, profile="somebody else", arm="rag", seed=None, adapter=None, suite="tiers")
    put(store, "df", GOOD, arm="rag", seed=None, adapter=None, suite="tiers")
    told = results("compare", "arm=rag cell=c,de", "arm=rag cell=c,df")
    assert "tiers: no question was asked of both." in told
