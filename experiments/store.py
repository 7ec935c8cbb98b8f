"""The store: adapters and cells, each under the hash of its content."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from andraeus.files import writing
from andraeus.hashing import file_sha256
from experiments.record import REMOVE, Record, Unreadable, out_of_reach

UNREADABLE = "unreadable"
# What an item is graded and paired by.
_ASKED = {"id", "fact", "question", "expected", "aliases", "answer_type", "answer"}


@dataclass(frozen=True)
class Stored:
    """A cell that stands in a store.

    Attributes:
        identity: Its content hash, the name of its folder.
        record: Its record; ``None`` where there is none, or none that can be read.
        problem: What is wrong with it and what to do, if it cannot be read.
    """

    identity: str
    record: Record | None
    problem: Unreadable | None = None

    @property
    def status(self) -> str:
        """What became of it; a folder without a record is what a process left that died at its first write."""
        if self.problem is not None:
            return UNREADABLE
        return "started" if self.record is None else self.record.status


class Store:
    """A folder of adapters and cells that several processes may share.

    Args:
        root: The folder; made on first use.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root).expanduser()

    def adapter(self, identity: str) -> Path:
        """Return an adapter's folder; it stands there whole or not at all."""
        return self.root / "adapters" / identity

    def has_adapter(self, identity: str) -> bool:
        """Return whether an adapter stands here."""
        return (self.adapter(identity) / "training.json").is_file()

    def cell(self, identity: str) -> Path:
        """Return a cell's folder."""
        return self.root / "cells" / identity

    def record(self, identity: str) -> Record | None:
        """Return a cell's record, or ``None``.

        Raises:
            Unreadable: There is one, and it cannot be read.
        """
        folder = self.cell(identity)
        record = Record.read(folder)
        if record is not None and record.identity != identity:
            raise Unreadable(f"{folder} holds the record of cell {record.identity}: {REMOVE} and run again.")
        return record

    def cells(self) -> list[Stored]:
        """Return all cells that stand here, by identity, also those that cannot be read."""
        folders = sorted(path for path in (self.root / "cells").glob("[!.]*") if path.is_dir())
        return [self.look(folder.name) for folder in folders]

    def look(self, identity: str) -> Stored:
        """Return a cell as it stands, whether it can be read or not."""
        try:
            return Stored(identity, self.record(identity))
        except Unreadable as error:
            return Stored(identity, None, error)

    def whole(self, cell: Stored) -> Stored:
        """Return a cell with what is wrong with its answers, too: they are looked at here, and not by `cells`."""
        if cell.record is not None and cell.record.status == "success":
            try:
                self.items(cell.record)
            except Unreadable as error:
                return replace(cell, problem=error)
        return cell

    def items(self, record: Record) -> list[dict[str, Any]]:
        """Return what a cell asked and what was answered.

        Raises:
            Unreadable: The file is gone or damaged, or out of reach.
        """
        folder = self.cell(record.identity)
        items = read_items(folder)
        if record.n_items not in (None, len(items)):
            raise Unreadable(
                f"{folder / 'items.jsonl'} holds {len(items)} of {record.n_items} items: {REMOVE} and run again."
            )
        if record.items_hash not in (None, file_sha256(folder / "items.jsonl")):
            raise Unreadable(f"{folder / 'items.jsonl'} was changed after it was written: {REMOVE} and run again.")
        if not all(item.keys() >= _ASKED for item in items):
            raise Unreadable(f"{folder / 'items.jsonl'} holds what is no answered question: {REMOVE} and run again.")
        return items

    def outcome(self, adapter: str) -> dict[str, Any]:
        """Return what an adapter's training came to.

        Raises:
            Unreadable: The file is gone or damaged.
        """
        folder = self.adapter(adapter)
        return _read_json(folder / "training.json", ("steps",), f"delete {folder} and run again")

    def notes(self, adapter: str) -> dict[str, Any] | None:
        """Return how an adapter was made; ``None`` if a process died before it wrote that.

        Raises:
            Unreadable: The file is damaged.
        """
        folder = self.adapter(adapter)
        path = folder.with_name(f"{folder.name}.json")
        remedy = "delete that file (the adapter stays) and run again"
        return _read_json(path, ("seconds", "provenance"), remedy) if path.is_file() else None

    def check_writable(self) -> None:
        """Try whether anything may be written here at all.

        Raises:
            CannotWrite: The store is read-only.
        """
        with self.lock(self.root / "cells"):
            pass

    @contextmanager
    def lock(self, folder: Path) -> Iterator[None]:
        """Hold the lock of an adapter or a cell; the system releases it if the process dies.

        Raises:
            CannotWrite: The store cannot be written.
        """
        with self._lock(folder, -1):
            yield

    @contextmanager
    def lock_if_free(self, folder: Path) -> Iterator[bool]:
        """Hold the lock of an adapter or a cell, or say that somebody else does.

        Yields:
            Whether it is held here.

        Raises:
            CannotWrite: The store cannot be written.
        """
        with self._lock(folder, 0) as held:
            yield held

    @contextmanager
    def _lock(self, folder: Path, patience: float) -> Iterator[bool]:
        from filelock import FileLock, Timeout

        path = folder.with_name(f".{folder.name}.lock")
        lock = FileLock(path, timeout=patience)
        with writing(self.root):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                lock.acquire()
            except Timeout:
                held = False
            else:
                held = True
        try:
            yield held
        finally:
            lock.release()


def read_items(folder: Path) -> list[dict[str, Any]]:
    """Read a cell's items.

    Raises:
        Unreadable: The file is gone or damaged, or out of reach.
    """
    path = folder / "items.jsonl"
    try:
        # Not splitlines(): an answer may hold a separator such as U+2028, which ends no line of the file.
        with path.open(encoding="utf-8") as lines:
            items = [json.loads(line) for line in lines]
        if not items or not all(isinstance(item, dict) for item in items):
            raise ValueError("no items")
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:
        raise Unreadable(f"{path} is gone or damaged: {REMOVE} and run again.") from error
    except OSError as error:
        raise out_of_reach(path, error) from error
    return items


def size_of(path: Path) -> int:
    """Return the bytes of a file, or of all in a folder; what vanishes meanwhile counts nothing."""
    files = [path] if path.is_file() else (Path(folder) / name for folder, _, names in os.walk(path) for name in names)
    return sum(_bytes(file) for file in files)


def _bytes(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def _read_json(path: Path, keys: tuple[str, ...], remedy: str) -> dict[str, Any]:
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
        return {key: read[key] for key in dict.fromkeys([*keys, *read])}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Unreadable(f"{path} is gone or damaged: {remedy}.") from error
