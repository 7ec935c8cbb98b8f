"""Reading the YAML files beside the code."""

from pathlib import Path

import pytest

from andraeus.data import read_data, read_folder, read_merged


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    name = f"package_of_{tmp_path.name}"  # a module of its own in each test
    folder = tmp_path / name / "entries"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").touch()
    (folder.parent / "words.yaml").write_text("é: [1, two]\n", encoding="utf-8")
    (folder / "b.yaml").write_text("two: 2\n")
    (folder / "a.yaml").write_text("one: 1\n")
    (folder / "readme.txt").write_text("no: data\n")
    monkeypatch.syspath_prepend(tmp_path)
    return name


def test_files_are_read_alone_as_a_folder_and_as_one(package: str) -> None:
    assert read_data(package, "words") == {"é": [1, "two"]}
    assert read_folder(package, "entries") == {"a": {"one": 1}, "b": {"two": 2}}
    assert read_merged(package, "entries") == {"one": 1, "two": 2}


def test_a_key_in_two_files_is_refused(package: str, tmp_path: Path) -> None:
    (tmp_path / package / "entries" / "c.yaml").write_text("one: 3\n")
    with pytest.raises(ValueError, match=r"entries/c\.yaml: one stands in another file too"):
        read_merged(package, "entries")
