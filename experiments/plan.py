"""``plan=true``: what would be run, and what it would cost."""

import dataclasses
import statistics
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from andraeus.hashing import canonical_json
from experiments.pace import done, expected, paces, work_in
from experiments.record import Record
from experiments.standing import looked_at
from experiments.store import Store, size_of
from experiments.watch import duration

if TYPE_CHECKING:
    from rich.table import Table

    from experiments.cell import Cell
    from experiments.sweep import Planned, Study

# What of an adapter's shape takes no room.
_ROOMLESS = ("alpha", "dropout")


@dataclass(frozen=True)
class Row:
    """A cell of a plan.

    Attributes:
        planned: The cell, as the study has it.
        cached: Whether it stands as a success, with its answers.
        trains: Whether it is the one that trains its adapter.
        seconds: What it would take; ``None`` where no like cell has been run here.
        problem: What is wrong with it in the store, and what to do.
    """

    planned: "Planned"
    cached: bool
    trains: bool
    seconds: float | None
    problem: str | None = None


def print_plan(study: "Study", at_a_time: int | None) -> None:
    """Print a study's cells, cached and missing, with expected time and disk.

    Args:
        study: What would be run.
        at_a_time: How many cells its launcher runs at a time; ``None`` where that is not known.
    """
    from rich.console import Console

    store = Store(study.config.paths.store)
    records = [cell.record for cell in store.cells() if cell.record is not None]
    found = rows(study, store, records)
    console = Console()
    console.print(_table(study.name, found, store))
    console.print(f"{len(found)} cells, {_time(found, at_a_time)}", highlight=False)
    adapters = {row.planned.cell.adapter_identity for row in found} - {None}
    console.print(f"Adapters: {len(adapters)}, {sum(row.trains for row in found)} to train.")
    console.print(f"Disk: {_mib(size_of(store.root))} in the store now{_room(found, store, records)}.", highlight=False)
    for note in [*study.notes, *(row.problem for row in found if row.problem is not None)]:
        console.print(f"Not run: {note}", highlight=False, markup=False)


def rows(study: "Study", store: Store, records: Iterable[Record]) -> list[Row]:
    """Return a study's cells with what they would take at the pace of their like in the store, and no guesses.

    Their like are cells of the same arm, base, quantisation and device (`experiments.pace.Work`).
    """
    missing, problems = looked_at(store, study.cells)
    work = work_in(study.cells, store, [i for i in study.cells if i in {*missing, *problems}])
    pace = paces(done(records))
    found = []
    for identity, planned in study.cells.items():
        if (asked := work.get(identity)) is None:
            found.append(Row(planned, cached=True, trains=False, seconds=0.0))
            continue
        took = expected(asked, pace[asked.kind]) if asked.kind in pace else None
        found.append(Row(planned, False, asked.rows > 0, took, problems.get(identity)))
    return found


def _time(found: Sequence[Row], at_a_time: int | None) -> str:
    """Say how much work there is, and how long that takes as the launcher runs it."""
    missing = [row.seconds for row in found if not row.cached]
    known = [seconds for seconds in missing if seconds is not None]
    told = [f"about {duration(sum(known))} of work"] if known or not missing else []
    if unknown := len(missing) - len(known):
        told.append(f"{unknown} cells whose like has not been run here")
    text = f"{len(missing)} to run: {', and '.join(told)}."
    if not known:
        return text
    if at_a_time is None:
        return f"{text} How many run at a time is for the launcher to say."
    if at_a_time == 1:
        return f"{text} They run one after the other."
    # No cell is shared among processes.
    wall = max(sum(known) / at_a_time, *known)
    return f"{text} With {at_a_time} cells at a time that is about {duration(wall)}."


def _room(found: Sequence[Row], store: Store, records: Sequence[Record]) -> str:
    """Say what the missing adapters and cells will take on disk, as much as their like in the store do."""
    missing = [row.planned.cell for row in found if not row.cached]
    if not missing:
        return ""
    adapters, items = _adapter_sizes(store, records), _item_sizes(store, records)
    trained = [row.planned.cell for row in found if row.trains]
    sizes = {
        "adapters": [adapters.get(_kind_to_train(cell)) for cell in trained],
        "cells": [items[c.arm.name] * len(c.items) if c.arm.name in items else None for c in missing],
    }
    known = [size for told in sizes.values() for size in told if size is not None]
    unknown = [f"{n} {name}" for name, told in sizes.items() if (n := told.count(None))]
    parts = [f"about {_mib(sum(known))} more for what is missing"] if known else []
    parts += [f"{' and '.join(unknown)} whose like is not there"] if unknown else []
    return f", {', and '.join(parts)}"


def _adapter_sizes(store: Store, records: Iterable[Record]) -> dict[Hashable, float]:
    """Return the median bytes of adapters that cells name, by what decides them."""
    kinds: dict[str, Hashable] = {}
    for record in records:
        if record.adapter is None or record.made is None or not store.has_adapter(record.adapter):
            continue
        recipe, model = record.made.get("training", {}), record.provenance.get("model", {})
        told = model.get("weights"), record.made.get("lora", {}), recipe.get("checkpoints", ())
        kinds[record.adapter] = _adapter_kind(*told)
    return _medians((kind, size_of(store.adapter(adapter))) for adapter, kind in kinds.items())


def _kind_to_train(cell: "Cell") -> Hashable:
    spec = cell.spec
    return _adapter_kind(cell.files.weights_hash, dataclasses.asdict(spec.lora), spec.training.checkpoints)


def _adapter_kind(weights: str | None, lora: Mapping[str, Any], checkpoints: Sequence[int]) -> Hashable:
    """Return what decides an adapter's size: its base, its shape, and how many checkpoints lie inside."""
    shape = {key: value for key, value in lora.items() if key not in _ROOMLESS}
    return canonical_json([weights, shape, len(checkpoints)])


def _item_sizes(store: Store, records: Iterable[Record]) -> dict[Hashable, float]:
    """Return the median bytes an item of cells, by their arm."""
    return _medians((r.arm, size_of(store.cell(r.identity)) / r.n_items) for r in records if r.n_items)


def _medians(found: Iterable[tuple[Hashable, float]]) -> dict[Hashable, float]:
    by: dict[Hashable, list[float]] = {}
    for key, value in found:
        by.setdefault(key, []).append(value)
    return {key: statistics.median(values) for key, values in by.items()}


def _mib(size: float) -> str:
    return f"{size / 2**20:.1f} MiB" if size < 10 * 2**20 else f"{size / 2**20:.0f} MiB"


def _adapter(row: Row, store: Store) -> str:
    """Say where a cell's adapter comes from."""
    identity = row.planned.cell.adapter_identity
    if identity is None:
        return "–"
    if row.trains:
        return "to train"
    return "cached" if row.cached or store.has_adapter(identity) else "another cell's"


def _table(name: str, found: Sequence[Row], store: Store) -> "Table":
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=f"Plan of {escape(name)}")
    for column in ("arm", "suite", "seed", "overrides", "cell", "adapter", "takes"):
        table.add_column(column)
    for row in found:
        cell, swept = row.planned.cell, row.planned.swept
        overrides = " ".join(f"{k}={v}" for k, v in swept.items() if k not in ("arm", "suite", "seed"))
        seed = "–" if cell.seed is None else str(cell.seed)
        adapter = _adapter(row, store)
        takes = "–" if row.cached else "?" if row.seconds is None else duration(row.seconds)
        state = "cached" if row.cached else "missing"
        table.add_row(*map(escape, (cell.arm.name, cell.suite.name, seed, overrides, state, adapter, takes)))
    return table
