"""Stores of made-up cells: what is tested is the reading, so no model runs."""

import datetime
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments.record import Record, Timing
from experiments.store import Store

NOON = datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.UTC)
R16 = {"r": 16, "alpha": 32, "dropout": 0.0, "frozen_share": 0.3, "layers": None}
R16 |= {"target_modules": ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]}
R4 = R16 | {"r": 4, "alpha": 8}


def item(number: int, right: bool) -> dict[str, Any]:
    """A graded question of one of many facts."""
    return {
        "id": f"fact{number}/0",
        "fact": f"fact{number}",
        "tier": 1,
        "family": "direct",
        "question": f"What is my city number {number}?",
        "expected": "Lisbon",
        "aliases": [],
        "answer_type": "place",
        "answer": "Lisbon" if right else "Oslo",
    }


def put(store: Store, identity: str, rights: Sequence[bool] | None = None, **more: Any) -> Path:
    """Write a cell: a success if it says which answers are right, else a failure (or what ``more`` says)."""
    config = {"lora": R16, "variations": {"n": 10}, "model": {"name": "tiny"}, "step": None} | more.pop("config", {})
    seed = more.get("seed", 0)
    fields: dict[str, Any] = {
        "identity": identity,
        "identity_version": 1,
        "adapter": f"adapter-{identity}",
        "status": "failed" if rights is None else "success",
        "arm": "finetune",
        "suite": "heldout",
        "profile": "person",
        "seed": 0,
        "n_items": None if rights is None else len(rights),
        "started": NOON,
        "finished": NOON + datetime.timedelta(seconds=10),
        "error": "Traceback\n  line\nUserError: no memory\n" if rights is None else None,
        "timing": None
        if rights is None
        else Timing(evaluation_seconds=2.0, latency_p50=None, latency_p90=None, latency_p99=None),
        "provenance": {"model": {"name": "tiny"}, "config": {**config, "seed": seed}},
    }
    Record(**(fields | more)).write(store.cell(identity))
    if rights is not None:
        lines = (json.dumps(item(number, right)) + "\n" for number, right in enumerate(rights))
        (store.cell(identity) / "items.jsonl").write_text("".join(lines))
    return store.cell(identity)


def put_adapter(store: Store, identity: str) -> Path:
    """Write what passes for an adapter."""
    folder = store.adapter(identity)
    folder.mkdir(parents=True)
    (folder / "training.json").write_text('{"steps": 3}')
    folder.with_name(f"{identity}.json").write_text('{"seconds": 1.0, "provenance": {}}')
    return folder
