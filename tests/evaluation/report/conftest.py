"""A study as it might come out: five arms, four suites, contrasts, nulls and failures."""

from typing import Any

import pytest

from tests.evaluation.report.studies import FEW, LOST, MEANS, NO_SEEDS, SUITES, contrast, row, study


@pytest.fixture
def summary() -> dict[str, Any]:
    """Return the study's summary."""
    rows = [row(arm, suite, mean) for arm, means in MEANS.items() for suite, mean in zip(SUITES, means, strict=True)]
    for found in rows:
        if (found["arm"], found["suite"]) == ("finetune", "tiers"):
            found |= row("finetune", "tiers", None) | {"context_tokens": None}
            found |= dict.fromkeys(("n_items", "n_facts", "n_profiles", "n_seeds", "design"))
        if found["suite"] == "blind":
            reasons = found["reasons"] | {"ci_low": FEW}
            found |= {"ci_low": None, "ci_high": None, "ci_method": None, "ci_scope": None, "reasons": reasons}
            found |= {"n_facts": 20, "n_items": 20}
    for arm in MEANS:
        for tier in (1, 2, 3, 4):
            rows.append(row(arm, "tiers", 0.9 - tier / 10, metric=f"accuracy_tier_{tier}", n_facts=30, n_items=30))
        rows.append(row(arm, "heldout", 0.52, metric="accuracy_far"))
        flat = {"ci_low": None, "ci_high": None, "ci_method": None, "ci_scope": None}
        why = {"ci_low": "a chance level is no estimate"} | ({} if arm == "finetune" else {"n_seeds": NO_SEEDS})
        rows.append(row(arm, "tiers", 0.125, metric="chance_yes_no", **flat, reasons=why))
        rows.append(row(arm, "heldout", 0.5, metric="chance_yes_no", **flat, reasons=why))
    rows.append(row("rag", "heldout", 0.9444, metric="recall_at_k"))
    base, prompt, rag, _, tuned = (row(arm, "heldout", 0.5) for arm in MEANS)
    contrasts = [
        contrast(tuned, prompt, "heldout"),
        contrast(tuned, rag, "heldout", difference=0.0123, ci_low=-0.04, ci_high=0.0646, p_value=0.5, p_adjusted=0.5),
        contrast(tuned, base, "tiers", difference=None, ci_low=None, ci_high=None, p_value=None, p_adjusted=None)
        | {"mde": None, "reasons": {"difference": LOST, "p_value": LOST, "mde": LOST}},
    ]
    failures = [
        {"arm": "finetune", "suite": "tiers", "seed": 1, "error": "OutOfMemoryError: tried to allocate 2 GiB [cpu]"},
        {"arm": "rag", "suite": "blind", "seed": None, "error": "UserError: no index"},
    ]
    notes = ["mem0 was not run: its server was not reachable.", "Tier 3 was asked of one profile only."]
    cells = [
        {"identity": f"{i:020x}", "arm": "finetune", "profile": "p", "seed": i, "status": ("success", "failed")[i == 1]}
        for i in range(3)
    ]
    return study(
        rows,
        cells=cells,
        contrasts=contrasts,
        failures=failures,
        notes=notes,
        endpoint={"suite": "heldout", "metric": "accuracy"},
    )


@pytest.fixture
def timings() -> dict[str, Any]:
    """Return the study's timings."""
    cells = [
        {
            "arm": arm,
            "suite": suite,
            "seed": seed,
            "condition": {},
            "train_seconds": 100.0 + 10 * (seed or 0) if arm == "finetune" else None,
            "evaluation_seconds": 12.5,
            "latency_p50": 0.0815,
            "latency_p90": 0.11,
            "latency_p99": 0.4,
            "one_at_a_time": True,
            "peak_memory_mib": 1234.4,
        }
        for arm in MEANS
        for suite in SUITES
        for seed in ((0, 1, 2) if arm == "finetune" else (None,))
    ]
    return {"cells": cells, "training_and_answering_seconds": 1830.4}


@pytest.fixture
def provenance() -> dict[str, Any]:
    """Return the study's provenance."""
    return {
        "command": "andraeus experiment=headline paths.store=/data/a_b | tee `log`",
        "commit": "e28c5450",
        "dirty": True,
        "model": "smollm2_135m",
        "model_origin": "embedded package, revision 93efa2f",
        "hardware": {"cpu": "AMD EPYC 7B13", "cores": 8, "gpu": None},
        "versions": {"torch": "2.13.0", "transformers": "5.1.0"},
        "date": "2026-01-31",
        "threads": 4,
        "profiles": ["alex", "maya"],
    }
