"""What a plan says a study would take."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from andraeus.errors import UserError
from andraeus.training.recipe import LoraSpec, Recipe
from experiments.plan import Row, _adapter, print_plan, rows
from experiments.record import Timing
from experiments.standing import to_run
from experiments.store import Store
from experiments.sweep import Planned, Study
from tests.experiments.stored import composed, put, put_adapter


def cell(
    arm: str, adapter: str | None = None, steps: int = 40, model: str = "tiny", items: int = 1, **recipe: Any
) -> Any:
    """A cell, as far as a plan asks of it."""
    training = Recipe(**({"epochs": None, "steps": steps, "batch_size": 16} | recipe))
    lora = LoraSpec(**composed("")[0]["lora"])
    return SimpleNamespace(
        arm=SimpleNamespace(name=arm),
        suite=SimpleNamespace(name="heldout"),
        seed=None if adapter is None else 0,
        adapter_identity=adapter,
        spec=SimpleNamespace(training=training, lora=lora, quantization=SimpleNamespace(kind="none"), device="cpu"),
        files=SimpleNamespace(weights_hash=model),
        material=SimpleNamespace(trained=[None] * 200),
        items=[None] * items,
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
    """Cells that were run: answering, and trainings of 40 steps and of 80, at three seconds a step."""
    store = Store(tmp_path / "store")
    for number, (steps, seconds) in enumerate([(40, 100.0), (40, 140.0), (80, 240.0)]):
        training = {"steps": 30, "planned_steps": steps, "rows": 200}
        put(store, f"f{number}", [True], timing=took(10.0, seconds), training=training)
    put(store, "old", [True], timing=took(10.0, 7.0), training={"steps": 40})
    put(store, "rag", [True], arm="rag", adapter=None, seed=None, timing=took(30.0))
    return store


def planned(asked: Study, store: Store) -> dict[str, Row]:
    records = [cell.record for cell in store.cells() if cell.record is not None]
    return dict(zip(asked.cells, rows(asked, store, records), strict=True))


def test_a_cell_takes_what_as_much_of_its_like_took(store: Store) -> None:
    put_adapter(store, "stands")
    asked = {
        "f0": cell("finetune", "adapter-f0"),
        "new": cell("finetune", "a"),
        "shares": cell("finetune", "a"),
        "asks": cell("finetune", "stands"),
        "asks more": cell("finetune", "stands", items=7),
        "longer": cell("finetune", "b", steps=80),
        "other": cell("finetune", "c", steps=60),
        "retrieves": cell("rag"),
        "retrieves twice": cell("rag", items=2),
        "larger": cell("rag", model="large"),
    }
    found = planned(study(store, **asked), store)
    assert {name: row.seconds for name, row in found.items()} == {
        # It stands, and so nobody misses its adapter.
        "f0": 0.0,
        "new": 130.0,
        "shares": 10.0,
        "asks": 10.0,
        "asks more": 70.0,
        "longer": 250.0,
        "other": 190.0,
        "retrieves": 30.0,
        "retrieves twice": 60.0,
        "larger": None,
    }
    assert [name for name, row in found.items() if row.trains] == ["new", "longer", "other"]
    assert [name for name, row in found.items() if row.cached] == ["f0"]
    where = {name: _adapter(row, store) for name, row in found.items()}
    assert [where[name] for name in ("f0", "new", "shares", "asks", "retrieves")] == [
        "cached",
        "to train",
        "another cell's",
        "cached",
        "–",
    ]


def test_it_is_told_as_a_person_says_it_and_changes_nothing(
    store: Store, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    (put(store, "bad", [True]) / "record.json").write_text("{")
    asked = study(store, f0=cell("finetune", "adapter-f0"), long=cell("finetune", "b", steps=80), bad=cell("oracle"))
    print_plan(asked, 1)
    text = capsys.readouterr().out
    assert asked.notes == []
    assert "3 cells, 2 to run: about 4 min of work, and 1 cells whose like has not been run here." in text
    assert "They run one after the other." in text
    assert "Adapters: 2, 1 to train" in text
    assert "bad/record.json is damaged" in " ".join(text.split("Not run: ")[1].split())
    shown = [[part.strip() for part in line.split("│")[5:8]] for line in text.splitlines() if "│" in line]
    assert shown == [["cached", "cached", "–"], ["missing", "to train", "4 min"], ["missing", "–", "?"]]


def test_brackets_are_shown_as_they_are(
    store: Store, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    asked = study(store, new=cell("rag"))
    asked.cells["new"].swept = {"lora.target_modules": "[q_proj,v_proj]", "arm.template.user": "[INST] {q} [/INST]"}
    print_plan(asked, 1)
    text = "".join(capsys.readouterr().out.split())
    assert "[q_proj,v_proj]" in text
    assert "[/INST]" in text


def test_with_nothing_to_run_it_says_so(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    print_plan(study(store, rag=cell("rag")), 2)
    text = capsys.readouterr().out
    assert "1 cells, 0 to run: about 0 s of work." in text
    assert "at a time" not in text
    assert "MiB in the store now." in text


@pytest.mark.parametrize(
    ("at_a_time", "said"),
    [
        (2, "With 2 cells at a time that is about 4 min."),
        # No cell is shared, so the longest one is what it takes.
        (8, "With 8 cells at a time that is about 3 min."),
        (None, "How many run at a time is for the launcher to say."),
    ],
)
def test_the_time_is_also_that_of_cells_side_by_side(
    store: Store,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    at_a_time: int | None,
    said: str,
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    print_plan(study(store, **{name: cell("finetune", name, steps=50) for name in ("a", "b", "c")}), at_a_time)
    assert f"3 to run: about 8 min of work. {said}" in capsys.readouterr().out


def test_a_cell_whose_answers_are_gone_is_not_cached_as_the_run_says_too(store: Store) -> None:
    (store.cell("f0") / "items.jsonl").unlink()
    asked = study(store, f0=cell("finetune", "adapter-f0"), f1=cell("finetune", "adapter-f1"))
    found = planned(asked, store)
    assert [found[name].cached for name in ("f0", "f1")] == [False, True]
    with pytest.raises(UserError) as refused:
        to_run(store, asked.cells)
    assert str(found["f0"].problem) in str(refused.value)


def test_disk_is_what_like_adapters_and_cells_take(
    store: Store, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    for number, mib in enumerate((2, 3, 40)):
        (put_adapter(store, f"adapter-f{number}") / "adapter_model.safetensors").write_bytes(bytes(mib * 2**20))
    (store.cell("rag") / "items.jsonl").write_bytes(bytes(2**19))
    print_plan(study(store, new=cell("finetune", "a"), shares=cell("finetune", "a"), stands=cell("rag", items=4)), 1)
    assert "Disk: 46 MiB in the store now, about 5.0 MiB more for what is missing." in capsys.readouterr().out
    asked = {
        "new": cell("finetune", "a"),
        "with checkpoints": cell("finetune", "b", checkpoints=(10, 20)),
        "other base": cell("finetune", "c", model="large"),
        "other arm": cell("oracle"),
    }
    print_plan(study(store, **asked), 1)
    told = "about 3.0 MiB more for what is missing, and 2 adapters and 1 cells whose like is not there."
    assert told in capsys.readouterr().out
    print_plan(study(store, other=cell("oracle")), 1)
    assert "in the store now, 1 cells whose like is not there." in capsys.readouterr().out
