import io
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from evaluation.report.report import write_report
from evaluation.report.tables import write_tables
from evaluation.report.terminal import print_summary
from tests.evaluation.report.studies import LOST, grid, row, study

Data = dict[str, Any]


def printed(summary: Data, timings: Data, folder: Path, **console: Any) -> str:
    stream = io.StringIO()
    print_summary(summary, timings, folder, Console(file=stream, highlight=False, **console))
    return stream.getvalue()


def test_a_plain_table_at_80_columns(tmp_path: Path, summary: Data, timings: Data) -> None:
    text = printed(summary, timings, tmp_path, width=80)
    assert "\x1b" not in text
    assert max(map(cell_len, text.splitlines())) <= 80
    for part in ("system_prompt", "95.8", "[87.8, 100.0]", "heldout", "412", LOST, "2 failed"):
        assert part in text
    assert "Training and answering, cell by cell, earlier runs included: 1830 s." in text
    last = [" ".join(line.split()) for line in text.splitlines()[-2:]]
    assert last == [
        "finetune tiers 1 OutOfMemoryError: tried to allocate 2 GiB [cpu]",
        "rag blind – UserError: no index",
    ]


def test_a_wide_terminal_has_intervals_on_the_line(tmp_path: Path, summary: Data, timings: Data) -> None:
    assert "95.8 [87.8, 100.0]" in printed(summary, timings, tmp_path, width=160)


def test_failures_are_red_on_a_terminal(tmp_path: Path, summary: Data, timings: Data) -> None:
    text = printed(summary, timings, tmp_path, width=80, force_terminal=True, color_system="standard", no_color=False)
    assert "\x1b[1;31m2 failed" in text


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
def test_conditions_fit_every_width_without_broken_numbers(tmp_path: Path, timings: Data, width: int) -> None:
    text = printed(grid(("v1", "v5", "v10"), ("r4", "r16")), timings, tmp_path, width=width)
    table = text.split("Intervals")[0]
    assert max(map(cell_len, table.splitlines())) <= width
    assert table.count("[87.8, 100.0]") == 1
    assert "r16" in table
    assert "v10" in table


def test_the_files_that_are_there_are_named(tmp_path: Path, summary: Data, timings: Data, provenance: Data) -> None:
    write_tables(tmp_path, summary)
    write_report(tmp_path, summary, timings, provenance)
    text = printed(summary, timings, tmp_path, width=40)
    assert f"  {tmp_path}/report.md\n" in text
    assert f"  {tmp_path}/tables (accuracy, contrasts, rows)\n" in text
    assert "summary.json" not in text


def test_values_are_never_markup(tmp_path: Path) -> None:
    rows = [row("rag", "seen", 0.5, condition={"k": f"[red]{i}[/red]\n:smile:"}) for i in (1, 2)]
    text = printed(study(rows), {"cells": []}, tmp_path, width=120, force_terminal=True)
    assert "[red]1[/red] :smile:" in text


def test_a_terminal_that_knows_only_ascii_gets_ascii(tmp_path: Path, summary: Data, timings: Data) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    print_summary(summary, timings, tmp_path, Console(file=stream, width=80))
    stream.flush()


def test_a_study_where_all_failed(tmp_path: Path) -> None:
    failures = [{"arm": "rag", "suite": "seen", "seed": 3, "error": "boom"}]
    text = printed(study([], failures=failures), {"cells": []}, tmp_path, width=80)
    assert "No cell gave an accuracy." in text
    assert " ".join(text.splitlines()[-1].split()) == "rag seen 3 boom"


def test_failures_of_a_sweep_are_told_apart_by_their_condition(tmp_path: Path) -> None:
    condition = {"lora": "r16", "training.epochs": 3}
    failures = [{"arm": "finetune", "suite": "seen", "condition": condition, "seed": 3, "error": "boom\nand more"}]
    summary = study([], failures=failures)
    text = printed(summary, {"cells": []}, tmp_path, width=80)
    assert " ".join(text.splitlines()[-1].split()) == "finetune seen r16 training.epochs=3 3 boom and more"
    report = write_report(tmp_path, summary, {"cells": []}, {}).read_text()
    assert "| finetune | seen | r16 training.epochs=3 | 3 | boom and more |" in report


def test_contrasts_of_what_was_left_out_take_one_line(tmp_path: Path, summary: Data, timings: Data) -> None:
    for contrast in summary["contrasts"][1:]:
        contrast |= {"difference": None, "reasons": {"difference": "not asked for"}, "asked": False}
    text = printed(summary, timings, tmp_path, width=200)
    assert "  Not asked for: finetune − rag on heldout, finetune − base on tiers." in text
    assert text.count("not computed") == 0
    assert text.count("Holm-adjusted") == 1
