"""What is read from the store, and what a study writes of it."""

import datetime
import json
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from evaluation.groups import CellResult
from experiments.record import Record, Timing
from experiments.results import _common_choices, _diverged, _timings, _work
from experiments.store import read_items
from experiments.sweep import Study


def record(adapter: str | None = None, seconds: float | None = None, **more: Any) -> Record:
    """Return the record of a cell that answered for 10 s."""
    timing = Timing(train_seconds=seconds, evaluation_seconds=10.0, latency_p50=0.1, latency_p90=0.1, latency_p99=0.1)
    fields: dict[str, Any] = {
        "identity": "i",
        "identity_version": 1,
        "adapter": adapter,
        "status": "success",
        "arm": "finetune" if adapter else "base",
        "suite": "heldout",
        "profile": "p",
        "seed": 0 if adapter else None,
        "started": datetime.datetime(2026, 1, 31, 23, 59, tzinfo=datetime.UTC),
        "timing": timing,
        "provenance": {},
    }
    return Record(**(fields | more))


def test_any_character_of_an_answer_is_read_back(tmp_path: Path) -> None:
    rows = [{"answer": f"one{mark}two"} for mark in "\u2028\u2029\u0085\x0b\x0c\x1c\r\n"]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (tmp_path / "items.jsonl").write_text(text, encoding="utf-8")
    assert read_items(tmp_path) == rows


def test_where_things_are_written_is_no_choice_of_a_cell() -> None:
    """Else equal studies would have other bytes, with the names of folders in them."""
    groups = {"lora": "r16", "paths": "default", "tracker": "none", "experiment": "mine", "hydra/launcher": "basic"}
    config = OmegaConf.create({"hydra": {"runtime": {"choices": groups}}})
    fixed = ["tier='1'", "training.steps=3", "paths.store=/home/me", "+paths.results=there", "study=x", "tracker=wandb"]
    fixed += ["output=/home/me", "hydra.launcher.n_jobs=2", "prices=null", "fail_fast=true", "variations=v3"]
    found = _common_choices(Study("x", config, fixed), [{"variations": "v1", "seed": 0}])
    assert found == {"lora": "r16", "tier": "1", "training.steps": 3}


def test_one_training_counts_once() -> None:
    shared = [record("x", 100.0), record("x", 100.0), record("x", None)]
    assert _work([*shared, record("y", 50.0), record()]) == 100 + 50 + 5 * 10
    assert _work([record(timing=None)]) == 0


def test_it_is_told_how_many_trainings_diverged() -> None:
    ended, lost = {"steps": 40, "stopped": "end"}, {"steps": 7, "stopped": "diverged"}
    records = [record("x", training=ended), record("y", training=lost), record("y", training=lost), record(), None]
    (told,) = _diverged(records)
    assert told.startswith("1 of 2 trainings diverged")
    assert list(_diverged([records[0], record()])) == []
    assert "(diverged after 7 steps, " in records[1].line()
    assert "diverged" not in records[0].line()


def test_timings_say_what_a_cell_took() -> None:
    cells = [
        CellResult(
            "t", "finetune", {"lora": "r4"}, "heldout", "p", 0, "success", [{"answer_tokens": n} for n in (4, 7)]
        ),
        CellResult("b", "base", {}, "heldout", "p", None, "success", [{"answer_tokens": 3}]),
        CellResult("f", "rag", {}, "heldout", "p", None, "failed"),
    ]
    records = {"t": record("x", 100.0, training={"steps": 24}), "b": record(), "f": record(timing=None)}
    tuned, base = _timings(records, cells)["cells"]
    assert (tuned["condition"], tuned["steps"], tuned["answer_tokens"], tuned["train_seconds"]) == (
        {"lora": "r4"},
        24,
        5.5,
        100,
    )
    assert (base["steps"], base["answer_tokens"], base["train_seconds"]) == (None, 3, None)


def test_of_a_checkpoint_nobody_knows_what_it_took() -> None:
    found = {}
    for step in (8, 24, None):
        cell = CellResult("t", "finetune", {}, "heldout", "p", 0, "success", choices={"step": step})
        (found[step],) = _timings({"t": record("x", 100.0, training={"steps": 24})}, [cell])["cells"]
    assert [(row["steps"], row["train_seconds"]) for row in found.values()] == [(8, None), (24, 100), (24, 100)]
