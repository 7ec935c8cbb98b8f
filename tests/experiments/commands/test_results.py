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
    assert rows["aa11"][:7] == ["success", "finetune", "r16", "heldout", "0", "tiny", "50.0%"]
    assert rows["bb22"][2] == "r4"
    assert rows["cc33"][2] == "–"
    # All that have an adapter have v10 and one recipe, so nothing is said of these.
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


def told(text: str) -> list[list[str]]:
    """Return a printed table's header and rows."""
    lines = [line.replace("┃", "│") for line in text.splitlines() if "│" in line or "┃" in line]
    return [[part.strip() for part in line.split("│")[1:-1]] for line in lines]


def test_cells_that_would_look_alike_are_told_apart_by_the_knobs_that_differ(store: Store, results: Results) -> None:
    more = "study=b tracker=wandb paths.store=there threads=1"
    put(store, "ee55", [True], words=f"training.batch_size=8 lora.target_modules=[q_proj] {more}")
    # It differs in what is shown anyway, so its knobs are not: a table has no room for all.
    put(store, "ff66", [True], words="lora=r8 training.learning_rate=1e-3")
    # Run under another recipe that shaped nothing, and on a person of other content.
    put(store, "gg77", arm="rag", adapter=None, seed=None, words="training.batch_size=8", profile="robin")
    header, *rows = told(results("list", "status=success,failed"))
    extra = header[4 : header.index("suite")]
    assert header[:4] == ["cell", "status", "arm", "lora"]
    assert sorted(extra) == ["lora.target_modules", "profile", "threads", "training.batch_size"]
    cells = {row[0]: dict(zip(header, row, strict=True)) for row in rows}
    assert [cells[name]["training.batch_size"] for name in ("aa11", "ee55", "gg77")] == ["16", "8", "–"]
    assert cells["ee55"]["lora.target_modules"] == "['q_proj']"
    assert [cells[name]["profile"] for name in ("cc33", "gg77")] == ["person", "robin"]
    assert told(results("list", "lora=r8,r4"))[0][3:5] == ["lora", "suite"]


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


@pytest.mark.parametrize("before", [True, False])
def test_the_store_is_named_before_or_behind_the_subcommand(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], before: bool
) -> None:
    """And the one that stands here is left alone."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ANDRAEUS_STORE", raising=False)
    store.root.rename(tmp_path / "named")
    put(store, "ee55")

    def run(*arguments: str) -> str:
        named = ["--store", "named"]
        words = [*named, *arguments] if before else [*arguments, *named]
        monkeypatch.setattr(sys, "argv", ["andraeusctl", "results", *words])
        ctl.main()
        return capsys.readouterr().out

    assert "4 cells, 2 of them done." in run("list")
    assert "named/cells/cc33" in run("prune", "--yes")
    assert (store.cell("ee55") / "record.json").is_file()
    assert not (tmp_path / "named" / "cells" / "cc33").exists()


def test_words_stand_on_both_sides_of_an_option(results: Results) -> None:
    text = results("export", "-", "--items", "cell=aa11,bb22", "lora=r4")
    assert [row["cell"] for row in csv.DictReader(io.StringIO(text))] == ["bb22", "bb22"]
    for wrong in (["list", "--stor", "x", "--nonsense"], ["export", "-", "--nonsense", "lora=r4"]):
        with pytest.raises(SystemExit, match="2"):
            results(*wrong)


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


def test_a_file_whose_knobs_were_changed_does_not_pass_for_what_it_says(store: Store, results: Results) -> None:
    put(store, "zz", [True], words="variations=v20 variations.n=3 lora=r16")
    text = results("list", "cell=zz,aa")
    assert "v20 …" in text
    assert "r16 …" not in text
    assert "knobs of it were changed" in text
    assert "knobs of it were changed" not in results("list", "cell=aa")
