"""What is read from the store, and what a study writes of it."""

import json
from pathlib import Path

from experiments.results import read_items


def test_any_character_of_an_answer_is_read_back(tmp_path: Path) -> None:
    rows = [{"answer": f"one{mark}two"} for mark in "\u2028\u2029\u0085\x0b\x0c\x1c\r\n"]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (tmp_path / "items.jsonl").write_text(text, encoding="utf-8")
    assert read_items(tmp_path) == rows
