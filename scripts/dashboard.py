"""Build a study's dashboard in W&B: ``python scripts/dashboard.py STUDY --entity NAME``.

A dashboard is a saved view of a project that shows one study: how far it is, its training curves, accuracy with
intervals, contrasts, what it cost. It can be built before the study runs, and again after it: where
``results/STUDY/summary.json`` stands, its rows get panels of their own. To be
saved it needs a W&B account; ``--json FILE`` writes it to a file instead, and needs neither account nor network.
docs/dashboards.md says what is sent and what never is.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from andraeus.errors import UserError
from andraeus.files import write_text
from evaluation.report.figures import NAMES as FIGURES
from evaluation.report.figures import figure_names
from evaluation.report.rows import differing, sides_of
from experiments.run import CONF
from experiments.tracking.closing import COSTS, TABLES, named_contrasts, named_costs, named_rows, tables
from experiments.tracking.public import public_study

if TYPE_CHECKING:
    from wandb_workspaces.workspaces import Section, Workspace

# Metrics whose rows get a panel; the table has all of them.
_METRICS = ("accuracy", "area_under_curve", "steps_to_90")
# In which section a figure or a table stands; all others are about accuracy.
_FIGURES = {"contrasts": "Contrasts", "context_cost": "Cost", "break_even": "Cost"}
_TABLES = {"exploratory": "Contrasts", "contrasts": "Contrasts", "power": "Contrasts", "cost": "Cost"}
_TABLES |= dict.fromkeys(("cells", "failures", "notes"), "Progress")
_COLUMNS = ("run:state", "summary:status", "summary:accuracy", "config:cell.suite", "config:cell.seed")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Build a study's dashboard in W&B.")
    parser.add_argument("study", help="name of the study, as under results/")
    parser.add_argument("--project", default="andraeus", help="W&B project (tracker.project)")
    parser.add_argument("--entity", help="W&B user or team to save it for")
    parser.add_argument("--by", action="append", metavar="KEY", help="what to group curves by, besides the arm: lora")
    parser.add_argument("--results", type=Path, default=Path("results"), help="where summaries lie (paths.results)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the dashboard to a file, and save nothing")
    asked = parser.parse_args(arguments)
    try:
        summary, timings = read_results(asked.results / asked.study)
        if not summary["rows"]:
            print(
                f"There is no summary of {asked.study} in {asked.results} yet: the board has panels of live runs alone."
            )
        if asked.json is None and not asked.entity:
            raise UserError("say with --entity which W&B user or team it is for, or take --json FILE.")
        board = build(asked.study, asked.project, asked.entity or "", summary, timings, asked.by)
        if asked.json is None:
            save(board)
        else:
            write_text(asked.json, json.dumps(spec(board), indent=2, sort_keys=True) + "\n")
            print(f"The board is written to {asked.json}.")
    except UserError as error:
        print(f"dashboard: {error}", file=sys.stderr)
        raise SystemExit(1) from error


def read_results(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a study's summary and timings; empty ones where the study has not come to an end."""
    try:
        summary, timings = (json.loads((folder / f"{name}.json").read_text("utf-8")) for name in ("summary", "timings"))
    except FileNotFoundError:
        return {"rows": []}, {}
    except (OSError, ValueError) as error:
        raise UserError(f"{folder} cannot be read ({error}): run the study again.") from error
    return summary, timings


def build(
    study: str,
    project: str,
    entity: str,
    summary: Mapping[str, Any],
    timings: Mapping[str, Any],
    by: Sequence[str] | None = None,
) -> "Workspace":
    """Return a study's dashboard, not saved.

    Args:
        study: Name of the study.
        project: W&B project.
        entity: W&B user or team.
        summary: Content of its ``summary.json``, with empty ``rows`` before there is one.
        timings: Content of its ``timings.json``.
        by: Overrides to group curves by, such as ``lora`` or ``training.epochs``; those that tell the summary's rows
            apart where not given.

    Raises:
        UserError: The package that builds it is not installed.
    """
    try:
        import wandb_workspaces.expr as expr
        import wandb_workspaces.workspaces as ws
    except ImportError as error:
        install = "pip install --constraint constraints.txt --editable '.[dashboard]'"
        raise UserError(f"this needs wandb-workspaces: .venv/bin/{install} ({error}).") from error
    shown = Shown.of(summary, timings)
    keys = [config_key(key) for key in (differing(sides_of(summary)) if by is None else by)]
    return ws.Workspace(
        entity=entity,
        project=project,
        name=public_study(study),
        sections=[
            _progress(shown),
            _curves(keys),
            _accuracy(summary, shown),
            _contrasts(summary, shown),
            _cost(timings, shown),
        ],
        settings=ws.WorkspaceSettings(max_runs=100),
        runset_settings=ws.RunsetSettings(
            filters=[expr.Metric("Group") == public_study(study)],
            groupby=[expr.Metric("JobType"), *map(expr.Config, keys)],
            pinned_columns=list(_COLUMNS),
        ),
    )


@dataclass(frozen=True)
class Shown:
    """What a study's own run has beside numbers.

    Attributes:
        figures: Names of its figures.
        tables: Names of its tables.
    """

    figures: Sequence[str]
    tables: Sequence[str]

    @classmethod
    def of(cls, summary: Mapping[str, Any], timings: Mapping[str, Any]) -> "Shown":
        """Return what a study has that came to its end, or all that a study may have."""
        if not summary["rows"]:
            return cls(FIGURES, TABLES)
        return cls(figure_names(summary, timings), list(tables(summary, timings, {})))

    def panels(self, section: str, title: str | None = None) -> list[Any]:
        """Return a section's figures in one panel, and a panel for each of its tables."""
        import wandb_workspaces.reports.v2 as wr

        figures = [f"figures/{name}" for name in self.figures if _FIGURES.get(name, "Accuracy") == section]
        found = [wr.MediaBrowser(title=title, media_keys=figures, num_columns=1)] if figures else []
        names = [name for name in self.tables if _TABLES.get(name, "Accuracy") == section]
        return [*found, *(wr.WeavePanelSummaryTable(table_name=name) for name in names)]


def config_key(override: str) -> str:
    """Return where a run's config has what an override chose: a group's choice by name, anything else as a value."""
    return f"choices.{override}" if Path(CONF, override).is_dir() else override


def spec(board: "Workspace") -> dict[str, Any]:
    """Return a dashboard as W&B would be sent it."""
    content: dict[str, Any] = board._to_model().model_dump(mode="json", by_alias=True, exclude_none=True)
    return content


def save(board: "Workspace") -> None:
    """Save a dashboard; W&B prints its address.

    Raises:
        UserError: Nobody is logged in, or W&B refuses.
    """
    import wandb

    if not wandb.login(prompt=False):
        raise UserError("saving needs a W&B account: run `wandb login`, or write it to a file with --json FILE.")
    try:
        board.save()
    except Exception as error:
        told = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        raise UserError(f"W&B did not save it ({told}); is {board.entity}/{board.project} yours?") from error


def _progress(shown: "Shown") -> "Section":
    import wandb_workspaces.reports.v2 as wr

    return _section(
        "Progress",
        wr.ScalarChart(title="cells done", metric="cells/done", groupby_aggfunc="sum"),
        wr.ScalarChart(title="cells in all", metric="cells/total", groupby_aggfunc="max"),
        wr.ScalarChart(title="cells failed", metric="cells/failed", groupby_aggfunc="sum"),
        _by_arm("cells done, by arm (summary: reused)", "cells/done", "sum"),
        *shown.panels("Progress"),
    )


def _curves(keys: Sequence[str]) -> "Section":
    import wandb_workspaces.reports.v2 as wr

    def curve(metric: str, by: Any, name: str) -> Any:
        return wr.LinePlot(
            title=f"{metric} by {name}",
            x="Step",
            y=[metric],
            groupby=by,
            groupby_aggfunc="mean",
            groupby_rangefunc="minmax",
        )

    arm = wr.Metric("JobType")
    by = [curve("loss", wr.Config(key), key.removeprefix("choices.")) for key in keys]
    rest = [curve(metric, arm, "arm") for metric in ("learning_rate", "examples_per_second")]
    return _section("Training curves", curve("loss", arm, "arm"), *by, *rest)


def _accuracy(summary: Mapping[str, Any], shown: "Shown") -> "Section":
    found: dict[tuple[str, str], list[str]] = {}
    for name, row in named_rows(summary).items():
        if row["metric"] in _METRICS:
            found.setdefault((row["metric"], row["suite"]), []).append(name)
    rows = [_bars(f"{metric} on {suite}", names) for (metric, suite), names in sorted(found.items())]
    return _section(
        "Accuracy",
        *shown.panels("Accuracy", "with 95 % intervals"),
        *rows,
        _by_arm("accuracy of the cells so far (mean, no interval)", "accuracy", "mean"),
    )


def _contrasts(summary: Mapping[str, Any], shown: "Shown") -> "Section":
    names = list(named_contrasts(summary))
    return _section("Contrasts", *shown.panels("Contrasts"), *([_bars("differences", names)] if names else []))


def _cost(timings: Mapping[str, Any], shown: "Shown") -> "Section":
    panels = []
    for field in COSTS:
        names = [name for name in named_costs(timings) if name.endswith(f"/{field}")]
        panels += [_bars(f"{field} (median of all cells)", names)] if names else []
        panels.append(_by_arm(f"{field} (median of the cells that have a run here)", f"cost/{field}", "median"))
    return _section("Cost", *shown.panels("Cost"), *panels)


def _section(name: str, *panels: Any) -> "Section":
    import wandb_workspaces.workspaces as ws

    return ws.Section(name=name, panels=list(panels), is_open=True)


def _bars(title: str, metrics: Sequence[str]) -> Any:
    import wandb_workspaces.reports.v2 as wr

    return wr.BarPlot(title=title, metrics=list(metrics))


def _by_arm(title: str, metric: str, how: str) -> Any:
    import wandb_workspaces.reports.v2 as wr

    return wr.BarPlot(title=title, metrics=[metric], groupby=wr.Metric("JobType"), groupby_aggfunc=how)


if __name__ == "__main__":
    main()
