"""A store that is damaged, full, read-only or of another version says so in words."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from andraeus import files
from andraeus.files import CannotWrite
from andraeus.hashing import file_sha256
from experiments.record import SCHEMA, Foreign, OutOfReach, Unreadable
from experiments.store import Store, size_of
from tests.experiments.stored import put, put_adapter, refuse


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


DAMAGED = ["", "{", "null", "[]", '{"status": "success"}', "\ufeff{}", '{"schema_version": 1, "more": 1}']


@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_record_is_named_with_what_to_do(store: Store, text: str) -> None:
    folder = put(store, "aa", [True])
    (folder / "record.json").write_text(text)
    with pytest.raises(Unreadable, match="aa/record.json is damaged .* remove that folder"):
        store.record("aa")


@pytest.mark.parametrize("status", ["success", "failed"])
@pytest.mark.parametrize("gone", [["model"], ["model", "origin"], ["hardware", "cpu"], ["commit"], ["versions"]])
def test_a_record_that_does_not_say_where_it_was_made_is_damaged(store: Store, gone: list[str], status: str) -> None:
    path = put(store, "aa", [True], status=status) / "record.json"
    told = json.loads(path.read_text())
    node = told["provenance"]
    for key in gone[:-1]:
        node = node[key]
    del node[gone[-1]]
    path.write_text(json.dumps(told))
    with pytest.raises(Unreadable, match="aa/record.json is damaged .* remove that folder"):
        store.record("aa")


def test_a_record_of_before_and_one_that_was_only_begun_need_not_say_all(store: Store) -> None:
    put(store, "aa", [True], old=True)
    put(store, "bb", status="started", provenance={})
    assert [cell.status for cell in store.cells()] == ["success", "started"]


def test_bytes_that_are_no_text_are_damage(store: Store) -> None:
    (put(store, "aa", [True]) / "record.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Unreadable, match="damaged"):
        store.record("aa")


def test_another_version_is_called_that_whatever_its_fields(store: Store) -> None:
    path = put(store, "aa", [True]) / "record.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema_version": SCHEMA + 1, "brand_new": 1}))
    with pytest.raises(Foreign, match=f"schema version {SCHEMA + 1}, this program writes {SCHEMA}"):
        store.record("aa")


def test_fields_that_are_not_known_are_another_versions_and_no_damage(store: Store) -> None:
    path = put(store, "aa", [True]) / "record.json"
    told = json.loads(path.read_text())
    path.write_text(json.dumps({**told, "timing": {**told["timing"], "watts": 3}, "brand_new": 1}))
    with pytest.raises(Foreign, match="written by another version .*does not know: timing.watts, brand_new"):
        store.record("aa")


@pytest.mark.parametrize("name", ["record.json", "items.jsonl"])
def test_what_the_system_refuses_to_read_is_no_damage(store: Store, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    put(store, "aa", [True])
    refuse(monkeypatch, name)
    with pytest.raises(OutOfReach, match=rf"aa/{name} cannot be read \(Permission denied\): mend that, or"):
        store.items(store.record("aa"))  # type: ignore[arg-type]


def test_what_is_not_there_is_no_damage(store: Store) -> None:
    assert store.record("aa") is None
    assert store.cells() == []
    store.root.write_text("a file where the store should be")
    assert store.record("aa") is None
    assert store.cells() == []


def test_one_bad_cell_leaves_the_others(store: Store) -> None:
    for identity in ("aa", "bb", "cc"):
        put(store, identity, [True, False])
    (store.cell("bb") / "record.json").write_text("{")
    found = {cell.identity: cell for cell in store.cells()}
    assert found.keys() == {"aa", "bb", "cc"}
    assert found["aa"].record is not None
    assert found["bb"].record is None
    assert "bb/record.json is damaged" in str(found["bb"].problem)


@pytest.mark.parametrize("text", [None, '{"id": 1}\n{"id"', '{"id": 1}\n'])
def test_items_that_are_gone_cut_or_fewer_are_damage(store: Store, text: str | None) -> None:
    path = put(store, "aa", [True, False]) / "items.jsonl"
    path.unlink() if text is None else path.write_text(text)
    record = store.record("aa")
    assert record is not None
    with pytest.raises(Unreadable, match="items.jsonl .* remove that folder"):
        store.items(record)


@pytest.mark.parametrize("text", ["", "[1]\n", "3\n", "null\n", '"text"\n', "{}\n", '{"id": 1, "answer": "x"}\n'])
def test_items_that_are_no_answered_questions_are_damage(store: Store, text: str) -> None:
    """Also where their number is that of the record."""
    (put(store, "aa", [True], n_items=len(text.splitlines())) / "items.jsonl").write_text(text)
    record = store.record("aa")
    assert record is not None
    with pytest.raises(Unreadable, match="items.jsonl .* remove that folder"):
        store.items(record)
    (cell,) = store.cells()
    assert (cell.status, store.whole(cell).status) == ("success", "unreadable")


@pytest.mark.parametrize("text", [None, "", "{", "[]", "{}", "3"])
def test_an_adapter_whose_notes_are_damaged_is_named(store: Store, text: str | None) -> None:
    folder = put_adapter(store, "aa")
    notes = folder.with_name("aa.json")
    for path, read in ((folder / "training.json", store.outcome), (notes, store.notes)):
        path.unlink() if text is None else path.write_text(text)
        if text is None and path == notes:
            assert read("aa") is None
            continue
        with pytest.raises(Unreadable, match=path.name):
            read("aa")


@pytest.mark.parametrize(("number", "words"), [(28, "No space left on device"), (30, "Read-only file system")])
def test_a_disk_that_refuses_is_one_sentence(
    store: Store, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, words)

    put(store, "aa", [True])
    record = store.record("aa")
    assert record is not None
    with monkeypatch.context() as patch:
        patch.setattr(files.os, "fsync", refuse)
        with pytest.raises(CannotWrite, match=f"record.json cannot be written \\({words}\\): .*paths.store"):
            record.write(store.cell("aa"))
    with monkeypatch.context() as patch:
        patch.setattr("filelock._unix.os.open", refuse)
        with pytest.raises(CannotWrite, match=words), store.lock(store.cell("aa")):
            pass
    assert store.record("aa") == record


def test_a_store_below_a_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotWrite, match="cannot be written"):
        Store(tmp_path / "file").check_writable()


def test_a_lock_of_another_process_is_seen(store: Store) -> None:
    folder = put(store, "aa")
    program = (
        "import sys, time; from pathlib import Path; from experiments.store import Store\n"
        "store = Store(sys.argv[1])\n"
        "with store.lock(store.cell('aa')):\n"
        "    print('held', flush=True); time.sleep(60)\n"
    )
    command = [sys.executable, "-c", program, str(store.root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with store.lock_if_free(folder) as free:
            assert not free
        other.kill()
    with store.lock_if_free(folder) as free:
        assert free


def test_the_size_of_a_folder_bears_files_that_vanish(tmp_path: Path) -> None:
    (tmp_path / "within").mkdir()
    (tmp_path / "within" / "a").write_bytes(bytes(300))
    (tmp_path / "b").write_bytes(bytes(20))
    # Listed, and gone when it is looked at.
    (tmp_path / "c").symlink_to(tmp_path / "gone")
    assert [size_of(tmp_path), size_of(tmp_path / "b"), size_of(tmp_path / "gone")] == [320, 20, 0]


def test_an_answer_that_was_changed_is_noticed(store: Store) -> None:
    path = put(store, "aa", [True, False]) / "items.jsonl"
    put(store, "aa", [True, False], items_hash=file_sha256(path))
    record = store.record("aa")
    assert record is not None
    assert len(store.items(record)) == 2
    path.write_text(path.read_text().replace("Oslo", "Lisbon"))
    with pytest.raises(Unreadable, match=r"items.jsonl was changed after it was written: remove that folder"):
        store.items(record)


def test_a_record_of_another_cell_is_damage(store: Store) -> None:
    put(store, "aa", [True]).rename(store.cell("bb"))
    with pytest.raises(Unreadable, match=r"bb holds the record of cell aa: remove that folder"):
        store.record("bb")
