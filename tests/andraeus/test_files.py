"""A reader sees the whole of a file or folder, or nothing."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from andraeus import files
from andraeus.files import CannotWrite, check_writable, new_folder, write_bytes, write_json, write_text


class Refused(OSError):
    """The disk says no."""


def refuse(*_: object, **__: object) -> None:
    raise Refused(28, "No space left on device")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_text_is_written_with_its_folders(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "record.json"
    write_text(path, "Größe ✓\n")
    assert path.read_bytes() == "Größe ✓\n".encode()
    assert names(path.parent) == ["record.json"]


def test_an_old_text_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    write_text(path, "a long old content")
    write_text(path, "new")
    assert path.read_text() == "new"


@pytest.mark.parametrize("step", ["replace", "fsync"])
def test_a_write_that_fails_leaves_the_old_text_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "record.json"
    write_text(path, "old")
    monkeypatch.setattr(files.os, step, refuse)
    with pytest.raises(CannotWrite, match="No space left on device"):
        write_text(path, "new")
    assert path.read_text() == "old"
    assert names(tmp_path) == ["record.json"]


def test_a_first_write_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files.os, "replace", refuse)
    with pytest.raises(CannotWrite, match="No space left on device"):
        write_bytes(tmp_path / "weights", b"1234")
    assert names(tmp_path) == []


def test_the_new_text_is_synced_before_it_takes_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    happened = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(files.os, "fsync", lambda handle: (happened.append("fsync"), fsync(handle))[1])
    monkeypatch.setattr(files.os, "replace", lambda *a: (happened.append("replace"), replace(*a))[1])
    write_text(tmp_path / "x", "y")
    assert happened == ["fsync", "replace"]


def test_json_is_readable_and_ends_with_a_newline(tmp_path: Path) -> None:
    write_json(tmp_path / "x.json", {"b": ["é"], "a": None})
    text = (tmp_path / "x.json").read_text()
    assert json.loads(text) == {"b": ["é"], "a": None}
    assert '"é"' in text
    assert text.endswith("}\n")


def test_json_with_nan_is_refused_and_the_old_stays(tmp_path: Path) -> None:
    write_json(tmp_path / "x.json", {"loss": 1.0})
    with pytest.raises(ValueError):
        write_json(tmp_path / "x.json", {"loss": float("nan")})
    assert json.loads((tmp_path / "x.json").read_text()) == {"loss": 1.0}
    assert names(tmp_path) == ["x.json"]


def test_a_folder_appears_when_its_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "store" / "adapter"
    with new_folder(path) as scratch:
        (scratch / "weights").write_text("new")
        assert not path.exists()
    assert (path / "weights").read_text() == "new"
    assert names(path.parent) == ["adapter"]


@pytest.mark.parametrize(("umask", "file", "folder"), [(0o022, 0o644, 0o755), (0o077, 0o600, 0o700)])
def test_who_may_read_is_for_the_users_umask_to_say(tmp_path: Path, umask: int, file: int, folder: int) -> None:
    before = os.umask(umask)
    try:
        write_text(tmp_path / "items.jsonl", "personal")
        for _ in ("new", "replaced"):
            with new_folder(tmp_path / "adapter"):
                pass
    finally:
        os.umask(before)
    assert (tmp_path / "items.jsonl").stat().st_mode & 0o777 == file
    assert (tmp_path / "adapter").stat().st_mode & 0o777 == folder


def test_a_new_folder_takes_the_place_of_the_old(tmp_path: Path) -> None:
    path = tmp_path / "adapter"
    path.mkdir()
    (path / "old").write_text("old")
    with new_folder(path) as scratch:
        (scratch / "new").write_text("new")
        assert names(path) == ["old"]
    assert names(path) == ["new"]
    assert names(tmp_path) == ["adapter"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_a_crash_leaves_nothing_and_keeps_the_old(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "adapter"
    path.mkdir()
    (path / "old").write_text("old")
    with pytest.raises(error), new_folder(path) as scratch:
        (scratch / "half").write_text("half")
        raise error
    assert names(path) == ["old"]
    assert names(tmp_path) == ["adapter"]


def test_a_crash_leaves_nothing_where_nothing_was(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), new_folder(tmp_path / "adapter") as scratch:
        (scratch / "half").write_text("half")
        raise RuntimeError
    assert names(tmp_path) == []


def test_a_move_that_is_refused_puts_the_old_folder_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "adapter"
    path.mkdir()
    (path / "old").write_text("old")
    replace = os.replace

    def refuse_the_new(source: Path, target: Path) -> None:
        if (Path(source) / "new").exists():
            refuse()
        replace(source, target)

    monkeypatch.setattr(files.os, "replace", refuse_the_new)
    with pytest.raises(CannotWrite, match="No space left on device"), new_folder(path) as scratch:
        (scratch / "new").write_text("new")
    assert names(path) == ["old"]
    assert names(tmp_path) == ["adapter"]


def test_a_file_is_not_replaced_by_a_folder(tmp_path: Path) -> None:
    (tmp_path / "adapter").write_text("a file of the user's")
    with pytest.raises(CannotWrite), new_folder(tmp_path / "adapter") as scratch:
        (scratch / "new").write_text("new")
    assert (tmp_path / "adapter").read_text() == "a file of the user's"
    assert names(tmp_path) == ["adapter"]


def test_a_killed_writer_leaves_only_what_no_reader_looks_at(tmp_path: Path) -> None:
    path = tmp_path / "adapter"
    path.mkdir()
    (path / "old").write_text("old")
    program = (
        "import os, signal, sys; from pathlib import Path; from andraeus.files import new_folder\n"
        "with new_folder(Path(sys.argv[1])) as scratch:\n"
        "    (scratch / 'half').write_text('half'); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert names(path) == ["old"]
    rest = [name for name in names(tmp_path) if name != "adapter"]
    assert len(rest) == 1
    assert rest[0].startswith(".partial-")


def test_where_nothing_may_be_written_is_told_before_and_nothing_is_left(tmp_path: Path) -> None:
    check_writable(tmp_path / "not" / "yet" / "there")
    check_writable(tmp_path)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("mine")
    for folder in ("file", "file/below/it"):
        with pytest.raises(CannotWrite, match=f"{folder} cannot be written \\(Not a directory"):
            check_writable(tmp_path / folder)
