import csv
import io
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from evaluation.report.escape import latex, markdown
from evaluation.report.formats import number, p_value, signed
from evaluation.report.shown import Cell, Shown, shown
from evaluation.report.tables import (
    NAMES,
    contrast_table,
    rows_table,
    study_tables,
    to_csv,
    to_latex,
    to_markdown,
    write_tables,
)
from tests.evaluation.report.studies import (
    FEW,
    LOST,
    NO_SEEDS,
    PRICES,
    contrast,
    curves,
    grid,
    planned,
    row,
    shares,
    study,
    timed,
)  # fmt: skip

HOSTILE = "a|b & 50%_c ~{d}^ $x$ \\n #1\n<script>[l](javascript:x) `q` *e*"


def markdown_rows(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[:1] + lines[2:]]


def latex_rows(text: str) -> list[list[str]]:
    lines = [line.removesuffix(r" \\") for line in text.splitlines() if line.endswith(r"\\")]
    return [re.split(r" (?<!\\)& ", line) for line in lines]


def csv_rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def plain(cell: str) -> str:
    cell = re.sub(r"\\textsuperscript\{[\d,]+\}|[⁰¹²³⁴⁵⁶⁷⁸⁹]", "", cell)
    if (stacked := re.fullmatch(r"\\shortstack\[[lr]\]\{(.*)\}", cell)) is not None:
        cell = re.sub(r" \\\\ (\{\})?", " ", stacked[1])
    cell = cell.replace("--", "–").replace("$-$", "−").replace(r"\%", "%").replace(r"\_", "_")
    return cell.replace(r"\textless{}", "<").replace("\\<", "<").strip()


def test_long_names_and_titles_of_latex_stand_on_several_lines() -> None:
    name = "finetune training=curve v10 − finetune training=curve v1"
    table = Shown(["contrast", "difference (points) [95 % CI]"], "lr", [[Cell(name, (1,)), Cell("−9.3 [−22.0, +3.3]")]])
    head, row = latex_rows(to_latex(table))
    assert head[1] == r"\shortstack[r]{difference \\ (points) \\ {}[95 \% CI]}"
    assert row[0].startswith(r"\shortstack[l]{finetune training=curve v10 \\ ")
    assert row[0].endswith(r"v1\textsuperscript{1}}")
    assert row[1] == "$-$9.3 [$-$22.0, +3.3]"


def test_numbers_are_written_one_way() -> None:
    assert number(0.97249, "accuracy") == "97.2"
    assert number(1.0, "accuracy_tier_1") == "100.0"
    assert number(125.0, "steps_to_90") == "125"
    assert signed(-0.0912345, "accuracy") == "−9.1"
    assert signed(0.05, "accuracy") == "+5.0"
    assert signed(-0.0001, "accuracy") == "0.0"
    assert p_value(0.0004) == "< 0.001"
    assert p_value(0.0449) == "0.045"


@pytest.mark.parametrize("make", [rows_table, contrast_table])
def test_markdown_latex_and_csv_say_the_same(summary: dict[str, Any], make: Any) -> None:
    frame = make(summary)
    first, second, raw = (markdown_rows(to_markdown(frame)), latex_rows(to_latex(frame)), csv_rows(to_csv(frame)))
    assert len(first) == len(second) == len(raw) + 1 == len(frame) + 1
    assert [list(map(plain, cells)) for cells in first] == [list(map(plain, cells)) for cells in second]
    name = "difference" if "difference" in frame.columns else "estimate"
    write = signed if name == "difference" else number
    at = next(index for index, title in enumerate(first[0]) if "95 % CI" in title)
    for cells, values in zip(first[1:], raw, strict=True):
        shown_texts = re.findall(r"[+−]?\d+\.\d", plain(cells[at]))
        full = [values[name], values["ci_low"], values["ci_high"]]
        assert shown_texts == [write(float(value), values["metric"]) for value in full if value]


@pytest.mark.parametrize("name", NAMES)
def test_every_table_says_the_same_in_markdown_and_latex(name: str) -> None:
    compared = [contrast(curves()["rows"][1], curves()["rows"][0], "heldout")]
    summary = curves() | {"contrasts": compared, "exploratory": compared}
    summary |= {"variance": [shares(fact=0.6)], "power": [planned()]}
    frame, table = study_tables(summary, timed(summary, prices=PRICES))[name]
    first, second = markdown_rows(to_markdown(table)), latex_rows(to_latex(table))
    assert [list(map(plain, cells)) for cells in first] == [list(map(plain, cells)) for cells in second]
    assert len(csv_rows(to_csv(frame))) == len(frame) > 0
    for text in (*table.notes, *table.remarks):
        assert markdown(text) in to_markdown(table)
        assert latex(text) in to_latex(table)


def test_of_a_learning_curve_the_csv_has_every_step_and_the_others_the_last() -> None:
    frame, table = study_tables(curves())["rows"]
    steps = [line["condition.step"] for line in csv_rows(to_csv(frame)) if line["metric"] == "accuracy"]
    assert sorted(filter(None, steps), key=int) == ["25", "25", "50", "50", "100", "100", "200", "200"]
    accuracy = [[cell.text for cell in cells] for cells in table.rows if "accuracy (%)" in [c.text for c in cells]]
    at = table.header.index("step")
    assert [cells[at] for cells in accuracy] == ["", "200", "200"]
    assert any("last step" in remark for remark in table.remarks)


def test_the_csv_keeps_full_precision_and_whole_counts(summary: dict[str, Any]) -> None:
    raw = csv_rows(to_csv(rows_table(summary)))
    found = {(line["arm"], line["suite"], line["metric"]): line for line in raw}
    prompt = found["system_prompt", "seen", "accuracy"]
    assert prompt["estimate"] == "0.9583333333333334"
    assert (prompt["n_items"], prompt["n_seeds"]) == ("144", "")
    assert found["finetune", "seen", "accuracy"]["n_seeds"] == "3"
    assert found["finetune", "tiers", "accuracy"]["estimate"] == ""
    assert LOST in found["finetune", "tiers", "accuracy"]["reasons"]


def test_an_interval_stands_beside_its_estimate() -> None:
    one = study([row("rag", "heldout", 0.97249, ci_low=0.931, ci_high=0.9899)])
    assert "| 97.2 [93.1, 99.0] |" in to_markdown(rows_table(one))


def test_nulls_are_dashes_with_their_reason(summary: dict[str, Any]) -> None:
    text = to_markdown(rows_table(summary))
    lines = text.splitlines()
    missing = next(line for line in lines if line.startswith("| finetune | tiers | accuracy |"))
    mark = re.search(r"\| –([¹²³⁴⁵]) \|", missing)
    assert mark is not None
    assert f"{mark[1]} {LOST}" in lines
    assert "no reason recorded" not in text
    assert "no reason recorded" not in to_markdown(contrast_table(summary))
    few = next(line for line in lines if line.startswith("| rag | blind | accuracy |"))
    mark = re.search(r"\| 86\.0 \[–\]([¹²³⁴⁵]) \|", few)
    assert mark is not None
    assert f"{mark[1]} {FEW}" in lines
    assert sum(NO_SEEDS in line for line in lines) == 1
    tex = to_latex(rows_table(summary))
    assert r"--\textsuperscript{" in tex
    assert LOST in tex


def test_a_null_without_a_reason_says_so() -> None:
    one = study([row("rag", "heldout", 0.5, context_tokens=None, reasons={})])
    assert "no reason recorded" in to_markdown(rows_table(one))


def test_only_conditions_that_differ_are_columns() -> None:
    many = grid(("v1", "v5", "v10"), ("r16",))
    header = shown(rows_table(many)).header
    assert "variations" in header
    assert "lora" not in header
    rows = markdown_rows(to_markdown(rows_table(many)))
    tuned = [cells[1] for cells in rows if cells[0] == "finetune" and cells[2] == "seen"]
    assert tuned == ["v1", "v5", "v10"]
    assert "condition.lora" in csv_rows(to_csv(rows_table(many)))[0]


def test_a_condition_that_some_rows_of_an_arm_lack_is_a_column() -> None:
    two = study([row("rag", "seen", 0.5), row("rag", "seen", 0.6, condition={"top_k": 3})])
    assert "top_k" in shown(rows_table(two)).header


def test_contrasts_name_what_differs_in_the_study() -> None:
    many = grid(("v1", "v5"), ("r16",))
    many["contrasts"] = [contrast(many["rows"][-1], many["rows"][0], "heldout")]
    assert "| finetune v5 − base | heldout | accuracy | −17.5 [−25.0, −9.1] |" in to_markdown(contrast_table(many))


def test_hostile_names_stay_text() -> None:
    rows = [row("my_arm", "held_out & 5%", 0.5, condition={"note": HOSTILE}), row("my_arm", "held_out & 5%", 0.6)]
    frame = rows_table(study(rows))
    cells = markdown_rows(to_markdown(frame))
    assert {len(line) for line in cells} == {8}
    assert "my_arm" in cells[1]
    assert "<script>" not in to_markdown(frame).replace("\\<script\\>", "")
    assert "](javascript" not in to_markdown(frame).replace("\\](", "")
    tex = to_latex(frame)
    assert r"my\_arm" in tex
    assert r"held\_out \& 5\%" in tex
    body = [line for line in tex.splitlines() if line.endswith(r"\\")]
    assert {len(re.findall(r"(?<!\\)&", line)) for line in body} == {7}
    assert all(not re.search(r"(?<!\\)[%#_]", line) for line in body)
    values = {line["condition.note"] for line in csv_rows(to_csv(frame))}
    assert values == {HOSTILE, ""}


def test_escapes() -> None:
    assert latex("a_b & 5% $x$ {y} ~ ^ \\ #") == (
        r"a\_b \& 5\% \$x\$ \{y\} \textasciitilde{} \textasciicircum{} \textbackslash{} \#"
    )
    assert markdown("system_prompt | [93.1, 99.0]") == r"system_prompt \| [93.1, 99.0]"
    assert markdown("_a_ # b\nc") == r"\_a\_ # b c"
    assert markdown("# no title") == r"\# no title"


def test_a_latex_row_never_opens_with_a_bracket() -> None:
    text = to_latex(rows_table(study([row("[1em]", "seen", 0.5)])))
    assert "\n{}[1em] & seen" in text


def test_files_repeat_to_the_byte_whatever_the_order(tmp_path: Path, summary: dict[str, Any]) -> None:
    paths = write_tables(tmp_path, summary)
    assert [path.relative_to(tmp_path).as_posix() for path in paths] == [
        f"tables/{name}.{suffix}" for name in ("accuracy", "rows", "contrasts") for suffix in ("md", "csv", "tex")
    ]
    before = [path.read_bytes() for path in paths]
    summary["rows"].reverse()
    assert [path.read_bytes() for path in write_tables(tmp_path, summary)] == before


def test_tables_of_an_earlier_summary_do_not_stay(tmp_path: Path) -> None:
    write_tables(tmp_path, curves(), timed(curves(), prices=PRICES))
    kept = write_tables(tmp_path, study([row("finetune", "heldout", 0.7)]))
    assert sorted((tmp_path / "tables").iterdir()) == sorted(kept)


def test_a_study_without_rows_has_empty_tables(tmp_path: Path) -> None:
    for path in write_tables(tmp_path, study([])):
        assert path.read_text().count("\n") >= 1


def test_importing_loads_nothing_heavy() -> None:
    code = (
        "import sys; from evaluation.report import tables, figures, report, terminal; "
        "print({'pandas', 'matplotlib', 'rich'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
