"""Frames of raw values, as tables are made from."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from evaluation.report.rows import Side, value_text

if TYPE_CHECKING:
    import pandas as pd


def frame_of(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> "pd.DataFrame":
    """Return rows as a frame of objects, so that a count beside a null stays an integer and a null stays a null."""
    import pandas as pd

    turned = [(name, [row[index] for row in rows]) for index, name in enumerate(columns)]
    return pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in turned})


def condition_values(side: Side, keys: Iterable[str]) -> list[str | None]:
    """Return the values of condition keys as a person reads them."""
    condition: Mapping[str, Any] = side[1]
    return [value_text(condition[key]) if key in condition else None for key in keys]
