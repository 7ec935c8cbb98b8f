"""W&B as a test finds it: none of the user's settings, nothing kept outside the test's own folder."""

import os
from pathlib import Path

import pytest

from experiments.tracking.wandb import WandbTracker


@pytest.fixture
def own_wandb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the user's settings away, and put W&B's folders below the test's."""
    for name in [name for name in os.environ if name.startswith("WANDB_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("WANDB_ERROR_REPORTING", "false")
    monkeypatch.setenv("WANDB_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("WANDB_DATA_DIR", str(tmp_path / "wandb" / "data"))
    monkeypatch.setattr(WandbTracker, "_broken", False)
    monkeypatch.setattr(WandbTracker, "_usable", set())
