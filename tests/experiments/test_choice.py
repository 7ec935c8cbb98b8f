"""Choosing stored cells by the words in which they were asked for."""

import datetime
import json
from pathlib import Path

import pytest

from andraeus.errors import UserError
from experiments.choice import choose, file_of
from experiments.store import Store
from tests.experiments.stored import NOON, put


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "store")
    put(store, "aa11", [True], seed=0)
    put(store, "aa22", [True], seed=1, words="lora=r4 training.learning_rate=8e-4")
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
    ("arm=oracle", ""),
    ("model=qwen2_5_7b", ""),
    ("profile=per", "aa11 aa22 bb11 bb22"),
    ("since=2026-02-01", "bb22"),
    ("since=2026-02-02T11:00+00:00", "bb22"),
    ("since=1m", ""),
    ("lora=r4", "aa22"),
    ("lora=r4,r16 seed=0", "aa11 bb22"),
    ("lora=r8", ""),
    ("lora.r=4", "aa22"),
    # What shapes adapters says nothing of an arm without one, whatever it was run under.
    ("lora.r=4,16 arm=rag", ""),
    ("lora=r4,r16", "aa11 aa22 bb22"),
    ("variations=v10", "aa11 aa22 bb22"),
    ("training.batch_size=16", "aa11 aa22 bb22"),
    ("step=null", "aa11 aa22 bb22"),
    ("generation.drafts=expected", "aa11 aa22 bb22"),
    ("generation.max_new_tokens=32 tier=all facts=alex", "aa11 aa22 bb11 bb22"),
    ("training.learning_rate=8e-4", "aa22"),
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
    ("arm=fintune", "There is no arm=fintune: choose among base, finetune, oracle, rag, system_prompt."),
    ("suite=heldout,held_out", "There is no suite=held_out: choose among blind, development, heldout, "),
    # Also what only cells have: a model of the user's own.
    ("model=large", "smollm2_360m, tiny."),
    ("since=tomorrow", "since=tomorrow is no time"),
    # Before the first day that has a date.
    ("since=999999999d", "since=999999999d is no time"),
    ("since=9999999999d", "since=9999999999d is no time"),
    ("status=done", "status=done is none: choose among started"),
    ("training.learning_rate=[", "cannot be read"),
]


@pytest.mark.parametrize(("word", "said"), WRONG, ids=[word for word, _ in WRONG])
def test_a_word_that_means_nothing_is_refused(store: Store, word: str, said: str) -> None:
    with pytest.raises(UserError) as refused:
        choose(store.cells(), [word])
    assert said in str(refused.value)


# As named studies choose: a file, and knobs of it changed.
NAMED = "facts=synthetic facts.n=20 training=ablation training.epochs=2.0 lora=all_layers"


def test_a_file_is_chosen_in_the_words_of_the_run_whatever_was_changed_in_it(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    put(store, "aa", [True], words=NAMED)
    put(store, "bb", [True], words="training=scratch")
    cells = store.cells()
    for word in (*NAMED.split(), "facts=synthetic,maya", "tracker=none"):
        assert "aa" in [cell.identity for cell in choose(cells, [word])], word
    assert [cell.identity for cell in choose(cells, ["training=scratch"])] == ["bb"]
    # A run is chosen by what was asked for, not by what happens to be equal.
    assert choose(cells, ["lora=r32"]) == []
    with pytest.raises(UserError, match="experiment is no knob"):
        choose(cells, ["experiment=none"])


def test_records_of_before_are_chosen_by_their_values(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    put(store, "aa", [True], words=NAMED, old=True)
    put(store, "bb", [True], words="lora.dropout=0.1", old=True)
    cells = store.cells()
    before = {"lora=all_layers": ["aa"], "facts=synthetic": [], "training=ablation": [], "facts=alex": ["bb"]}
    for word, found in before.items():
        assert [cell.identity for cell in choose(cells, [word])] == found, word
    records = [cell.record for cell in cells if cell.record is not None]
    assert [file_of(record, "lora") for record in records] == ["all_layers", None]
    assert [file_of(record, "variations") for record in records] == ["v10", "v10"]
    assert [file_of(record, "no_group") for record in records] == [None, None]


def test_a_file_that_was_removed_since_can_be_asked_for(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    file = put(store, "aa", [True], words="lora=r4") / "record.json"
    file.write_text(file.read_text().replace('"lora": "r4"', '"lora": "mine"'))
    assert [cell.identity for cell in choose(store.cells(), ["lora=mine"])] == ["aa"]
    assert choose(store.cells(), ["lora=r4"]) == []


def test_a_studys_cells_are_those_that_its_summary_lists(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also those that another study ran first, and whose records name that one."""
    monkeypatch.chdir(tmp_path)
    put(store, "dd11", [True], words=f"study=first paths.results={tmp_path / 'elsewhere'}")
    for folder, name, identities in (("results", "first", ["aa11"]), ("elsewhere", "second", ["dd11", "bb11"])):
        file = tmp_path / folder / name / "summary.json"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps({"cells": [{"identity": identity} for identity in identities]}))
    found = {
        words: [cell.identity for cell in choose(store.cells(), words.split())]
        for words in ("study=first", "study=second", "study=first,second arm=finetune")
    }
    assert found == {
        "study=first": ["aa11"],
        "study=second": ["bb11", "dd11"],
        "study=first,second arm=finetune": ["aa11", "dd11"],
    }
    with pytest.raises(UserError, match=r"no summary of study=third in .*elsewhere, results: run that study here"):
        choose(store.cells(), ["study=third"])
    (tmp_path / "results" / "first" / "summary.json").write_text("[]")
    with pytest.raises(UserError, match=r"results/first/summary.json cannot be read or is damaged: run that study"):
        choose(store.cells(), ["study=first"])
