"""The paired difference of two conditions or two cells, on the questions that both answered."""

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from andraeus.errors import UserError
from andraeus.hashing import canonical_json
from experiments.choice import choose, config_of, shapes_adapters
from experiments.commands import wide_console
from experiments.frames import flat, items, open_store
from experiments.record import Record
from experiments.schema import CROSSED, STATED, WRITTEN

if TYPE_CHECKING:
    import pandas as pd

    from evaluation.statistics.contrast import Contrast

# Whole groups and single knobs that make no condition: what changes no answer, whose facts are asked about, and the
# suite, since each is compared by itself. facts.n stays: how many facts there are is a condition.
_IGNORED = (*WRITTEN, *STATED, *CROSSED, "facts._target_", "facts.blind", "suite", "model.path")


def compare(a: "pd.DataFrame", b: "pd.DataFrame") -> "dict[str, Contrast]":
    """Compare two sets of graded items, suite by suite.

    Args:
        a: Items as `experiments.frames.items` returns them.
        b: The same for the other side.

    Returns:
        For each suite that both were asked, the mean of a minus the mean of b on the questions both answered.
    """
    from evaluation.statistics.contrast import paired_difference

    suites = sorted(set(a["suite"]) & set(b["suite"]))
    return {suite: paired_difference(_asked(a, suite), _asked(b, suite)) for suite in suites}


def print_comparison(store: str, a: str, b: str, words: Sequence[str]) -> None:
    """Print what `compare` finds for two sides that are chosen in words.

    Args:
        store: The store's folder.
        a: A cell's hash (its beginning), or words that choose cells, as one text.
        b: The same for the other side.
        words: What both sides are further chosen by.

    Raises:
        UserError: A side has no finished cell, or cells of several conditions, or nothing pairs.
    """
    from rich.markup import escape
    from rich.table import Table

    frames = [_side(store, side, words) for side in (a, b)]
    found = compare(*frames)
    if not found:
        asked = [", ".join(sorted(set(frame["suite"]))) for frame in frames]
        raise UserError(f"No suite was asked of both: {a} has {asked[0]}, {b} has {asked[1]}.")
    if not any(contrast.n_items for contrast in found.values()):
        raise UserError(
            f"No question was asked of both {a} and {b} (under one seed, where both have seeds): they are about other "
            "people, or a facts file that was changed in between. Choose sides that share their facts and seeds."
        )
    table = Table()
    for column in ("suite", "a", "b", "a − b [95 %]", "p", "could have found", "pairs", "it speaks for"):
        table.add_column(column, overflow="fold")
    for suite, contrast in found.items():
        table.add_row(escape(suite), *(_mean(frame, suite) for frame in frames), *_told(contrast))
    console = wide_console()
    console.print(f"a: {a} ({_counted(frames[0])})\nb: {b} ({_counted(frames[1])})", markup=False)
    console.print(table)
    for suite in (suite for suite, contrast in found.items() if not contrast.n_items):
        console.print(f"{suite}: no question was asked of both.", markup=False)
    console.print(
        "Accuracy and differences in percent and points. Chosen after the run, and p is not adjusted: exploratory."
    )


def _side(store: str, side: str, words: Sequence[str]) -> "pd.DataFrame":
    chosen = [*(shlex.split(side) if "=" in side else [f"cell={side}"]), *words]
    found = [cell.record for cell in choose(open_store(store).cells(), chosen)]
    # Not by status=success: of cells whose answers are damaged it is to be said.
    records = [record for record in found if record is not None and record.status == "success"]
    if not records:
        raise UserError(f"{side} has no finished cell here: andraeusctl results list shows what there is.")
    if "=" not in side and len(records) > 1:
        raise UserError(f"{side} begins the hashes of {len(records)} cells: write more of it.")
    if differing := _differing(records):
        told = "; ".join(f"{key} is {', '.join(values)}" for key, values in list(differing.items())[:3])
        raise UserError(f"{side} names cells of several conditions: {told}. Add words that tell them apart.")
    return items(store, *chosen)


def _differing(records: Sequence[Record]) -> dict[str, list[str]]:
    """Return what tells the conditions of cells apart, if they are of several."""
    values: dict[str, set[str]] = {}
    for record in records:
        told = {k: v for k, v in flat(config_of(record)) if not {k, k.partition(".")[0]} & {*_IGNORED}}
        if record.adapter is None:
            told = {k: v for k, v in told.items() if not shapes_adapters(k)}
        for key, value in {"arm": record.arm, **told}.items():
            values.setdefault(key, set()).add(value if isinstance(value, str) else canonical_json(value))
    return {key: sorted(found) for key, found in values.items() if len(found) > 1}


def _asked(frame: "pd.DataFrame", suite: str) -> "pd.DataFrame":
    """Return the scores of one suite; a question is the same question where its words are."""
    part = frame[frame["suite"] == suite]
    part = part.assign(profile=part["person"], item=part["item"] + "\n" + part["question"])
    key = ["profile", "fact", "item", "seed"]
    # Cells of one profile and seed (another facts.seed, another suite.per_fact) count as one.
    return part.groupby(key, dropna=False, as_index=False).agg({"score": "mean"})


def _mean(frame: "pd.DataFrame", suite: str) -> str:
    return f"{frame.loc[frame['suite'] == suite, 'score'].mean():.1%}"


def _counted(frame: "pd.DataFrame") -> str:
    return f"cells: {frame['cell'].nunique()}, seeds: {frame['seed'].nunique() or '–'}"


def _told(contrast: "Contrast") -> list[str]:
    from evaluation.report.formats import NOTHING, number, p_value, signed

    def share(value: float | None, write: Any = signed) -> str:
        return NOTHING if value is None else write(value, "accuracy")

    interval = f"{share(contrast.difference)} [{share(contrast.low)}, {share(contrast.high)}]"
    p = NOTHING if contrast.p_value is None else p_value(contrast.p_value)
    pairs = f"{contrast.n_items} ({contrast.n_unpaired} without a partner)" if contrast.n_unpaired else contrast.n_items
    return [interval, p, share(contrast.mde, number), str(pairs), contrast.scope]
