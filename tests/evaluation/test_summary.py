"""From cells to rows and contrasts."""

from collections.abc import Mapping
from typing import Any

import pytest

from evaluation.summary import CellResult, summarise

STATED: Mapping[str, Any] = {"a": {"arm": "finetune"}, "b": {"arm": "base"}, "suite": "heldout", "metric": "accuracy"}


def items(right: int, of: int = 30, cut: int = 0) -> list[dict[str, Any]]:
    """Return one item a fact, of which the first ones are answered rightly and the last ones cut."""
    return [
        {"id": f"f{i}/0", "fact": f"f{i}", "tier": 1, "family": "direct", "question": "What is my dog called?"}
        | {"expected": "Pepper", "aliases": [], "answer_type": "name", "answer": "Pepper" if i < right else "Salt"}
        | {"context_tokens": 0, "finished": i < of - cut, "recalled": None, "nearest_trained": None}
        for i in range(of)
    ]


def cell(arm: str = "finetune", right: int = 20, **more: Any) -> CellResult:
    fields: dict[str, Any] = {"identity": f"{arm}{more}", "arm": arm, "condition": {}, "suite": "heldout"}
    fields |= {"profile": "p", "seed": None if arm == "base" else 0, "status": "success", "items": items(right)}
    return CellResult(**(fields | more))


def contrasts(cells: list[CellResult], *stated: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = summarise("s", "h", cells, stated)["contrasts"]
    return found


def side(**condition: Any) -> Mapping[str, Any]:
    return {**STATED, "a": {"arm": "finetune", "condition": condition}}


def test_a_contrast_may_name_what_tells_no_rows_apart() -> None:
    cells = [cell(right=20, choices={"training": "equal_steps", "lora": "r16"}), cell("base", 5)]
    asked, other = contrasts(cells, side(training="equal_steps", lora="r16"), side(training="ablation"))
    assert asked["difference"] == pytest.approx(0.5)
    assert other["difference"] is None
    assert other["reasons"]["difference"]


@pytest.mark.parametrize(
    ("chosen", "stated"),
    [(True, True), (None, None), ("1", 1), (0.001, 1e-3), (8.0, 8), ("{question}", "{question}"), ([1, 2], [1, 2])],
)
def test_equal_values_are_equal_however_they_were_typed(chosen: Any, stated: Any) -> None:
    cells = [cell(condition={"x": chosen}), cell(condition={"x": "other"}), cell("base", 5)]
    assert contrasts(cells, side(x=stated))[0]["difference"] is not None


def test_what_differs_between_a_rows_cells_is_no_choice_of_the_row() -> None:
    cells = [cell(choices={"facts": "maya"}), cell(profile="q", choices={"facts": "alex"}), cell("base", 5)]
    assert contrasts(cells, side(facts="maya"))[0]["difference"] is None


def curve(ends: tuple[int, int], **condition: Any) -> list[CellResult]:
    return [
        cell(right=right, condition={**condition, "step": step}) for step, right in zip((10, 20), ends, strict=True)
    ]


def test_cells_that_differ_in_their_step_are_a_curve() -> None:
    rows = summarise("s", "h", [*curve((10, 30), v="v1"), *curve((20, 30), v="v5"), cell("base", 5)], [])["rows"]
    area = {r["condition"]["v"]: r for r in rows if r["metric"] == "area_under_curve"}
    assert {v: row["estimate"] for v, row in area.items()} == pytest.approx({"v1": 2 / 3, "v5": 5 / 6})
    assert all(row["condition"] == {"v": v} and row["ci_low"] < row["estimate"] for v, row in area.items())
    steps = {r["condition"]["v"]: r for r in rows if r["metric"] == "steps_to_90"}
    assert {v: row["estimate"] for v, row in steps.items()} == pytest.approx({"v1": 18.5, "v5": 17})
    assert steps["v1"]["ci_low"] is None
    assert steps["v1"]["reasons"]["ci_low"] == "an interval needs three seeds"


def test_areas_are_compared_without_naming_a_step() -> None:
    cells = [*curve((10, 30), v="v1"), *curve((20, 30), v="v5")]
    (found,) = contrasts(cells, {**side(v="v5"), "b": {"arm": "finetune", "v": "v1"}, "metric": "area_under_curve"})
    assert found["difference"] == pytest.approx(1 / 6)
    (at_ten,) = contrasts(cells, {**side(v="v5", step=10), "b": {"arm": "finetune", "v": "v1", "step": 10}})
    assert at_ten["difference"] == pytest.approx(1 / 3)


def test_a_lost_step_is_a_lost_curve() -> None:
    cells = [*curve((10, 30)), cell(right=0, status="failed", items=[], condition={"step": 30})]
    rows = [r for r in summarise("s", "h", cells, [])["rows"] if r["metric"] in ("area_under_curve", "steps_to_90")]
    assert [row["estimate"] for row in rows] == [None, None]
    assert all(row["reasons"]["estimate"] == "1 of 3 cells failed" for row in rows)


def test_the_short_form_of_a_side_is_a_condition() -> None:
    cells = [cell(condition={"arm.k": 3}), cell(condition={"arm.k": 5}), cell("base", 5)]
    found = contrasts(cells, {**STATED, "a": {"arm": "finetune", "arm.k": 3}})[0]
    assert found["a"] == {"arm": "finetune", "condition": {"arm.k": 3}}
    assert found["difference"] is not None


def test_a_contrast_says_what_it_speaks_for() -> None:
    few = cell("base", 5, items=items(5, of=28))
    found = contrasts([cell(), cell(seed=1), few], STATED)[0]
    assert (found["n_items"], found["n_facts"], found["n_profiles"], found["n_seeds"]) == (56, 28, 1, 2)
    assert found["n_unpaired"] == 4
    assert found["ci_scope"] == "facts, these 2 seeds"
    assert found["ci_method"].startswith("paired")
    assert "28 facts" in found["design"]


def test_a_null_contrast_has_the_same_keys() -> None:
    computed, lost = contrasts([cell(), cell("base", 5)], STATED, {**STATED, "b": {"arm": "rag"}})
    assert computed.keys() == lost.keys()
    assert lost["n_items"] is None
    assert lost["reasons"]["difference"]


@pytest.mark.parametrize("other", ["base", "finetune"])
def test_cells_of_one_profile_and_seed_are_one(other: str) -> None:
    # facts=file facts.seed=0,1: one person, another order of the trained questions.
    cells = [cell(identity="x"), cell(identity="y", right=10), cell("base", 5)]
    cells += [cell("base", 15, identity="z")] if other == "base" else []
    summary = summarise("s", "h", cells, [STATED])
    row = next(r for r in summary["rows"] if r["arm"] == "finetune" and r["metric"] == "accuracy")
    found = summary["contrasts"][0]
    assert (row["n_profiles"], row["n_seeds"]) == (found["n_profiles"], found["n_seeds"]) == (1, 1)
    assert row["estimate"] == pytest.approx(0.5)
    assert found["difference"] == pytest.approx(15 / 30 - (10 / 30 if other == "base" else 5 / 30))
    assert found["n_items"] == 30


def test_an_item_twice_in_one_cell_is_a_null_with_its_reason() -> None:
    found = contrasts([cell(items=[*items(20), *items(20)[:2]]), cell("base", 5)], STATED)[0]
    assert found["difference"] is None
    assert found["reasons"]["difference"] == "2 items were graded twice in one cell"


def test_a_contrast_of_what_was_left_out_is_not_asked_for() -> None:
    cells = [cell(), cell("base", 5), cell("base", 6, condition={"x": 1})]
    rag, asked = contrasts(cells, {**STATED, "b": {"arm": "rag"}}, STATED)
    assert (rag["asked"], asked["asked"]) == (False, True)
    assert rag["reasons"]["difference"] == "not asked for: this study has no row that b names"
    assert asked["reasons"]["difference"].startswith("b names 2 rows of this study: ")


def test_answers_cut_at_the_limit_are_told() -> None:
    rows = summarise("s", "h", [cell(items=items(20, cut=6)), cell("base", 5)], [])["rows"]
    assert {r["arm"]: r["estimate"] for r in rows if r["metric"] == "answers_cut"} == {"finetune": 0.2, "base": 0.0}


def test_every_null_has_its_reason() -> None:
    yes_no = [item | {"answer_type": "yes_no", "expected": "yes", "answer": "Yes."} for item in items(9)]
    cells = [cell(items=yes_no), cell("base", 5), cell("rag", status="failed", items=[]), cell("empty", items=[])]
    other = {**STATED, "a": {"arm": "rag"}}, {**STATED, "b": {"arm": "nobody"}}, {**STATED, "metric": "speed"}
    summary = summarise("s", "h", cells, [STATED, *other])
    for entry in (*summary["rows"], *summary["contrasts"]):
        null = {key for key, value in entry.items() if value is None}
        assert null <= entry["reasons"].keys()
        assert all(entry["reasons"][key] for key in null)


def test_a_lost_contrast_stays_in_the_family() -> None:
    arms = ("base", "rag", "oracle")
    stated = [{**STATED, "b": {"arm": arm}} for arm in arms]
    kept = [cell(right=25), cell("base", 12), cell("oracle", 15)]
    after = contrasts([*kept, cell("rag", status="failed", items=[])], *stated)
    assert after[1]["p_adjusted"] is None
    smallest = min((after[0], after[2]), key=lambda c: c["p_value"])
    assert smallest["p_adjusted"] == pytest.approx(min(1.0, 3 * smallest["p_value"]))
    # What was not asked for is no test.
    asked = contrasts(kept, *stated)
    assert min(c["p_adjusted"] for c in (asked[0], asked[2])) == pytest.approx(min(1.0, 2 * smallest["p_value"]))
