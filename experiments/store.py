"""The store: adapters and cells, each under the hash of its content."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from andraeus.errors import UserError
from experiments.record import Record


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

    def cell(self, identity: str) -> Path:
        """Return a cell's folder."""
        return self.root / "cells" / identity

    def record(self, identity: str) -> Record | None:
        """Return a cell's record, or ``None``."""
        return Record.read(self.cell(identity))

    @contextmanager
    def lock(self, folder: Path) -> Iterator[None]:
        """Hold the lock of an adapter or a cell; the system releases it if the process dies.

        Raises:
            UserError: The store cannot be written.
        """
        from filelock import FileLock

        path = folder.with_name(f".{folder.name}.lock")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(path)
            lock.acquire()
        except OSError as error:
            raise UserError(
                f"The store {self.root} cannot be written ({error.strerror or error}): "
                "free the disk or choose another paths.store."
            ) from error
        try:
            yield
        finally:
            lock.release()
