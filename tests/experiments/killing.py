"""Killing a sweep at random moments, again and again, and holding the end against a run that nobody stopped.

python -m tests.experiments.killing --cells 24 --kills 10      # some minutes
python -m tests.experiments.killing --cells 24 --kills 10 --side-by-side --draw 7
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from experiments.store import Store

SIDE_BY_SIDE = "hydra/launcher=side_by_side"
STUDY = "small"
# Seconds after which a sweep hangs, also on a machine with much other work: until it is to be killed, and to its end.
PATIENCE, END = 1800.0, 7200.0


@dataclass
class Told:
    """What was seen of a sweep that was killed and resumed.

    Attributes:
        kills: How many times it was still at work when it was killed.
        adapters: After each kill, how many adapters stood whole.
        started: How many cells a kill left as started.
    """

    kills: int = 0
    adapters: list[int] = field(default_factory=list)
    started: int = 0


def command(arguments: Sequence[str]) -> list[str]:
    """Return the command line of a sweep."""
    return [str(Path(sys.executable).with_name("andraeus")), *arguments]


def environment() -> dict[str, str]:
    """Return what the program sees of the surroundings."""
    return os.environ | {"HF_HUB_OFFLINE": "1", "COLUMNS": "160"}


def run(folder: Path, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a sweep to its end."""
    return subprocess.run(
        command(arguments), cwd=folder, env=environment(), capture_output=True, text=True, timeout=END, check=False
    )


def summary_of(folder: Path, study: str = STUDY) -> bytes:
    """Return a study's summary, byte by byte."""
    return (folder / "results" / study / "summary.json").read_bytes()


def adapters_of(folder: Path) -> dict[str, tuple[int, int]]:
    """Return each adapter's weights file by inode and time of change."""
    stats = {p.parent.name: p.stat() for p in (folder / "store" / "adapters").glob("[!.]*/adapter_model.safetensors")}
    return {name: (s.st_ino, s.st_mtime_ns) for name, s in stats.items()}


def kill_and_resume(folder: Path, arguments: Sequence[str], kills: int, cells: int, draw: int = 0) -> Told:
    """Start a sweep, kill it at a random moment, and start it again until it has been killed ``kills`` times.

    A moment is drawn from when the first cell of a run starts on, and so that the kills fall into all of the sweep.
    The last run is left to its end.

    Args:
        folder: Where the sweep runs; ``store`` and ``results`` lie in it.
        arguments: Of the program; more than one process if they name the launcher for that.
        kills: How many times.
        cells: How many cells the sweep has.
        draw: Seed of the moments.

    Raises:
        AssertionError: An adapter that was complete was trained again, something half written can be seen, a worker
            outlived its sweep, or the last run failed.
    """
    chance, told = random.Random(draw), Told()
    kept: dict[str, tuple[int, int]] = {}
    for number in range(kills):
        ended = _run_until(folder, arguments, cells * (number + 1) // (kills + 1), chance)
        told.kills += not ended
        found = adapters_of(folder)
        assert kept.items() <= found.items(), "an adapter that was complete was trained again"
        kept = found
        told.adapters.append(len(found))
        told.started += _check_whole(folder)
    done = run(folder, arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    assert kept.items() <= adapters_of(folder).items(), "an adapter that was complete was trained again"
    return told


def _run_until(folder: Path, arguments: Sequence[str], cells: int, chance: random.Random) -> bool:
    """Run a sweep until so many of its cells are done, and a random moment longer; kill it then.

    Returns:
        Whether it had come to its end before.
    """
    started = time.time()
    process = psutil.Popen(
        command(arguments), cwd=folder, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        records = _records(folder)
        if len(records) >= cells and any(written > started for written in records.values()):
            # From no time at all to about what a cell takes.
            time.sleep(chance.uniform(0, 1.5))
            break
        time.sleep(0.005)
    workers = process.children(recursive=True) if process.is_running() else []
    ended = process.poll() is not None
    process.kill()
    process.wait()
    assert not psutil.wait_procs(workers, timeout=30)[1], "a worker outlived its sweep"
    return ended


def _records(folder: Path) -> dict[str, float]:
    found = {}
    for path in (folder / "store" / "cells").glob("[!.]*/record.json"):
        found[path.parent.name] = path.stat().st_mtime
    return found


def _check_whole(folder: Path) -> int:
    """Read all that stands in the store; return how many cells a process left as started."""
    store = Store(folder / "store")
    left = 0
    for cell in store.cells():
        assert cell.problem is None, cell.problem
        left += cell.record is None or cell.record.status == "started"
        if cell.record is not None and cell.record.status == "success":
            store.items(cell.record)
    for adapter in adapters_of(folder):
        store.outcome(adapter)
    return left


def together(folder: Path, *sweeps: Sequence[str]) -> list[tuple[int, str]]:
    """Start sweeps at once in one folder; return each one's exit status and what it told."""
    running = [
        subprocess.Popen(
            command(s), cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for s in sweeps
    ]
    told = [process.communicate(timeout=END)[0] for process in running]
    return [(process.returncode, text) for process, text in zip(running, told, strict=True)]


def trainings(told: str) -> int:
    """Return how many trainings a sweep has told of: each says once that its answers are longer than four tokens."""
    return told.count("Note: trained answers of ")


def sweep(tiny: Path, facts: str, cells: int) -> list[str]:
    """Return the arguments of a sweep of so many cells of a tiny model (a multiple of eight), two of each adapter."""
    from tests.experiments.conftest import QUICK

    seeds = ",".join(map(str, range(cells // 8)))
    quick = [word for word in QUICK if not word.startswith(("lora=", "variations="))]
    grid = ["-m", "lora=r4,r8", "variations=v1,v3", "suite=heldout,tiers", f"seed={seeds}", f"study={STUDY}"]
    return [*grid, "model=custom", f"model.path={tiny}", "facts=file", f"facts.path={facts}", *quick]


def main() -> None:
    """Kill a sweep from the command line, and say what came of it."""
    from tests.experiments.conftest import TWO_FACTS, save_tiny

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=int, default=24, help="cells of the sweep, a multiple of eight")
    parser.add_argument("--kills", type=int, default=10, help="how many times it is killed")
    parser.add_argument("--draw", type=int, default=0, help="seed of the moments")
    parser.add_argument("--side-by-side", action="store_true", help="two processes of one thread")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        whole, killed = Path(scratch) / "whole", Path(scratch) / "killed"
        for folder in (whole, killed):
            folder.mkdir()
            (folder / "robin.yaml").write_text(TWO_FACTS)
        arguments = sweep(save_tiny(Path(scratch) / "tiny"), "robin.yaml", told.cells)
        arguments += [SIDE_BY_SIDE, "threads=1"] if told.side_by_side else []
        began = time.monotonic()
        done = run(whole, arguments)
        assert done.returncode == 0, done.stderr
        print(f"uninterrupted: {told.cells} cells in {time.monotonic() - began:.0f} s", flush=True)
        found = kill_and_resume(killed, arguments, told.kills, told.cells, told.draw)
        print(f"killed {found.kills} times at work; adapters whole after each: {found.adapters}", flush=True)
        print(f"cells left as started, in all: {found.started}", flush=True)
        assert summary_of(killed) == summary_of(whole), "the summaries differ"
        print("summary.json is the same to the byte; no adapter was trained twice.")


if __name__ == "__main__":
    main()
