"""What a study is called, what it states, and in which order its cells go to the launcher."""

import datetime
from collections.abc import Callable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import nullcontext
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hydra import initialize_config_dir
from hydra._internal.core_plugins.basic_launcher import BasicLauncher
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode
from omegaconf import OmegaConf

from andraeus.errors import UserError
from andraeus.hashing import content_hash
from experiments import sweep
from experiments.cell import Cell
from experiments.grid import shaping
from experiments.run import CONF
from experiments.schema import register
from experiments.store import Store
from experiments.sweep import Engine, Study, _check_names, _check_output, _in_order, _launch, _name, conditions, plan
from tests.experiments.stored import put


def name(study: str | None, *arguments: str) -> str:
    return _name(OmegaConf.create({"study": study}), shaping(list(arguments)))


def test_a_named_study_keeps_its_name_under_overrides() -> None:
    assert name("quickstart", "experiment=quickstart", "facts=synthetic", "facts.n=100") == "quickstart"


def test_a_plain_sweep_is_named_by_what_it_sweeps() -> None:
    assert name(None, "lora=r4,r8").startswith("sweep-")
    assert name(None, "lora=r4,r8") != name(None, "lora=r4,r16")
    # Where it is written and in which order it is asked is no part of the name.
    assert name(None, "seed=1,0", "lora=r4", "paths.store=/there") == name(None, "lora=r4", "seed=0,1", "plan=true")


OUTSIDE = ["", "  ", ".", "..", "/elsewhere/evil", "../../evil", "a/../../evil", "a/./b", "a//b", "a/", "a/ ./b"]


@pytest.mark.parametrize("named", OUTSIDE)
def test_a_study_is_written_nowhere_but_below_its_results(named: str) -> None:
    with pytest.raises(UserError, match="names no folder below paths.results"):
        name(named)


def test_a_studys_name_may_have_parts() -> None:
    assert [name(one) for one in ("mine/first", ".hidden", "a..b", "7")] == ["mine/first", ".hidden", "a..b", "7"]


def test_cells_that_went_down_with_their_process_are_failures(tmp_path: Path) -> None:
    def killed(*_: Any, **__: Any) -> None:
        raise BrokenProcessPool

    cells: dict[str, Any] = {i: SimpleNamespace(arguments=[]) for i in ("a", "b")}
    engine = Engine(OmegaConf.create(), SimpleNamespace(), SimpleNamespace(launch=killed))  # type: ignore[arg-type]
    failures = _launch(engine, Study("small", OmegaConf.create(), [], cells=cells), Store(tmp_path), ["a", "b"], 0)
    assert failures.keys() == {"a", "b"}
    assert "hydra.launcher.n_jobs=1" in failures["a"]


def test_a_cell_that_failed_of_itself_is_not_told_to_have_been_lost(tmp_path: Path) -> None:
    store = Store(tmp_path)

    def killed(*_: Any, **__: Any) -> None:
        now = datetime.datetime.now(datetime.UTC)
        put(store, "b", started=now, error="Traceback\nUserError: no such layer")
        raise BrokenProcessPool

    put(store, "c", error="Traceback\nUserError: of an earlier run")
    cells: dict[str, Any] = {i: SimpleNamespace(arguments=[]) for i in ("a", "b", "c")}
    engine = Engine(OmegaConf.create(), SimpleNamespace(), SimpleNamespace(launch=killed))  # type: ignore[arg-type]
    failures = _launch(engine, Study("small", OmegaConf.create(), [], cells=cells), store, list(cells), 0)
    assert failures["b"] == "UserError: no such layer"
    assert failures["a"] == failures["c"]
    assert "hydra.launcher.n_jobs=1" in failures["c"]


def some(name: str, arm: str, step: int | None = None) -> Any:
    """A planned cell, as far as a study looks at it before anything runs."""
    named = SimpleNamespace(name=name, trained=True)
    choice = {"arm": arm, "suite": "heldout"}
    cell = SimpleNamespace(arm=named, suite=SimpleNamespace(name="heldout"), choice=choice, step=step)
    cell.adapter_identity = "one"
    return SimpleNamespace(cell=cell)


def test_two_files_of_one_name_would_stand_in_one_row() -> None:
    one, copied, named = some("rag", "rag"), some("rag", "rag_k5"), some("rag_k5", "rag_k5")
    with pytest.raises(UserError, match=r"arm=rag,rag_k5 are all named rag, .* name of its own\."):
        _check_names(Study("small", OmegaConf.create(), [], cells={"a": one, "b": copied}))
    _check_names(Study("small", OmegaConf.create(), [], cells={"a": one, "b": named}))


def test_several_steps_of_one_training_are_several_adapters() -> None:
    cells = {"a": some("finetune", "finetune", 10), "b": some("finetune", "finetune", 20)}
    config = OmegaConf.create({"output": "there"})
    with pytest.raises(UserError, match="this trains 2: choose one seed, one condition and one step"):
        _check_output(Study("small", config, [], cells=cells))
    _check_output(Study("small", config, [], cells={"a": cells["a"]}))


def test_a_cell_is_told_by_what_differs_in_its_study() -> None:
    swept = {"a": {"arm": "x", "seed": "0", "lora": "r4", "tier": "1"}, "b": {"arm": "y", "lora": "r8", "tier": "1"}}
    cells: Any = {name: SimpleNamespace(swept=one) for name, one in swept.items()}
    assert conditions(Study("small", OmegaConf.create(), [], cells=cells)) == {"a": "lora=r4", "b": "lora=r8"}


def test_results_may_lie_in_the_home_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Study("mine", OmegaConf.create({"paths": {"results": "~/r"}}), []).folder == tmp_path / "r" / "mine"


def test_cells_side_by_side_do_not_wait_for_one_training(tmp_path: Path) -> None:
    adapters = {"a": None, "b": "trained", "c": "new", "d": "new", "e": "newer", "f": "trained"}
    cells: dict[str, Any] = {i: SimpleNamespace(cell=SimpleNamespace(adapter_identity=a)) for i, a in adapters.items()}
    (tmp_path / "adapters" / "trained").mkdir(parents=True)
    (tmp_path / "adapters" / "trained" / "training.json").touch()
    study = Study("small", OmegaConf.create(), [], cells=cells)
    assert _in_order(study, Store(tmp_path), list(adapters)) == ["c", "e", "a", "b", "f", "d"]


@pytest.fixture
def stated(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Study]]:
    """Plan a shipped experiment, without the models and questions that its cells are named by."""

    def named(cell: Cell) -> str:
        trained = ("lora", "variations", "training", "seed", "step") if cell.arm.trained else ()
        told = ("model", "quantization", "facts", "tier", "arm", "suite", "phrasings", *trained)
        config = OmegaConf.to_container(cell.config, resolve=True, enum_to_str=True)
        assert isinstance(config, dict)
        return content_hash({key: config[key] for key in told})

    monkeypatch.setattr(Cell, "identity", cached_property(named))
    Cell.identity.__set_name__(Cell, "identity")  # type: ignore[attr-defined]
    monkeypatch.setattr(Cell, "adapter_identity", None)
    monkeypatch.setattr(sweep, "problems", lambda *_, **__: [])
    register()
    with initialize_config_dir(CONF, version_base="1.3"):
        loader = GlobalHydra.instance().config_loader()

        def planned(experiment: str, *overrides: str, **changed: Any) -> Study:
            arguments = [f"experiment={experiment}", *overrides]
            config = loader.load_configuration("config", arguments, RunMode.MULTIRUN)
            for key, value in changed.items():
                OmegaConf.update(config, key, value)
            grids: Any = OmegaConf.to_container(config.hydra.sweeper.grids)
            # Rows go over people and seeds, so one of each tells the same.
            grids = [{k: v[:1] if k in ("seed", "facts.seed") else v for k, v in grid.items()} for grid in grids]
            return plan(Engine(config, loader, BasicLauncher()), grids, arguments)

        yield planned


SHIPPED = {file.stem: OmegaConf.load(file) for file in sorted(Path(CONF, "experiment").glob("*.yaml"))}


@pytest.mark.parametrize("experiment", [name for name, stated in SHIPPED.items() if stated.get("contrasts")])
def test_every_contrast_that_ships_names_rows_of_its_study(stated: Callable[..., Study], experiment: str) -> None:
    study = stated(experiment)
    assert not study.overrides, "what is asked for would not be held against the contrasts"
    assert study.config.contrasts


def contrast(**changed: Any) -> dict[str, Any]:
    a = {"arm": "finetune", "lora": "r32"} | changed.pop("a", {})
    b = {"arm": "finetune", "lora": "r4"}
    return {"a": a, "b": b, "suite": "heldout", "metric": "area_under_curve"} | changed


MISSPELT = [
    contrast(a={"lora": "r33"}),
    contrast(a={"arm": "finetuned"}),
    contrast(a={"rank": 32}),
    contrast(a={"variations": "v20"}),
    contrast(suite="blind"),
    # It would be compared with itself.
    contrast(a={"lora": "r4", "variations": "v10"}),
    # No step of this study has an area.
    contrast(a={"step": 10}),
    # A row a step, and none of all of them.
    contrast(metric="accuracy"),
    contrast(metric="acuracy"),
    # Steps are one number a training: nothing of them pairs by question.
    contrast(metric="steps_to_90"),
]


def test_contrasts_of_rows_that_will_not_be_are_refused_before_anything_runs(stated: Callable[..., Study]) -> None:
    right = contrast(a={"variations": "v10"})
    assert stated("ablation_rank", contrasts=[right]).cells
    with pytest.raises(UserError) as refused:
        stated("ablation_rank", contrasts=[right, *MISSPELT])
    first, *told = str(refused.value).splitlines()
    assert first == "the study states what it will not have:"
    assert [line.split(" against ")[0].split(maxsplit=1)[1] for line in told] == [
        "lora=r33",
        "lora=r32",
        "lora=r32 rank=32",
        "lora=r32 variations=v20",
        "lora=r32",
        "lora=r4 variations=v10",
        "lora=r32 step=10",
        *["lora=r32"] * 3,
    ]
    assert "a names 4 rows of this study: its condition has to tell them apart" in told[-3]
    assert "acuracy is none of the metrics that are compared, which are accuracy, " in told[-2]


@pytest.mark.parametrize(
    ("suite", "metric", "refused"),
    [
        ("heldout", "steps_to_90", False),
        ("heldout", "accuracy", False),
        ("tiers", "accuracy", True),
        ("heldout", "acuracy", True),
    ],
)
def test_an_endpoint_that_will_not_be_is_refused(
    stated: Callable[..., Study], suite: str, metric: str, refused: bool
) -> None:
    told = pytest.raises(UserError, match=f"{metric} on {suite}, is of no row") if refused else nullcontext()
    with told:
        stated("ablation_rank", endpoint={"suite": suite, "metric": metric})


def test_a_fixed_knob_of_a_swept_group_is_said_aloud(
    stated: Callable[..., Study], capsys: pytest.CaptureFixture[str]
) -> None:
    stated("ablation_rank", "lora.r=16", "training.steps=40")
    assert capsys.readouterr().out == (
        "Note: lora.r=16 holds for every lora of this study (r4, r8, r16, r32, r64, r128), whatever their files say.\n"
    )
