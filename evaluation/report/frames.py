"""Frames of raw values, from which a table is written in every format."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from evaluation.report.rows import Side, value_text

if TYPE_CHECKING:
    import pandas as pd


def frame_of(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> "pd.DataFrame":
    """Return rows as a frame of objects, so that a count beside a null stays an integer and a null stays a null."""
    import pandas as pd

    return pd.DataFrame(
        {name: pd.Series([row[index] for row in rows], dtype=object) for index, name in enumerate(columns)}
    )


def values(side: Side, keys: Sequence[str]) -> list[str | None]:
    """Return a condition's values as text, and ``None`` for the keys that it has not."""
    condition = side[1]
    return [value_text(condition[key]) if key in condition else None for key in keys]
