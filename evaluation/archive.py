"""All cells of a study with their answers in one file, so that its summary can be computed again without the store.

from evaluation.archive import read_cells, write_cells
"""

import dataclasses
import gzip
import json
from collections.abc import Iterable
from pathlib import Path

from andraeus.errors import UserError
from andraeus.files import write_bytes
from evaluation.groups import CellResult, cell_order

NAME = "cells.jsonl.gz"


def write_cells(folder: Path, cells: Iterable[CellResult]) -> Path:
    """Write ``cells.jsonl.gz``, a cell a line with its items; equal cells give equal bytes."""
    lines = [
        json.dumps(dataclasses.asdict(cell), ensure_ascii=False, sort_keys=True)
        for cell in sorted(cells, key=cell_order)
    ]
    path = folder / NAME
    # No time of writing in it.
    write_bytes(path, gzip.compress("".join(f"{line}\n" for line in lines).encode(), mtime=0))
    return path


def read_cells(folder: Path) -> list[CellResult]:
    """Read what `write_cells` wrote.

    Raises:
        UserError: There is no such file, or it is damaged.
    """
    path = folder / NAME
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            cells = [CellResult(**json.loads(line)) for line in lines]
    except (OSError, EOFError, ValueError, TypeError) as error:
        raise UserError(f"{path} is gone or damaged: summarise the study anew, which writes it.") from error
    if not cells:
        raise UserError(f"{path} holds no cells: summarise the study anew, which writes it.")
    return cells
