"""``plan=true``: what would be run, and what it would cost."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from andraeus.training.loop import planned_steps
from experiments.choice import model_of
from experiments.store import Store
from experiments.watch import duration

if TYPE_CHECKING:
    from rich.table import Table

    from experiments.sweep import Planned, Study

# What a part of a cell's duration depends on: its arm, its base, and the steps of its training (none for answering).
_Like = tuple[str, str | None, int | None]


@dataclass(frozen=True)
class Row:
    """A cell of a plan.

    Attributes:
        planned: The cell, as the study has it.
        cached: Whether it stands as a success.
        trains: Whether it is the one that trains its adapter.
        seconds: What it would take; ``None`` where no like cell has been run here.
        problem: What is wrong with it in the store, and what to do.
    """

    planned: "Planned"
    cached: bool
    trains: bool
    seconds: float | None
    problem: str | None = None


def print_plan(study: "Study") -> None:
    """Print a study's cells, cached and missing, with expected time and disk."""
    from rich.console import Console

    store = Store(study.config.paths.store)
    found = rows(study, store)
    console = Console()
    console.print(_table(study.name, found))
    missing = [row for row in found if not row.cached]
    known = [row.seconds for row in missing if row.seconds is not None]
    told = [f"about {duration(sum(known))} of work"] if known or not missing else []
    if unknown := len(missing) - len(known):
        told.append(f"{unknown} cells whose like has not been run here")
    console.print(f"{len(found)} cells, {len(missing)} to run: {', and '.join(told)}.")
    adapters = {row.planned.cell.adapter_identity for row in found} - {None}
    trained = sum(row.trains for row in found)
    console.print(f"Adapters: {len(adapters)}, {trained} to train; disk in the store now: {_disk(store):.0f} MiB.")
    for note in [*study.notes, *(row.problem for row in found if row.problem is not None)]:
        console.print(f"Not run: {note}", highlight=False)


def rows(study: "Study", store: Store) -> list[Row]:
    """Return a study's cells with what they would take: the medians of their like in the store, and no guesses.

    Answering takes what it took under the same arm and base, training what took as many steps.
    """
    took, training, found = _took(store), set[str](), []
    for identity, planned in study.cells.items():
        cell, stored = planned.cell, store.look(identity)
        cached = stored.record is not None and stored.record.status == "success"
        adapter, steps = cell.adapter_identity, None
        trains = not cached and adapter is not None and adapter not in training and not store.has_adapter(adapter)
        if trains and adapter is not None:
            training.add(adapter)
            steps = planned_steps(cell.spec.training, len(cell.material.trained))
        like = (cell.arm.name, cell.spec.model.name)
        parts = [took.get((*like, part)) for part in ([None, steps] if trains else [None])]
        known = [statistics.median(part) for part in parts if part is not None]
        seconds = 0.0 if cached else sum(known) if len(known) == len(parts) else None
        found.append(Row(planned, cached, trains, seconds, stored.problem))
    return found


def _took(store: Store) -> dict[_Like, list[float]]:
    """Return what answering and training took by what they depend on."""
    took: dict[_Like, list[float]] = {}
    for record in (cell.record for cell in store.cells()):
        if record is None or record.timing is None:
            continue
        arm, model = record.arm, model_of(record)
        took.setdefault((arm, model, None), []).append(record.timing.evaluation_seconds)
        steps = (record.training or {}).get("planned_steps")
        if steps is not None and record.timing.train_seconds is not None:
            took.setdefault((arm, model, steps), []).append(record.timing.train_seconds)
    return took


def _table(name: str, found: Sequence[Row]) -> "Table":
    from rich.table import Table

    table = Table(title=f"Plan of {name}")
    for column in ("arm", "suite", "seed", "overrides", "cell", "adapter", "takes"):
        table.add_column(column)
    for row in found:
        cell, swept = row.planned.cell, row.planned.swept
        overrides = " ".join(f"{k}={v}" for k, v in swept.items() if k not in ("arm", "suite", "seed"))
        seed = "–" if cell.seed is None else str(cell.seed)
        adapter = "–" if cell.adapter_identity is None else "to train" if row.trains else "cached"
        takes = "–" if row.cached else "?" if row.seconds is None else duration(row.seconds)
        state = "cached" if row.cached else "missing"
        table.add_row(cell.arm.name, cell.suite.name, seed, overrides, state, adapter, takes)
    return table


def _disk(store: Store) -> float:
    if not store.root.is_dir():
        return 0.0
    return sum(p.stat().st_size for p in store.root.rglob("*") if p.is_file()) / 2**20
