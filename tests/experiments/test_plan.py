"""What a plan says a study would take."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from andraeus.training.recipe import Recipe
from experiments.plan import print_plan, rows
from experiments.record import Timing
from experiments.store import Store
from experiments.sweep import Planned, Study
from tests.experiments.stored import put, put_adapter


def cell(arm: str, adapter: str | None = None, steps: int = 40, model: str = "tiny") -> Any:
    """A cell, as far as a plan asks of it."""
    return SimpleNamespace(
        arm=SimpleNamespace(name=arm),
        suite=SimpleNamespace(name="heldout"),
        seed=None if adapter is None else 0,
        adapter_identity=adapter,
        spec=SimpleNamespace(model=SimpleNamespace(name=model), training=Recipe(epochs=None, steps=steps)),
        material=SimpleNamespace(trained=[None] * 200),
    )


def study(store: Store, **cells: Any) -> Study:
    config: Any = SimpleNamespace(paths=SimpleNamespace(store=str(store.root)))
    planned = {identity: Planned(one, [], {"arm": "x", "lora": "r4"}) for identity, one in cells.items()}
    return Study("small", config, [], cells=planned)


def took(asking: float, training: float | None = None) -> Timing:
    return Timing(
        train_seconds=training, evaluation_seconds=asking, latency_p50=None, latency_p90=None, latency_p99=None
    )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Cells that were run: answering, and trainings of 40 steps and of 80."""
    store = Store(tmp_path / "store")
    for number, (steps, seconds) in enumerate([(40, 100.0), (40, 120.0), (40, 500.0), (80, 900.0)]):
        put(store, f"f{number}", [True], timing=took(10.0, seconds), training={"steps": 30, "planned_steps": steps})
    put(store, "old", [True], timing=took(10.0, 7.0), training={"steps": 40})
    put(store, "rag", [True], arm="rag", adapter=None, seed=None, timing=took(30.0))
    return store


def test_a_cell_takes_what_its_like_took(store: Store) -> None:
    put_adapter(store, "stands")
    asked = {
        "f0": cell("finetune", "adapter-f0"),
        "new": cell("finetune", "a"),
        "shares": cell("finetune", "a"),
        "asks": cell("finetune", "stands"),
        "longer": cell("finetune", "b", steps=80),
        "other": cell("finetune", "c", steps=60),
        "retrieves": cell("rag"),
        "larger": cell("rag", model="large"),
    }
    found = dict(zip(asked, rows(study(store, **asked), store), strict=True))
    assert {name: row.seconds for name, row in found.items()} == {
        # It stands, and so nobody misses its adapter.
        "f0": 0.0,
        "new": 130.0,
        "shares": 10.0,
        "asks": 10.0,
        "longer": 910.0,
        "other": None,
        "retrieves": 30.0,
        "larger": None,
    }
    assert [name for name, row in found.items() if row.trains] == ["new", "longer", "other"]
    assert [name for name, row in found.items() if row.cached] == ["f0"]


def test_it_is_told_as_a_person_says_it_and_changes_nothing(
    store: Store, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    (put(store, "bad", [True]) / "record.json").write_text("{")
    asked = study(store, f0=cell("finetune", "adapter-f0"), long=cell("finetune", "b", steps=80), bad=cell("oracle"))
    print_plan(asked)
    text = capsys.readouterr().out
    assert asked.notes == []
    assert "3 cells, 2 to run: about 15 min of work, and 1 cells whose like has not been run here." in text
    assert "Adapters: 2, 1 to train" in text
    assert "bad/record.json is damaged" in " ".join(text.split("Not run: ")[1].split())
    shown = [[part.strip() for part in line.split("│")[5:8]] for line in text.splitlines() if "│" in line]
    assert shown == [["cached", "cached", "–"], ["missing", "to train", "15 min"], ["missing", "–", "?"]]


def test_with_nothing_to_run_it_says_so(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    print_plan(study(store, rag=cell("rag")))
    assert "1 cells, 0 to run: about 0 s of work." in capsys.readouterr().out
