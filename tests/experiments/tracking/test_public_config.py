from enum import Enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.tracking.public import GROUPS, WITHHELD, public_condition, public_config


class Kind(Enum):
    nf4 = "nf4"


def test_the_knobs_of_a_condition_are_public() -> None:
    config = {
        "model": {"name": "m", "repo": "HuggingFaceTB/SmolLM2-135M", "dtype": "float32", "revision": None},
        "training": {"steps": 40, "learning_rate": 1e-3, "packing": True, "checkpoints": [10, 20]},
        "quantization": {"kind": Kind.nf4, "double": True},
        "variations": "v10",
        "seed": 3,
    }
    assert public_config(config) == {**config, "quantization": {"kind": "nf4", "double": True}}


@pytest.mark.parametrize(
    ("config", "public"),
    [
        ({"facts": {"path": "me.yaml", "blind": "b", "n": 4, "name": "Alex"}}, {"facts": {"n": 4}}),
        ({"facts": "alex"}, {}),
        ({"paths": {"store": "/home/alex"}, "owner": "Alex", "output": "x", "chat": {"system": "Hi Alex"}}, {}),
        ({"model": {"path": "/home/alex/m"}}, {"model": {}}),
        ({"model": {"repo": "/home/alex/m"}}, {"model": {"repo": WITHHELD}}),
        ({"model": {"repo": "~/m", "name": "../m"}}, {"model": {"repo": WITHHELD, "name": WITHHELD}}),
        ({"model": {"name": "Alex lives in Leeds"}}, {"model": {"name": WITHHELD}}),
        ({"arm": {"hint": "Leeds"}}, {"arm": {"hint": WITHHELD}}),
        ({"arm": {"facts": {"age": 28}, "my age": 28, "k": 3}}, {"arm": {"k": 3}}),
        (
            {"arm": {"template": {"user": "Leeds", "third_person": False}}},
            {"arm": {"template": {"third_person": False}}},
        ),
        ({"arm": {"things": [{"line": "Leeds"}, 3]}}, {"arm": {"things": [{"line": WITHHELD}, 3]}}),
        ({"arm": b"Leeds"}, {"arm": WITHHELD}),
    ],
)
def test_the_rest_is_not(config: dict[str, Any], public: dict[str, Any]) -> None:
    assert public_config(config) == public


def test_a_condition_keeps_its_groups_and_withholds_their_values() -> None:
    condition = {
        "lora": "r16",
        "training.epochs": 5,
        "training.plateau.every": None,
        "facts.n": 100,
        "facts": "file",
        "facts.path": "me.yaml",
        "model.path": "/home/alex/m",
        "output": "x",
    }
    assert public_condition(condition) == {
        "lora": "r16",
        "training.epochs": 5,
        "training.plateau.every": None,
        "facts.n": 100,
        "facts": WITHHELD,
        "facts.path": WITHHELD,
        "model.path": WITHHELD,
    }


_LEAVES = st.none() | st.booleans() | st.integers() | st.just("a SECRET text") | st.just("/SECRET")
_KEYS = st.sampled_from([*sorted(GROUPS), "facts", "name", "path", "user", "line", "repo", "owner", "SECRET key"])


@given(st.dictionaries(_KEYS, st.recursive(_LEAVES, lambda t: st.lists(t) | st.dictionaries(_KEYS, t), max_leaves=20)))
def test_no_text_gets_through(config: dict[str, Any]) -> None:
    assert "SECRET" not in repr(public_config(config))
    assert "SECRET" not in repr(public_condition(config))


def test_a_number_is_public_though_an_override_is_text() -> None:
    numbers = {"training.epochs": "2", "training.learning_rate": "2e-3", "training.packing": "false", "facts.n": "50"}
    assert public_condition(numbers) == numbers
    assert public_condition({"arm.template.user": "Robin", "facts.path": "7"}) == {
        "arm.template.user": "(withheld)",
        "facts.path": "(withheld)",
    }
