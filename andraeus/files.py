"""Atomic writes: a reader sees the whole of a file or folder, or nothing."""

import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from andraeus.errors import UserError


class CannotWrite(UserError):
    """The system refused to write something: a full disk, a store that may only be read."""


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say in words that the system refused to write ``path``.

    Raises:
        CannotWrite: In place of the system's own error.
    """
    try:
        yield
    except OSError as error:
        raise CannotWrite(
            f"{path} cannot be written ({error.strerror or error}): free the disk, or write elsewhere "
            "(paths.store, paths.results)."
        ) from error


def check_writable(folder: Path) -> None:
    """Try whether anything may be written into a folder, or where it would be made; nothing is left there.

    Raises:
        CannotWrite: The system refused.
    """
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    with writing(folder), tempfile.TemporaryFile(dir=there):
        pass


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically (a temporary file beside it, synced, then renamed)."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file atomically; what stood there stays until the new content is complete.

    Raises:
        CannotWrite: The system refused.
    """
    scratch = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            # Made as any file is, and not by tempfile: who may read it is for the user's umask to say.
            with scratch.open("xb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(scratch, path)
        except BaseException:
            scratch.unlink(missing_ok=True)
            raise


def write_json(path: Path, value: Any) -> None:
    """Write readable JSON atomically; NaN and infinity are refused."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Yield a scratch folder that becomes ``path`` when the block ends well.

    A folder that already stands at ``path`` is replaced. After an exception (also Ctrl-C) it stands as
    it was and nothing is left behind; after ``kill -9`` only a hidden ``.partial-`` folder, which no
    reader looks at.

    Raises:
        CannotWrite: The system refused.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = _partial(path)
    try:
        yield scratch
        with writing(path):
            _replace_folder(scratch, path)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise


def remove_folder(path: Path) -> None:
    """Remove a folder; a reader sees the whole of it, or nothing.

    Raises:
        CannotWrite: The system refused.
    """
    with writing(path):
        aside = _partial(path)
        os.replace(path, aside)
        shutil.rmtree(aside)


def _replace_folder(scratch: Path, path: Path) -> None:
    """Move a folder to where another may stand; that one is put back if the move is refused."""
    if not path.exists():
        os.replace(scratch, path)
        return
    aside = _partial(path)
    try:
        os.replace(path, aside)
        try:
            os.replace(scratch, path)
        except BaseException:
            os.replace(aside, path)
            raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _partial(path: Path) -> Path:
    """Make a hidden folder beside a path, as the user's umask says."""
    folder = path.with_name(f".partial-{secrets.token_hex(8)}")
    folder.mkdir()
    return folder
