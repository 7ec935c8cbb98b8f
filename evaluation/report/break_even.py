"""After how many queries training is cheaper than the context that it saves.

Of an arm that is trained and one that reads its facts in its context, on one suite and at the prices of the config:

    training (money)     T = s / 3600 · h            s: seconds of training (median), h: price of an hour
    a query (money)      q = (k · p + a · w) / 10⁶   k: context tokens, a: answer tokens (means over the suite's items),
                                                     p, w: price of a million of them
    break-even (queries) n = ⌊T / (q_context − q_trained)⌋ + 1, the least n with T + n · q_trained < n · q_context

Where q_context is not above q_trained there is none. The tokens of the bare question are the same for all arms and not
counted; nor are the keeping of adapters and indices, embedding for retrieval, and the making of an adapter that
training starts at.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import fmean, median
from typing import TYPE_CHECKING, Any

from evaluation.report.conditions import accuracy_rows, at_the_end
from evaluation.report.formats import NO_REASON, money, number, reason, spaced
from evaluation.report.frames import condition_values, frame_of
from evaluation.report.rows import Row, Side, Summary, condition_keys, differing, label, side_of, suites_of, value_text
from evaluation.report.shown import Cell, Shown, records

if TYPE_CHECKING:
    import pandas as pd

_KNOWS_NOTHING = "base"  # it reads no facts, and so is no alternative
_MILLION = 10**6
_NOT_TIMED = "its training was not timed"
_PRICED = {
    "per_million_prompt_tokens": "for a million prompt tokens",
    "per_million_answer_tokens": "for a million answer tokens",
    "per_training_hour": "for an hour of training",
}
_NUMBERS = ("train_seconds", "training_cost", "trained_query_cost", "context_query_cost", "break_even")


@dataclass
class Prices:
    """What is paid, for the break-even of training against context.

    Attributes:
        currency: Name of the currency.
        per_million_prompt_tokens: Price of a million tokens read.
        per_million_answer_tokens: Price of a million tokens written.
        per_training_hour: Price of an hour on the machine that trains.
        source: Whose prices they are, and of when; the report says it.
    """

    currency: str = "USD"
    per_million_prompt_tokens: float = 0.0
    per_million_answer_tokens: float = 0.0
    per_training_hour: float = 0.0
    source: str = ""

    def amounts(self) -> tuple[float, ...]:
        """Return the three prices."""
        return self.per_million_prompt_tokens, self.per_million_answer_tokens, self.per_training_hour


@dataclass(frozen=True)
class Pair:
    """A trained arm beside one that reads context, on one suite, in money.

    Attributes:
        trained: The trained arm and its condition.
        context: The other.
        suite: What both were asked.
        accuracies: Of both.
        tokens: Mean context tokens of both.
        answers: Mean answer tokens of both; where those of one are not known, neither's are counted.
        train_seconds: Median over the trained arm's cells.
        training: Cost of one training.
        queries: Cost of one query, of both.
        reasons: Field to why it is ``None``.
    """

    trained: Side
    context: Side
    suite: str
    accuracies: tuple[float | None, float | None]
    tokens: tuple[float | None, float | None]
    answers: tuple[float | None, float | None]
    train_seconds: float | None
    training: float | None
    queries: tuple[float | None, float | None]
    reasons: Mapping[str, str]

    @property
    def break_even(self) -> float | None:
        """Return the first number of queries at which training is cheaper; infinity where it never is."""
        trained, context = self.queries
        if self.training is None or trained is None or context is None:
            return None
        return break_even(self.training, trained, context)


def break_even(training: float, trained_query: float, context_query: float) -> float:
    """Return the least whole number of queries after which training and asking cost less than reading context.

    Args:
        training: Cost of the training.
        trained_query: Cost of a query of the trained arm.
        context_query: Cost of a query with context.
    """
    # Exactly: a quotient that is rounded up to a whole number would be one query too many, or too few.
    saved = Fraction(context_query) - Fraction(trained_query)
    return math.inf if saved <= 0 else math.floor(Fraction(training) / saved) + 1


def pairs(summary: Summary, timings: Mapping[str, Any]) -> list[Pair]:
    """Return every trained arm beside every arm with context, on the endpoint's suite or else the first that has any.

    Arms under conditions that contradict each other, such as two numbers of facts, are no pair.
    """
    if not timings.get("prices"):
        return []
    rows, cells = at_the_end(accuracy_rows(summary)), at_the_end(timings.get("cells", []))
    trained = {cell["arm"] for cell in summary.get("cells", []) if cell.get("seed") is not None}
    trained |= {cell["arm"] for cell in cells if cell.get("train_seconds") is not None}
    costs = _Costs(cells, timings["prices"])
    for suite in _suites(summary, rows):
        here = [row for row in rows if row["suite"] == suite]
        reading = [r for r in here if r["arm"] not in {*trained, _KNOWS_NOTHING} and r["context_tokens"] != 0]
        asked = [(a, b) for a in here if a["arm"] in trained for b in reading if _agree(a, b)]
        if asked:
            return [costs.pair(a, b) for a, b in asked]
    return []


def _suites(summary: Summary, rows: Iterable[Row]) -> list[str]:
    """Return the suites, that of the endpoint first."""
    wanted = (summary.get("endpoint") or {}).get("suite")
    return sorted(suites_of(rows), key=lambda suite: suite != wanted)


def _agree(a: Row, b: Row) -> bool:
    one, other = side_of(a)[1], side_of(b)[1]
    return all(value_text(one[key]) == value_text(other[key]) for key in one.keys() & other.keys())


class _Costs:
    """What cells cost at given prices."""

    def __init__(self, cells: Sequence[Row], prices: Mapping[str, Any]) -> None:
        self.cells, self.prices = cells, prices

    def pair(self, trained: Row, context: Row) -> Pair:
        """Return a pair with all that is known of its costs."""
        seconds = [cell["train_seconds"] for cell in self._cells(trained) if cell.get("train_seconds") is not None]
        answers = [self._answer_tokens(row) for row in (trained, context)]
        if None in answers:
            answers = [None, None]
        queries = [self._query(row, answer) for row, answer in zip((trained, context), answers, strict=True)]
        reasons = {} if seconds else dict.fromkeys(("train_seconds", "training_cost", "break_even"), _NOT_TIMED)
        for side, row in (("context", context), ("trained", trained)):
            if row["context_tokens"] is None:
                reasons |= dict.fromkeys((f"{side}_query_cost", "break_even"), reason(row, "context_tokens"))
            if row["estimate"] is None:
                reasons[f"{side}_accuracy"] = reason(row, "estimate")
        return Pair(
            side_of(trained),
            side_of(context),
            trained["suite"],
            (trained["estimate"], context["estimate"]),
            (trained["context_tokens"], context["context_tokens"]),
            (answers[0], answers[1]),
            median(seconds) if seconds else None,
            median(seconds) / 3600 * self.prices["per_training_hour"] if seconds else None,
            (queries[0], queries[1]),
            reasons,
        )

    def _cells(self, row: Row) -> Iterator[Row]:
        wanted = _name(row)
        return (cell for cell in self.cells if cell["suite"] == row["suite"] and _name(cell) == wanted)

    def _answer_tokens(self, row: Row) -> float | None:
        known = [cell["answer_tokens"] for cell in self._cells(row) if cell.get("answer_tokens") is not None]
        return fmean(known) if known else None

    def _query(self, row: Row, answer_tokens: float | None) -> float | None:
        if row["context_tokens"] is None:
            return None
        read: float = row["context_tokens"] * self.prices["per_million_prompt_tokens"]
        written: float = (answer_tokens or 0.0) * self.prices["per_million_answer_tokens"]
        return (read + written) / _MILLION


def _name(row: Row) -> tuple[str, dict[str, str]]:
    arm, condition = side_of(row)
    return arm, {key: value_text(value) for key, value in condition.items()}


def break_even_table(found: Sequence[Pair]) -> "pd.DataFrame":
    """Return pairs as a frame of raw values; a break-even that never comes is infinity."""
    telling = differing([side for pair in found for side in (pair.trained, pair.context)])
    sides = {"trained": [pair.trained for pair in found], "context": [pair.context for pair in found]}
    keys = {name: condition_keys(each) for name, each in sides.items()}
    columns = [c for name in sides for c in (name, f"{name}_arm", *(f"{name}_condition.{key}" for key in keys[name]))]
    both = [f"{name}_{what}" for what in ("accuracy", "context_tokens", "answer_tokens") for name in sides]
    columns += ["suite", *both, *_NUMBERS, "reasons"]
    rows = []
    for pair in found:
        row: list[Any] = []
        for name, side in (("trained", pair.trained), ("context", pair.context)):
            row += [label(side, telling), side[0], *condition_values(side, keys[name])]
        row += [pair.suite, *pair.accuracies, *pair.tokens, *pair.answers]
        row += [pair.train_seconds, pair.training, *pair.queries, pair.break_even, dict(pair.reasons)]
        rows.append(row)
    return frame_of(columns, rows)


def shown_break_even(frame: "pd.DataFrame", prices: Mapping[str, Any]) -> Shown:
    """Lay out the frame of :func:`break_even_table`, with the prices and the formula beneath."""
    currency = prices["currency"]
    titles = ["trained", "accuracy (%)", f"training ({currency})", "beside", "accuracy (%)"]
    table = Shown([*titles, f"saved by 1 000 queries ({currency})", "training is cheaper after (queries)"], "lrrlrrr")
    for row in records(frame):
        trained, context = row["trained_query_cost"], row["context_query_cost"]
        saved = None if trained is None or context is None else 1000 * (context - trained)
        why = row["reasons"].get("context_query_cost") or row["reasons"].get("trained_query_cost") or NO_REASON
        table.rows.append(
            [
                Cell(row["trained"]),
                table.value(row, "trained_accuracy", lambda share: number(share, "accuracy")),
                table.value(row, "training_cost", money),
                Cell(row["context"]),
                table.value(row, "context_accuracy", lambda share: number(share, "accuracy")),
                table.value({"saved": saved, "reasons": {"saved": why}}, "saved", money),
                table.value(row, "break_even", lambda n: "never" if n == math.inf else spaced(n)),
            ]
        )
    table.remarks.append(told_prices(prices))
    table.remarks.append(
        "A query costs its context tokens and its answer tokens; training is cheaper after "
        "⌊training / (query with context − query after training)⌋ + 1 queries. Not counted: the bare question, which "
        "costs all arms the same, the keeping of adapters and indices, embedding, and the making of a start."
    )
    if frame["trained_answer_tokens"].isna().any():
        table.remarks.append("Where answer tokens are not recorded, answers are not counted.")
    return table


def told_prices(prices: Mapping[str, Any]) -> str:
    """Say what the prices are, and whose."""
    amounts = [f"{money(prices[key])} {what}" for key, what in _PRICED.items()]
    source = f" ({prices['source']})" if prices.get("source") else ""
    return f"Prices in {prices['currency']}{source}: {', '.join(amounts)}."
