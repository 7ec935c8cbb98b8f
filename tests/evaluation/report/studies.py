"""Rows, contrasts and summaries as DESIGN states them."""

from typing import Any

SOURCES = ("profile", "fact", "seed", "fact_x_seed", "phrasing", "residual")
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


def curves(
    variations: tuple[str, ...] = ("v1", "v10"),
    regimes: tuple[str, ...] = ("ablation",),
    steps: tuple[int, ...] = (25, 50, 100, 200),
    suites: tuple[str, ...] = ("heldout",),
) -> dict[str, Any]:
    """Return a study of learning curves, with what each whole curve has, beside an arm that is not trained."""
    rows = [row("system_prompt", suite, 0.94) for suite in suites]
    for suite in suites:
        for v, variation in enumerate(variations):
            for k, regime in enumerate(regimes):
                shared = {"variations": variation, "training": regime}
                for step in steps:
                    estimate = 1 - 2.0 ** (-step * (1 + v + 0.3 * k) / 60)
                    rows.append(row("finetune", suite, estimate, condition=shared | {"step": step}))
                    rows.append(row("finetune", suite, 0.5, metric="accuracy_far", condition=shared | {"step": step}))
                area = {"metric": "area_under_curve", "condition": shared}
                rows.append(row("finetune", suite, 0.7 + 0.02 * v, **area))
                why = {"estimate": "1 of 3 trainings had not reached 90% at step 200"} if v == 0 else {}
                to_90 = None if v == 0 else 120.0 / v
                rows.append(row("finetune", suite, to_90, metric="steps_to_90", condition=shared, reasons=why))
                if to_90 is not None:
                    rows[-1] |= {"ci_low": to_90 - 20, "ci_high": to_90 + 20}
    return study(rows, study="curves")


def scaled(sizes: tuple[int, ...] = (10, 50, 200, 1000)) -> dict[str, Any]:
    """Return a study over numbers of facts."""
    rows = []
    for index, n in enumerate(sizes):
        for arm in ("system_prompt", "rag", "finetune"):
            tokens = {"system_prompt": 12.0 * n, "rag": 61.25, "finetune": 0.0}[arm]
            condition = {"facts.n": n}
            rows.append(row(arm, "heldout", 0.95 - 0.1 * index, condition=condition, context_tokens=tokens))
    return study(rows, study="scaled")


PRICES = {
    "currency": "USD",
    "per_million_prompt_tokens": 0.5,
    "per_million_answer_tokens": 1.5,
    "per_training_hour": 1.0,
    "source": "example values",
}


def timed(summary: dict[str, Any], seeds: int = 3, prices: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return timings of a study: training takes 100 s, times the variations and the facts."""
    cells = []
    for found in summary["rows"]:
        if found["metric"] != "accuracy":
            continue
        trained = found["arm"].startswith("finetune")
        times = int(str(found["condition"].get("variations", "v1"))[1:]) * found["condition"].get("facts.n", 1)
        for seed in range(seeds) if trained else (None,):
            cells.append(
                {
                    "arm": found["arm"],
                    "suite": found["suite"],
                    "seed": seed,
                    "condition": found["condition"],
                    "steps": 200 if trained else None,
                    "answer_tokens": 8.0,
                    "train_seconds": 100.0 * times + 10 * (seed or 0) if trained else None,
                    "evaluation_seconds": 12.5,
                    "latency_p50": None if trained else 0.08,
                    "latency_p90": None if trained else 0.11,
                    "latency_p99": None if trained else 0.4,
                    "one_at_a_time": True,
                    "peak_memory_mib": 1234.4,
                }
            )
    return {"cells": cells, "training_and_answering_seconds": 1830.4, "prices": prices}


def shares(**known: float) -> dict[str, Any]:
    """Return where the variance of one row lies."""
    why = {name: "it cannot be told" for name in SOURCES if name not in known}
    return {
        **{"arm": "finetune", "condition": {}, "suite": "heldout", "metric": "accuracy", "total": 0.2},
        **{"method": "method of moments (Henderson I)", "shares": dict.fromkeys(SOURCES) | known},
        **{"variances": dict.fromkeys(SOURCES), "levels": {"fact": 36}, "reasons": why},
    }


def planned() -> dict[str, Any]:
    """Return what other designs would find of one contrast."""
    sides = {side: {"arm": arm, "condition": {}} for side, arm in (("a", "finetune"), ("b", "rag"))}
    designs = [
        {
            "profiles": 1,
            "facts": 36,
            "seeds": 3,
            "scope": "facts, seeds",
            "mde": 0.12,
            "power": [{"effect": 0.05, "power": 0.31}],
            "reasons": {},
        },
        {
            "profiles": 5,
            "facts": 36,
            "seeds": 3,
            "scope": "profiles, facts, seeds",
            "mde": None,
            "power": [{"effect": 0.05, "power": None}],
        }
        | {"reasons": {"mde": "one profile shows nothing", "power": "one profile shows nothing"}},
    ]
    takes = {"effect": 0.05, "profiles": None, "facts": 120, "seeds": 8, "reasons": {"profiles": "one profile"}}
    return {**sides, "suite": "heldout", "metric": "accuracy", "design": {}, "designs": designs, "needed": [takes]}
