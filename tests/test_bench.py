"""The benchmarks' own arithmetic; what they measure is measured by `make bench`."""

import json
from collections.abc import Callable

import pytest

from scripts.bench.__main__ import parts, table
from scripts.bench.pairs import Paired, paired
from scripts.bench.subject import ROOT, lora_of, recipe_of
from tests.experiments.test_conf import composed


def test_two_ways_run_in_turn_and_the_first_of_each_does_not_count() -> None:
    order: list[str] = []

    def way(name: str, seconds: list[float]) -> Callable[[], float]:
        def run() -> float:
            order.append(name)
            return seconds.pop(0)

        return run

    found = paired(way("ours", [90, 1, 2, 4]), way("theirs", [90, 3, 4, 4]), 3)
    assert order == ["ours", "theirs"] * 4
    assert found == Paired((1, 2, 4), (3, 4, 4))
    told = found.told(8)
    assert (told["ratio"], told["ratio_min"], told["ratio_max"], told["runs"]) == (2, 1, 3, 3)
    assert (told["ours_per_second"], told["theirs_per_second"]) == (4, 2)


def test_a_way_without_seconds_of_its_own_is_timed() -> None:
    found = paired(lambda: None, lambda: None, 2)
    assert all(seconds > 0 for seconds in (*found.ours, *found.theirs))


@pytest.mark.parametrize("name", ["quick", "scratch", "ablation", "equal_steps"])
def test_recipes_are_those_of_the_configuration(name: str) -> None:
    told, config = recipe_of(name), composed(f"training={name}").training
    for knob in ("epochs", "steps", "batch_size", "accumulation", "learning_rate", "b_ratio", "beta2"):
        assert getattr(told, knob) == config[knob], knob
    assert lora_of("r32").r == 32


@pytest.mark.parametrize("path", sorted((ROOT / "benchmarks").glob("*.json")), ids=lambda path: path.stem)
def test_what_was_measured_is_told(path) -> None:  # type: ignore[no-untyped-def]
    found = json.loads(path.read_text())
    assert found.keys() <= parts().keys()
    lines = table(found).splitlines()
    assert len(lines) >= 2 + len(found)
    assert {line.count("|") for line in lines} == {5}
    for name, row in found.get("training", {}).get("found", {}).items():
        assert f"| training, {name} | {row['ours_per_second']:.1f} " in table(found)
