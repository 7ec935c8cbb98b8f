"""The cells of one arm, condition and suite, graded; what rows, contrasts and variances are made of."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from andraeus.hashing import canonical_json
from evaluation.curves import STEP, averaged, steps_to
from evaluation.grading import Expected, grade
from evaluation.statistics.interval import interval
from evaluation.statistics.variance import METHOD, SOURCES, Components, variance_components

if TYPE_CHECKING:
    import pandas as pd

# Items are shown apart by their edit distance to the nearest trained question; "same" are questions that the
# adapter's start was asked about nobody, word for word.
DISTANCE_BANDS = (("same", 0.0, 1e-9), ("near", 1e-9, 0.35), ("middle", 0.35, 0.55), ("far", 0.55, 1.01))

_PARTS = ("yes_no", *(band for band, *_ in DISTANCE_BANDS), *(f"tier_{tier}" for tier in (1, 2, 3, 4)))
METRICS = ("accuracy", "answers_cut", "recall_at_k", *(f"accuracy_{part}" for part in _PARTS))
"""What answers may be scored by; some metrics are of some suites and arms alone."""
CURVE_METRICS = ("area_under_curve", "steps_to_90")
"""What a learning curve may be scored by."""

Grader = Callable[[Mapping[str, Any]], bool]


@dataclass(frozen=True)
class CellResult:
    """One cell as a summary sees it.

    Attributes:
        identity: Content hash of the cell.
        arm: Name of the arm.
        condition: Overrides that tell its row apart, by the values they have.
        suite: Name of the suite.
        profile: Hash of the person (`Profile.person`): what pairs, and what is counted as a profile.
        seed: Training seed, or ``None`` for an arm without randomness.
        status: ``success``, ``failed``, or ``missing`` where the machine lost it.
        items: Rows of items.jsonl; empty unless the cell is a success.
        choices: All that was chosen for it, swept or fixed, also what tells no rows apart: contrasts may name it.
    """

    identity: str
    arm: str
    condition: Mapping[str, Any]
    suite: str
    profile: str
    seed: int | None
    status: str
    items: Sequence[Mapping[str, Any]] = field(default_factory=list)
    choices: Mapping[str, Any] = field(default_factory=dict)


def is_right(item: Mapping[str, Any]) -> bool:
    """Grade one row of items.jsonl."""
    return grade(*_asked(item)).correct


def grader() -> Grader:
    """Return an `is_right` that grades but once what seeds, arms and conditions answered alike."""
    graded = cache(grade)
    return lambda item: graded(*_asked(item)).correct


def _asked(item: Mapping[str, Any]) -> tuple[str, Expected]:
    return item["answer"], Expected(item["expected"], tuple(item["aliases"]), item["answer_type"], item["question"])


def cell_order(cell: CellResult) -> tuple[str, str, str, str, int, str]:
    """Return the sort key of a cell: nothing of when it ran."""
    seed = -1 if cell.seed is None else cell.seed
    return cell.arm, canonical_json(dict(cell.condition)), cell.suite, cell.profile, seed, cell.identity


class Group:
    """The cells of one arm, condition and suite, graded.

    Args:
        cells: The cells.
        right: What grades their items.
        numbers: Numbers of the study's profiles, facts, items and cells, in the order of their names.
    """

    def __init__(self, cells: Sequence[CellResult], right: Grader, numbers: Mapping[str, int]) -> None:
        self.arm, self.condition, self.suite = cells[0].arm, dict(cells[0].condition), cells[0].suite
        chosen = [{k: text(v) for k, v in {**c.choices, **c.condition}.items()} for c in cells]
        self.choices = dict(set.intersection(*(set(choices.items()) for choices in chosen)))
        self.lost = [c for c in cells if c.status != "success"]
        self.total = len(cells)
        self.frame = _frame([c for c in cells if c.status == "success"], right, numbers)
        self._paired: dict[str, pd.DataFrame] = {}

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield one row a metric."""
        for metric, part in self.metrics.items():
            yield self._row(metric, part)
        yes_no = self.frame[self.frame["answer_type"] == "yes_no"]
        if len(yes_no):
            chance = yes_no["expected"].str.lower().value_counts(normalize=True).iloc[0]
            yield self._row("chance_yes_no", yes_no, constant=float(chance))

    @cached_property
    def metrics(self) -> "dict[str, pd.DataFrame]":
        """Scores by the name of their metric."""
        return dict(self._metrics())

    def _metrics(self) -> "Iterator[tuple[str, pd.DataFrame]]":
        frame = self.frame
        yield "accuracy", frame
        if self.suite == "tiers":
            for tier in sorted(frame["tier"].unique()):
                yield f"accuracy_tier_{tier}", frame[frame["tier"] == tier]
        if frame["recalled"].notna().any():
            yield "recall_at_k", frame.assign(score=frame["recalled"].astype(float))
        yield "answers_cut", frame.assign(score=1.0 - frame["finished"].astype(float))
        yes_no = frame[frame["answer_type"] == "yes_no"]
        if len(yes_no):
            yield "accuracy_yes_no", yes_no
        if frame["nearest_trained"].notna().any() and self.suite != "seen":
            for name, low, high in DISTANCE_BANDS:
                part = frame[(frame["nearest_trained"] >= low) & (frame["nearest_trained"] < high)]
                if len(part):
                    yield f"accuracy_{name}", part

    def paired(self, metric: str) -> "pd.DataFrame":
        """Return one metric's scores as contrasts take them: each item once a profile and seed.

        Raises:
            ValueError: One cell holds an item twice.
        """
        if metric not in self._paired:
            self._paired[metric] = _merged(self.metrics[metric])
        return self._paired[metric]

    def variance(self) -> dict[str, Any]:
        """Return where the variance of accuracy lies, or why that is not known."""
        found = self._components()
        return {
            "arm": self.arm,
            "condition": self.condition,
            "suite": self.suite,
            "metric": "accuracy",
            "method": METHOD,
            "total": rounded(found.total),
            "shares": {name: rounded(share) for name, share in found.shares.items()},
            "variances": {name: rounded(found.variances[name]) for name in SOURCES},
            "levels": dict(found.levels),
            "reasons": found.reasons,
        }

    def _components(self) -> Components:
        try:
            why = self.lost_reason()
            found = variance_components(self.paired("accuracy"))
        except ValueError as error:
            why = str(error)
        return found if why is None else Components(None, dict.fromkeys(SOURCES), {}, dict.fromkeys(SOURCES, why))

    def lost_reason(self) -> str | None:
        """Say which cells are missing, if any."""
        if not self.lost:
            return None
        kinds = sorted({c.status for c in self.lost})
        return f"{len(self.lost)} of {self.total} cells {' or '.join(kinds)}"

    def _row(self, metric: str, frame: "pd.DataFrame", constant: float | None = None) -> dict[str, Any]:
        reason = self.lost_reason()
        row: dict[str, Any] = {
            "arm": self.arm,
            "condition": self.condition,
            "suite": self.suite,
            "metric": metric,
            **dict.fromkeys(("estimate", "ci_low", "ci_high", "ci_method", "ci_scope")),
            **dict.fromkeys(("n_items", "n_facts", "n_profiles", "n_seeds", "design", "context_tokens")),
            "reasons": {},
        }
        if reason is not None:
            row["reasons"] = {"estimate": reason}
            return explain(row)
        found = interval(frame)
        row |= {"n_items": found.n_items, "n_facts": found.n_facts, "n_profiles": found.n_profiles}
        row |= {"n_seeds": found.n_seeds, "design": found.design, "reasons": dict(found.reasons)}
        row["context_tokens"] = rounded(float(frame["context_tokens"].mean()))
        if found.n_seeds is None:
            row["reasons"]["n_seeds"] = "an arm without randomness has no seeds"
        if constant is not None:
            row["estimate"] = rounded(constant)
            row["reasons"] |= dict.fromkeys(
                ("ci_low", "ci_high", "ci_method", "ci_scope"), "a property of the items, not an estimate"
            )
            return explain(row)
        row |= {"estimate": rounded(found.estimate), "ci_low": rounded(found.low), "ci_high": rounded(found.high)}
        return explain(row | {"ci_method": found.method, "ci_scope": found.scope})


class Curve(Group):
    """The checkpoints of one arm, condition and suite, graded (`evaluation.curves`)."""

    def __init__(self, cells: Sequence[CellResult], right: Grader, numbers: Mapping[str, int]) -> None:
        super().__init__(cells, right, numbers)
        self.condition = _without_step(self.condition)

    def _metrics(self) -> "Iterator[tuple[str, pd.DataFrame]]":
        yield "area_under_curve", self.frame if self.frame.empty else averaged(self.frame)

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield one row a metric."""
        area = self._row("area_under_curve", self.metrics["area_under_curve"])
        yield area
        row = {**area, "metric": "steps_to_90", "reasons": dict(area["reasons"])}
        if area["estimate"] is not None:
            found = steps_to(self.frame)
            row |= {"estimate": rounded(found.estimate), "ci_low": rounded(found.low)}
            row |= {"ci_high": rounded(found.high), "ci_method": found.method, "ci_scope": found.scope}
            named = {f"ci_{key}" if key in ("low", "high", "method", "scope") else key for key in found.reasons}
            row["reasons"] |= dict.fromkeys(named, next(iter(found.reasons.values()), ""))
        yield explain(row)


def groups_of(cells: Iterable[CellResult]) -> list[Group]:
    """Grade cells and group them: what shares arm, condition and suite, then what differs in the step alone."""
    ordered, right = sorted(cells, key=cell_order), grader()
    numbers = _numbers(ordered)
    groups = [Group(part, right, numbers) for part in _grouped(ordered).values()]
    return [*groups, *(Curve(part, right, numbers) for part in _curves(ordered).values())]


def _numbers(cells: Sequence[CellResult]) -> dict[str, int]:
    """Number all names by their order: numbers are sorted and joined much sooner than names."""
    names = {name for c in cells for name in (c.identity, c.profile)}
    names |= {name for c in cells for item in c.items for name in (item["fact"], _question(item))}
    return {name: number for number, name in enumerate(sorted(names))}


def _question(item: Mapping[str, Any]) -> str:
    """Name a question by its words too: under another split of the families an id stands for another one."""
    return f"{item['id']}\n{item['question']}"


def _grouped(cells: Sequence[CellResult]) -> dict[tuple[str, str, str], list[CellResult]]:
    groups: dict[tuple[str, str, str], list[CellResult]] = {}
    for cell in cells:
        groups.setdefault((cell.arm, canonical_json(dict(cell.condition)), cell.suite), []).append(cell)
    return groups


def _curves(cells: Sequence[CellResult]) -> dict[tuple[str, str, str], list[CellResult]]:
    """Return, by what they share, the cells that differ in their step alone; those of a single step are no curve."""
    at_steps = [c for c in cells if isinstance(c.condition.get(STEP), int)]
    curves: dict[tuple[str, str, str], list[CellResult]] = {}
    for cell in at_steps:
        curves.setdefault((cell.arm, canonical_json(_without_step(cell.condition)), cell.suite), []).append(cell)
    return {key: part for key, part in curves.items() if len({c.condition[STEP] for c in part}) > 1}


def _without_step(chosen: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in chosen.items() if key != STEP}


def _frame(cells: Sequence[CellResult], right: Grader, numbers: Mapping[str, int]) -> "pd.DataFrame":
    import pandas as pd

    rows = [(cell, item) for cell in cells for item in cell.items]
    columns: dict[str, list[Any]] = {
        "cell": [numbers[cell.identity] for cell, _ in rows],
        "profile": [numbers[cell.profile] for cell, _ in rows],
        "seed": [cell.seed for cell, _ in rows],
        "fact": [numbers[item["fact"]] for _, item in rows],
        "item": [numbers[_question(item)] for _, item in rows],
        "score": [float(right(item)) for _, item in rows],
        STEP: [cell.condition.get(STEP) for cell, _ in rows],
    }
    kept = ("tier", "answer_type", "expected", "context_tokens", "finished", "recalled", "nearest_trained")
    return pd.DataFrame(columns | {name: [item[name] for _, item in rows] for name in kept})


def _merged(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Take cells of one profile and one seed as one: the mean of what they scored on an item.

    A profile from a file is the same person under every ``facts.seed``, which draws but typos and order: questions that
    are worded alike are one.

    Raises:
        ValueError: One cell holds an item twice.
    """
    item = ["profile", "fact", "item", "seed"]
    if twice := int(frame.duplicated(["cell", *item]).sum()):
        raise ValueError(f"{twice} items were graded twice in one cell")
    if not frame.duplicated(item).any():
        return frame
    return frame.groupby(item, dropna=False, as_index=False).agg({"score": "mean"})


def explain(entry: dict[str, Any]) -> dict[str, Any]:
    """Give every null of a row or a contrast its reason: its own, or the first that is told."""
    told = {f"ci_{key}" if key in ("low", "high") else key: why for key, why in entry["reasons"].items()}
    first = next(iter(told.values()), None)
    entry["reasons"] = told | {key: first for key, value in entry.items() if value is None and key not in told}
    return entry


def text(value: Any) -> str:
    """Write a value so that equal choices are equal, however they were typed: a group's name 1 and the number 1."""
    whole = isinstance(value, float) and value.is_integer()
    return value if isinstance(value, str) else canonical_json(int(value) if whole else value)


def rounded(value: float | None) -> float | None:
    """Round to twelve digits: what is beyond is the summation's order, not the data's."""
    return None if value is None else float(f"{value:.12g}")
