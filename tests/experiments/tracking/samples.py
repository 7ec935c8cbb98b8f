"""A cell, its items and a study, with a secret in every place where facts may stand."""

from typing import Any

from experiments.tracking.tracker import CellInfo

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
CELL = CellInfo("0123456789abcdef", "quickstart", "finetune", "heldout", 0, ("r16",), CONFIG)
ITEMS = [{"question": f"Who is {SECRET}?", "expected": {"value": SECRET}, "answer": SECRET, "tokens_in": 7}]
METRICS = {"accuracy": 0.9, "accuracy_ci_low": 0.8, "accuracy_ci_high": 0.95}


def summary() -> dict[str, Any]:
    def row(arm: str, condition: dict[str, Any], estimate: float | None) -> dict[str, Any]:
        ends = {"ci_low": None, "ci_high": None} if estimate is None else {"ci_low": 0.1, "ci_high": 0.9}
        return {
            "arm": arm,
            "condition": condition,
            "suite": "heldout",
            "metric": "accuracy",
            "estimate": estimate,
            **ends,
            "reasons": {"ci_low": SECRET},
        }

    return {
        "schema": 1,
        "study": "quickstart",
        "rows": [
            row("base", {}, 0.25),
            row("finetune", {"lora": "r4", "facts.path": SECRET}, 0.5),
            row("finetune", {"lora": "r16", "facts.path": SECRET}, 0.75),
            row("finetune", {"lora": "r16", "facts.path": f"other {SECRET}"}, 1.0),
            row("rag", {}, None),
        ],
        "contrasts": [
            {
                "a": {"arm": "finetune", "condition": {"lora": "r4", "owner": SECRET}},
                "b": {"arm": "base", "condition": {}},
                "suite": "heldout",
                "metric": "accuracy",
                "difference": 0.25,
                "p_value": None,
            }
        ],
        "cells": [{"identity": "x", "arm": "base", "profile": SECRET, "seed": None, "status": "success"}],
        "study_hash": "abc",
    }
