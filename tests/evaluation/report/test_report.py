import re
from pathlib import Path
from typing import Any

from evaluation.report.figures import write_figures
from evaluation.report.report import write_report
from evaluation.report.tables import write_tables
from tests.evaluation.report.studies import FEW, LOST, PRICES, curves, grid, row, scaled, study, timed

Data = dict[str, Any]


def test_it_says_what_was_asked(tmp_path: Path, summary: Data, timings: Data, provenance: Data) -> None:
    text = write_report(tmp_path, summary, timings, provenance).read_text()
    assert text.startswith("# headline\n")
    assert "- Model: smollm2_135m (embedded package, revision 93efa2f)" in text
    assert "- Commit: e28c5450, with uncommitted changes" in text
    assert "      andraeus experiment=headline paths.store=/data/a_b | tee `log`\n" in text
    assert "- Date: 2026-01-31" in text
    assert "- Primary endpoint: accuracy on heldout" in text
    assert "- n: items 20 to 144; facts 20 to 36; profiles 1; seeds 3" in text


def test_it_says_what_held_for_all_cells_and_what_a_metric_is(tmp_path: Path) -> None:
    rows = [row("finetune", "tiers", 0.5), {**row("finetune", "tiers", 0.5), "metric": "accuracy_tier_4"}]
    held = {"training": {"steps": 40, "learning_rate": 0.0007}, "lora": {"target_modules": ["q_proj"]}}
    text = write_report(tmp_path, study(rows), {}, {"held": held}).read_text()
    assert "- Held for all cells, training: steps 40, learning_rate 0.0007\n" in text
    assert '- Held for all cells, lora: target_modules ["q_proj"]\n' in text
    assert "- accuracy_tier_N: the accuracy on questions of one tier" in text
    assert "answers_cut" not in text


def test_it_says_what_graded_answers_that_another_commit_made(
    tmp_path: Path, summary: Data, timings: Data, provenance: Data
) -> None:
    here = {"commit": "ffff0000", "dirty": False, "date": "2026-03-01"}
    text = write_report(tmp_path, summary, timings, provenance | {"summarised": here}).read_text()
    assert "- Graded and summarised by: ffff0000, 2026-03-01" in text
    here |= {"commit": provenance["commit"], "dirty": True}
    text = write_report(tmp_path, summary, timings, provenance | {"summarised": here}).read_text()
    assert "summarised by" not in text


def test_contrasts_are_sentences(tmp_path: Path, summary: Data, timings: Data, provenance: Data) -> None:
    text = write_report(tmp_path, summary, timings, provenance).read_text()
    assert (
        "- finetune − rag on heldout: +1.2 points [−4.0, +6.5], Holm-adjusted p = 0.500; "
        "smallest effect it could have found (at 0.05, before adjustment): 8.1 points." in text
    )
    assert "−17.5 points [−25.0, −9.1], Holm-adjusted p \\< 0.001; smallest" in text
    assert f"- finetune − base on tiers: not computed: {LOST}." in text


def test_answers_without_a_partner_are_told(tmp_path: Path, summary: Data, timings: Data, provenance: Data) -> None:
    summary["contrasts"][1] |= {"n_unpaired": 12}
    text = write_report(tmp_path, summary, timings, provenance).read_text()
    assert text.count("no partner") == 1
    assert "before adjustment): 8.1 points; 12 answers had no partner in the other arm and were left out." in text


def test_failures_gaps_and_scopes_are_told(tmp_path: Path, summary: Data, timings: Data, provenance: Data) -> None:
    text = write_report(tmp_path, summary, timings, provenance).read_text()
    assert "Of 3 cells: 1 failed, 2 success.\n" in text
    assert "| finetune | tiers | 1 | OutOfMemoryError: tried to allocate 2 GiB [cpu] |" in text
    assert "| rag | blind | – | UserError: no index |" in text
    assert "- mem0 was not run: its server was not reachable." in text
    assert "- finetune: for facts, seeds (method: cluster bootstrap over facts)." in text
    assert f"- No interval for all on blind: {FEW}." in text


def test_costs_are_medians_of_what_there_is(tmp_path: Path, summary: Data, timings: Data, provenance: Data) -> None:
    text = write_report(tmp_path, summary, timings, provenance).read_text()
    assert "| finetune | 76.5 [68.5, 81.3] | 0.0 | 3 | – | 110.0 | 12.5 | 0.082/0.110/0.400 | 1234 |" in text
    assert "| rag | 89.1 [81.1, 93.9] | 61.2 | 1 | – | – | 12.5 |" in text
    assert "Training and answering, cell by cell, earlier runs included: 1830 s." in text


def test_links_lead_to_files(tmp_path: Path, summary: Data, timings: Data, provenance: Data) -> None:
    timings |= {"prices": PRICES}
    write_tables(tmp_path, summary, timings)
    write_figures(tmp_path, summary, timings)
    text = write_report(tmp_path, summary, timings, provenance).read_text()
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert {
        "figures/break_even.png",
        "figures/contrasts.png",
        "figures/accuracy.png",
        "figures/context_cost.png",
        "tables/rows.md",
    } <= set(links)
    assert all((tmp_path / link).is_file() for link in links)


def test_a_study_of_learning_curves_stays_short(tmp_path: Path) -> None:
    summary = curves(("v1", "v10"), steps=tuple(range(10, 210, 10)))
    text = write_report(tmp_path, summary, timed(summary), {}).read_text()
    assert "| finetune | v10 | 90.1 " not in text
    assert text.count("| finetune | v10 |") == 4  # accuracy, curves, other metrics, cost
    assert "| finetune | v10 | heldout | 72.0 [64.0, 76.8] | 120 [100, 140] |" in text
    assert "| finetune | v1 | heldout | 70.0 [62.0, 74.8] | –¹ |" in text
    assert "¹ 1 of 3 trainings had not reached 90% at step 200" in text
    assert "Of each learning curve the last step is shown" in text
    assert "![Accuracy against training steps](figures/learning_curve.png)" in text


def test_a_long_table_stands_in_its_file_alone(tmp_path: Path) -> None:
    summary = grid(tuple(f"v{n}" for n in range(1, 14)), ("r4", "r16"), ("heldout",))
    timings = timed(summary, prices=PRICES)
    write_tables(tmp_path, summary, timings)
    text = write_report(tmp_path, summary, timings, {}).read_text()
    for name in ("cost", "break_even"):
        assert f"All rows: [tables/{name}.md](tables/{name}.md), with full precision" in text
        assert (tmp_path / "tables" / f"{name}.md").read_text().splitlines()[0] not in text
    write_tables(tmp_path, scaled(), timed(scaled()))
    short = (tmp_path / "tables" / "cost.md").read_text().splitlines()[0]
    assert short in write_report(tmp_path, scaled(), timed(scaled()), {}).read_text()


def test_an_empty_study_has_a_report(tmp_path: Path) -> None:
    failures = [{"arm": "rag", "suite": "seen", "seed": None, "error": "a | b\nc"}]
    text = write_report(tmp_path, study([], failures=failures), {"cells": []}, {}).read_text()
    assert "No cell gave an accuracy." in text
    assert "| rag | seen | – | a \\| b c |" in text
    assert "- Hardware: not recorded" in text
    assert "changes not recorded" in text
    assert "![" not in text


def test_intervals_of_two_kinds_in_one_arm_are_told_apart(tmp_path: Path) -> None:
    rows = [row("rag", "seen", 0.5), row("rag", "heldout", 0.5, ci_scope="these facts, this seed")]
    text = write_report(tmp_path, study(rows), {"cells": []}, {}).read_text()
    assert "- rag on seen: for these profiles, facts" in text
    assert "- rag on heldout: for these facts, this seed" in text


def test_an_unadjusted_contrast_says_so(tmp_path: Path, summary: Data, timings: Data, provenance: Data) -> None:
    summary["contrasts"][0] |= {"p_adjusted": None, "adjustment": None, "p_value": 0.04, "ci_low": None}
    text = write_report(tmp_path, summary, timings, provenance).read_text()
    assert "−17.5 points (no interval: no reason recorded), p = 0.040, not adjusted;" in text
