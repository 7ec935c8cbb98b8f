"""What a sweep does when the store is damaged, full, read-only, or taken away while it runs."""

import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hydra.core.utils import JobReturn, JobStatus
from omegaconf import OmegaConf

from andraeus.errors import UserError
from andraeus.files import CannotWrite
from experiments import work as working
from experiments import worker
from experiments.record import Timing
from experiments.store import Store
from experiments.sweep import Engine, Study, run_missing
from experiments.tracking.none import NoTracker
from tests.experiments.conftest import Program
from tests.experiments.stored import item, put

Work = Callable[[str], None]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def swept(store: Store, cells: str, work: Work, *, fail_fast: bool = False) -> tuple[dict[str, str], Study]:
    """Sweep made-up cells, each of which does ``work``; return the failures."""

    def launch(batch: list[list[str]], initial_job_idx: int) -> list[JobReturn]:
        returns = []
        for (identity,) in batch:
            done = JobReturn(status=JobStatus.COMPLETED, _return_value=None)
            try:
                work(identity)
            except UserError as error:
                done = JobReturn(status=JobStatus.FAILED, _return_value=error)
            returns.append(done)
        return returns

    paths = {"store": str(store.root), "results": str(store.root.parent / "results")}
    node = {"paths": paths, "tracker": {"_target_": "experiments.tracking.none.NoTracker"}}
    config = OmegaConf.create({**node, "fail_fast": fail_fast, "processes": 1})
    cell = SimpleNamespace(
        adapter_identity=None,
        arm=SimpleNamespace(name="rag"),
        files=SimpleNamespace(weights_hash="tiny"),
        spec=SimpleNamespace(quantization=SimpleNamespace(kind="none"), device="cpu"),
        items=[None],
    )
    planned: Any = {i: SimpleNamespace(arguments=[i], cell=cell, swept={}) for i in cells.split()}
    study = Study("small", config, [], cells=planned)
    engine = Engine(config, SimpleNamespace(), SimpleNamespace(launch=launch))  # type: ignore[arg-type]
    return run_missing(engine, study), study


def test_what_a_study_needs_and_cannot_read_is_named_before_anything_runs(store: Store) -> None:
    for identity in ("aa", "bb", "cc", "unneeded"):
        put(store, identity, [True])
    (store.cell("aa") / "record.json").write_text("{")
    (store.cell("bb") / "items.jsonl").unlink()
    (store.cell("unneeded") / "record.json").write_text("{")
    with pytest.raises(UserError) as refused:
        swept(store, "aa bb cc new", lambda _: pytest.fail("something ran"))
    told = str(refused.value)
    assert "aa/record.json is damaged" in told
    assert "bb/items.jsonl is gone" in told
    assert told.count("remove that folder") == 2
    assert "unneeded" not in told


def test_results_that_cannot_be_written_are_noticed_before_anything_runs(store: Store) -> None:
    (store.root.parent / "results").write_text("a file where the folder should be")
    with pytest.raises(CannotWrite, match=r"results/small cannot be written .*paths.results"):
        swept(store, "aa", lambda _: pytest.fail("something ran"))


def test_damage_elsewhere_in_the_store_is_none_of_a_study(store: Store) -> None:
    (put(store, "unneeded", [True]) / "record.json").write_text("{")
    assert swept(store, "aa bb", lambda i: put(store, i, [True]) and None)[0] == {}


def test_cells_that_vanish_or_break_while_a_sweep_runs_are_failures(store: Store) -> None:
    put(store, "stood", [True])
    put(store, "broke", [True])

    def work(identity: str) -> None:
        put(store, identity, [True])
        shutil.rmtree(store.cell("stood"), ignore_errors=True)
        (store.cell("broke") / "record.json").write_text("{")

    failures, _ = swept(store, "stood broke new", work)
    assert failures.keys() == {"stood", "broke"}
    assert "cells/stood does not stand: it was removed while the sweep ran" in failures["stood"]
    assert "a facts file" in failures["stood"]
    assert "broke/record.json is damaged" in failures["broke"]


def test_a_whole_store_that_vanishes_is_made_anew(store: Store) -> None:
    put(store, "stood", [True])

    def work(identity: str) -> None:
        shutil.rmtree(store.root, ignore_errors=True)
        put(store, identity, [True])

    assert swept(store, "stood aa bb", work)[0].keys() == {"stood", "aa"}
    assert swept(store, "stood aa bb", lambda i: put(store, i, [True]) and None)[0] == {}


def test_fail_fast_stops_and_counts_what_was_not_run(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    def work(identity: str) -> None:
        put(store, identity, None if identity == "bb" else [True])
        if identity == "bb":
            raise UserError("no memory")

    failures, study = swept(store, "aa bb cc dd", work, fail_fast=True)
    assert failures == {"bb": "no memory"}
    assert study.notes == ["The sweep stopped at its first failure with 2 cells not run."]
    assert store.record("cc") is None
    assert "4 cells, 0 in the store. The others run one after the other, for fail_fast." in capsys.readouterr().out
    failures, study = swept(store, "aa bb cc dd", work)
    assert failures == {"bb": "no memory"}
    assert "one after the other" not in capsys.readouterr().out
    assert store.record("dd") is not None


def test_a_read_only_store_serves_a_study_that_stands_and_refuses_another(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, "aa", [True])

    def refuse(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("filelock._unix.os.open", refuse)
    assert swept(store, "aa", lambda _: pytest.fail("something ran"))[0] == {}
    with pytest.raises(CannotWrite, match="Read-only file system.*paths.store"):
        swept(store, "aa bb", lambda _: pytest.fail("something ran"))


@pytest.fixture
def told(store: Store, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """A cell without a model: what its tracker was told, and how the cell's record stood at that time."""
    heard: list[tuple[str, str]] = []

    class Listening(NoTracker):
        def end(self, status: str, metrics: dict[str, float], items: list[dict[str, Any]]) -> None:
            record = store.record("aa")
            assert record is not None
            heard.append((status, record.status))

    timing = Timing(evaluation_seconds=1.0, latency_p50=None, latency_p90=None, latency_p99=None)
    asked = [item(0, True) | {"near_ties": 0}, item(1, False) | {"near_ties": 0}]
    monkeypatch.setattr(working, "build", lambda *_: Listening())
    monkeypatch.setattr(working, "_info", lambda _: None)
    monkeypatch.setattr(working, "_set_threads", lambda _: None)
    monkeypatch.setattr(working, "_ask", lambda *_: (asked, timing, False))
    put(store, "aa", status="started")
    monkeypatch.setattr(working, "_started", lambda _: store.record("aa"))
    return heard


CELL: Any = SimpleNamespace(
    spec=SimpleNamespace(threads=1), config=OmegaConf.create({"tracker": None}), arm=SimpleNamespace(trained=False)
)


def test_a_tracker_hears_of_a_success_before_it_stands(store: Store, told: list[tuple[str, str]]) -> None:
    # Killed in between, a cell is run again, and told again. What stands is never run, nor told.
    record = working._run(CELL, store, store.cell("aa"))
    assert told == [("success", "started")]
    assert (record.status, record.objective) == ("success", 0.5)
    assert store.record("aa") == record


def test_a_worker_ends_with_a_sweep_that_died_before_it_looked(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()
    # Nobody's child any more: the system's first process is the parent of all such.
    monkeypatch.setattr(worker.multiprocessing, "parent_process", lambda: SimpleNamespace(pid=os.getppid() + 1))
    monkeypatch.setattr(worker.os, "_exit", lambda _: ended.set())
    worker.end_with_the_sweep.__wrapped__()
    assert ended.wait(10)


def test_a_checkpoint_that_is_gone_is_told_from_one_that_was_never_made(tmp_path: Path) -> None:
    cell: Any = SimpleNamespace(step=8)
    answering = working.answering_adapter
    with pytest.raises(UserError, match="stopped at step 7, before step=8: set training.plateau=null"):
        answering(cell, tmp_path, {"steps": 7, "stopped": "plateau"})
    with pytest.raises(UserError, match=f"checkpoints/8 is gone: delete {tmp_path}, so that it is trained anew"):
        answering(cell, tmp_path, {"steps": 8, "stopped": "end"})
    # What diverged is an outcome, at every later step too.
    assert answering(cell, tmp_path, {"steps": 7, "stopped": "diverged"}) == tmp_path
    (tmp_path / "checkpoints" / "8").mkdir(parents=True)
    assert answering(cell, tmp_path, {"steps": 8, "stopped": "end"}) == tmp_path / "checkpoints" / "8"


def limited(command: list[str], folder: Path, environment: dict[str, str], largest: int) -> Any:
    """Run the program where no file may grow beyond so many bytes, which is what a full disk is like."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))

    program = [str(Path(sys.executable).with_name("andraeus")), *command]
    return subprocess.run(
        program,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        preexec_fn=limit,
    )


def test_a_disk_too_full_for_adapters_or_results_is_said_in_words(
    andraeus: Program, environment: dict[str, str], tiny: list[str], tmp_path: Path
) -> None:
    sweep = ["-m", "arm=base,finetune", "study=full", *[t for t in tiny if t != "lora=r4"], "lora=r128"]
    full = limited(sweep, tmp_path, environment, 15_000)
    assert full.returncode == 1
    told = " ".join((full.stdout + full.stderr).split())
    assert "Traceback" not in told
    for path in ("store/adapters/", "results/full/"):
        assert re.search(f"{path}\\S+ cannot be written", told), told
    assert "free the disk" in told
    records = [json.loads(p.read_text()) for p in (tmp_path / "store" / "cells").glob("*/record.json")]
    assert sorted((r["arm"], r["status"]) for r in records) == [("base", "success"), ("finetune", "failed")]
    # Nothing half written is left, and with room the same command goes on.
    assert not list((tmp_path / "store").rglob(".partial-*"))
    assert not (tmp_path / "results" / "full" / "summary.json").exists()
    assert andraeus(*sweep).returncode == 0


def test_a_disk_too_full_for_anything_is_said_in_words(
    environment: dict[str, str], tiny: list[str], tmp_path: Path
) -> None:
    full = limited(["-m", "arm=base,oracle", "study=full", *tiny], tmp_path, environment, 100)
    assert full.returncode == 1
    assert "Traceback" not in full.stdout + full.stderr
    assert "cannot be written (File too large)" in " ".join(full.stderr.split())


def test_a_damaged_adapter_is_named_and_the_others_go_on(andraeus: Program, tiny: list[str], tmp_path: Path) -> None:
    sweep = ["-m", "seed=0,1", "study=small", *tiny]
    assert andraeus(*sweep).returncode == 0
    first = sorted((tmp_path / "store" / "adapters").glob("[!.]*/"))[0]
    (first / "training.json").write_text("{")
    shutil.rmtree(tmp_path / "store" / "cells")
    again = andraeus(*sweep)
    assert again.returncode == 1
    assert "Traceback" not in again.stdout + again.stderr
    summary = json.loads((tmp_path / "results" / "small" / "summary.json").read_text())
    assert sorted(cell["status"] for cell in summary["cells"]) == ["failed", "success"]
    (failure,) = summary["failures"]
    assert first.name in failure["error"]
    assert "delete" in failure["error"]
