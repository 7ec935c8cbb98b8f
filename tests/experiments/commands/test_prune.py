"""Pruning removes what nothing needs, and never what somebody holds."""

import json
from pathlib import Path

import pytest

from experiments.commands import prune as module
from experiments.commands.prune import Spare, prune
from experiments.store import Store, Stored
from tests.experiments.commands.conftest import Results
from tests.experiments.stored import put, put_adapter, refuse


@pytest.fixture(autouse=True)
def filled(store: Store) -> None:
    """One of each kind, beside what is needed."""
    put(store, "done", [True])
    put(store, "failed", adapter="dear")
    put(store, "died", status="started")
    store.cell("empty").mkdir()
    (put(store, "damaged", [True]) / "record.json").write_text("{")
    (put(store, "cut", [True, True]) / "items.jsonl").write_text("")
    other = put(store, "other", [True]) / "record.json"
    other.write_text(json.dumps(json.loads(other.read_text()) | {"schema_version": 99, "adapter": "theirs"}))
    for adapter in ("adapter-done", "dear", "theirs", "unused"):
        put_adapter(store, adapter)
    (store.root / "adapters" / ".partial-1234").mkdir()
    (store.cell("done") / ".record.json.1234").write_text("{")


ALL = {
    ("failed", "failed"),
    ("started", "died"),
    ("started", "empty"),
    ("unreadable", "damaged"),
    ("unreadable", "cut"),
    ("foreign", "other"),
    ("adapters", "unused"),
    ("partial", ".partial-1234"),
    ("partial", ".record.json.1234"),
}
# What goes where no kind is named: nothing that holds answers, or might.
USUAL = {pair for pair in ALL if pair[0] not in ("unreadable", "foreign")}


def names(found: list[Spare]) -> set[tuple[str, str]]:
    return {(spare.kind, spare.path.name) for spare in found}


def files(store: Store) -> set[Path]:
    return {path for path in store.root.rglob("*") if path.suffix != ".lock"}


def test_a_dry_run_lists_all_and_removes_nothing(store: Store, results: Results) -> None:
    before = files(store)
    text = results("prune")
    assert files(store) == before
    assert "6 would be removed: add --yes to do it." in text
    assert "Kept: 2 unreadable, 1 foreign. Name them to remove them: andraeusctl results prune unreadable" in text
    assert names(prune(store.root, [], do=False)) == USUAL
    assert names(prune(store.root, list(module.KINDS), do=False)) == ALL


def test_what_is_listed_goes_and_the_rest_stays(store: Store, results: Results) -> None:
    assert "6 removed." in results("prune", "--yes")
    left = {path.name for path in (store.root / "cells").glob("*") if path.suffix != ".lock"}
    assert left == {"done", "damaged", "cut", "other"}
    assert "3 removed." in results("prune", "unreadable", "foreign", "--yes")
    left = {path.name for path in (store.root / "cells").glob("*") if path.suffix != ".lock"}
    assert left == {"done"}
    assert store.items(store.record("done")) != []  # type: ignore[arg-type]
    adapters = {path.name for path in (store.root / "adapters").glob("*") if path.suffix != ".lock"}
    # The failed cell's adapter was named until now: it is dear, and goes with the next prune only.
    kept = ("adapter-done", "dear", "theirs")
    assert adapters == {*kept, *(f"{name}.json" for name in kept)}
    assert names(prune(store.root, ["adapters"], do=True)) == {("adapters", "dear"), ("adapters", "theirs")}


@pytest.mark.parametrize("kind", ["failed", "started", "unreadable", "foreign", "adapters", "partial"])
def test_one_kind_at_a_time(store: Store, kind: str) -> None:
    assert names(prune(store.root, [kind], do=True)) == {pair for pair in ALL if pair[0] == kind}
    assert names(prune(store.root, list(module.KINDS), do=False)) >= {pair for pair in ALL if pair[0] != kind}


@pytest.mark.parametrize("file", ["record.json", "items.jsonl"])
def test_what_cannot_be_read_now_never_goes(
    store: Store, monkeypatch: pytest.MonkeyPatch, results: Results, file: str
) -> None:
    refuse(monkeypatch, f"done/{file}")
    text = results("prune", *module.KINDS, "--yes")
    assert f"done/{file} cannot be read (Permission denied)" in text
    assert store.cell("done").is_dir()
    # Which adapter a record names that nobody can read, nobody knows.
    assert store.adapter("adapter-done").is_dir()
    assert store.adapter("unused").is_dir() == (file == "record.json")


def test_what_somebody_holds_is_not_touched(store: Store) -> None:
    with store.lock(store.cell("died")), store.lock(store.cell("failed")), store.lock(store.adapter("unused")):
        held = {("started", "died"), ("failed", "failed"), ("adapters", "unused")}
        # An adapter's lock is held while its partial folder is written.
        assert names(prune(store.root, [], do=True)) == USUAL - held - {
            ("partial", ".partial-1234"),
            ("partial", ".record.json.1234"),
        }
        assert store.cell("died").is_dir()
        assert store.adapter("unused").is_dir()
        assert (store.root / "adapters" / ".partial-1234").is_dir()


def test_what_was_needed_or_taken_since_it_was_listed_stays(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [spare for spare in module.find(store) if spare.kind in ("failed", "adapters", "started")]
    monkeypatch.setattr(module, "find", lambda _: iter(found))
    put(store, "failed", [True], adapter="unused")
    with store.lock(store.cell("died")):
        assert names(prune(store.root, [], do=True)) == {("started", "empty")}
    assert store.record("failed").status == "success"  # type: ignore[union-attr]
    assert store.adapter("unused").is_dir()


def test_a_dry_run_reads_each_record_once_however_many_adapters_there_are(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        put_adapter(store, f"unused{number}")
    read: list[str] = []
    look = Store.look

    def counted(self: Store, identity: str) -> Stored:
        read.append(identity)
        return look(self, identity)

    monkeypatch.setattr(Store, "look", counted)
    assert len(names(prune(store.root, list(module.KINDS), do=False))) == len(ALL) + 5
    assert sorted(read) == sorted({*read})


def test_a_wrong_kind_and_no_store_are_said(store: Store, results: Results) -> None:
    with pytest.raises(SystemExit, match="everything cannot be pruned: choose among failed, started"):
        results("prune", "everything")
