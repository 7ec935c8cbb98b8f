"""What W&B is told, and what it is never told."""

import json
import random
import socket
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch

from andraeus.errors import UserError
from experiments.build import build
from experiments.tracking import wandb as tracking
from experiments.tracking.wandb import WandbTracker
from tests.experiments.tracking.driving import python, track
from tests.experiments.tracking.loopback import Account, serving
from tests.experiments.tracking.offline_files import everything, logged
from tests.experiments.tracking.samples import CELL, CONFIG, ITEMS, METRICS, SECRET, STUDY, TIMINGS, summary

pytestmark = pytest.mark.usefixtures("own_wandb")


def test_a_cell_becomes_a_run(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    tracker = WandbTracker(folder=str(tmp_path), tags=["mine"])
    tracker.check()
    track(tracker)
    (run,) = logged(tmp_path)
    assert run.run.project == "andraeus"
    assert run.run.run_group == "quickstart"
    assert run.run.job_type == "finetune"
    assert list(run.run.tags) == ["finetune", "heldout", "seed=0", "smollm2_135m", "mine"]
    assert run.config["lora"] == {"r": 16, "target_modules": ["q_proj", "v_proj"]}
    assert run.config["facts"] == {"_target_": "andraeus.facts.file.load_profile", "seed": 0}
    assert run.config["choices"] == {"lora": "r16"}
    assert run.config["cell"] == {
        "identity": CELL.identity,
        "study": "quickstart",
        "arm": "finetune",
        "suite": "heldout",
        "seed": 0,
    }
    assert [point["loss"] for point in run.history] == [1.0, 1 / 2, 1 / 3]
    assert [point["_step"] for point in run.history] == [1, 2, 3]
    assert {"learning_rate", "examples_per_second"} <= set(run.history[0])
    assert run.summary.items() >= {**METRICS, "status": "success", "cells/done": 1, "cells/failed": 0}.items()
    assert run.exits == [0]
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")


def test_a_long_curve_is_logged_whole(tmp_path: Path) -> None:
    track(WandbTracker(folder=str(tmp_path)), steps=400)
    (run,) = logged(tmp_path)
    assert [(point["_step"], point["loss"]) for point in run.history] == [(n, 1 / n) for n in range(1, 401)]


def test_nothing_personal_is_written(tmp_path: Path) -> None:
    track(WandbTracker(folder=str(tmp_path)))
    written = everything(tmp_path)
    assert b"accuracy" in written
    assert SECRET.encode() not in written
    for gathered in (socket.gethostname(), sys.argv[0], "requirements.txt", "wandb-metadata.json", "output.log"):
        # A very short host name would be found in anything.
        assert len(gathered) < 4 or gathered.encode() not in written
    (run,) = logged(tmp_path)
    assert not run.run.host
    assert not run.run.HasField("git")
    kinds = {record.WhichOneof("record_type") for record in run.records}
    assert not kinds & {"environment", "output", "output_raw", "stats", "artifact", "alert"}
    assert not [file for file in (tmp_path / "wandb").rglob("files/*") if file.is_file()]


def test_items_are_written_when_asked_for(tmp_path: Path) -> None:
    track(WandbTracker(folder=str(tmp_path), upload_items=True))
    (table,) = (tmp_path / "wandb").rglob("files/**/items*.table.json")
    content = json.loads(table.read_text())
    assert content["columns"] == ["question", "expected", "answer", "tokens_in"]
    assert content["data"] == [[f"Who is {SECRET}?", f'{{"value": "{SECRET}"}}', SECRET, 7]]
    (run,) = logged(tmp_path)
    assert run.config["owner"] == SECRET


def test_the_same_cell_is_the_same_run(tmp_path: Path) -> None:
    tracker = WandbTracker(folder=str(tmp_path))
    track(tracker, status="failed")
    track(WandbTracker(folder=str(tmp_path)))
    track(tracker, replace(CELL, study="another"))
    track(tracker, replace(CELL, identity="another"))
    runs = logged(tmp_path)
    ids = [run.run.run_id for run in runs]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3
    assert [run.exits for run in runs] == [[1], [0], [0], [0]]
    assert runs[0].summary["status"] == "failed"


def test_a_cell_that_never_ended_is_closed_as_failed(tmp_path: Path) -> None:
    tracker = WandbTracker(folder=str(tmp_path))
    tracker.begin(CELL)
    track(tracker, replace(CELL, identity="another", seed=None, arm="base"))
    runs = {run.run.job_type: run for run in logged(tmp_path)}
    assert runs["finetune"].exits == [1]
    assert runs["base"].exits == [0]
    assert "seed=None" not in runs["base"].run.tags


def table_of(folder: Path, name: str) -> list[dict[str, Any]]:
    (file,) = (folder / "wandb").rglob(f"files/**/{name}_*.table.json")
    table = json.loads(file.read_text())
    return [dict(zip(table["columns"], row, strict=True)) for row in table["data"]]


def test_a_study_opens_with_what_stands(tmp_path: Path) -> None:
    tracker = WandbTracker(folder=str(tmp_path))
    tracker.begin_study(STUDY)
    tracker.close_study(STUDY, summary(), TIMINGS, tmp_path)
    opened, closed = logged(tmp_path)
    assert opened.run.run_id == closed.run.run_id
    assert (opened.run.run_group, opened.run.job_type) == ("quickstart", "summary")
    assert opened.summary.items() >= {"cells/total": 4, "cells/done": 2, "cells/failed": 0}.items()
    assert SECRET.encode() not in everything(tmp_path / "wandb")


def test_a_name_that_is_no_plain_word_is_not_sent(tmp_path: Path) -> None:
    study = f"/home/{SECRET}"
    cell = replace(CELL, study=study, arm=f"{SECRET} arm", suite=f"of {SECRET}", tags=(f"/models/{SECRET}",))
    track(WandbTracker(folder=str(tmp_path)), cell)
    WandbTracker(folder=str(tmp_path)).close_study(replace(STUDY, name=study), summary(), TIMINGS, tmp_path)
    first, last = logged(tmp_path)
    assert first.run.run_group == last.run.run_group
    assert first.run.run_group.startswith("study-")
    assert first.run.job_type == "(withheld)"
    assert SECRET.encode() not in everything(tmp_path / "wandb")


def test_a_study_closes_with_its_tables(tmp_path: Path) -> None:
    folder = tmp_path / "results"
    tracker = WandbTracker(folder=str(tmp_path))
    tracker.close_study(STUDY, summary(), TIMINGS, folder)
    (run,) = logged(tmp_path)
    assert (run.run.run_group, run.run.job_type) == ("quickstart", "summary")
    r4, r16 = ("finetune lora=r4 facts.path=(withheld)", "finetune lora=r16 facts.path=(withheld)")
    assert (
        run.summary.items()
        >= {
            "base/heldout/accuracy": 0.25,
            "base/heldout/accuracy/ci_low": 0.1,
            "base/heldout/accuracy/ci_high": 0.9,
            f"{r4}/heldout/accuracy": 0.5,
            f"{r16}/heldout/accuracy": 0.75,
            f"{r16}/heldout/accuracy (2)": 1.0,
            f"{r16}/heldout/accuracy (2)/ci_low": 0.1,
            "finetune step=10/heldout/accuracy": 0.25,
            "finetune/heldout/area_under_curve": 0.375,
            "finetune/heldout/steps_to_90": 15.0,
            "contrast/finetune lora=r4 - base/heldout/accuracy": 0.25,
            "cost/finetune/train_seconds": 4.0,
            "cost/base/peak_memory_mib": 512.0,
            "cells/total": 4,
            "cells/done": 2,
            "cells/missing": 0,
        }.items()
    )
    assert "rag/heldout/accuracy" not in run.summary
    estimates = [row["estimate"] for row in table_of(tmp_path, "rows")]
    assert estimates == [0.25, 0.5, 0.75, 1.0, None, 0.25, 0.5, 0.375, 15.0]
    (contrast,) = table_of(tmp_path, "contrasts")
    assert list(contrast.values())[:5] == ["finetune lora=r4", "base", "heldout", "accuracy", 0.25]
    ids = {cell["identity"]: (cell["status"], cell["reused"], cell["run"]) for cell in table_of(tmp_path, "cells")}
    assert ids == {
        "ours": ("success", False, tracking._run_id("quickstart", "ours")),
        "theirs": ("success", True, None),
        "untracked": ("success", True, None),
        "failed": ("failed", False, tracking._run_id("quickstart", "failed")),
    }
    assert table_of(tmp_path, "cells")[0]["train_seconds"] == 4.0
    assert [row["error"] for row in table_of(tmp_path, "failures")] == ["KeyError", "(withheld)"]
    assert table_of(tmp_path, "notes") == [{"note": "suite=blind (withheld)"}]
    areas = [(row["metric"], row["estimate"]) for row in table_of(tmp_path, "curves")]
    assert areas == [("area_under_curve", 0.375), ("steps_to_90", 15.0)]
    (found,) = table_of(tmp_path, "exploratory")
    sides = [f"finetune facts.path=(withheld) {lora}" for lora in ("r16", "r4")]
    assert [found["a"], found["b"], found["difference"]] == [*sides, 0.25]
    sources = {row["condition.facts.path"]: row["fact"] for row in table_of(tmp_path, "variance")}
    assert sources == {"(withheld)": 0.5, "(withheld 2)": 0.25}
    assert [row["power at 0.05"] for row in table_of(tmp_path, "power")] == [0.31, None]
    trained = [row for row in table_of(tmp_path, "cost") if row["train_seconds"] == 4.0 and row["arm"] == "finetune"]
    assert [row["condition.lora"] for row in trained] == ["r4"]
    assert run.exits == [1]
    assert SECRET.encode() not in everything(tmp_path / "wandb")


LABELS: list[tuple[dict[str, Any], bool]] = [
    ({"condition": {"lora": "r4", "training.epochs": "2"}}, True),
    ({"condition": {"lora": "r4", "facts.path": SECRET}}, False),
    ({"condition": {"arm.template.user": f"{SECRET} {{question}}"}}, False),
    ({"arm": f"arm of {SECRET}"}, False),
    ({"suite": f"what {SECRET} is asked"}, False),
]


def figures_sent(folder: Path, closing: dict[str, Any], *, upload_items: bool = False, name: str = "accuracy") -> int:
    """Close a study that has one figure; return how many were sent."""
    import matplotlib.image

    (folder / "results" / "figures").mkdir(parents=True)
    matplotlib.image.imsave(folder / "results" / "figures" / f"{name}.png", numpy.zeros((4, 4, 3)))
    WandbTracker(folder=str(folder), upload_items=upload_items).close_study(STUDY, closing, TIMINGS, folder / "results")
    logged(folder)
    return len(list((folder / "wandb").rglob(f"files/**/{name}*.png")))


@pytest.mark.parametrize("upload_items", [False, True])
@pytest.mark.parametrize(("label", "public"), LABELS)
def test_figures_are_sent_where_their_labels_may_be(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], label: dict[str, Any], public: bool, upload_items: bool
) -> None:
    row = summary()["rows"][0]
    closing = summary() | {"rows": [row, row | label], "contrasts": [], "exploratory": []}
    sent = public or upload_items
    assert figures_sent(tmp_path, closing, upload_items=upload_items) == sent
    assert ("figures were not sent" in capfd.readouterr().out) is not sent


@pytest.mark.parametrize("upload_items", [False, True])
def test_the_figure_with_what_the_user_says_of_prices_stays(tmp_path: Path, upload_items: bool) -> None:
    assert figures_sent(tmp_path, summary(), upload_items=upload_items, name="break_even") == upload_items


@pytest.mark.parametrize("kind", ["contrasts", "exploratory"])
@pytest.mark.parametrize("side", ["a", "b"])
@pytest.mark.parametrize(("label", "public"), LABELS)
def test_a_contrasts_labels_are_looked_at_on_both_sides(
    label: dict[str, Any], public: bool, side: str, kind: str
) -> None:
    plain = {"arm": "base", "condition": {}}
    contrast = {"a": plain, "b": plain, "suite": "heldout"}
    told = label if "suite" in label else {side: plain | label}
    assert tracking._labels_are_public({"rows": [plain | {"suite": "heldout"}], kind: [contrast | told]}) is public


def test_the_global_generators_stay_where_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import wandb

    real = wandb.init

    def drawing(**arguments: Any) -> Any:
        random.random(), numpy.random.random(), torch.rand(1)
        return real(**arguments)

    monkeypatch.setattr(wandb, "init", drawing)
    random.seed(1)
    numpy.random.seed(1)
    torch.manual_seed(1)
    before = random.getstate(), numpy.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
    tracker = WandbTracker(folder=str(tmp_path), upload_items=True)
    tracker.check()
    track(tracker)
    tracker.close_study(STUDY, summary(), TIMINGS, tmp_path)
    assert (random.getstate(), numpy.random.get_state()[1].tolist(), torch.get_rng_state().tolist()) == before


def test_hydra_builds_it(tmp_path: Path) -> None:
    from omegaconf import OmegaConf

    target = {"_target_": "experiments.tracking.wandb.WandbTracker"}
    built = build(OmegaConf.create({**target, "folder": str(tmp_path), "tags": ["a", "b"]}), "tracker")
    assert isinstance(built, WandbTracker)
    with pytest.raises(UserError, match="mode is 'on'"):
        build(OmegaConf.create({**target, "mode": "on"}), "tracker")


ONLINE = """
from experiments.tracking.tracker import CellInfo
from experiments.tracking.wandb import WandbTracker
from andraeus.errors import UserError
tracker = WandbTracker(folder={folder!r}, mode="online")
try:
    tracker.{call}
except UserError as error:
    print(error)
else:
    print("went on")
"""


def test_online_needs_a_login(tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path), "NETRC": str(tmp_path / "netrc")}
    done = python(ONLINE.format(folder=str(tmp_path), call="check()"), **home)
    assert "needs a W&B login" in done.stdout
    assert len(done.stdout.splitlines()) == 1
    assert done.returncode == 0, done.stderr
    # Where the login was lost since, the cells go on.
    begin = "begin(CellInfo('i', 's', 'a', 'u', 0, (), {}))"
    done = python(ONLINE.format(folder=str(tmp_path), call=begin), **home)
    assert done.stdout == "went on\n"
    assert "Tracking is off" in done.stderr
    assert "needs a W&B login" in done.stderr


@pytest.fixture
def server() -> Iterator[Account]:
    with serving() as running:
        yield running


def test_nothing_personal_is_sent(server: Account, tmp_path: Path) -> None:
    script = f"""
import sys
from experiments.tracking.tracker import CellInfo
from experiments.tracking.wandb import WandbTracker
tracker = WandbTracker(folder={str(tmp_path)!r}, mode="online")
tracker.check()
tracker.begin(CellInfo("i", "quickstart", "finetune", "heldout", 0, (), {CONFIG!r}))
tracker.log({{"step": 1, "loss": 0.125}})
print("{SECRET} on the console")
tracker.end("success", {METRICS!r}, {ITEMS!r})
"""
    done = python(script, **server.environment(), HOME=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    sent = b"\n".join(server.received)
    for expected in (b"quickstart", b"0.125", b"accuracy_ci_low"):
        assert expected in sent
    for personal in (SECRET, str(tmp_path), sys.executable, "wandb-metadata.json", "requirements.txt"):
        assert personal.encode() not in sent
    upserts = [json.loads(request[request.index(b'{"') :]) for request in server.received if b"UpsertBucket" in request]
    assert upserts
    for upsert in upserts:
        assert not upsert["variables"].get("host")
        assert not upsert["variables"].get("repo")
        assert not upsert["variables"].get("commit")
