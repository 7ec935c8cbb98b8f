"""Running ``andraeusctl results`` in this process."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from experiments import ctl
from experiments.store import Store

Results = Callable[..., str]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store of its own, still empty."""
    return Store(tmp_path / "store")


@pytest.fixture
def results(store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Results:
    """Run a subcommand on the store and return what it printed."""
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["andraeusctl", "results", *arguments, "--store", str(store.root)])
        ctl.main()
        return capsys.readouterr().out

    return run
