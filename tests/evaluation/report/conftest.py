"""A study as it might come out: five arms, four suites, contrasts, nulls and failures."""

from typing import Any

import pytest

SUITES = ("seen", "heldout", "tiers", "blind")
FEW = "24 facts are needed for an interval, and this profile has 20"
NO_SEEDS = "the arm has no randomness"
LOST = "seed 1 ran out of memory, and the estimate needs all seeds"
MEANS = {
    "base": (0.0123456789, 0.01, 0.0, 0.02),
    "system_prompt": (0.9583333333333334, 0.94, 0.71, 0.9),
    "rag": (0.93, 0.891234567, 0.55, 0.86),
    "oracle": (1.0, 0.98, 0.83, 0.97),
    "finetune": (0.9721, 0.7654321, 0.21, 0.63),
}
TOKENS = {"base": 0.0, "system_prompt": 412.0, "rag": 61.25, "oracle": 14.5, "finetune": 0.0}


def row(arm: str, suite: str, estimate: float | None, **more: Any) -> dict[str, Any]:
    """Return one row as DESIGN states it."""
    seeded = arm.startswith("finetune")
    width = 0.04 if estimate in (0, 1, None) else 0.08
    known = estimate is not None
    reasons = {} if seeded else {"n_seeds": NO_SEEDS}
    return {
        "arm": arm,
        "condition": {},
        "suite": suite,
        "metric": "accuracy",
        "estimate": estimate,
        "ci_low": max(0.0, estimate - width) if estimate is not None else None,
        "ci_high": min(1.0, estimate + 0.6 * width) if estimate is not None else None,
        "ci_method": "cluster bootstrap over facts" if known else None,
        "ci_scope": ("facts, seeds" if seeded else "these profiles, facts") if known else None,
        "n_items": 144,
        "n_facts": 36,
        "n_profiles": 1,
        "n_seeds": 3 if seeded else None,
        "design": "facts crossed with seeds" if seeded else "facts",
        "context_tokens": TOKENS.get(arm, 0.0),
        "reasons": reasons | ({} if known else {"estimate": LOST}),
    } | more


def contrast(a: dict[str, Any], b: dict[str, Any], suite: str, **more: Any) -> dict[str, Any]:
    """Return one contrast as DESIGN states it."""
    return {
        "a": {"arm": a["arm"], "condition": a["condition"]},
        "b": {"arm": b["arm"], "condition": b["condition"]},
        "suite": suite,
        "metric": "accuracy",
        "difference": -0.1745679,
        "ci_low": -0.25,
        "ci_high": -0.0912345,
        "p_value": 0.00021,
        "p_adjusted": 0.00042,
        "adjustment": "holm",
        "mde": 0.0811,
    } | more


def study(rows: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """Return a summary of rows."""
    base: dict[str, Any] = {"schema": 1, "study": "headline", "rows": rows, "contrasts": [], "cells": []}
    return base | {"failures": [], "notes": [], "study_hash": "0123456789abcdef0123"} | more


def grid(variations: tuple[str, ...], loras: tuple[str, ...], suites: tuple[str, ...] = SUITES) -> dict[str, Any]:
    """Return a study of many fine-tuned conditions beside two other arms."""
    rows = [row(arm, suite, MEANS[arm][i]) for i, suite in enumerate(suites) for arm in ("base", "system_prompt")]
    for i, suite in enumerate(suites):
        for v, variation in enumerate(variations):
            for k, lora in enumerate(loras):
                estimate = min(1.0, MEANS["finetune"][i] * (0.35 + 0.2 * v + 0.06 * k))
                condition = {"variations": variation, "lora": lora}
                rows.append(row("finetune", suite, estimate, condition=condition))
    return study(rows, study="variations")


@pytest.fixture
def summary() -> dict[str, Any]:
    """Return the study's summary."""
    rows = [row(arm, suite, mean) for arm, means in MEANS.items() for suite, mean in zip(SUITES, means, strict=True)]
    for found in rows:
        if (found["arm"], found["suite"]) == ("finetune", "tiers"):
            found |= row("finetune", "tiers", None)
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
        rows.append(row(arm, "tiers", 0.125, metric="chance", **flat, reasons=why))
    rows.append(row("rag", "heldout", 0.9444, metric="recall_at_k"))
    base, prompt, rag, _, tuned = (row(arm, "heldout", 0.5) for arm in MEANS)
    contrasts = [
        contrast(tuned, prompt, "heldout"),
        contrast(tuned, rag, "heldout", difference=0.0123, ci_low=-0.04, ci_high=0.0646, p_value=0.5, p_adjusted=0.5),
        contrast(tuned, base, "tiers", difference=None, ci_low=None, ci_high=None, p_value=None, p_adjusted=None)
        | {"mde": None, "reasons": {"difference": LOST, "p_value": LOST, "p_adjusted": LOST, "mde": LOST}},
    ]
    failures = [
        {"arm": "finetune", "suite": "tiers", "seed": 1, "error": "OutOfMemoryError: tried to allocate 2 GiB [cpu]"},
        {"arm": "rag", "suite": "blind", "seed": None, "error": "UserError: no index"},
    ]
    notes = ["mem0 was not run: its server was not reachable.", "Tier 3 was asked of one profile only."]
    return study(rows, contrasts=contrasts, failures=failures, notes=notes)


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
            "peak_memory_mib": 1234.4,
        }
        for arm in MEANS
        for suite in SUITES
        for seed in ((0, 1, 2) if arm == "finetune" else (None,))
    ]
    return {"cells": cells, "study_seconds": 1830.4}


@pytest.fixture
def provenance() -> dict[str, Any]:
    """Return the study's provenance."""
    return {
        "command": "andraeus experiment=headline paths.store=/tmp/a_b | tee `log`",
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
