"""Measure Andraeus beside public peers on this machine; print a table and write benchmarks/<machine>.json.

make bench                                       all but shape_7b: about 40 minutes on 2 cores
.venv/bin/python -m scripts.bench training       one part; the others stay as an earlier run wrote them
"""

import argparse
import datetime
import json
import os
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from andraeus.files import write_json
from experiments import provenance
from scripts.bench.subject import ROOT


def parts() -> dict[str, Callable[[int], Any]]:
    """Return what can be measured, given the number of counted runs."""
    from scripts.bench import answering, fifty, machine, scale, shape_7b, together, training

    return {
        "start_up": machine.start_up,
        "products": machine.products,
        "training": training.measure,
        "answering": answering.measure,
        "fifty": lambda _: fifty.measure(),
        "scale": scale.measure,
        "memory": lambda _: scale.memory(),
        "together": together.measure,
        "shape_7b": lambda _: shape_7b.measure(),
    }


def main() -> None:
    """Run the chosen parts."""
    parser = argparse.ArgumentParser(prog="python -m scripts.bench", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"among {', '.join(parts())}; all but shape_7b, if none is named")
    parser.add_argument("--runs", type=int, default=5, help="counted runs, or pairs of runs")
    parser.add_argument("--threads", type=int, default=2)
    chosen = parser.parse_args()
    if unknown := set(chosen.parts) - parts().keys():
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")  # as the program does
    os.environ |= {"TOKENIZERS_PARALLELISM": "false", "OMP_NUM_THREADS": str(chosen.threads)}
    warnings.filterwarnings("ignore", category=FutureWarning)
    import torch

    torch.set_num_threads(chosen.threads)
    path = _path()
    found: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
    code = provenance.code()  # once: what is written below changes the working tree
    for name in chosen.parts or [name for name in parts() if name != "shape_7b"]:
        found[name] = {"found": parts()[name](chosen.runs), "provenance": {**code, **_provenance(chosen.threads)}}
        write_json(path, found)
    print(f"{table(found)}\n\n{path.relative_to(ROOT)}")


def _path() -> Path:
    hardware = provenance.hardware()
    name = re.sub(r"[^a-z0-9]+", "_", f"{hardware['cpu']} {hardware['cores']} cores".lower()).strip("_")
    path = ROOT / "benchmarks" / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    return path


def _provenance(threads: int) -> dict[str, Any]:
    from importlib import metadata

    versions = provenance.versions()
    return {
        "versions": {**versions, "trl": metadata.version("trl")},
        "hardware": provenance.hardware(),
        "threads": threads,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
    }


def table(found: dict[str, Any]) -> str:
    """Return all that was measured as a Markdown table."""
    rows = [line for part, one in found.items() for line in _ROWS[part](one["found"])]
    return "\n".join(
        ["| what | ours | peer | ratio |", "|---|---:|---:|---:|", *(f"| {' | '.join(row)} |" for row in rows)]
    )


def _paired(what: str, peer: str) -> Callable[[Any], list[list[str]]]:
    def rows(found: Any) -> list[list[str]]:
        return [
            [
                f"{what}, {name}",
                f"{row['ours_per_second']:.1f} {row['unit']}/s",
                f"{row['theirs_per_second']:.1f} ({peer})",
                f"{row['ratio']:.2f} ({row['ratio_min']:.2f}–{row['ratio_max']:.2f}){_differing(row)}",
            ]
            for name, row in found.items()
        ]

    return rows


def _differing(row: dict[str, Any]) -> str:
    return f"; {row['answers_that_differ']} of {row['answers']} answers differ" if "answers" in row else ""


def _scale(found: Any) -> list[list[str]]:
    first = next(iter(found.values()))["seconds_per_fact"]
    return [
        [
            f"training on {facts} facts",
            f"{row['seconds_per_fact']:.2f} s a fact, {row['peak_memory_mib']:.0f} MiB at the peak",
            f"{first:.2f} s on {next(iter(found))}",
            f"{row['ratio_to_smallest']:.2f}",
        ]
        for facts, row in found.items()
    ]


def _memory(found: Any) -> list[list[str]]:
    none, nf4 = found["none"], found["nf4"]
    told = [f"{row['peak_memory_mib']:.0f} MiB, {row['seconds_per_step']:.2f} s a step" for row in (nf4, none)]
    return [
        [
            "training on an nf4 base",
            told[0],
            f"{told[1]} (none)",
            f"{nf4['peak_memory_mib'] / none['peak_memory_mib']:.2f}",
        ]
    ]


def _fifty(found: Any) -> list[list[str]]:
    ours, theirs = found["ours"], found["theirs"]
    told = f"{ours['seconds_to_adapter']:.0f} s, held-out {ours['heldout_accuracy']:.1%}"
    peer = f"{theirs['seconds']:.0f} s (TRL, source recipe, from {theirs['steps_measured']} steps)"
    return [["50 facts, command to adapter", told, peer, f"{found['ratio']:.1f}"]]


def _together(found: Any) -> list[list[str]]:
    return [
        [
            f"bound of k adapters in one pass, {name}",
            ", ".join(f"k={k}: {value:.2f}" for k, value in row["bound_by_adapters"].items()),
            "1.00 (one by one)",
            f"{row['bound_by_adapters']['8']:.2f}",
        ]
        for name, row in found.items()
    ]


def _shape_7b(found: Any) -> list[list[str]]:
    return [
        [f"7B shape, nf4, {what}", f"{found[what]['peak_memory_mib'] / 1024:.1f} GiB at the peak", "–", "–"]
        for what in ("step", "reload")
    ]


def _products(found: Any) -> list[list[str]]:
    row = found["fp32"]
    told = f"{row['training_gflops']:.0f} GFLOP/s", f"{row['plain_gflops']:.0f} (plain products)"
    return [["products in training", *told, f"{row['share']:.2f}"]]


_ROWS: dict[str, Callable[[Any], list[list[str]]]] = {
    "start_up": lambda found: [
        [f"andraeus {name}", f"{row['seconds']:.2f} s", "–", "–"] for name, row in found.items()
    ],
    "products": _products,
    "training": _paired("training", "TRL"),
    "answering": _paired("answering", "generate"),
    "fifty": _fifty,
    "scale": _scale,
    "memory": _memory,
    "together": _together,
    "shape_7b": _shape_7b,
}


if __name__ == "__main__":
    main()
