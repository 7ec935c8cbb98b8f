"""Choose each arm's prompt or recipe on the development profiles, and write the trials down.

Runs ``andraeus experiment=tune_ARM`` for every arm and writes ``tuning/ARM.json``: all trials with
their accuracy, and the chosen one. The chosen values stand in ``conf/arm/ARM.yaml`` (for the
fine-tuned arm in ``conf/training/quick.yaml``); a test holds the two against each other.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from andraeus.files import write_json

ROOT = Path(__file__).resolve().parents[1]
ARMS = ("base", "system_prompt", "rag", "oracle", "finetune")


def main(arms: list[str]) -> None:
    """Run the trials of some arms, or of all."""
    for arm in arms or ARMS:
        command = [str(Path(sys.executable).with_name("andraeus")), f"experiment=tune_{arm}"]
        subprocess.run(command, check=True)
        summary = json.loads(Path("results", f"tune_{arm}", "summary.json").read_text())
        provenance = json.loads(Path("results", f"tune_{arm}", "provenance.json").read_text())
        write_json(ROOT / "tuning" / f"{arm}.json", chosen(arm, summary, provenance))


def chosen(arm: str, summary: dict[str, Any], provenance: dict[str, Any]) -> dict[str, Any]:
    """Return all trials of an arm and the best; of equal ones the first stated wins."""
    rows = [r for r in summary["rows"] if r["metric"] == "accuracy"]
    trials = [
        {"overrides": r["condition"], "accuracy": r["estimate"], "ci_low": r["ci_low"], "ci_high": r["ci_high"]}
        | {"n_items": r["n_items"], "context_tokens": r["context_tokens"]}
        for r in rows
    ]
    best = max(trials, key=lambda t: t["accuracy"])
    origin = {k: provenance[k] for k in ("command", "commit", "model", "hardware", "date")}
    return {"arm": arm, "chosen": best["overrides"], "trials": trials, "provenance": origin}


if __name__ == "__main__":
    main(sys.argv[1:])
