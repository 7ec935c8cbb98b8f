"""A study in one file: what goes in comes out, and gives the same summary."""

from pathlib import Path

import pytest

from andraeus.errors import UserError
from evaluation.archive import read_cells, write_cells
from evaluation.summary import summarise
from tests.evaluation.test_summary import cell

CELLS = [cell(right=20), cell("base", 5, choices={"lora": "r16"}), cell(seed=1, status="failed", items=[])]


def test_a_study_comes_back_whole(tmp_path: Path) -> None:
    write_cells(tmp_path, CELLS)
    assert sorted(read_cells(tmp_path), key=str) == sorted(CELLS, key=str)
    assert summarise("s", "h", read_cells(tmp_path), []) == summarise("s", "h", CELLS, [])


def test_the_order_of_cells_and_the_hour_change_no_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = write_cells(tmp_path, CELLS).read_bytes()
    monkeypatch.setattr("time.time", lambda: 0.0)
    assert write_cells(tmp_path, CELLS[::-1]).read_bytes() == first


@pytest.mark.parametrize("content", [None, b"", b"no gzip"])
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "cells.jsonl.gz").write_bytes(content)
    with pytest.raises(UserError, match="gone or damaged|holds no cells"):
        read_cells(tmp_path)
