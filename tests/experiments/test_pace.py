"""What there is to do in a cell, and how long as much took."""

import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from andraeus.training.recipe import Recipe
from experiments.pace import Work, done, expected, pace, paces, work_in
from experiments.record import Timing
from experiments.store import Store
from tests.experiments.stored import NOON, put

TRAINED = {"steps": 30, "planned_steps": 40, "rows": 200}
KIND = ("finetune", "tiny", "none", "cpu")
# What training sees under the default recipe.
ROWS = 40 * 16


def ran(store: Store, identity: str, seconds: float, training: float, answering: float, **more: Any) -> None:
    """Write a success of two items that took so long in all, of which training and answering."""
    told = more.pop("told", TRAINED)
    timing = Timing(
        train_seconds=training, evaluation_seconds=answering, latency_p50=None, latency_p90=None, latency_p99=None
    )
    finished = NOON + datetime.timedelta(seconds=seconds)
    put(store, identity, [True, False], **({"timing": timing, "finished": finished, "training": told} | more))


def found(store: Store) -> list[tuple[Work, tuple[float, float, float]]]:
    return done(cell.record for cell in store.cells() if cell.record is not None)


def test_what_there_is_to_do_in_a_cell(tmp_path: Path) -> None:
    def cell(adapter: str | None, rows: int, items: int, weights: str = "tiny", **recipe: Any) -> Any:
        training = Recipe(**({"epochs": 2.0, "batch_size": 16, "least_steps": 1} | recipe))
        spec = SimpleNamespace(training=training, quantization=SimpleNamespace(kind="none"), device="cpu")
        arm = SimpleNamespace(name="finetune" if adapter else "rag")
        files, material = SimpleNamespace(weights_hash=weights), SimpleNamespace(trained=[None] * rows)
        told = {"adapter_identity": adapter, "arm": arm, "spec": spec, "files": files, "material": material}
        return SimpleNamespace(cell=SimpleNamespace(**told, items=[None] * items))

    cells: dict[str, Any] = {
        "ten facts": cell("small", 160, 30),
        "their compositions": cell("small", 160, 5),
        "two hundred facts": cell("large", 3200, 600),
        "other weights": cell("other", 160, 30, weights="gemma"),
        "few rows": cell("few", 5, 3, epochs=None, steps=7, accumulation=4),
        "no adapter": cell(None, 160, 30),
    }
    work = work_in(cells, Store(tmp_path), list(cells))
    assert [(w.rows, w.items) for w in work.values()] == [(320, 30), (0, 5), (6400, 600), (320, 30), (35, 3), (0, 30)]
    assert len({w.kind for w in work.values()}) == 3
    assert work["ten facts"].kind == work["two hundred facts"].kind != work["other weights"].kind


def test_a_stored_cell_tells_its_work_and_what_it_took(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    ran(store, "a", 130, training=100, answering=20, adapter="one")
    # It found that adapter, and tells its training all the same.
    ran(store, "b", 25, training=100, answering=20, adapter="one")
    ran(store, "c", 22, training=0, answering=20, words="quantization=nf4 device=cuda", adapter=None, told=None)
    put(store, "failed")
    ran(store, "later", 130, training=100, answering=20, told={"steps": 40})
    assert found(store) == [
        (Work(KIND, ROWS, 2), (100.0, 20.0, 10.0)),
        (Work(KIND, 0, 2), (0.0, 20.0, 5.0)),
        (Work(("finetune", "tiny", "nf4", "cuda"), 0, 2), (0.0, 20.0, 2.0)),
    ]


def test_a_training_that_was_found_tells_what_it_took_where_its_own_cell_is_gone(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    ran(store, "b", 25, training=100, answering=20)
    assert found(store) == [(Work(KIND, ROWS, 2), (100.0, 20.0, 5.0))]


def test_work_takes_what_its_kind_takes(tmp_path: Path) -> None:
    slow, fast = Work("slow", 10, 10), Work("fast", 10, 20)
    cells = [(slow, (100.0, 50.0, 4.0)), (Work("slow", 30, 0), (100.0, 0.0, 2.0)), (fast, (0.0, 2.0, 1.0))]
    assert paces(cells) == {"slow": (5.0, 5.0, 3.0), "fast": (0.0, 0.1, 1.0)}
    assert pace(cells)[1] == pytest.approx(52 / 30)
    assert expected(Work("slow", 2, 3), paces(cells)["slow"]) == 2 * 5 + 3 * 5 + 3
    answers_only = pace([(Work("rag", 0, 10), (0.0, 20.0, 1.0))])
    assert answers_only == (None, 2.0, 1.0)
    assert expected(Work("rag", 0, 5), answers_only) == 11.0
    assert expected(Work("rag", 1, 5), answers_only) is None
