"""Stores of made-up cells: what is tested is the reading, so no model runs."""

import datetime
import errno
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf, open_dict

from experiments.record import Record, Timing
from experiments.run import CONF
from experiments.schema import register
from experiments.store import Store

NOON = datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.UTC)
MADE: dict[str, Any] = {
    "commit": "aaaa",
    "dirty": False,
    "versions": {"python": "3.11.9", "torch": "2.13.0"},
    "hardware": {"cpu": "Old", "cores": 2, "memory_gib": 8.0},
    "device": "cpu",
    "threads": 2,
    "model": {"name": "tiny", "origin": "path", "weights": "tiny"},
}
USUAL = {"lora": "r16", "variations": "v10", "model.name": "tiny"}


@cache
def composed(words: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the configuration of a run in these words, with all its keys, and the files that it chose."""
    told = USUAL | dict(word.split("=", 1) for word in words.split())
    register()
    with initialize_config_dir(CONF, version_base="1.3"):
        overrides = [f"{key}={value}" for key, value in told.items()]
        config = compose("config", overrides=overrides, return_hydra_config=True)
    choices = {group: str(name) for group, name in config.hydra.runtime.choices.items() if "/" not in group}
    with open_dict(config):
        del config["hydra"]
    resolved: Any = OmegaConf.to_container(config, resolve=True, enum_to_str=True)
    return resolved, choices


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


def put(
    store: Store, identity: str, rights: Sequence[bool] | None = None, words: str = "", old: bool = False, **more: Any
) -> Path:
    """Write a cell: a success if it says which answers are right, else a failure (or what ``more`` says).

    Args:
        store: Where it goes.
        identity: Its hash.
        rights: Which of its answers are right.
        words: Overrides under which it was run.
        old: Leave out which files were chosen, as records of before did.
        more: Fields of the record.
    """
    config, choices = composed(words)
    seed = more.get("seed", 0)
    made = {**MADE, "config": {**config, "seed": seed}}
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
        "provenance": made if old else {**made, "choices": choices},
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


def refuse(monkeypatch: pytest.MonkeyPatch, end: str) -> None:
    """Let the system refuse to read files whose paths end so, as it does with another user's."""
    opened = Path.open

    def refused(self: Path, *arguments: Any, **more: Any) -> Any:
        if str(self).endswith(end):
            raise PermissionError(errno.EACCES, "Permission denied", str(self))
        return opened(self, *arguments, **more)

    monkeypatch.setattr(Path, "open", refused)
