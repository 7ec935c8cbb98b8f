"""From cells to rows and contrasts."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from evaluation.groups import CellResult
from evaluation.statistics import benjamini_hochberg
from evaluation.summary import summarise

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


def test_a_contrast_may_claim_that_there_is_no_difference() -> None:
    cells = [cell(right=180, items=items(180, of=200)), cell("rag", 180, items=items(181, of=200), seed=None)]
    cells += [cell("base", 0, items=items(20, of=200))]
    equal = {**STATED, "b": {"arm": "rag"}, "kind": "equivalence", "margin": 0.05}
    no_worse = {**STATED, "kind": "non_inferiority", "margin": 0.05}
    worse = {**no_worse, "a": {"arm": "base"}, "b": {"arm": "finetune"}}
    found = contrasts(cells, equal, no_worse, worse, STATED)
    assert [c["verdict"] for c in found] == ["holds", "holds", "not shown", None]
    assert [c["margin"] for c in found] == [0.05, 0.05, 0.05, None]
    assert [c["kind"] for c in found] == ["equivalence", "non_inferiority", "non_inferiority", "difference"]
    assert -0.05 < found[0]["ci_low"] < found[0]["ci_high"] < 0.05
    assert found[3]["reasons"]["verdict"] == "a difference is held against no margin"
    assert found[0].keys() == found[3].keys()


def test_claims_of_every_kind_are_one_family() -> None:
    cells = [cell(right=25), cell("base", 5), cell("rag", 24, seed=None)]
    equal = {**STATED, "b": {"arm": "rag"}, "kind": "equivalence", "margin": 0.3}
    alone, (first, second) = contrasts(cells, STATED)[0], contrasts(cells, STATED, equal)
    assert first["p_value"] == alone["p_value"]
    smaller = min((first, second), key=lambda c: c["p_value"])
    assert smaller["p_adjusted"] == pytest.approx(2 * smaller["p_value"])


def test_a_claim_that_holds_alone_need_not_hold_in_a_family() -> None:
    cells = [cell(right=28), cell("rag", 28, seed=None), cell("oracle", 20, seed=None)]
    equal = {**STATED, "b": {"arm": "rag"}, "kind": "equivalence", "margin": 0.19}
    (alone,) = contrasts(cells, equal)
    assert (alone["verdict"], alone["p_value"]) == ("holds", alone["p_adjusted"])
    others = [{**STATED, "a": {"arm": "oracle"}, "b": {"arm": "rag"}, "suite": "heldout"}] * 30
    together = contrasts(cells, equal, *others)[0]
    assert together["p_value"] == alone["p_value"]
    assert (together["verdict"] == "holds") == (together["p_adjusted"] < 0.05)
    assert together["p_adjusted"] > alone["p_adjusted"]


def swept(**right: int) -> list[CellResult]:
    return [cell(right=n, condition={"lora": lora}, choices={"lora": lora}) for lora, n in right.items()]


def explored(cells: list[CellResult], **more: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = summarise("s", "h", cells, [], **more)["exploratory"]
    return found


def test_without_contrasts_every_row_is_compared_with_the_first() -> None:
    found = explored(swept(r4=5, r16=20, r8=21))
    assert [(c["a"]["condition"]["lora"], c["b"]["condition"]["lora"]) for c in found] == [("r8", "r4"), ("r16", "r4")]
    assert {c["adjustment"] for c in found} == {"benjamini_hochberg"}
    adjusted = benjamini_hochberg([c["p_value"] for c in found])
    assert [c["p_adjusted"] for c in found] == pytest.approx(adjusted)
    assert summarise("s", "h", swept(r4=5, r8=9), [STATED])["exploratory"] == []


def test_a_grid_is_compared_with_the_row_that_differs_in_what_is_named() -> None:
    cells = [
        cell(right=right + 5 * (v == "v5"), condition={"lora": lora, "v": v}, choices={"lora": lora, "v": v})
        for v in ("v1", "v5")
        for lora, right in (("r4", 5), ("r32", 15), ("r64", 20))
    ] + [cell("base", 3)]
    against = {"against": {"lora": "r32"}, "suite": None, "metric": "accuracy"}
    found = explored(cells, explore=against)
    assert all(c["b"]["condition"] == {"lora": "r32", "v": c["a"]["condition"]["v"]} for c in found)
    assert {(c["a"]["condition"]["lora"], c["a"]["condition"]["v"]) for c in found} == {
        (lora, v) for lora in ("r4", "r64") for v in ("v1", "v5")
    }
    assert len(explored(cells, explore={**against, "against": {"arm": "base"}})) == 6
    nobody = summarise("s", "h", cells, [], explore={**against, "against": {"lora": "r7"}})
    assert nobody["exploratory"] == []
    assert "lora=r7" in nobody["notes"][0]


def test_the_first_of_a_curve_is_that_of_the_same_step() -> None:
    found = explored([*curve((10, 30), v="v1"), *curve((20, 30), v="v5")])
    assert [(c["a"]["condition"], c["b"]["condition"]) for c in found] == [
        ({"v": "v5", "step": step}, {"v": "v1", "step": step}) for step in (10, 20)
    ]
    areas = {"against": {"v": "v1"}, "suite": None, "metric": "area_under_curve"}
    (area,) = explored([*curve((10, 30), v="v1"), *curve((20, 30), v="v5")], explore=areas)
    assert area["difference"] == pytest.approx(1 / 6)


def test_a_lost_comparison_stays_in_the_family() -> None:
    lost = cell(status="failed", items=[], condition={"lora": "r16"})
    found = explored([*swept(r4=5, r8=25), lost])
    assert [c["p_value"] is None for c in found] == [False, True]
    assert found[0]["p_adjusted"] == pytest.approx(min(1.0, 2 * found[0]["p_value"]))
    assert found[1]["reasons"]["p_adjusted"] == "1 of 1 cells failed"


def test_each_row_says_where_its_variance_lies() -> None:
    three = [cell(right=right, seed=seed) for seed, right in enumerate((10, 20, 28))]
    lost = cell("rag", status="failed", items=[])
    tuned, rag = summarise("s", "h", [*three, lost], [])["variance"]
    assert (tuned["arm"], tuned["levels"]["seed"], tuned["levels"]["fact"]) == ("finetune", 3, 30)
    known = [share for share in tuned["shares"].values() if share is not None]
    assert sum(known) == pytest.approx(1)
    assert tuned["reasons"]["profile"] == "there is one profile only"
    assert set(rag["reasons"].values()) == {"1 of 1 cells failed"}
    assert {"rows", "variance"} <= summarise("s", "h", [cell(items=[*items(20), *items(3)])], []).keys()


def test_power_is_planned_for_each_stated_contrast() -> None:
    cells = [cell(right=right, seed=seed) for seed, right in enumerate((20, 22, 26))] + [cell("base", 12)]
    power = {"effects": [0.1, 0.2], "profiles": [1, 5], "facts": [30, 100], "seeds": [3]}
    lost = {**STATED, "a": {"arm": "rag"}}
    plan, nothing = summarise("s", "h", cells, [STATED, lost], power=power)["power"]
    assert plan["design"] == {"profiles": 1, "facts": 30, "seeds": 3, "items": 1}
    own, *others = plan["designs"]
    assert own["power"][0]["power"] < own["power"][1]["power"]
    assert [(d["profiles"], d["facts"], d["mde"] is None) for d in others] == [
        (1, 100, False),
        (5, 30, True),
        (5, 100, True),
    ]
    assert "one profile" in others[1]["reasons"]["mde"]
    assert [one["effect"] for one in plan["needed"]] == [0.1, 0.2]
    assert "one profile" in plan["needed"][0]["reasons"]["profiles"]
    assert nothing["designs"] == []
    assert nothing["reasons"]["design"]


def test_an_answer_is_graded_once_however_many_cells_gave_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def grade(answer: str, expected: Any) -> Any:
        asked.append((answer, expected))
        return SimpleNamespace(correct=answer == expected.value)

    monkeypatch.setattr("evaluation.groups.grade", grade)
    cells = [cell(right=10 + seed, seed=seed, condition={"lora": lora}) for seed in range(5) for lora in ("r4", "r8")]
    rows = summarise("s", "h", cells, [])["rows"]
    assert len(asked) == len(set(asked)) == 2, "one question, and two answers to it"
    assert rows[0]["estimate"] == pytest.approx(12 / 30)


def test_other_questions_under_the_same_ids_do_not_pair() -> None:
    """Under another split of the families the first question of a fact is another one."""
    other = [{**item, "question": "And the dog, who is that?"} for item in items(5)]
    (found,) = contrasts([cell(right=20), cell("base", items=other)], STATED)
    assert found["difference"] is None
    half = [*items(5)[:15], *other[15:]]
    (found,) = contrasts([cell(right=20), cell("base", items=half)], STATED)
    assert found["n_unpaired"] == 30
    assert found["difference"] == pytest.approx(10 / 15)
