import pytest

from andraeus.errors import UserError
from experiments.grid import as_arguments, decoded, expand, fixed_choices, shaping, with_quoted_groups

GRID = {"arm": ["base", "finetune"], "seed": [0, 1], "suite": ["heldout", "blind"]}


def test_seeds_vary_fastest() -> None:
    cells, fixed = expand([GRID], [])
    assert fixed == []
    assert len(cells) == 8
    assert [c["seed"] for c in cells] == ["0", "1"] * 4
    assert list(cells[0])[-1] == "seed"


def test_command_line_wins_over_the_grid() -> None:
    cells, fixed = expand([GRID], ["arm=rag", "seed=5,6,7", "lora=r4"])
    assert fixed == ["arm=rag", "lora=r4"]
    assert all("arm" not in c for c in cells)
    assert sorted({c["seed"] for c in cells}) == ["5", "6", "7"]
    assert len(cells) == 6


@pytest.mark.parametrize("sign", ["", "+", "++"])
def test_what_is_forced_wins_over_the_grid_too(sign: str) -> None:
    grid = {"facts.seed": [0, 1, 2], "lora@adapter": ["r4", "r8"], "step": [8]}
    cells, fixed = expand([grid], [f"{sign}facts.seed=0", f"{sign}lora@adapter=r16"])
    assert cells == [{"step": "8"}]
    assert fixed == [f"{sign}facts.seed=0", f"{sign}lora@adapter=r16"]
    cells, _ = expand([{"seed": [0, 1, 2], "facts.seed": [0, 1]}], [f"{sign}seed=5,6", f"{sign}facts.seed=7,8"])
    assert [list(cell.items()) for cell in cells] == [
        [(f"{sign}facts.seed", person), (f"{sign}seed", seed)] for person in ("7", "8") for seed in ("5", "6")
    ]


def test_a_deleted_key_has_no_axis() -> None:
    assert expand([{"arm.k": [3, 5], "arm": ["rag"]}], ["~arm.k"]) == ([{"arm": "rag"}], ["~arm.k"])


STUDYWIDE = ["experiment=a,b", "output=a,b", "paths.store=a,b", "study=a,b", "tracker=none,wandb", "+plan=true,false"]
STUDYWIDE += ["contrasts=[],[{a:1}]", "endpoint=null,{suite:a}", "explore.metric=a,b", "power.effects=[.1],[.2]"]
STUDYWIDE += ["processes=1,2", "experiment=choice(a)", "prices.per_training_hour=range(1,3)"]


@pytest.mark.parametrize("typed", STUDYWIDE)
def test_what_a_study_states_as_a_whole_is_not_swept(typed: str) -> None:
    key, _, values = typed.partition("=")
    with pytest.raises(UserError, match=f"{key.lstrip('+')} is of a study as a whole"):
        expand([GRID], [typed])
    with pytest.raises(UserError, match="cannot be swept"):
        expand([{key: [values]}], [])
    assert expand([GRID], [f"{key}=null"])[1] == [f"{key}=null"]


def test_sweep_without_a_grid_is_exactly_the_sweep() -> None:
    cells, _ = expand([], ["lora=r4,r16", "seed=0,1", "facts=alex"])
    assert [as_arguments(c) for c in cells] == [
        ["lora=r4", "seed=0"],
        ["lora=r4", "seed=1"],
        ["lora=r16", "seed=0"],
        ["lora=r16", "seed=1"],
    ]


def test_ranges_and_choices_are_sweeps() -> None:
    cells, _ = expand([], ["seed=range(0,3)", "lora=choice(r4,r8)"])
    assert len(cells) == 6


def test_text_with_marks_survives_the_override_grammar() -> None:
    from hydra.core.override_parser.overrides_parser import OverridesParser

    text = 'Facts:\n{facts}\n\n"{question}", it\'s = asked [now] a\\b'
    cells, _ = expand([{"arm.template.user": [text], "x": [None], "y": [True], "z": [[1, 2]]}], [])
    parsed = OverridesParser.create().parse_overrides(as_arguments(cells[0]))
    values = {p.get_key_element(): p.value() for p in parsed}
    assert values["x"] is None
    assert values["y"] is True
    assert values["z"] == [1, 2]
    assert values["arm.template.user"] == text


def test_tiers_are_names_not_numbers() -> None:
    assert with_quoted_groups(["tier=1,all,3", "seed=1,2", "-m"]) == ["tier='1',all,'3'", "seed=1,2", "-m"]
    cells, _ = expand([], with_quoted_groups(["tier=1,all"]))
    assert [c["tier"] for c in cells] == ["1", "all"]
    assert as_arguments(cells[0]) == ["tier='1'"]


def test_empty_axis_is_refused() -> None:
    with pytest.raises(UserError, match="no values for arm"):
        expand([{"arm": []}], [])


@pytest.mark.parametrize("grids", [[], [GRID]])
def test_a_sweep_without_values_is_refused(grids: list[dict[str, list[str]]]) -> None:
    with pytest.raises(UserError, match=r"seed=range\(0,0\) is a sweep without values"):
        expand(grids, ["seed=range(0,0)"])


def test_values_are_read_as_hydra_reads_them() -> None:
    text = 'Say "{question}", it\'s\nasked'
    grid = {"arm.template.user": [text], "x": [None], "y": [True], "z": [[1, 2]], "rate": [2e-3], "lora": ["r4"]}
    assert decoded(expand([grid], [])[0][0]) == {k: v[0] for k, v in grid.items()}
    cells, _ = expand([], with_quoted_groups(["tier=1,all", "+arm.note='a b','c,d'", "clip=1,inf"]))
    assert decoded(cells[0]) == {"tier": "1", "arm.note": "a b", "clip": 1}
    assert decoded(cells[-1]) == {"tier": "all", "arm.note": "c,d", "clip": "inf"}


def test_fixed_choices_are_what_is_no_sweep() -> None:
    typed = ["tier=1", "lora=r4", "seed=0,1", "training.plateau=null", "~arm.k", "+arm.note='a b'", "training.epochs=2"]
    assert fixed_choices(with_quoted_groups(typed)) == {
        "tier": "1",
        "lora": "r4",
        "training.plateau": None,
        "arm.note": "a b",
        "training.epochs": 2,
    }


def test_only_what_can_change_a_result_makes_another_study() -> None:
    silent = ["experiment=quickstart", "study=mine", "plan=true", "tracker=wandb", "tracker.project=x", "paths.store=y"]
    silent += ["output=there", "hydra/launcher=basic", "hydra.verbose=true", "fail_fast=true", "prices=null"]
    assert shaping(silent) == []
    typed = ["lora='r4'", "~arm.k", "facts=synthetic", "+arm.note='a b'", "threads=1", "lora=r8"]
    assert shaping(typed) == ['+arm.note="a b"', "facts=synthetic", "lora=r8", "threads=1", "~arm.k"]


def test_one_study_is_written_one_way() -> None:
    one = ["seed=0,1", "lora=r4,r16", "training.learning_rate=1e-3"]
    other = ["training.learning_rate=0.001", "lora='r16',r4", "seed=range(0,2)"]
    assert shaping(one) == shaping(other) == ["lora=r16,r4", "seed=0,1", "training.learning_rate=0.001"]
