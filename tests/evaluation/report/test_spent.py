from typing import Any

import pytest

from evaluation.report.shown import records
from evaluation.report.spent import cost_table, shown_cost
from evaluation.report.tables import to_markdown
from tests.evaluation.report.studies import LOST, curves, grid, row, scaled, study, timed


def test_accuracy_stands_beside_medians_of_cells() -> None:
    summary = grid(("v1", "v5"), ("r16",), ("heldout",))
    found = records(cost_table(summary, timed(summary)))
    tuned = [line for line in found if line["arm"] == "finetune"]
    assert [line["condition"]["variations"] for line in tuned] == ["v1", "v5"]
    assert [line["train_seconds"] for line in tuned] == [110, 510]
    assert [(line["cells"], line["steps"], line["peak_memory_mib"]) for line in tuned] == [(3, 200, 1234.4)] * 2
    estimates = {tuple(r["condition"].items()): r["estimate"] for r in summary["rows"] if r["arm"] == "finetune"}
    assert [line["estimate"] for line in tuned] == list(estimates.values())
    assert next(line["train_seconds"] for line in found if line["arm"] == "base") is None


def test_a_row_reads_like_this() -> None:
    summary = study([row("finetune", "heldout", 0.97249, ci_low=0.931, ci_high=0.9899), row("rag", "heldout", None)])
    text = to_markdown(shown_cost(cost_table(summary, timed(summary))))
    assert "| finetune | 97.2 [93.1, 99.0] | 0.0 | 3 | 200 | 110.0 | 12.5 | – | 1234 |" in text
    assert "| rag | –¹ | 61.2 | 1 | – | – | 12.5 | 0.080/0.110/0.400 | 1234 |" in text
    assert f"¹ {LOST}" in text
    assert "| arm | accuracy on heldout (%) [95 % CI] |" in text


def test_timings_without_rows_and_rows_without_timings_both_stand() -> None:
    summary = study([row("rag", "heldout", 0.5)])
    other: dict[str, Any] = timed(study([row("finetune", "seen", 0.5)]))
    found = records(cost_table(summary, other))
    assert [(line["arm"], line["suite"], line["cells"]) for line in found] == [
        ("finetune", "seen", 3),
        ("rag", "heldout", 0),
    ]
    text = to_markdown(shown_cost(cost_table(summary, other)))
    assert "no cell of it was graded" in text
    assert "no reason recorded" not in text


def test_a_learning_curve_is_one_training() -> None:
    summary = curves()
    found = [line for line in records(cost_table(summary, timed(summary))) if line["arm"] == "finetune"]
    assert [(line["condition"]["step"], line["cells"]) for line in found] == [("200", 3)] * 2


@pytest.mark.parametrize("missing", ["steps", "answer_tokens", "peak_memory_mib"])
def test_timings_of_an_earlier_version_lack_some(missing: str) -> None:
    summary = scaled()
    timings = timed(summary)
    for cell in timings["cells"]:
        del cell[missing]
    assert set(cost_table(summary, timings)[missing]) == {None}


def test_a_share_of_a_batch_is_no_latency() -> None:
    summary = grid(("v1", "v5"), ("r16",))
    told = timed(summary)
    assert "latency p50/p90/p99 (s)" in shown_cost(cost_table(summary, told)).header
    together = {"cells": [{**cell, "one_at_a_time": False} for cell in told["cells"]]}
    shown = shown_cost(cost_table(summary, together))
    assert "latency p50/p90/p99 (s)" not in shown.header
    assert not any("Latency" in remark for remark in shown.remarks)
