"""The program as a user runs it, on a tiny random model."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.experiments.conftest import Program
from tests.experiments.killing import (
    SIDE_BY_SIDE,
    adapters_of,
    kill_and_resume,
    run,
    summary_of,
    sweep,
    together,
    trainings,
)


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> tuple[Path, list[str]]:
    """A sweep of sixteen cells, two of each adapter, that ran to its end without a stop."""
    from tests.experiments.conftest import TWO_FACTS

    folder = tmp_path_factory.mktemp("swept")
    (folder / "robin.yaml").write_text(TWO_FACTS)
    arguments = sweep(tiny_folder, "robin.yaml", cells=16)
    done = run(folder, arguments)
    assert done.returncode == 0, done.stderr
    assert trainings(done.stdout) == len(adapters_of(folder)) == 8
    return folder, arguments


def test_a_sweep_of_steps_is_a_learning_curve(andraeus: Program, tiny: list[str], tmp_path: Path) -> None:
    curve = ["training.checkpoints=[1,2,3]", "step=1,2,3", "study=curve"]
    done = andraeus("-m", *tiny, *curve)
    assert done.returncode == 0, done.stderr
    summary = json.loads(summary_of(tmp_path, "curve"))
    assert [r["condition"] for r in summary["rows"] if r["metric"] == "accuracy"] == [{"step": s} for s in (1, 2, 3)]
    (area,) = (r for r in summary["rows"] if r["metric"] == "area_under_curve")
    assert (area["condition"], area["n_seeds"]) == ({}, 1)
    for name in ("figures/learning_curve.svg", "tables/curves.md", "tables/cost.tex"):
        assert (tmp_path / "results" / "curve" / name).is_file(), name
    # One training; its last checkpoint answers as its end does.
    assert len(adapters_of(tmp_path)) == 1
    answered = {}
    for step in ("3", "null"):
        assert andraeus("-m", *tiny, curve[0], f"step={step}", f"study=at_{step}").returncode == 0
        (cell,) = json.loads(summary_of(tmp_path, f"at_{step}"))["cells"]
        items = (tmp_path / "store" / "cells" / cell["identity"] / "items.jsonl").read_text()
        answered[step] = [json.loads(line)["answer"] for line in items.splitlines()]
    assert answered["3"] == answered["null"]
    # What is handed out is what answered.
    assert andraeus(*tiny, curve[0], "step=1", "study=at_1", "output=./first").returncode == 0
    assert len(adapters_of(tmp_path)) == 1
    weights = "adapter_model.safetensors"
    kept = next((tmp_path / "store" / "adapters").glob("*/checkpoints/1")) / weights
    assert (tmp_path / "first" / weights).read_bytes() == kept.read_bytes()
    refused = andraeus("-m", *tiny, curve[0], "step=1,2", "output=./both")
    assert "this trains 2: choose one seed, one condition and one step" in refused.stderr


def test_sweep_writes_what_the_design_says(swept: tuple[Path, list[str]]) -> None:
    folder, _ = swept
    results = folder / "results" / "small"
    summary = json.loads(summary_of(folder))
    assert summary["schema"] == 1
    assert len(summary["cells"]) == 16
    assert {c["status"] for c in summary["cells"]} == {"success"}
    accuracy = [r for r in summary["rows"] if r["metric"] == "accuracy"]
    for suite in ("heldout", "tiers"):
        told = [r["condition"] for r in accuracy if r["suite"] == suite]
        assert sorted((condition["lora"], condition["variations"]) for condition in told) == [
            ("r4", "v1"),
            ("r4", "v3"),
            ("r8", "v1"),
            ("r8", "v3"),
        ]
    for row in accuracy:
        assert row["n_seeds"] == 2
        assert row["context_tokens"] == 0
    for name in ("timings.json", "provenance.json", "report.md", "tables/accuracy.md", "tables/cost.csv"):
        assert (results / name).is_file(), name
    for name in ("tables/accuracy.tex", "figures/accuracy.png", "figures/accuracy.svg", "figures/by_condition.png"):
        assert (results / name).is_file(), name
    for cell in summary["cells"]:
        stored = folder / "store" / "cells" / cell["identity"]
        record = json.loads((stored / "record.json").read_text())
        assert record["status"] == "success"
        assert record["provenance"]["model"]["origin"] == "path"
        assert record["provenance"]["choices"].items() >= {**cell["condition"], "model": "custom"}.items()
        assert (stored / "items.jsonl").is_file()
        assert (stored / "config.yaml").is_file()
        adapter = folder / "store" / "adapters" / record["adapter"]
        text = (adapter / "adapter_config.json").read_text()
        assert str(folder) not in text


def test_second_run_trains_nothing(swept: tuple[Path, list[str]]) -> None:
    folder, arguments = swept
    before, summary = adapters_of(folder), summary_of(folder)
    done = run(folder, arguments)
    assert done.returncode == 0, done.stderr
    assert "16 in the store" in done.stdout
    assert adapters_of(folder) == before
    assert summary_of(folder) == summary


@pytest.mark.slow
@pytest.mark.parametrize(("kills", "launcher"), [(2, []), (2, [SIDE_BY_SIDE])], ids=["alone", "side_by_side"])
def test_killed_and_resumed_is_the_uninterrupted_run(
    swept: tuple[Path, list[str]], tmp_path: Path, kills: int, launcher: list[str]
) -> None:
    """More cells and kills: ``python -m tests.experiments.killing --cells 24 --kills 10``."""
    folder, arguments = swept
    shutil.copy(folder / "robin.yaml", tmp_path)
    told = kill_and_resume(tmp_path, [*arguments, *launcher], kills, cells=16)
    assert told.kills > 0
    assert summary_of(tmp_path) == summary_of(folder)


@pytest.mark.slow
def test_sweeps_at_once_train_no_adapter_twice(tiny_folder: Path, facts_file: Path, tmp_path: Path) -> None:
    # Long enough that one is still training when the other begins, however far apart they start.
    slow = [*sweep(tiny_folder, facts_file.name, cells=8), "training.steps=200"]

    def asking(suite: str, study: str) -> list[str]:
        return [a.replace("suite=heldout,tiers", f"suite={suite}").replace("=small", f"={study}") for a in slow]

    # Twice the same cells, and other cells of the same adapters: a cell's lock keeps nobody from another cell.
    ended = together(tmp_path, asking("heldout", "one"), asking("heldout", "same"), asking("tiers", "other"))
    assert [status for status, _ in ended] == [0, 0, 0], ended
    told = [trainings(text) for _, text in ended]
    assert sum(told) == len(adapters_of(tmp_path)) == 4, told


def test_a_fresh_run_side_by_side_in_any_order_gives_the_same_bytes(
    swept: tuple[Path, list[str]], tmp_path: Path
) -> None:
    folder, arguments = swept
    shutil.copy(folder / "robin.yaml", tmp_path)
    other = [a.replace("r4,r8", "r8,r4").replace("seed=0,1", "seed=1,0") for a in arguments]
    assert run(tmp_path, [*other, SIDE_BY_SIDE]).returncode == 0
    assert summary_of(tmp_path) == summary_of(folder)
    for name in adapters_of(folder):
        path = Path("store") / "adapters" / name / "adapter_model.safetensors"
        assert (folder / path).read_bytes() == (tmp_path / path).read_bytes()


def test_deterministic_arms_run_once_and_have_no_seed(andraeus: Program, tiny: list[str], tmp_path: Path) -> None:
    done = andraeus(
        "-m", "arm=base,oracle", "seed=0,1,2", "lora=r4,r8", "study=once", *[t for t in tiny if t != "lora=r4"]
    )
    assert done.returncode == 0, done.stderr
    summary = json.loads(summary_of(tmp_path, "once"))
    assert [c["seed"] for c in summary["cells"]] == [None, None]
    row = next(r for r in summary["rows"] if r["metric"] == "accuracy")
    assert row["n_seeds"] is None
    assert row["condition"] == {}
    assert "n_seeds" in row["reasons"]


def test_latency_is_that_of_questions_answered_one_at_a_time(
    andraeus: Program, tiny: list[str], tmp_path: Path
) -> None:
    done = andraeus("-m", *tiny, "arm=base", "generation.batch_size=1,128", "study=waits")
    assert done.returncode == 0, done.stderr
    cells = json.loads((tmp_path / "results" / "waits" / "timings.json").read_text())["cells"]
    told = {cell["condition"]["generation.batch_size"]: cell for cell in cells}
    assert told[128]["latency_p50"] is None
    assert 0 < told[1]["latency_p50"] <= told[1]["latency_p90"] <= told[1]["latency_p99"]
    (row,) = re.findall(r"^\| base \| 1 \| .*$", (tmp_path / "results/waits/tables/cost.md").read_text(), re.M)
    assert f"{told[1]['latency_p50']:.3f}/" in row


def test_a_failing_cell_is_recorded_and_the_rest_goes_on(andraeus: Program, tiny: list[str], tmp_path: Path) -> None:
    done = andraeus("-m", "lora.target_modules=[q_proj],[no_such_module]", "study=half", *tiny)
    assert done.returncode == 1
    summary = json.loads(summary_of(tmp_path, "half"))
    assert sorted(c["status"] for c in summary["cells"]) == ["failed", "success"]
    assert len(summary["failures"]) == 1
    assert "no_such_module" in (tmp_path / "results" / "half" / "report.md").read_text()
    null = [r for r in summary["rows"] if r["estimate"] is None]
    assert null
    assert all("failed" in r["reasons"]["estimate"] for r in null)
    failed = next(c["identity"] for c in summary["cells"] if c["status"] == "failed")
    record = json.loads((tmp_path / "store" / "cells" / failed / "record.json").read_text())
    assert "Traceback" in record["error"]


def test_output_is_an_adapter_that_stock_peft_loads(andraeus: Program, tiny: list[str], tmp_path: Path) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    done = andraeus(*tiny, "output=my-adapter")
    assert done.returncode == 0, done.stderr
    base = next(t.removeprefix("model.path=") for t in tiny if t.startswith("model.path="))
    model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), tmp_path / "my-adapter")
    assert model.peft_config["default"].r == 4
    again = andraeus(*tiny, "output=my-adapter")
    assert again.returncode == 1
    assert "not empty" in again.stderr
    # Somebody made room: what was removed is trained again, to the same bytes.
    shutil.rmtree(tmp_path / "store" / "adapters")
    assert andraeus(*tiny, "output=second").returncode == 0
    weights = "adapter_model.safetensors"
    assert (tmp_path / "second" / weights).read_bytes() == (tmp_path / "my-adapter" / weights).read_bytes()


def test_suites_that_ask_the_same_stay_apart(andraeus: Program, tiny: list[str], tmp_path: Path) -> None:
    rest = [t for t in tiny if not t.startswith("suite")]
    done = andraeus("-m", "arm=base", "suite=heldout,tiers", "suite.per_fact=1", "study=two", *rest)
    assert done.returncode == 0, done.stderr
    assert {row["suite"] for row in json.loads(summary_of(tmp_path, "two"))["rows"]} == {"heldout", "tiers"}


def test_plan_runs_nothing(andraeus: Program, tiny: list[str], tmp_path: Path) -> None:
    done = andraeus("-m", "seed=0,1", "plan=true", *tiny)
    assert done.returncode == 0, done.stderr
    assert "2 cells, 2 to run" in done.stdout
    assert not (tmp_path / "store" / "cells").exists()
    assert not (tmp_path / "results").exists()


BAD = [
    (["arm=nobody"], "nobody"),
    (["no_such_key=1"], "no_such_key"),
    (["training.epochs=many"], "many"),
    (["training.epochs=2"], "exactly one"),
    (["arm=rag", "arm.k=200"], "arm.k=200"),
    (["arm=rag", "arm.k=three"], "arm.k"),
    (["arm=base", "suite=seen"], "seen"),
    (["variations.n=500"], "500"),
    (["suite=blind"], "facts.blind"),
    (["suite.per_fact=90"], "90"),
    (["model.path=/nowhere/at/all"], "/nowhere/at/all"),
    (["facts.path=/nowhere.yaml"], "/nowhere.yaml"),
    (["lora=none", "quantization=nf4"], "quantization=none"),
    (["tier=4"], "compositions"),
    (["seed=zero"], "seed"),
    (["facts.path=???"], "facts.path"),
    (["training.plateau.every=5"], "training.plateau.every=5 cannot be set"),
    (["training=null"], "training=null cannot be composed"),
    (["study=../evil"], "study=../evil names no folder below paths.results"),
]


@pytest.mark.parametrize(("extra", "word"), BAD, ids=[" ".join(b[0]) for b in BAD])
def test_bad_input_is_one_sentence_and_leaves_nothing(
    andraeus: Program, tiny: list[str], tmp_path: Path, extra: list[str], word: str
) -> None:
    taken = {e.split("=")[0] for e in extra}
    done = andraeus("experiment=none", *[t for t in tiny if t.split("=")[0] not in taken], *extra)
    assert done.returncode != 0
    assert word in done.stderr + done.stdout
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "store" / "cells").exists()
    assert not (tmp_path / "results").exists()


def test_help_and_config_answer_without_torch(andraeus: Program, environment: dict[str, str], tmp_path: Path) -> None:
    code = (
        "import sys; from experiments.run import main; sys.argv = ['andraeus', '--cfg', 'job']; main();"
        "print(sorted({'torch', 'transformers', 'pandas', 'wandb'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert "smollm2_135m" in done.stdout
    assert done.stderr.strip().splitlines()[-1] == "[]"


def test_contrasts_find_rows_by_what_the_command_line_fixes(andraeus: Program, tiny: list[str], tmp_path: Path) -> None:
    side = "{arm:finetune,condition:{lora:r4,training.plateau:null,tier:all}}"
    contrast = f"contrasts=[{{a:{side},b:{{arm:base}},suite:heldout,metric:accuracy}}]"
    done = andraeus("-m", "arm=base,finetune", "study=fixed", contrast, *tiny)
    assert done.returncode == 0, done.stderr
    summary = json.loads(summary_of(tmp_path, "fixed"))
    assert summary["contrasts"][0]["difference"] is not None
    assert summary["contrasts"][0]["a"]["condition"] == {"lora": "r4", "training.plateau": None, "tier": "all"}


def test_a_person_from_a_file_is_one_under_every_facts_seed(andraeus: Program, tiny: list[str], tmp_path: Path) -> None:
    contrast = "contrasts=[{a:{arm:finetune},b:{arm:base},suite:heldout,metric:accuracy}]"
    done = andraeus("-m", "arm=base,finetune", "facts.seed=0,1", "study=twice", contrast, *tiny)
    assert done.returncode == 0, done.stderr
    summary = json.loads(summary_of(tmp_path, "twice"))
    assert summary["contrasts"][0]["difference"] is not None
    assert {r["n_profiles"] for r in summary["rows"]} == {1}


def test_a_study_under_other_overrides_says_what_it_replaces(
    andraeus: Program, tiny: list[str], tmp_path: Path
) -> None:
    first = andraeus("experiment=quickstart", "arm=base", "suite=heldout", *tiny)
    assert first.returncode == 0, first.stderr
    assert "held this study under" not in first.stdout
    assert "Not asked for: finetune − base on heldout" in " ".join(first.stdout.split())
    summary = json.loads(summary_of(tmp_path, "quickstart"))
    assert {"arm=base", "suite=heldout", "lora=r4"} <= set(summary["overrides"])
    assert [c["asked"] for c in summary["contrasts"]] == [False] * 4
    other = andraeus("experiment=quickstart", "arm=base", "suite=tiers", *tiny)
    assert "held this study under" in other.stdout
