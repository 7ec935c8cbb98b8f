"""Listing and exporting the store's cells."""

import csv
import io
import sys
from pathlib import Path

import pytest

from experiments import ctl
from experiments.store import Store
from tests.experiments.commands.conftest import Results
from tests.experiments.stored import put


@pytest.fixture(autouse=True)
def filled(store: Store) -> None:
    """Three arms' worth of cells, one of them failed, one damaged."""
    put(store, "aa11", [True, False])
    put(store, "bb22", [True, True], words="lora=r4")
    put(store, "cc33", arm="rag", adapter=None, seed=None)
    (put(store, "dd44", [True]) / "record.json").write_text("{")


def test_a_list_names_cells_by_what_differs(results: Results) -> None:
    text = results()
    rows = {
        line.split("│")[1].strip(): [part.strip() for part in line.split("│")[2:-1]]
        for line in text.splitlines()
        if "│" in line
    }
    assert rows["aa11"][:8] == ["success", "finetune", "r16", "quick", "heldout", "0", "tiny", "50.0%"]
    assert rows["bb22"][2] == "r4"
    # All have v10, so nothing is said of variations, but for the cell that nobody can read.
    assert "4 cells, 2 of them done." in text
    assert "cc33 failed: UserError: no memory" in text
    assert "dd44 unreadable: " in text
    assert text == results("list")


def test_a_list_is_of_the_cells_that_were_asked_for(results: Results) -> None:
    text = results("list", "lora=r4", "status=success")
    assert "bb22" in text
    assert "aa11" not in text
    assert "lora" not in text
    assert results("list", "arm=oracle") == "No cell is so.\n"


def test_a_wrong_word_is_one_sentence(results: Results) -> None:
    with pytest.raises(SystemExit, match="andraeusctl: There is no lora=r17"):
        results("list", "lora=r17")


def test_no_store_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.delenv("ANDRAEUS_STORE", raising=False)
    monkeypatch.setattr(sys, "argv", ["andraeusctl", "results"])
    with pytest.raises(SystemExit, match="There is no store at store: run andraeus first"):
        ctl.main()


def test_cells_and_items_are_exported(results: Results, tmp_path: Path) -> None:
    results("export", str(tmp_path / "cells.csv"))
    rows = list(csv.DictReader((tmp_path / "cells.csv").open()))
    assert [(row["cell"], row["status"], row["lora.r"]) for row in rows] == [
        ("aa11", "success", "16"),
        ("bb22", "success", "4"),
        ("cc33", "failed", "16"),
        ("dd44", "unreadable", ""),
    ]
    text = results("export", "-", "cell=aa11", "--items")
    assert [row["score"] for row in csv.DictReader(io.StringIO(text))] == ["1.0", "0.0"]
    with pytest.raises(SystemExit, match="arm=rag is no file"):
        results("export", "arm=rag")
