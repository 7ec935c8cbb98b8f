"""Measure Andraeus beside public peers on this machine; print a table and write benchmarks/<machine>.json.

make bench
"""

import argparse
import datetime
import json
import os
import re
from pathlib import Path
from typing import Any

from andraeus.files import write_json
from experiments import provenance
from scripts.bench.subject import ROOT


def main() -> None:
    """Run the chosen benchmarks; what is not chosen stays as an earlier run on this machine wrote it."""
    parser = argparse.ArgumentParser(prog="python -m scripts.bench", description=__doc__)
    names = ("training", "answering", "start_up", "scale", "gemm")
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"what to measure: {', '.join(names)}; all, if none is named"
    )
    parser.add_argument("--runs", type=int, default=5, help="counted pairs of runs")
    parser.add_argument("--threads", type=int, default=2)
    chosen = parser.parse_args()
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    import torch

    torch.set_num_threads(chosen.threads)
    path = _path()
    found: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
    for name in chosen.parts or names:
        found[name] = {"runs_of": _measured(name, chosen.runs), "provenance": _provenance(chosen.threads)}
        write_json(path, found)
    print(table(found))
    print(path)


def _measured(name: str, runs: int) -> Any:
    from scripts.bench import answering, machine, training

    if name == "training":
        return training.measure(runs)
    if name == "answering":
        return answering.measure(runs)
    if name == "start_up":
        return machine.start_up(runs)
    return machine.scale() if name == "scale" else {"gflops": machine.gemm_rate()}


def _path() -> Path:
    hardware = provenance.hardware()
    name = re.sub(r"[^a-z0-9]+", "_", f"{hardware['cpu']} {hardware['cores']} cores".lower()).strip("_")
    return ROOT / "benchmarks" / f"{name}.json"


def _provenance(threads: int) -> dict[str, Any]:
    return {
        **provenance.code(),
        "versions": provenance.versions(),
        "hardware": provenance.hardware(),
        "threads": threads,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
    }


def table(found: dict[str, Any]) -> str:
    """Return all that was measured as a Markdown table."""
    lines = ["| what | ours | peer | ratio (median, min–max) |", "|---|---:|---:|---:|"]
    for part, peer in (("training", "TRL"), ("answering", "generate")):
        for name, row in found.get(part, {}).get("runs_of", {}).items():
            span = f"{row['ratio']:.2f} ({row['ratio_min']:.2f}–{row['ratio_max']:.2f})"
            rates = f"{row['ours_per_second']:.1f} {row['unit']}/s | {row['theirs_per_second']:.1f} ({peer})"
            lines.append(f"| {part}, {name} | {rates} | {span} |")
    for name, seconds in found.get("start_up", {}).get("runs_of", {}).items():
        lines.append(f"| andraeus {name} | {seconds:.2f} s | – | – |")
    for facts, row in found.get("scale", {}).get("runs_of", {}).items():
        told = f"{row['seconds_per_fact']:.2f} s a fact, {row['peak_memory_mib']:.0f} MiB at the peak"
        lines.append(f"| training on {facts} facts | {told} | – | – |")
    if "gemm" in found:
        lines.append(f"| fp32 matrix products | {found['gemm']['runs_of']['gflops']:.0f} GFLOP/s | – | – |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
