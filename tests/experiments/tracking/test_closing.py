"""The tables that a study's own run is given."""

from typing import Any

import pytest

from evaluation.report.tables import NAMES
from experiments.tracking.closing import tables
from tests.evaluation.report.studies import PRICES, contrast, curves, planned, shares, timed


def everything() -> tuple[dict[str, Any], dict[str, Any]]:
    """A study with every table."""
    summary = curves()
    sides = [row for row in summary["rows"] if row["metric"] == "accuracy"][:2]
    found = contrast(*sides, "heldout")
    summary |= {"contrasts": [found], "exploratory": [found], "variance": [shares(fact=0.5)], "power": [planned()]}
    return summary, timed(summary, prices=PRICES)


def test_what_the_report_tells_is_sent_but_for_money() -> None:
    told = tables(*everything(), {})
    # As rows; prices are the user's own.
    assert set(NAMES) - set(told) == {"accuracy", "break_even"}
    assert all("reasons" not in table.columns for table in told.values())
    whole = tables(*everything(), {}, whole=True)
    assert {name: list(map(dict, table.rows)) for name, table in whole.items()} == {
        name: list(map(dict, table.rows)) for name, table in told.items()
    }, "nothing is withheld of a study that names nobody"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"facts.path": "robin.yaml"}, {"facts.path": "anna.yaml"}),
        ({"chat.system": "You are Robin's."}, {"chat.system": "You are Anna's."}),
        ({"chat.system": "You are Robin's."}, {}),
        ({"arm": "of Robin"}, {"arm": "of Anna"}),
    ],
    ids=["value", "knob", "knob of one", "arm"],
)
def test_what_differs_only_in_what_is_withheld_stays_apart(one: dict[str, Any], other: dict[str, Any]) -> None:
    def row(condition: dict[str, Any], **more: Any) -> dict[str, Any]:
        rest = {key: value for key, value in condition.items() if key != "arm"}
        return {"arm": condition.get("arm", "finetune"), "condition": rest, "suite": "heldout", **more}

    rows = [row(c, metric="accuracy", estimate=e) for c, e in ((one, 0.25), (other, 0.75))]
    cells = [row(c, identity=str(s), seed=0, train_seconds=s) for c, s in ((one, 10.0), (other, 90.0))]
    told = tables({"rows": rows}, {"cells": cells}, {})
    spent = {(row["estimate"], row["train_seconds"]) for row in told["cost"].rows}
    assert spent == {(0.25, 10.0), (0.75, 90.0)}
    assert not any(name in repr(told) for name in ("Robin", "Anna", "robin", "anna"))
