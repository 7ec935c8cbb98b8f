"""Studies that W&B watches, as a user runs them: what is in the offline files, and on a server after a sync."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from experiments.tracking.wandb import _run_id
from tests.experiments.conftest import QUICK
from tests.experiments.tracking.loopback import Account, serving
from tests.experiments.tracking.offline_files import Logged, logged, synced

ROOT = Path(__file__).resolve().parents[3]
USER = "zerafina-login"
PERSON = {
    "name": "Zerafina Quillfeather",
    "pronoun": "she",
    "facts": [
        {"relation": "dog_name", "value": "Pepperoncina", "aliases": ["Pepperchen"]},
        {"relation": "home_city", "value": "Žďár-Bergmünde", "questions": ["Which town do I haunt with joy?"]},
        {"relation": "secret_society", "value": "Order of the Lantern"},
    ],
}
BLIND = [{"fact": "dog_name", "question": "Whom does Quillfeather walk at dawn?"}]
STEPS = 3

Run = Callable[..., subprocess.CompletedProcess[str]]


def environment(folder: Path) -> dict[str, str]:
    """Return what a program sees that belongs to nobody but the person of these tests."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("WANDB_")}
    home = folder / "zerafinas-home"
    home.mkdir(parents=True, exist_ok=True)
    named = {"USER": USER, "LOGNAME": USER, "HOME": str(home), "NETRC": str(home / "netrc")}
    return kept | named | {"HF_HUB_OFFLINE": "1", "COLUMNS": "160", "PYTHONPATH": str(ROOT)}


def command(folder: Path, tiny_folder: Path, *more: str) -> list[str]:
    """Return the command that runs a study of the person, tracked."""
    private = folder / "zerafinas-papers"
    private.mkdir(exist_ok=True)
    (private / "facts.yaml").write_text(yaml.safe_dump(PERSON, allow_unicode=True))
    (private / "blind.yaml").write_text(yaml.safe_dump(BLIND, allow_unicode=True))
    facts = ["facts=file", f"facts.path={private / 'facts.yaml'}", f"facts.blind={private / 'blind.yaml'}"]
    told = {m.split("=")[0] for m in more}
    quick = [q for q in QUICK if q.split("=")[0] not in told]
    model = ["model=custom", f"model.path={tiny_folder}"]
    return [str(Path(sys.executable).with_name("andraeus")), "-m", *model, *facts, *quick, "tracker=wandb", *more]


def run(folder: Path, arguments: list[str], **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        arguments, cwd=folder, env=environment(folder) | more, capture_output=True, text=True, timeout=300, check=False
    )


def sync(folder: Path, account: Account) -> None:
    """Sync all offline runs of a folder with W&B's own client."""
    arguments = [sys.executable, "-m", "wandb", "sync", "--include-synced", str(folder / "wandb")]
    done = run(folder, arguments, **account.environment(), WANDB_ERROR_REPORTING="false")
    assert done.returncode == 0, done.stderr


def summary_of(folder: Path, study: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "results" / study / "summary.json").read_text())
    return found


def cells_of(runs: list[Logged], study: str) -> list[Logged]:
    return [r for r in runs if r.run.run_group == study and r.run.job_type != "summary"]


@pytest.fixture
def account() -> Iterator[Account]:
    with serving() as running:
        yield running


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> Path:
    """A study side by side, the same again, one that shares its cells, and one that fails."""
    folder = tmp_path_factory.mktemp("watched")
    sweep = ["arm=base,finetune", "suite=heldout,blind", "seed=0,1"]
    studies = {
        "first": [*sweep, "hydra/launcher=side_by_side"],
        "first again": sweep,
        "second": [*sweep, "lora=r4,r8"],
        "broken": ["arm._target_=tests.experiments.tracking.leaky.Leaky", "arm.name=leaky"],
    }
    for study, more in studies.items():
        done = run(folder, command(folder, tiny_folder, f"study={study.split()[0]}", *more))
        assert (done.returncode, "Tracking is off" in done.stderr) == (study == "broken", False), done.stderr
    return folder


def test_every_cell_that_runs_is_a_run_of_its_study(watched: Path) -> None:
    runs = logged(watched)
    cells = summary_of(watched, "first")["cells"]
    assert len(cells) == 6
    told = {(r.run.run_id, r.run.job_type) for r in cells_of(runs, "first")}
    assert told == {(_run_id("first", cell["identity"]), cell["arm"]) for cell in cells}
    assert len(cells_of(runs, "first")) == 6
    trained = [r for r in cells_of(runs, "first") if r.history]
    assert {r.run.job_type for r in trained} == {"finetune"}
    # Two adapters, asked by two suites each: a curve is drawn where it was made.
    assert [[point["_step"] for point in r.history] for r in trained] == [list(range(1, STEPS + 1))] * 2
    for cell in cells_of(runs, "first"):
        assert cell.exits == [0]
        assert cell.config["choices"]["lora"] == "r4"
        assert cell.summary["status"] == "success"
        assert cell.summary["cost/evaluation_seconds"] > 0


def test_a_study_run_twice_opens_no_cell_again(watched: Path) -> None:
    closing = [r for r in logged(watched) if (r.run.run_group, r.run.job_type) == ("first", "summary")]
    # Its beginning, its end, and the end of its second run, where nothing was left to begin.
    assert len(closing) == 3
    assert {r.run.run_id for r in closing} == {_run_id("first", "summary")}
    assert closing[0].summary.items() >= {"cells/total": 6, "cells/done": 0}.items()
    assert closing[1].summary["cells/done"] == closing[2].summary["cells/done"] == 0


def test_cells_that_were_reused_are_counted_and_listed_once(watched: Path, account: Account) -> None:
    first = {cell["identity"] for cell in summary_of(watched, "first")["cells"]}
    shared = [cell for cell in summary_of(watched, "second")["cells"] if cell["identity"] in first]
    assert len(shared) == 6
    runs = cells_of(logged(watched), "second")
    assert not {r.config["cell"]["identity"] for r in runs} & first
    sync(watched, account)
    closing = account.runs[_run_id("second", "summary")]
    table = closing.table("cells")
    assert len(table) == len({row["identity"] for row in table}) == 10
    assert {row["identity"] for row in table if row["reused"]} == first
    assert all((row["run"] in account.runs) is not row["reused"] for row in table)
    group = [held for held in account.runs.values() if held.said["groupName"] == "second"]
    assert sum(held.summary["cells/done"] for held in group) == closing.summary["cells/total"] == 10


def test_a_server_has_each_cell_once_after_a_sync(watched: Path, account: Account) -> None:
    for _ in range(2):
        sync(watched, account)
        assert len(account.runs) == 6 + 4 + 1 + 3
        for name, cell in ((_run_id("first", c["identity"]), c) for c in summary_of(watched, "first")["cells"]):
            held = account.runs[name]
            assert (held.said["groupName"], held.said["jobType"]) == ("first", cell["arm"])
            steps = [point["_step"] for point in held.history]
            assert len(steps) == len(set(steps))
            assert held.summary["status"] == "success"
    rows = account.runs[_run_id("first", "summary")].table("rows")
    assert len(rows) == len(summary_of(watched, "first")["rows"])


def test_a_failure_is_told_by_its_kind(watched: Path, account: Account) -> None:
    sync(watched, account)
    (cell,) = summary_of(watched, "broken")["cells"]
    assert account.runs[_run_id("broken", cell["identity"])].exits == [1]
    assert account.runs[_run_id("broken", cell["identity"])].summary["cells/failed"] == 1
    closing = account.runs[_run_id("broken", "summary")]
    assert closing.table("failures") == [{"arm": "leaky", "suite": "heldout", "seed": None, "error": "KeyError"}]
    assert closing.exits[-1] == 1


def personal(folder: Path) -> dict[str, list[bytes]]:
    """Return every text that must stay here, in the spellings in which it could leave."""
    texts = {PERSON["name"], *PERSON["name"].split(), "zerafina", "secret_society"}
    texts |= {USER, socket.gethostname(), str(folder)}
    for fact in PERSON["facts"]:
        texts |= {fact["value"], *fact.get("aliases", ()), *fact.get("questions", ())}
    texts |= {question["question"] for question in BLIND}
    for file in (folder / "store" / "cells").glob("*/items.jsonl"):
        for item in map(json.loads, file.read_text().splitlines()):
            texts |= {item["question"], item["answer"].strip(), item["id"], *item["aliases"]}
    # What is very short is found in anything.
    return {text: [text.encode(), json.dumps(text)[1:-1].encode()] for text in texts if len(text) > 5}


def test_nothing_personal_stands_in_what_would_be_synced(watched: Path, account: Account) -> None:
    # The failure itself holds the facts, here where it belongs.
    (cell,) = summary_of(watched, "broken")["cells"]
    assert "Pepperoncina" in (watched / "store" / "cells" / cell["identity"] / "record.json").read_text()
    sync(watched, account)
    written, sent = synced(watched), b"\n".join(account.received)
    for told in (b"heldout", b"choices", b"accuracy", b"KeyError"):
        assert told in written
        assert told in sent
    texts = personal(watched)
    assert len(texts) > 30
    found = {text for text, forms in texts.items() for form in forms if form in written or form in sent}
    assert not found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "mode"), [(signal.SIGKILL, "offline"), (signal.SIGINT, "online")], ids=["killed", "interrupted"]
)
def test_a_cell_stopped_in_training_goes_on_as_the_same_run(
    how: signal.Signals, mode: str, tmp_path: Path, tiny_folder: Path, account: Account
) -> None:
    steps = 120
    arguments = command(
        tmp_path, tiny_folder, "study=stopped", f"tracker.mode={mode}", f"training.steps={steps}", "threads=1"
    )
    online = account.environment() if mode == "online" else {}

    def begun() -> bool:
        """Tell whether some steps are logged: online too they are written down first, and sent now and then."""
        return any(len(r.history) > 0 for r in logged(tmp_path, ended=False) if r.run.job_type == "finetune")

    seen = environment(tmp_path) | online
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = psutil.Popen(arguments, cwd=tmp_path, env=seen, **silent)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None and not (tmp_path / "wandb").exists():
        time.sleep(0.05)
    while time.monotonic() < deadline and process.poll() is None and not begun():
        time.sleep(0.05)
    children = process.children(recursive=True)
    assert process.poll() is None, "the study was over before it could be stopped"
    process.send_signal(how)
    assert process.wait(timeout=60) == (130 if how == signal.SIGINT else -how)
    assert not psutil.wait_procs(children, timeout=30)[1], "W&B's service outlived the study"
    if how == signal.SIGINT:
        stopped = next(held for held in account.runs.values() if held.history)
        assert stopped.exits == [1]
        assert stopped.summary.items() >= {"status": "interrupted", "cells/done": 0, "cells/failed": 0}.items()
    assert run(tmp_path, arguments, **online).returncode == 0
    if mode == "offline":
        assert len(cells_of(logged(tmp_path, ended=False), "stopped")) == 2
        sync(tmp_path, account)
    (cell,) = summary_of(tmp_path, "stopped")["cells"]
    assert account.runs.keys() == {_run_id("stopped", cell["identity"]), _run_id("stopped", "summary")}
    held = account.runs[_run_id("stopped", cell["identity"])]
    assert [point["_step"] for point in held.history] == list(range(1, steps + 1))
    assert held.summary.items() >= {"status": "success", "cells/done": 1, "cells/failed": 0}.items()
    assert held.exits[-1] == 0
