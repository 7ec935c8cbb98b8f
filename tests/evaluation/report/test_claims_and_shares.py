"""What the report says of claims, exploratory comparisons, variance and power."""

import re
from pathlib import Path
from typing import Any

from evaluation.report.report import write_report
from evaluation.report.tables import contrast_table, to_csv, to_latex, to_markdown, write_tables
from tests.evaluation.report.studies import contrast, planned, row, shares, study

RAG, TUNED = row("rag", "heldout", 0.9), row("finetune", "heldout", 0.91)


def claim(kind: str, verdict: str | None = "holds", **more: Any) -> dict[str, Any]:
    found = {"difference": 0.012, "ci_low": -0.03, "ci_high": 0.05, "p_value": 0.02, "p_adjusted": 0.04}
    found |= {"kind": kind, "margin": 0.05, "verdict": verdict}
    return contrast(TUNED, RAG, "heldout", **(found | more))


def report(folder: Path, summary: dict[str, Any]) -> str:
    return write_report(folder, summary, {"cells": []}, {}).read_text()


def test_a_claim_is_told_with_its_margin_interval_and_verdict(tmp_path: Path) -> None:
    contrasts = [claim("equivalence"), claim("non_inferiority", "not shown")]
    text = report(tmp_path, study([TUNED, RAG], contrasts=contrasts))
    assert (
        "+1.2 points [−3.0, +5.0], equivalence within a margin of ±5.0 points holds, Holm-adjusted p = 0.040." in text
    )
    assert "non-inferiority within a margin of −5.0 points not shown, Holm" in text


def test_tables_have_columns_for_claims_where_there_are_any() -> None:
    plain = contrast(TUNED, RAG, "heldout")
    lost = claim("equivalence", None, difference=None, ci_low=None, ci_high=None, p_value=None, p_adjusted=None)
    lost |= {"reasons": {"difference": "lost", "p_value": "lost"}}
    frame = contrast_table(study([TUNED, RAG], contrasts=[plain, claim("equivalence"), lost]))
    lines = to_markdown(frame).splitlines()
    assert "| claim | verdict |" in lines[0]
    assert len({line.count("|") for line in lines[:5]}) == 1
    assert lines[2].endswith("| difference |  |")
    assert lines[3].endswith("| equivalence ±5.0 | holds |")
    assert re.search(r"\| equivalence ±5\.0 \| –\S* \|$", lines[4])
    assert "claim" in to_latex(frame)
    assert "claim" not in to_markdown(contrast_table(study([TUNED, RAG], contrasts=[plain])))


def test_exploratory_comparisons_are_called_so(tmp_path: Path) -> None:
    explored = [
        contrast(TUNED, RAG, "heldout", adjustment="benjamini_hochberg", p_adjusted=p) for p in (0.01, 0.2, None)
    ]
    summary = study([TUNED, RAG], exploratory=explored)
    text = report(tmp_path, summary)
    assert "## Exploratory comparisons" in text
    assert "these 3 comparisons before the run: 1 differ" in text
    assert "(tables/exploratory.csv)" in text
    assert {path.stem for path in write_tables(tmp_path, summary)} == {"accuracy", "rows", "contrasts", "exploratory"}
    write_tables(tmp_path, study([TUNED, RAG]))
    assert not (tmp_path / "tables" / "exploratory.md").exists(), "a table of an earlier summary is not left behind"


def test_variance_is_told_with_what_cannot_be_told(tmp_path: Path) -> None:
    summary = study([TUNED], variance=[shares(fact=0.61, phrasing=0.3, seed=0.09)])
    text = report(tmp_path, summary)
    assert (
        "- finetune on heldout: 61 % between facts, 30 % between phrasings, 9 % between seeds. "
        "Not told: between profiles, fact x seed, residual (it cannot be told)." in text
    )
    assert "method of moments (Henderson I)" in text
    table = (write_tables(tmp_path, summary), (tmp_path / "tables" / "variance.md").read_text())[1]
    assert "| finetune | heldout | –¹ | 61 | 9 | –¹ | 30 | –¹ |" in table
    assert "0.61" in (tmp_path / "tables" / "variance.csv").read_text()


def test_power_is_told_in_words_and_a_table(tmp_path: Path) -> None:
    plan = planned()
    nothing = {**plan, "suite": "tiers", "design": None, "designs": [], "needed": []}
    nothing |= {"reasons": {"design": "1 of 3 cells failed"}}
    summary = study([TUNED, RAG], power=[plan, nothing])
    text = report(tmp_path, summary)
    assert (
        "- finetune − rag on heldout: this study's design finds 12.0 points with 80 % power. 5 points take 120 facts "
        "or 8 seeds, the rest as it was; not planned by profiles (one profile)." in text
    )
    assert "- finetune − rag on tiers: not planned: 1 of 3 cells failed." in text
    assert "| finetune − rag | heldout | accuracy | 1 | 36 | 3 | facts, seeds | 12.0 | 31 |" in text
    assert "| finetune − rag | heldout | accuracy | 5 | 36 | 3 | profiles, facts, seeds | –¹ | –¹ |" in text
    assert "0.31" in (write_tables(tmp_path, summary), (tmp_path / "tables" / "power.csv").read_text())[1]


def test_the_csv_of_a_claim_keeps_full_precision() -> None:
    text = to_csv(contrast_table(study([TUNED, RAG], contrasts=[claim("equivalence")])))
    assert ",equivalence,0.05,holds," in text
