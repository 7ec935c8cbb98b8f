"""A store's cells as pandas frames, for whatever the tables and figures do not show.

from experiments.frames import cells, items

done = cells("store", "status=success", "lora=r4,r16")
done.groupby(["lora.r", "seed"])["accuracy"].mean()
answers = items("store", "arm=finetune", "suite=heldout")
answers[answers["score"] == 0][["question", "expected", "answer"]]
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from andraeus.errors import UserError
from evaluation.groups import is_right
from experiments.choice import choose, config_of, differs_from_file, file_of, model_of, shapes_adapters
from experiments.record import Record, Timing
from experiments.store import Store, Stored

if TYPE_CHECKING:
    import pandas as pd

_TOLD = ("cell", "status", "arm", "suite", "seed", "model", "profile", "adapter", "n_items", "accuracy")
# Groups by whose files a condition is named.
GROUPS = ("facts", "lora", "variations", "tier", "training", "quantization")
_TIMES = ("started", "finished", *Timing.model_fields)
_ITEM = ("cell", "arm", "suite", "seed", "model", "profile", "person", "adapter")


def cells(store: str | Path, *words: str) -> "pd.DataFrame":
    """Open a store's cells, one row a cell.

    Args:
        store: The store's folder (``paths.store``).
        words: Which cells, as `experiments.choice.choose` reads them (``arm=finetune``, ``lora=r16``); all without any.

    Returns:
        A frame with the columns

        - ``cell`` (its hash), ``status`` (started, success, failed, or unreadable), ``arm``, ``suite``, ``seed``
          (missing for an arm without randomness), ``model``, ``profile`` and ``adapter`` (hashes), ``n_items``;
        - ``facts``, ``lora``, ``variations``, ``tier``, ``training``, ``quantization``: the file of that group with
          which it was first run (``r16``), whatever single knobs were changed; ``lora``, ``variations`` and
          ``training`` are missing for an arm without an adapter;
        - ``changed``: those of these groups, with commas, of which single knobs were;
        - ``accuracy``: graded now, by this version's grader;
        - ``started``, ``finished``, ``train_seconds``, ``evaluation_seconds``, ``latency_p50`` (``p90``, ``p99``),
          ``peak_memory_mib``;
        - ``error``: the last line of what a cell failed of, or why it cannot be read;
        - one column for each knob of the configuration under which it was first run, by its dotted name
          (``lora.r``, ``training.steps``, ``facts.path``).

    Raises:
        UserError: There is no store, or a word chooses nothing that exists.
    """
    import pandas as pd

    place = open_store(store)
    rows = [_cell_row(place, cell) for cell in _chosen(place, words)]
    columns = dict.fromkeys([*_TOLD, *GROUPS, "changed", *_TIMES, "error", *(key for row in rows for key in row)])
    # As objects, so that a knob's 16 stays 16 where another cell has none.
    frame = pd.DataFrame(rows, columns=list(columns), dtype=object)
    numbers = dict.fromkeys(("accuracy", *Timing.model_fields), "float") | dict.fromkeys(("seed", "n_items"), "Int64")
    times = {name: pd.to_datetime(frame[name], utc=True) for name in ("started", "finished")}
    return frame.astype(numbers).assign(**times)


def items(store: str | Path, *words: str) -> "pd.DataFrame":
    """Open what a store's finished cells asked, one row an item, graded now.

    Args:
        store: The store's folder (``paths.store``).
        words: Which cells, as `experiments.choice.choose` reads them; all without any.

    Returns:
        A frame with the columns ``cell``, ``arm``, ``suite``, ``seed``, ``model``, ``profile``, ``person`` (the same
        for ten and for fifty facts of a drawn person), ``adapter``, all that stands in items.jsonl (``item``, ``fact``,
        ``tier``, ``family``, ``question``, ``expected``, ``answer``, …) and ``score`` (1 where the answer is right). It
        is what ``evaluation.statistics`` takes.

    Raises:
        UserError: There is no store, a word chooses nothing that exists, or a chosen cell's items are damaged.
    """
    import pandas as pd

    place = open_store(store)
    rows = [row for cell in _chosen(place, words) for row in _item_rows(place, cell)]
    columns = dict.fromkeys([*_ITEM, "item", "fact", "score", *(key for row in rows for key in row)])
    return pd.DataFrame(rows, columns=list(columns)).astype({"seed": "Int64"})


def open_store(folder: str | Path) -> Store:
    """Return the store in a folder.

    Raises:
        UserError: There is none.
    """
    store = Store(folder)
    if not (store.root / "cells").is_dir():
        raise UserError(f"There is no store at {folder}: run andraeus first, or name it with --store.")
    return store


def flat(config: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield a configuration's knobs by their dotted names."""
    for key, value in config.items():
        if isinstance(value, Mapping) and value:
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _chosen(store: Store, words: Sequence[str]) -> list[Stored]:
    """Return the cells that fit; their answers are looked at before, where it is asked how cells stand."""
    cells = store.cells()
    if any(word.startswith("status=") for word in words):
        cells = [store.whole(cell) for cell in cells]
    return choose(cells, words)


def _cell_row(store: Store, cell: Stored) -> dict[str, Any]:
    cell = store.whole(cell)
    record, problem, accuracy = cell.record, cell.problem, None
    if record is None:
        return {"cell": cell.identity, "status": cell.status, "error": None if problem is None else str(problem)}
    if cell.status == "success":
        graded = [is_right(item) for item in store.items(record)]
        accuracy = sum(graded) / len(graded)
    timing = record.timing.model_dump() if record.timing is not None else {}
    times = {"started": record.started, "finished": record.finished, **timing}
    wrong = record.failed_of if problem is None else str(problem)
    told = {"cell": cell.identity, **_named(record), "status": cell.status, "n_items": record.n_items}
    told["accuracy"] = accuracy
    groups = {group: file_of(record, group) for group in GROUPS}
    if record.adapter is None:
        groups |= dict.fromkeys(filter(shapes_adapters, GROUPS))
    groups["changed"] = ",".join(name for name in GROUPS if groups[name] and differs_from_file(record, name))
    return {**dict(flat(config_of(record))), **groups, **told, **times, "error": wrong}


def _item_rows(store: Store, cell: Stored) -> Iterator[dict[str, Any]]:
    record = cell.record
    if record is None or record.status != "success":
        return
    for item in store.items(record):
        told = {"item": item["id"], **{key: value for key, value in item.items() if key != "id"}}
        yield {"cell": cell.identity, **_named(record), "person": record.person, **told, "score": float(is_right(item))}


def _named(record: Record) -> dict[str, Any]:
    told = {key: getattr(record, key) for key in ("arm", "suite", "seed", "profile", "adapter")}
    return {**told, "model": model_of(record)}
