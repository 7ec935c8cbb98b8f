"""How long cells take: what there is to do in each, and what as much took in those that are done."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from andraeus.training.loop import planned_steps
from experiments.record import Record
from experiments.store import Store

if TYPE_CHECKING:
    from experiments.cell import Cell
    from experiments.sweep import Planned

# Seconds of each part of a cell's work: training, answering, and all else, such as loading the model.
Took = tuple[float, float, float]
# Seconds that one of each part takes; None where nothing tells.
Pace = tuple[float | None, ...]


@dataclass(frozen=True)
class Work:
    """What there is to do in a cell, on which its duration depends.

    Attributes:
        kind: What decides how fast it is done: the arm, the model, how that is quantised, and the device.
        rows: Rows that training sees, repeats counted; 0 where the adapter stands or another cell trains it.
        items: Questions asked.
    """

    kind: Hashable
    rows: int
    items: int

    @property
    def amounts(self) -> tuple[int, int, int]:
        """How much there is of each part: training, answering, and all else."""
        return self.rows, self.items, 1


def work_in(cells: Mapping[str, "Planned"], store: Store, missing: Iterable[str]) -> dict[str, Work]:
    """Return what there is to do in each missing cell; of those that share an adapter the first is to train it."""
    work: dict[str, Work] = {}
    training: set[str] = set()
    for identity in missing:
        cell = cells[identity].cell
        adapter, rows = cell.adapter_identity, 0
        if adapter is not None and adapter not in training and not store.has_adapter(adapter):
            training.add(adapter)
            rows = _rows_to_train(cell)
        spec = cell.spec
        kind = (cell.arm.name, cell.files.weights_hash, str(spec.quantization.kind), str(spec.device))
        work[identity] = Work(kind, rows, len(cell.items))
    return work


def _rows_to_train(cell: "Cell") -> int:
    recipe, rows = cell.spec.training, len(cell.material.trained)
    return _rows_seen(planned_steps(recipe, rows), recipe.batch_size * recipe.accumulation, rows)


def _rows_seen(steps: int, of_step: int, rows: int) -> int:
    """Return how many rows training sees at most, repeats counted."""
    return steps * min(of_step, rows)


def done(records: Iterable[Record]) -> list[tuple[Work, Took]]:
    """Return what there was to do in cells that were run, and what it took; each adapter's training counts once."""
    found: list[tuple[Work, Took]] = []
    trained: set[str | None] = set()
    for record in records:
        if record.made is None or record.timing is None:
            continue
        training = None if record.adapter in trained else record.training
        trained.add(record.adapter)
        try:
            found.append(_done(record, record.made, training))
        except (KeyError, TypeError):
            # A record of before all of this was noted tells nothing of it.
            continue
    return found


def _done(record: Record, config: Mapping[str, Any], training: Mapping[str, Any] | None) -> tuple[Work, Took]:
    assert record.timing is not None
    recipe, rows = config["training"], 0
    if training is not None:
        of_step = recipe["batch_size"] * recipe["accumulation"]
        rows = _rows_seen(training["planned_steps"], of_step, training["rows"])
    kind = (record.arm, record.provenance["model"]["weights"], config["quantization"]["kind"], config["device"])
    whole, seconds = _whole(record), record.timing.train_seconds or 0.0
    # It tells the adapter's training also where it found that; a cell that trained took longer than that alone.
    waited = whole >= seconds + record.timing.evaluation_seconds
    _, answering, rest = parts(record, trained=waited)
    return Work(kind, rows, record.n_items or 0), (seconds if rows else 0.0, answering, rest)


def parts(record: Record, *, trained: bool) -> Took:
    """Return the seconds a cell took to train, to answer, and for all else."""
    # Every cell of an adapter says what its training took, also one that found it.
    training = (record.timing.train_seconds or 0.0) if record.timing and trained else 0.0
    answering = record.timing.evaluation_seconds if record.timing else 0.0
    return training, answering, max(_whole(record) - training - answering, 0.0)


def _whole(record: Record) -> float:
    return ((record.finished or record.started) - record.started).total_seconds()


def pace(cells: Iterable[tuple[Work, Took]]) -> Pace:
    """Return what one of each part took: a row, an item, and all else of a cell."""
    told = list(cells)
    amounts = [sum(work.amounts[part] for work, _ in told) for part in range(3)]
    return tuple(sum(took[part] for _, took in told) / n if n else None for part, n in enumerate(amounts))


def paces(cells: Iterable[tuple[Work, Took]]) -> dict[Hashable, Pace]:
    """Return the pace of each kind of cells."""
    kinds: dict[Hashable, list[tuple[Work, Took]]] = {}
    for work, took in cells:
        kinds.setdefault(work.kind, []).append((work, took))
    return {kind: pace(found) for kind, found in kinds.items()}


def expected(work: Work, pace: Pace) -> float | None:
    """Return about how long work takes at a pace; ``None`` where that lacks a part of it."""
    told = [(amount, rate) for amount, rate in zip(work.amounts, pace, strict=True) if amount]
    known = [amount * rate for amount, rate in told if rate is not None]
    return sum(known) if len(known) == len(told) else None
