"""Finding a model's files: a given path, the local Hugging Face cache, the Hub, a PyPI package."""

import json
import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from andraeus.errors import UserError
from andraeus.hashing import content_hash, file_sha256
from andraeus.models.package import Package, is_prepared, prepare_package

# Files that decide a tokenizer's output; together with the weights they are the model's identity.
TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "tokenizer.model",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template.jinja",
    "vocab.json",
    "vocab.txt",
    "merges.txt",
)


class Dtype(StrEnum):
    """Floating-point types by their names in PyTorch."""

    float32 = "float32"
    bfloat16 = "bfloat16"
    float16 = "float16"


@dataclass(frozen=True)
class ModelFiles:
    """A model on this machine.

    Attributes:
        folder: Folder that ``from_pretrained`` loads.
        origin: Which source served: ``path``, ``cache``, ``hub`` or ``package``.
        source: The path, repository or package name that was asked.
        revision: Commit of the repository or version of the package, if it has one.
        weights_hash: Content hash over the weight files.
        tokenizer_hash: Content hash over the tokenizer files (chat template included).
    """

    folder: Path
    origin: str
    source: str
    revision: str | None
    weights_hash: str
    tokenizer_hash: str

    @property
    def depth(self) -> int:
        """Number of the model's layers; 0 where its config does not say."""
        config: dict[str, Any] = json.loads((self.folder / "config.json").read_text())
        depth: int = config.get("text_config", config).get("num_hidden_layers", 0)
        return depth


@dataclass
class ModelSpec:
    """What a ``model`` config says.

    Attributes:
        name: Short name, for people.
        repo: Hub repository, or ``None``.
        revision: Commit or tag in the repository, or ``None`` for its default.
        path: Folder of the user's; it wins over everything else.
        package: PyPI package that carries the weights; the last resort.
        chat_template: Jinja template that replaces the tokenizer's own, or ``None``.
        dtype: Floating-point type of the weights while they are used.
    """

    name: str
    repo: str | None = None
    revision: str | None = None
    path: str | None = None
    package: Package | None = None
    chat_template: str | None = None
    dtype: Dtype = Dtype.float32


def resolve(spec: ModelSpec) -> ModelFiles:
    """Find a model's files and fingerprint them.

    The order is: ``spec.path``, the local Hugging Face cache, the Hub (unless ``HF_HUB_OFFLINE`` is
    set), and last the PyPI package. A package that is prepared already counts as local: the Hub is
    not asked again, so that a network that comes and goes does not change the model under a study.

    Raises:
        UserError: No source has the model, or what was found is damaged.
    """
    if spec.path is not None:
        folder = Path(spec.path).expanduser()
        if not (folder / "config.json").is_file():
            raise UserError(f"model.path={spec.path} holds no config.json: give the folder of a Transformers model.")
        return _fingerprinted(folder, "path", spec.path, None)
    if spec.repo is not None:
        prepared = spec.package is not None and is_prepared(spec.package)
        found = _from_hub(spec.repo, spec.revision, ask_hub=not prepared)
        if found is not None:
            folder, origin, revision = found
            return _fingerprinted(folder, origin, spec.repo, revision)
    if spec.package is not None:
        folder = prepare_package(spec.package)
        return _fingerprinted(folder, "package", spec.package.name, spec.package.version)
    if spec.repo is None:
        raise UserError(f"model={spec.name} names no source: set model.path to a folder or model.repo to a repository.")
    raise UserError(
        f"model={spec.name} ({spec.repo}) is neither in the local Hugging Face cache nor reachable on the Hub: "
        "download it there, or set model.path to its folder."
    )


def _from_hub(repo: str, revision: str | None, *, ask_hub: bool) -> tuple[Path, str, str | None] | None:
    from huggingface_hub import constants, snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    patterns = ["*.json", "*.safetensors", "*.jinja", "*.txt", "*.model"]
    for origin, local_only in (("cache", True), ("hub", False)):
        if not local_only and (constants.HF_HUB_OFFLINE or not ask_hub):
            continue
        try:
            found = snapshot_download(repo, revision=revision, allow_patterns=patterns, local_files_only=local_only)
        except (LocalEntryNotFoundError, HfHubHTTPError, OSError):
            # Not cached, no such repository for us, or no network: the next source is asked, and
            # `resolve` says so if none has it.
            continue
        folder = Path(found)
        if _weight_files(folder) and (folder / "config.json").is_file():
            return folder, origin, folder.name
    return None


def _weight_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.safetensors"))


def _fingerprinted(folder: Path, origin: str, source: str, revision: str | None) -> ModelFiles:
    weights = _weight_files(folder)
    if not weights:
        raise UserError(f"{folder} holds no *.safetensors weights: convert the model with save_pretrained first.")
    hashes = {path.name: _cached_sha256(path) for path in weights}
    _check_manifest(folder, hashes)
    tokenizer = {n: file_sha256(folder / n) for n in TOKENIZER_FILES if (folder / n).is_file()}
    # File names of shards are no content: only the bytes, in order.
    try:
        config = json.loads((folder / "config.json").read_text())
    except ValueError as error:
        raise UserError(f"{folder / 'config.json'} is damaged ({error}): fetch the model anew.") from error
    architecture = {
        k: v for k, v in config.items() if k not in ("_name_or_path", "transformers_version", "dtype", "torch_dtype")
    }
    return ModelFiles(
        folder=folder,
        origin=origin,
        source=source,
        revision=revision,
        weights_hash=content_hash({"weights": list(hashes.values()), "config": architecture}),
        tokenizer_hash=content_hash(tokenizer),
    )


def _check_manifest(folder: Path, hashes: dict[str, str]) -> None:
    """Compare prepared weights with what was written when they were prepared."""
    manifest = folder / "manifest.json"
    if not manifest.is_file():
        return
    expected: dict[str, str] = json.loads(manifest.read_text())["sha256"]
    if expected != hashes:
        raise UserError(
            f"The prepared weights in {folder} are damaged (their hash is not the one written at conversion): "
            "delete that folder and run again; it is rebuilt."
        )


_HASHES: dict[tuple[str, int, int], str] = {}


def _cached_sha256(path: Path) -> str:
    """Hash a file once per process and state (path, size, modification time)."""
    stat = path.stat()
    key = (os.path.realpath(path), stat.st_size, stat.st_mtime_ns)
    if key not in _HASHES:
        _HASHES[key] = file_sha256(path)
    return _HASHES[key]
