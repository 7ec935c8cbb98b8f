"""A cell, its items and a study, with a secret in every place where facts may stand."""

from typing import Any

from evaluation.report.tables import CONTRAST_FIELDS, ROW_FIELDS
from experiments.tracking.tracker import CellInfo, StudyInfo
from tests.evaluation.report.studies import planned, shares

SECRET = "SECRETVALUE"
CONFIG = {
    "model": {"name": "smollm2_135m", "repo": "HuggingFaceTB/SmolLM2-135M-Instruct", "path": f"/home/{SECRET}"},
    "lora": {"r": 16, "target_modules": ["q_proj", "v_proj"]},
    "training": {"learning_rate": 1e-3, "schedule": "cosine", "note": f"for {SECRET}"},
    "facts": {"_target_": "andraeus.facts.file.load_profile", "path": f"{SECRET}.yaml", "blind": SECRET, "seed": 0},
    "arm": {"name": "finetune", "template": {"system": SECRET, "user": f"{SECRET} {{question}}"}},
    "chat": {"system": SECRET},
    "owner": SECRET,
    "paths": {"store": f"/home/{SECRET}/store"},
    "output": f"./{SECRET}",
    "seed": 0,
}
TRACKED = {"_target_": "experiments.tracking.wandb.WandbTracker", "project": "andraeus", "entity": None}
CELL = CellInfo(
    identity="0123456789abcdef",
    study="quickstart",
    arm="finetune",
    suite="heldout",
    seed=0,
    tags=("smollm2_135m",),
    config=CONFIG,
    choices={"lora": "r16", "facts": SECRET, "paths": SECRET},
)
# One cell that ran for this study, one that ran for another, one that was never tracked, one that failed.
STUDY = StudyInfo(
    "quickstart",
    {
        "ours": CONFIG | {"study": "quickstart", "tracker": TRACKED},
        "theirs": CONFIG | {"study": SECRET, "tracker": TRACKED},
        "untracked": CONFIG | {"study": "quickstart", "tracker": {"_target_": "experiments.tracking.none.NoTracker"}},
        "failed": None,
    },
)
TOOK = {"train_seconds": 4.0, "evaluation_seconds": 2.0, "latency_p50": None, "peak_memory_mib": 512.0}
TIMINGS = {
    "cells": [
        {"identity": "ours", "arm": "finetune", "suite": "heldout", "seed": 0, "condition": {"lora": "r4"}, **TOOK},
        {"identity": "theirs", "arm": "base", "suite": "heldout", "seed": None, "condition": {}, **TOOK},
    ],
    "training_and_answering_seconds": 12.0,
}
ITEMS = [{"question": f"Who is {SECRET}?", "expected": {"value": SECRET}, "answer": SECRET, "tokens_in": 7}]
METRICS = {"accuracy": 0.9, "accuracy_ci_low": 0.8, "accuracy_ci_high": 0.95}


def summary() -> dict[str, Any]:
    def row(arm: str, condition: dict[str, Any], estimate: float | None, metric: str = "accuracy") -> dict[str, Any]:
        ends = {"ci_low": None, "ci_high": None} if estimate is None else {"ci_low": 0.1, "ci_high": 0.9}
        return {
            **dict.fromkeys(ROW_FIELDS),
            "arm": arm,
            "condition": condition,
            "suite": "heldout",
            "metric": metric,
            "estimate": estimate,
            **ends,
            "reasons": {"ci_low": SECRET},
        }

    def cell(identity: str, arm: str, condition: dict[str, Any], seed: int | None, status: str) -> dict[str, Any]:
        told = {"identity": identity, "arm": arm, "suite": "heldout", "condition": condition}
        return told | {"profile": SECRET, "seed": seed, "status": status}

    return {
        "schema": 1,
        "study": "quickstart",
        "rows": [
            row("base", {}, 0.25),
            row("finetune", {"lora": "r4", "facts.path": SECRET}, 0.5),
            row("finetune", {"lora": "r16", "facts.path": SECRET}, 0.75),
            row("finetune", {"lora": "r16", "facts.path": f"other {SECRET}"}, 1.0),
            row("rag", {}, None),
            row("finetune", {"step": 10}, 0.25),
            row("finetune", {"step": 20}, 0.5),
            row("finetune", {}, 0.375, "area_under_curve"),
            row("finetune", {}, 15.0, "steps_to_90"),
        ],
        "contrasts": [
            {
                **dict.fromkeys(CONTRAST_FIELDS),
                "a": {"arm": "finetune", "condition": {"lora": "r4", "owner": SECRET}},
                "b": {"arm": "base", "condition": {}},
                "suite": "heldout",
                "metric": "accuracy",
                "difference": 0.25,
                "p_value": None,
            }
        ],
        "exploratory": [
            {
                **dict.fromkeys(CONTRAST_FIELDS),
                "a": {"arm": "finetune", "condition": {"lora": "r16", "facts.path": SECRET}},
                "b": {"arm": "finetune", "condition": {"lora": "r4", "facts.path": SECRET}},
                "suite": "heldout",
                "metric": "accuracy",
                "difference": 0.25,
                "reasons": {"p_value": SECRET},
            }
        ],
        "variance": [
            shares(fact=0.5) | {"condition": {"facts.path": SECRET}, "reasons": {"seed": SECRET}},
            shares(fact=0.25) | {"condition": {"facts.path": f"other {SECRET}"}, "method": SECRET},
        ],
        "power": [planned() | {"a": {"arm": "finetune", "condition": {"lora": "r16", "chat.system": SECRET}}}],
        "cells": [
            cell("ours", "finetune", {"lora": "r4"}, 0, "success"),
            cell("theirs", "base", {}, None, "success"),
            cell("untracked", "rag", {}, None, "success"),
            cell("failed", "finetune", {"lora": "r16", "facts.path": SECRET}, 1, "failed"),
        ],
        "failures": [
            {"arm": "finetune", "suite": "heldout", "seed": 1, "error": f"KeyError: '{SECRET}'"},
            {"arm": "finetune", "suite": "heldout", "seed": 2, "error": f"{SECRET} is not a fact."},
        ],
        "notes": [f"suite=blind has nothing to ask of {SECRET}."],
        "overrides": [f"facts.path={SECRET}.yaml"],
        "study_hash": "abc",
    }
