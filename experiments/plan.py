"""``plan=true``: what would be run, and what it would cost."""

import statistics
from typing import TYPE_CHECKING

from experiments.record import Record
from experiments.store import Store

if TYPE_CHECKING:
    from experiments.sweep import Study


def print_plan(study: "Study") -> None:
    """Print a study's cells, cached and missing, with expected time and disk.

    Times are medians of like cells in the store (same arm, else none: nothing is guessed).
    """
    from rich.console import Console
    from rich.table import Table

    store = Store(study.config.paths.store)
    past = _past(store)
    adapters: dict[str, bool] = {}
    table = Table(title=f"Plan of {study.name}")
    for column in ("arm", "suite", "seed", "overrides", "cell", "adapter", "seconds"):
        table.add_column(column)
    total, unknown, missing = 0.0, 0, 0
    for identity, planned in study.cells.items():
        cell = planned.cell
        stored = store.look(identity)
        record = stored.record
        study.notes += [stored.problem] if stored.problem is not None else []
        cached = record is not None and record.status == "success"
        missing += not cached
        adapter = "–"
        train = False
        if cell.adapter_identity is not None:
            stands = adapters.get(cell.adapter_identity, store.has_adapter(cell.adapter_identity))
            adapter = "cached" if stands else "to train"
            train = not stands
            adapters[cell.adapter_identity] = True
        seconds = 0.0 if cached else _expected(past, cell.arm.name, train)
        total, unknown = total + (seconds or 0.0), unknown + (seconds is None)
        swept = " ".join(f"{k}={v}" for k, v in planned.swept.items() if k not in ("arm", "suite", "seed"))
        shown = "?" if seconds is None else f"{seconds:.0f}"
        seed = "–" if cell.seed is None else str(cell.seed)
        table.add_row(cell.arm.name, cell.suite.name, seed, swept, "cached" if cached else "missing", adapter, shown)
    console = Console()
    console.print(table)
    known = [f"about {total:.0f} s of work"] if unknown < missing or not missing else []
    more = [f"{unknown} cells whose like has not been run here"] if unknown else []
    console.print(f"{len(study.cells)} cells, {missing} to run: {', and '.join(known + more)}.")
    console.print(f"Adapters: {len(adapters)}; disk in the store now: {_disk(store):.0f} MiB.")
    for note in study.notes:
        console.print(f"Not run: {note}")


def _past(store: Store) -> list[Record]:
    return [c.record for c in store.cells() if c.record is not None and c.record.timing is not None]


def _expected(past: list[Record], arm: str, train: bool) -> float | None:
    like = [r.timing for r in past if r.arm == arm and r.timing is not None]
    if not like:
        return None
    trained = [t.train_seconds for t in like if t.train_seconds]
    seconds = statistics.median(t.evaluation_seconds for t in like)
    return seconds + (statistics.median(trained) if train and trained else 0.0)


def _disk(store: Store) -> float:
    if not store.root.is_dir():
        return 0.0
    return sum(p.stat().st_size for p in store.root.rglob("*") if p.is_file()) / 2**20
