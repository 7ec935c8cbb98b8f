"""Where a result comes from: code, versions, machine, memory."""

import os
import platform
import subprocess
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

PACKAGES = (
    "andraeus", "torch", "transformers", "peft", "accelerate", "bitsandbytes", "tokenizers", "safetensors",
    "hydra-core", "omegaconf", "sentence-transformers", "faiss-cpu", "numpy", "scipy", "statsmodels",
)  # fmt: skip


@cache
def code() -> dict[str, Any]:
    """Return the git commit of this code and whether files differ from it (``None`` outside git)."""
    root = Path(__file__).parents[1]

    def git(*arguments: str) -> str | None:
        try:
            # Without locks: a sweep that is killed here would leave one, and git would refuse to work.
            told = ["git", "--no-optional-locks", *arguments]
            done = subprocess.run(told, cwd=root, capture_output=True, text=True, check=False)
        except OSError:
            return None
        return done.stdout.strip() if done.returncode == 0 else None

    status = git("status", "--porcelain")
    return {"commit": git("rev-parse", "HEAD"), "dirty": None if status is None else bool(status)}


@cache
def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that decide results."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


@cache
def hardware() -> dict[str, Any]:
    """Return the processor's name, cores and memory."""
    import psutil

    name = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), name)
    except OSError:
        pass
    return {"cpu": name, "cores": os.cpu_count(), "memory_gib": round(psutil.virtual_memory().total / 2**30, 1)}


def reset_peak_memory() -> None:
    """Let the system forget the process's peak memory (Linux); elsewhere nothing happens."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def peak_memory_mib() -> float | None:
    """Return the process's peak resident memory since the last reset, or ``None`` where unknown."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    kib = next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), None)
    return None if kib is None else kib / 1024
