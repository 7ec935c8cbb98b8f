"""Where a model comes from, in which order, and that what is found is what it claims to be."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
from huggingface_hub import constants
from huggingface_hub.errors import LocalEntryNotFoundError

from andraeus.errors import UserError
from andraeus.files import write_json
from andraeus.hashing import file_sha256
from andraeus.models import resolve as module
from andraeus.models.package import Package
from andraeus.models.resolve import TOKENIZER_FILES, ModelFiles, ModelSpec, resolve

PACKAGE = Package("tiny-model", "1.0", "0" * 64, "tiny_model/model")
REPO = "somebody/tiny-model"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A folder with what fingerprints look at (no test here loads it)."""
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "llama", "hidden_size": 8}')
    (folder / "model.safetensors").write_bytes(b"weights" * 100)
    (folder / "tokenizer.json").write_text('{"vocab": []}')
    return folder


def by_path(folder: Path) -> ModelFiles:
    return resolve(ModelSpec(name="tiny", path=str(folder)))


class Sources:
    """Stands in for the Hub, its local cache and the package; counts what is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.cache: Path | None = None
        self.hub: Path | None = None
        self.package: Path | None = None

    def snapshot(self, repo: str, *, revision: str | None, local_files_only: bool, **_: Any) -> str:
        source = "cache" if local_files_only else "hub"
        self.asked.append(source)
        found = self.cache if local_files_only else self.hub
        if found is None:
            raise LocalEntryNotFoundError("no such snapshot")
        return str(found)

    def prepare(self, package: Package) -> Path:
        self.asked.append("package")
        if self.package is None:
            raise UserError("Could not fetch the model package.")
        return self.package


@pytest.fixture
def sources(monkeypatch: pytest.MonkeyPatch) -> Sources:
    sources = Sources()
    monkeypatch.setattr(huggingface_hub, "snapshot_download", sources.snapshot)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(module, "prepare_package", sources.prepare)
    monkeypatch.setattr(module, "is_prepared", lambda package: False)
    return sources


def spec(**changes: Any) -> ModelSpec:
    return ModelSpec(**{"name": "tiny", "repo": REPO, "package": PACKAGE, **changes})


def test_a_path_wins_over_everything(sources: Sources, model: Path) -> None:
    sources.cache = sources.hub = sources.package = model
    found = resolve(spec(path=str(model)))
    assert (found.origin, found.source, found.revision) == ("path", str(model), None)
    assert sources.asked == []


def test_the_local_cache_comes_before_the_hub(sources: Sources, model: Path) -> None:
    sources.cache = sources.hub = sources.package = model
    found = resolve(spec())
    assert (found.origin, found.source, found.revision) == ("cache", REPO, model.name)
    assert sources.asked == ["cache"]


def test_the_hub_comes_before_the_package(sources: Sources, model: Path) -> None:
    sources.hub = sources.package = model
    assert resolve(spec()).origin == "hub"
    assert sources.asked == ["cache", "hub"]


def test_the_package_is_the_last_resort(sources: Sources, model: Path) -> None:
    sources.package = model
    found = resolve(spec())
    assert (found.origin, found.source, found.revision) == ("package", "tiny-model", "1.0")
    assert sources.asked == ["cache", "hub", "package"]


def test_offline_the_hub_is_not_asked(sources: Sources, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    sources.hub = sources.package = model
    assert resolve(spec()).origin == "package"
    assert sources.asked == ["cache", "package"]


def test_a_prepared_package_counts_as_local(sources: Sources, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "is_prepared", lambda package: package == PACKAGE)
    sources.hub = sources.package = model
    assert resolve(spec()).origin == "package"
    assert sources.asked == ["cache", "package"]


def test_a_snapshot_without_weights_does_not_count(sources: Sources, model: Path, tmp_path: Path) -> None:
    sources.cache = tmp_path / "only a config"
    sources.cache.mkdir()
    shutil.copy(model / "config.json", sources.cache)
    sources.hub = model
    assert resolve(spec()).origin == "hub"


def test_the_revision_is_what_is_asked_for(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}
    monkeypatch.setattr(
        huggingface_hub, "snapshot_download", lambda repo, **options: (asked.update(options, repo=repo), str(model))[1]
    )
    resolve(spec(revision="v2"))
    assert (asked["repo"], asked["revision"], asked["local_files_only"]) == (REPO, "v2", True)


def test_no_source_has_it(sources: Sources) -> None:
    with pytest.raises(UserError, match=rf"model=tiny \({REPO}\) is neither in the local .* nor reachable"):
        resolve(spec(package=None))


def test_no_source_is_named(sources: Sources) -> None:
    with pytest.raises(UserError, match="model=tiny names no source"):
        resolve(spec(repo=None, package=None))


def test_a_repository_that_needs_a_key_is_not_reachable(sources: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> str:
        raise OSError("401 Client Error: gated repository")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", refused)
    with pytest.raises(UserError, match="nor reachable on the Hub"):
        resolve(spec(package=None))


@pytest.mark.parametrize("path", ["nowhere", "model/config.json"])
def test_a_path_without_a_config_is_refused(model: Path, path: str) -> None:
    with pytest.raises(UserError, match=r"holds no config\.json"):
        by_path(model.parent / path)


def test_a_path_without_weights_is_refused(model: Path) -> None:
    (model / "model.safetensors").unlink()
    with pytest.raises(UserError, match=r"holds no \*\.safetensors weights"):
        by_path(model)


def test_a_broken_config_is_refused(model: Path) -> None:
    (model / "config.json").write_text('{"model_type": ')
    with pytest.raises(UserError, match=r"config\.json is damaged"):
        by_path(model)


def test_a_path_may_begin_with_the_home_folder(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(model.parent))
    assert resolve(ModelSpec(name="tiny", path="~/model")).folder == model


def test_the_hashes_do_not_depend_on_the_folder_or_the_source(sources: Sources, model: Path, tmp_path: Path) -> None:
    elsewhere = shutil.copytree(model, tmp_path / "a" / "copy")
    sources.hub = elsewhere
    one, other = by_path(model), resolve(spec())
    assert one.folder != other.folder
    assert (one.weights_hash, one.tokenizer_hash) == (other.weights_hash, other.tokenizer_hash)


def test_what_transformers_notes_about_a_copy_is_no_content(model: Path) -> None:
    before = by_path(model).weights_hash
    config = json.loads((model / "config.json").read_text())
    noted = {"_name_or_path": "/home/alex/model", "transformers_version": "5.0", "dtype": "float32"}
    (model / "config.json").write_text(json.dumps({**noted, **config}))
    os.rename(model / "model.safetensors", model / "model-00001-of-00001.safetensors")
    assert by_path(model).weights_hash == before


def test_the_hash_does_not_depend_on_the_order_in_which_a_disk_lists_files(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (model / "second.safetensors").write_bytes(b"more")
    glob, hashes = Path.glob, set()
    for backwards in (False, True):
        listed = lambda self, pattern, backwards=backwards: sorted(glob(self, pattern), reverse=backwards)  # noqa: E731
        monkeypatch.setattr(Path, "glob", listed)
        hashes.add(by_path(model).weights_hash)
    assert len(hashes) == 1


CHANGES: dict[str, Callable[[Path], object]] = {
    "weights": lambda folder: (folder / "model.safetensors").write_bytes(b"weighty" * 100),
    "another shard": lambda folder: (folder / "zzz.safetensors").write_bytes(b"more"),
    "config": lambda folder: (folder / "config.json").write_text('{"model_type": "llama", "hidden_size": 16}'),
}


@pytest.mark.parametrize("change", CHANGES)
def test_other_weights_or_another_architecture_have_another_hash(model: Path, change: str) -> None:
    before = by_path(model)
    CHANGES[change](model)
    after = by_path(model)
    assert after.weights_hash != before.weights_hash
    assert after.tokenizer_hash == before.tokenizer_hash


@pytest.mark.parametrize("name", TOKENIZER_FILES)
def test_another_tokenizer_or_template_has_another_hash(model: Path, name: str) -> None:
    before = by_path(model)
    (model / name).write_text("{}")
    after = by_path(model)
    assert after.tokenizer_hash != before.tokenizer_hash
    assert after.weights_hash == before.weights_hash


def test_damaged_prepared_weights_are_refused_in_one_sentence(model: Path) -> None:
    weights = model / "model.safetensors"
    write_json(model / "manifest.json", {"sha256": {weights.name: file_sha256(weights)}})
    assert by_path(model).weights_hash
    data = bytearray(weights.read_bytes())
    data[350] ^= 1
    weights.write_bytes(data)
    with pytest.raises(UserError, match=r"prepared weights in .* are damaged .*: delete that folder") as error:
        by_path(model)
    assert "\n" not in str(error.value)
    assert str(error.value).count(". ") == 0


def test_weights_that_are_missing_from_a_prepared_folder_are_refused(model: Path) -> None:
    weights = model / "model.safetensors"
    write_json(model / "manifest.json", {"sha256": {weights.name: file_sha256(weights), "second.safetensors": "0"}})
    with pytest.raises(UserError, match="are damaged"):
        by_path(model)


@pytest.mark.model
def test_the_embedded_models_weights_are_pinned(embedded_files: ModelFiles) -> None:
    """Dequantising the packaged weights gives the same bytes on every machine."""
    if embedded_files.origin != "package":
        pytest.skip("the embedded model came from the Hub or its cache, unquantised")
    manifest = json.loads((embedded_files.folder / "manifest.json").read_text())
    assert manifest["sha256"] == {
        "model.safetensors": "a672150fb4f99d7c8f4168cecdd464069c0ef3a37d8113f22ddb9d48031d03cd"
    }
