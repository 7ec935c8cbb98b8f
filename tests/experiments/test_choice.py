"""Choosing stored cells by the words in which they were asked for."""

import datetime
from pathlib import Path

import pytest

from andraeus.errors import UserError
from experiments.choice import choose, group_name
from experiments.store import Store
from tests.experiments.stored import NOON, R4, R16, put


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "store")
    put(store, "aa11", [True], seed=0)
    put(store, "aa22", [True], seed=1, config={"lora": R4, "training": {"learning_rate": 7e-4}})
    put(store, "bb11", arm="rag", seed=None, suite="tiers", adapter=None)
    put(store, "bb22", status="started", finished=None, started=NOON + datetime.timedelta(days=2))
    (put(store, "cc11", [True]) / "record.json").write_text("{")
    return store


CHOSEN = [
    ("", "aa11 aa22 bb11 bb22 cc11"),
    ("cell=aa", "aa11 aa22"),
    ("cell=aa1,cc", "aa11 cc11"),
    ("arm=finetune", "aa11 aa22 bb22"),
    ("arm=rag,finetune status=success,failed", "aa11 aa22 bb11"),
    ("status=unreadable", "cc11"),
    ("status=started,unreadable", "bb22 cc11"),
    ("suite=tiers", "bb11"),
    ("seed=1", "aa22"),
    ("seed=null", "bb11"),
    ("model=tiny suite=heldout", "aa11 aa22 bb22"),
    ("model=large", ""),
    ("profile=per", "aa11 aa22 bb11 bb22"),
    ("since=2026-02-01", "bb22"),
    ("since=2026-02-02T11:00+00:00", "bb22"),
    ("since=1m", ""),
    ("lora=r4", "aa22"),
    ("lora=r4,r16 seed=0", "aa11 bb22"),
    ("lora=r8", ""),
    ("lora.r=4", "aa22"),
    ("lora.r=4,16 arm=rag", "bb11"),
    ("training.learning_rate=7e-4", "aa22"),
    ("lora.layers=null seed=1", "aa22"),
    ("lora.target_modules=[q_proj,k_proj]", ""),
    ("variations=v10 lora.alpha=8", "aa22"),
    ("step=null seed=1", "aa22"),
]


@pytest.mark.parametrize(("words", "cells"), CHOSEN, ids=[words or "all" for words, _ in CHOSEN])
def test_words_choose(store: Store, words: str, cells: str) -> None:
    assert [cell.identity for cell in choose(store.cells(), words.split())] == cells.split()


WRONG = [
    ("finetune", "write key=value"),
    ("=3", "write key=value"),
    ("lora.rank=3", "lora.rank is no knob"),
    ("lora=r17", "There is no lora=r17: choose among all_layers, "),
    ("since=tomorrow", "since=tomorrow is no time"),
    ("status=done", "status=done is none: choose among started"),
    ("training.learning_rate=[", "cannot be read"),
]


@pytest.mark.parametrize(("word", "said"), WRONG, ids=[word for word, _ in WRONG])
def test_a_word_that_means_nothing_is_refused(store: Store, word: str, said: str) -> None:
    with pytest.raises(UserError) as refused:
        choose(store.cells(), [word])
    assert said in str(refused.value)


def test_a_group_is_named_by_its_content() -> None:
    assert group_name("lora", R16) == "r16"
    assert group_name("lora", R16 | {"dropout": 0.1}) is None
    assert group_name("variations", {"n": 10}) == "v10"
    assert group_name("lora", None) is None
    # Files build on others.
    assert group_name("training", {"plateau": None}) is None
