"""Removing from a store what nothing needs; never what somebody holds a lock on."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from andraeus.errors import UserError
from andraeus.files import remove_folder, writing
from experiments.frames import open_store
from experiments.record import Foreign, OutOfReach, Unreadable
from experiments.store import Store, Stored, size_of

KINDS = {
    "failed": "failed cells; their next run makes them anew",
    "started": "cells whose process died",
    "unreadable": "cells that are damaged",
    "foreign": "cells that another version of this program wrote, and can still read",
    "adapters": "adapters that no cell names, not even a failed one",
    "partial": "what processes were writing when they died",
}
# Gone only where they are named: answers may still be in them.
_NAMED_ONLY = ("unreadable", "foreign")
# A kind that never goes.
_OUT_OF_REACH = "out of reach"


@dataclass(frozen=True)
class Spare:
    """Something in the store that may go.

    Attributes:
        kind: One of `KINDS`, or that it cannot be read now.
        path: Its folder or file.
        why: What is wrong with it, in a few words.
    """

    kind: str
    path: Path
    why: str


def prune(folder: str | Path, kinds: Sequence[str], *, do: bool) -> list[Spare]:
    """Remove what nothing needs, or say what that is.

    An adapter is kept as long as any cell names it, also one that is pruned along with it: training is dear, and a
    failed cell's next run finds its adapter. So adapters of failed cells go with the prune after theirs.

    Args:
        folder: The store's folder.
        kinds: Some of `KINDS`; none are all of them that hold no answers.
        do: Remove it; else it is listed only.

    Returns:
        What was removed, or would be.

    Raises:
        UserError: There is no store, no such kind, or the store is read-only.
    """
    store = open_store(folder)
    if wrong := [kind for kind in kinds if kind not in KINDS]:
        raise UserError(f"{', '.join(wrong)} cannot be pruned: choose among {', '.join(KINDS)}.")
    chosen = kinds or [kind for kind in KINDS if kind not in _NAMED_ONLY]
    gone = []
    # All are found before any goes.
    found = list(find(store))
    for spare in found:
        if spare.kind == _OUT_OF_REACH:
            print(f"kept  {spare.why}")
        if spare.kind not in chosen:
            continue
        size = size_of(spare.path)
        if not do or _remove(store, spare):
            gone.append(spare)
            print(f"{spare.kind}  {spare.path}  {size / 2**20:.1f} MiB  {spare.why}")
    if do:
        print(f"{len(gone)} removed.")
    else:
        print(f"{len(gone)} would be removed: add --yes to do it. {_legend({spare.kind for spare in gone})}".rstrip())
    if not kinds and (kept := Counter(spare.kind for spare in found if spare.kind in _NAMED_ONLY)):
        told = ", ".join(f"{n} {kind}" for kind, n in kept.items())
        print(f"Kept: {told}. Name them to remove them: andraeusctl results prune {' '.join(kept)} --yes.")
    return gone


def find(store: Store) -> Iterator[Spare]:
    """Yield what nothing needs and nobody holds, and what cannot be read now."""
    cells = store.cells()
    for cell in cells:
        path = store.cell(cell.identity)
        if (spare := _spare_cell(store, cell)) is not None and _free(store, path):
            yield spare
    yield from (Spare("adapters", path, "no cell names it") for path in _unused(store, cells) if _free(store, path))
    yield from _partial(store)


def _spare_cell(store: Store, cell: Stored) -> Spare | None:
    path, cell = store.cell(cell.identity), store.whole(cell)
    if cell.problem is not None:
        return _unreadable(path, cell.problem)
    if cell.record is None:
        return Spare("started", path, "without a record") if path.is_dir() else None
    told = f"{cell.record.arm} · {cell.record.suite}"
    return Spare(cell.status, path, told) if cell.status != "success" else None


def _unreadable(path: Path, problem: Unreadable) -> Spare:
    kinds = {Foreign: "foreign", OutOfReach: _OUT_OF_REACH}
    return Spare(kinds.get(type(problem), "unreadable"), path, str(problem))


def _unused(store: Store, cells: Sequence[Stored]) -> list[Path]:
    """Return the adapters that no cell names; none where a record is out of reach, which may name any."""
    if any(isinstance(cell.problem, OutOfReach) for cell in cells):
        return []
    used = {_adapter(store, cell) for cell in cells}
    return [p for p in sorted((store.root / "adapters").glob("[!.]*")) if p.is_dir() and p.name not in used]


def _adapter(store: Store, cell: Stored) -> str | None:
    """Return the adapter that a cell names, also one whose record another version of this program reads."""
    if cell.record is not None:
        return cell.record.adapter
    try:
        told = json.loads((store.cell(cell.identity) / "record.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return told.get("adapter") if isinstance(told, dict) else None


def _partial(store: Store) -> Iterator[Spare]:
    """Yield what was being written when its writer died: nobody who writes is without a lock."""
    for folder, within in ((store.root / "adapters", ".*.json.*"), (store.root / "cells", "[!.]*/.*.*")):
        # Listed before the locks are tried: what begins afterwards is not in the list.
        found = sorted([*folder.glob(".partial-*"), *folder.glob(within)])
        if found and all(_free(store, folder / lock.name[1 : -len(".lock")]) for lock in folder.glob(".*.lock")):
            yield from (Spare("partial", path, "its writer died") for path in found)


def _free(store: Store, folder: Path) -> bool:
    with store.lock_if_free(folder) as free:
        return free


def _remove(store: Store, spare: Spare) -> bool:
    """Remove something unless somebody holds it, or it is needed by now; return whether it is gone."""
    if spare.kind == "partial":
        with writing(spare.path):
            if spare.path.is_dir():
                remove_folder(spare.path)
            else:
                spare.path.unlink(missing_ok=True)
        return True
    with ExitStack() as held:
        if not held.enter_context(store.lock_if_free(spare.path)):
            return False
        # Under the lock nothing changes any more: a cell names its adapter before it waits for that lock.
        if not _still_spare(store, spare):
            return False
        remove_folder(spare.path)
        if spare.kind == "adapters":
            with writing(spare.path):
                spare.path.with_name(f"{spare.path.name}.json").unlink(missing_ok=True)
    return True


def _still_spare(store: Store, spare: Spare) -> bool:
    """Return whether what was found spare is so now: only that is read, and for an adapter what cells name by now."""
    if spare.kind == "adapters":
        return spare.path in _unused(store, store.cells())
    now = _spare_cell(store, store.look(spare.path.name))
    return now is not None and now.kind == spare.kind


def _legend(kinds: set[str]) -> str:
    return " ".join(f"{kind}: {told}." for kind, told in KINDS.items() if kind in kinds)
