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

from omegaconf import OmegaConf

from andraeus.files import write_json
from experiments.grid import decoded, expand
from experiments.schema import OVER

ROOT = Path(__file__).resolve().parents[1]
ARMS = ("base", "system_prompt", "rag", "oracle", "finetune")


def main(arms: list[str]) -> None:
    """Run the trials of some arms, or of all."""
    for arm in arms or ARMS:
        command = [str(Path(sys.executable).with_name("andraeus")), f"experiment=tune_{arm}"]
        subprocess.run(command, check=True)
        summary = json.loads(Path("results", f"tune_{arm}", "summary.json").read_text())
        provenance = json.loads(Path("results", f"tune_{arm}", "provenance.json").read_text())
        grids = grids_of(ROOT / "conf" / "experiment" / f"tune_{arm}.yaml")
        write_json(ROOT / "tuning" / f"{arm}.json", chosen(arm, grids, summary, provenance))


def chosen(
    arm: str, grids: list[dict[str, Any]], summary: dict[str, Any], provenance: dict[str, Any]
) -> dict[str, Any]:
    """Return all trials of an arm in the order of its grids, and the best; of equal ones the first stated wins."""
    trials = [_trial(knobs, summary) for knobs in stated(grids)]
    best = max(trials, key=lambda t: t["accuracy"])
    origin = {k: provenance[k] for k in ("command", "commit", "model", "hardware", "date")}
    return {"arm": arm, "chosen": best["overrides"], "trials": trials, "provenance": origin}


def grids_of(experiment: Path) -> list[dict[str, Any]]:
    """Return an experiment's grids, read as Hydra reads them."""
    grids: Any = OmegaConf.to_container(OmegaConf.load(experiment))
    return grids["hydra"]["sweeper"]["grids"]


def stated(grids: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what each trial sets, also what all trials set alike, in the order in which the grids state it."""
    trials: list[dict[str, Any]] = []
    for cell in map(decoded, expand(grids, [])[0]):
        knobs = {key: value for key, value in cell.items() if key not in OVER}
        if knobs not in trials:
            trials.append(knobs)
    return trials


def _trial(knobs: dict[str, Any], summary: dict[str, Any]) -> dict[str, Any]:
    """Return a trial with its result: the row whose condition names nothing else."""
    rows = [r for r in summary["rows"] if r["metric"] == "accuracy" and r["condition"].items() <= knobs.items()]
    if len(rows) != 1 or rows[0]["estimate"] is None:
        raise SystemExit(f"tune: the trial {knobs} has no result in the summary: run the study again.")
    row = rows[0]
    counted = {name: row[name] for name in ("ci_low", "ci_high", "n_items", "context_tokens")}
    return {"overrides": knobs, "accuracy": row["estimate"], **counted}


if __name__ == "__main__":
    main(sys.argv[1:])
