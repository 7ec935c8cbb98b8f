"""What the trials chose is what the configs say; and what a trial of a search comes to."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from omegaconf import OmegaConf

from andraeus.errors import UserError
from experiments import tuning
from experiments.store import Store
from scripts import tune
from tests.conftest import CONF
from tests.experiments.stored import put
from tests.experiments.test_conf import composed

TUNING = CONF.parent / "tuning"
ARMS = ("base", "system_prompt", "rag", "oracle", "finetune")


def written(arm: str) -> dict[str, object]:
    content: dict[str, object] = json.loads((TUNING / f"{arm}.json").read_text())
    return content


@pytest.mark.parametrize("arm", ARMS)
def test_the_configs_hold_the_choice(arm: str) -> None:
    tuned = written(arm)
    config, chosen = composed(f"arm={arm}"), tuned["chosen"]
    assert isinstance(chosen, dict)
    assert len(chosen) > 0
    for key, value in chosen.items():
        told = OmegaConf.select(config, "lora.r" if key == "lora" else "variations.n" if key == "variations" else key)
        assert told == (int(value[1:]) if key in ("lora", "variations") else value), key


@pytest.mark.parametrize("arm", ARMS)
def test_every_arm_had_the_same_number_of_trials_and_the_best_was_taken(arm: str) -> None:
    tuned = written(arm)
    trials = tuned["trials"]
    assert isinstance(trials, list)
    assert len(trials) == 6
    best = max(trial["accuracy"] for trial in trials)
    assert next(t["overrides"] for t in trials if t["accuracy"] == best) == tuned["chosen"]


@pytest.mark.parametrize("arm", ARMS)
def test_trials_are_those_the_experiment_states(arm: str) -> None:
    file = Path(CONF, "experiment", f"tune_{arm}.yaml")
    grids = yaml.safe_load(file.read_text())["hydra"]["sweeper"]["grids"]
    assert len(grids) == 6
    assert all(grid["facts"] == ["maya", "george"] and grid["suite"] == ["heldout"] for grid in grids)


def result(condition: dict[str, object], accuracy: float | None) -> dict[str, object]:
    rest = dict.fromkeys(("ci_low", "ci_high", "n_items", "context_tokens"))
    return {"metric": "accuracy", "condition": condition, "estimate": accuracy, **rest}


PROVENANCE = dict.fromkeys(("command", "commit", "model", "hardware", "date"), "somewhere")
GRIDS = [
    {"arm": ["rag"], "facts": ["maya", "george"], "seed": [0], "arm.template.user": [text], "arm.k": [3], "x": [None]}
    for text in ('b "{question}"', "a: {question}", "c {question}")
]


def test_of_equal_trials_the_first_stated_wins_whatever_the_order_of_the_rows() -> None:
    # A summary has its rows in order of their text, and the telling keys only.
    texts = [grid["arm.template.user"][0] for grid in GRIDS]
    rows = [result({"arm.template.user": text}, 0.5 if "c" in text else 0.7) for text in sorted(map(str, texts))]
    found = tune.chosen("rag", GRIDS, {"rows": rows}, PROVENANCE)
    assert found["chosen"] == {"arm.template.user": 'b "{question}"', "arm.k": 3, "x": None}
    assert [t["overrides"]["arm.template.user"] for t in found["trials"]] == texts
    assert [t["accuracy"] for t in found["trials"]] == [0.7, 0.7, 0.5]


@pytest.mark.parametrize("accuracy", [None, 0.5])
def test_a_trial_without_a_result_is_no_trial(accuracy: float | None) -> None:
    rows = [result({"arm.template.user": GRIDS[0]["arm.template.user"][0]}, accuracy)]
    with pytest.raises(SystemExit, match="has no result"):
        tune.chosen("rag", GRIDS, {"rows": rows}, PROVENANCE)


@pytest.mark.parametrize("arm", ARMS)
def test_a_trial_names_all_that_its_grid_sets(arm: str) -> None:
    grids = tune.grids_of(Path(CONF, "experiment", f"tune_{arm}.yaml"))
    crossed = {"arm", "suite", "facts", "seed"}
    assert tune.stated(grids) == [{k: v[0] for k, v in grid.items() if k not in crossed} for grid in grids]


@pytest.fixture
def trials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuning.Trials:
    """A search over two people whose cells stand, with what the grader of another day made of them."""
    store = Store(tmp_path / "store")
    put(store, "maya", [True, True, True, False], objective=0.25)
    put(store, "george", [True, False], objective=1.0)
    # Two people may bear one name; their files do not.
    cells = {name: SimpleNamespace(swept={"facts": name}) for name in PEOPLE}
    monkeypatch.setattr(tuning, "plan", lambda *_: SimpleNamespace(cells=cells))
    monkeypatch.setattr(tuning, "run_missing", lambda *_: {})
    config = OmegaConf.create({"paths": {"store": str(store.root), "results": str(tmp_path)}, "study": "mine"})
    return tuning.Trials(SimpleNamespace(config=config), PEOPLE)  # type: ignore[arg-type]


PEOPLE = ["maya", "george"]


def test_a_trial_is_graded_by_the_grader_of_today(trials: tuning.Trials, tmp_path: Path) -> None:
    trials.folder.mkdir()
    (trial,) = trials.launch([["lora=r8", "facts.seed=1"]], 0)
    assert trial.return_value == (0.75 + 0.5) / 2
    written = json.loads((tmp_path / "mine" / "trials.json").read_text())
    assert written["trials"][0]["profiles"] == {"maya": 0.75, "george": 0.5}
    assert written["chosen"] == {"lora": "r8", "facts.seed": 1}


@pytest.mark.parametrize("named", ["facts=alex", "facts.path=me.yaml", "++facts.path=me.yaml", "facts.blind=null"])
def test_a_search_is_never_made_on_the_person_to_be_told_of(trials: tuning.Trials, named: str) -> None:
    with pytest.raises(UserError, match="takes its own development profiles"):
        trials.launch([["lora=r8", named]], 0)
    assert not trials.trials


def test_a_search_is_written_nowhere_but_below_its_results(
    trials: tuning.Trials, capsys: pytest.CaptureFixture[str]
) -> None:
    trials.engine.config.update({"study": "../evil", "plan": False})
    with pytest.raises(SystemExit):
        trials.search(lambda: pytest.fail("it went on"))
    assert "study=../evil names no folder below paths.results" in capsys.readouterr().err
