"""A store as pandas frames."""

from pathlib import Path

import pandas as pd
import pytest

from andraeus.errors import UserError
from evaluation.statistics.contrast import paired_difference
from experiments.frames import cells, items
from experiments.store import Store
from tests.experiments.stored import put


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "store")
    put(store, "aa", [True, False, True, True])
    put(store, "bb", [True, False], seed=None, arm="rag", adapter=None, words="lora=r4 facts=synthetic facts.n=20")
    put(store, "cc")
    (put(store, "dd", [True]) / "record.json").write_text("{")
    (put(store, "ee", [True]) / "items.jsonl").unlink()
    store.cell("ff").mkdir()
    return store


def test_a_row_a_cell(store: Store) -> None:
    frame = cells(store.root).set_index("cell")
    assert dict(frame["status"]) == {
        "aa": "success",
        "bb": "success",
        "cc": "failed",
        "dd": "unreadable",
        "ee": "unreadable",
        "ff": "started",
    }
    assert frame["accuracy"].dropna().to_dict() == {"aa": 0.75, "bb": 0.5}
    assert frame.loc["aa", "lora.r"] == 16
    assert (frame.loc["aa", "lora"], frame.loc["aa", "variations"]) == ("r16", "v10")
    # The file it was run with, also where a knob of it was changed.
    assert (frame.loc["bb", "facts"], frame.loc["bb", "facts.n"]) == ("synthetic", 20)
    # What an arm without an adapter was run under shaped nothing.
    assert pd.isna(frame.loc["bb", ["lora", "variations", "training"]]).all()
    assert frame.loc["bb", "tier"] == "all"
    assert str(frame["seed"].dtype) == "Int64"
    assert pd.isna(frame.loc["bb", "seed"])
    assert frame.loc["cc", "error"] == "UserError: no memory"
    assert "dd/record.json is damaged" in frame.loc["dd", "error"]
    assert "ee/items.jsonl is gone" in frame.loc["ee", "error"]
    assert (frame.loc["aa", "finished"] - frame.loc["aa", "started"]).total_seconds() == 10
    assert frame.loc["aa", "evaluation_seconds"] == 2.0


def test_a_status_is_chosen_as_it_is_shown(store: Store) -> None:
    """Also where the record is well and its answers are gone, or nothing but the folder stands."""
    shown = cells(store.root).groupby("status")["cell"].apply(list).to_dict()
    assert shown["unreadable"] == ["dd", "ee"]
    for status, names in shown.items():
        assert cells(store.root, f"status={status}")["cell"].tolist() == names, status
    assert set(items(store.root, "status=success")["cell"]) == {"aa", "bb"}


def test_one_odd_cell_leaves_the_others(store: Store) -> None:
    (put(store, "gg", [], n_items=0) / "items.jsonl").write_text("")
    (put(store, "hh", [True]) / "items.jsonl").write_text("[1]\n")
    frame = cells(store.root).set_index("cell")
    assert frame.loc[["aa", "gg", "hh"], "status"].tolist() == ["success", "unreadable", "unreadable"]


def test_a_row_an_item(store: Store) -> None:
    frame = items(store.root, "cell=aa,bb")
    assert frame["score"].tolist() == [1, 0, 1, 1, 1, 0]
    assert frame["item"].tolist()[:2] == ["fact0/0", "fact1/0"]
    assert set(frame["arm"]) == {"finetune", "rag"}
    a, b = (frame[frame["arm"] == arm] for arm in ("finetune", "rag"))
    assert paired_difference(a, b).difference == 0.0
    with pytest.raises(UserError, match="ee/items.jsonl is gone"):
        items(store.root)


def test_no_store_and_no_cell(store: Store, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There is no store at"):
        cells(tmp_path / "elsewhere")
    for frame in (cells(store.root, "arm=oracle"), items(store.root, "arm=oracle")):
        assert frame.empty
        assert {"cell", "arm", "seed", "lora" if "lora" in frame else "score"} <= set(frame.columns)


def test_columns_are_those_that_are_promised(store: Store) -> None:
    promised = {"cell", "status", "arm", "suite", "seed", "model", "profile", "adapter", "n_items", "accuracy"}
    promised |= {"started", "finished", "error", "train_seconds", "peak_memory_mib", "lora.r", "step", "facts.path"}
    assert promised <= set(cells(store.root).columns)
    assert promised & {"question"} == set()
    assert {"item", "fact", "tier", "family", "question", "expected", "answer", "score"} <= set(
        items(store.root, "cell=aa").columns
    )
