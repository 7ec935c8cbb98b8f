"""The dashboard that would be saved: whose runs it shows, and what of them."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from evaluation.report.figures import NAMES as FIGURES
from experiments.tracking.closing import COSTS, TABLES, numbers, tables
from scripts.dashboard import build, config_key, main, spec
from tests.experiments.tracking.samples import SECRET, TIMINGS, summary

SECTIONS = ["Progress", "Training curves", "Accuracy", "Contrasts", "Cost"]
BEFORE: dict[str, Any] = {"rows": []}


def dashboard(found: dict[str, Any], timings: dict[str, Any], **more: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a dashboard's runs and, by the name of its section, its panels."""
    section = spec(build("quickstart", "andraeus", "someone", found, timings, **more))["spec"]["section"]
    panels = {part["name"]: part["panels"] for part in section["panelBankConfig"]["sections"]}
    return section["runSets"][0], panels


def figures_of(panels: dict[str, list[dict[str, Any]]]) -> dict[str, list[str]]:
    """Return the figures of each section."""
    keys = {
        name: [key for panel in part for key in panel["config"].get("mediaKeys", [])] for name, part in panels.items()
    }
    assert all(key.startswith("figures/") for found in keys.values() for key in found)
    return {name: [key.removeprefix("figures/") for key in found] for name, found in keys.items()}


def tables_of(panels: dict[str, list[dict[str, Any]]]) -> dict[str, list[str]]:
    """Return the tables of each section."""
    return {name: [key for key in TABLES if f'"val": "{key}"' in json.dumps(part)] for name, part in panels.items()}


def metrics_of(panels: list[dict[str, Any]]) -> set[str]:
    return {name for panel in panels for name in panel["config"].get("metrics", [])}


def test_it_shows_the_runs_of_one_study_by_arm_and_condition() -> None:
    runs, _ = dashboard(BEFORE, {}, by=["lora", "training.epochs"])
    assert "quickstart" in json.dumps(runs["filters"])
    assert "group" in json.dumps(runs["filters"])
    keys = [group["name"] for group in runs["grouping"]]
    assert keys[0] == "jobType"
    assert [config_key("lora"), config_key("training.epochs"), config_key("seed")] == [
        "choices.lora",
        "training.epochs",
        "seed",
    ]
    assert ["choices" in keys[1], "epochs" in keys[2]] == [True, True]


def test_before_the_study_it_has_all_that_can_be_known() -> None:
    _, panels = dashboard(BEFORE, {})
    assert list(panels) == SECTIONS
    assert metrics_of(panels["Progress"]) >= {"cells/done", "cells/total", "cells/failed"}
    assert metrics_of(panels["Training curves"]) == {"loss", "learning_rate", "examples_per_second"}
    assert metrics_of(panels["Accuracy"]) == {"accuracy"}
    assert metrics_of(panels["Cost"]) == {f"cost/{field}" for field in COSTS}
    assert tables_of(panels) == {
        "Progress": ["cells", "failures", "notes"],
        "Training curves": [],
        "Accuracy": ["rows", "curves", "variance"],
        "Contrasts": ["contrasts", "exploratory", "power"],
        "Cost": ["cost"],
    }
    assert sorted(name for names in tables_of(panels).values() for name in names) == sorted(TABLES)
    assert figures_of(panels)["Contrasts"] == ["contrasts"]
    assert figures_of(panels)["Cost"] == ["context_cost", "break_even"]
    assert sorted(name for names in figures_of(panels).values() for name in names) == sorted(FIGURES)


def test_after_it_the_figures_and_tables_are_those_that_the_study_has() -> None:
    _, panels = dashboard(summary(), TIMINGS)
    assert figures_of(panels) == {
        **{name: [] for name in SECTIONS},
        "Accuracy": ["accuracy", "learning_curve", "by_condition"],
        "Contrasts": ["contrasts"],
    }
    shown = {name for names in tables_of(panels).values() for name in names}
    assert shown == set(tables(summary(), TIMINGS, {})) == set(TABLES)
    plain = {"rows": summary()["rows"][:1]}
    _, panels = dashboard(plain, {})
    assert {name: found for name, found in tables_of(panels).items() if found} == {"Accuracy": ["rows"]}
    assert {name: found for name, found in figures_of(panels).items() if found} == {"Accuracy": ["accuracy"]}


def test_after_it_every_number_that_it_names_is_one_the_study_logs() -> None:
    runs, panels = dashboard(summary(), TIMINGS)
    logged = numbers(summary(), TIMINGS)
    shown = {name for part in ("Accuracy", "Contrasts") for name in metrics_of(panels[part])}
    named = {name for name in shown if "/heldout/" in name}
    assert {"base/heldout/accuracy", "finetune/heldout/area_under_curve", "finetune/heldout/steps_to_90"} <= named
    # What has no estimate is not logged, and an empty bar says so.
    assert named - logged.keys() == {"rag/heldout/accuracy"}
    assert metrics_of(panels["Cost"]) >= {name for name in logged if name.startswith("cost/")}
    assert runs["grouping"][0]["name"] == "jobType"
    assert "choices.value.lora" in json.dumps(runs["grouping"]).replace(", ", ",")
    assert SECRET not in json.dumps(spec(build("quickstart", "p", "e", summary(), TIMINGS)))


def test_a_file_needs_no_account(tmp_path: Path) -> None:
    file = tmp_path / "board.json"
    main(["quickstart", "--results", str(tmp_path), "--json", str(file)])
    assert json.loads(file.read_text())["displayName"] == "quickstart"


@pytest.mark.parametrize(
    ("arguments", "word"), [([], "--entity"), (["--entity", "someone"], "wandb login")], ids=["nobody", "no login"]
)
def test_saving_needs_an_account_and_says_so(arguments: list[str], word: str, tmp_path: Path) -> None:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("WANDB_")}
    root = str(Path(__file__).resolve().parents[1])
    done = subprocess.run(
        [sys.executable, "-m", "scripts.dashboard", "quickstart", *arguments],
        cwd=tmp_path,
        env=kept | {"PYTHONPATH": root, "HOME": str(tmp_path), "NETRC": str(tmp_path / "netrc")},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 1
    told = [line for line in done.stderr.splitlines() if line.startswith("dashboard: ")]
    assert len(told) == 1
    assert word in told[0]
    assert "Traceback" not in done.stderr
