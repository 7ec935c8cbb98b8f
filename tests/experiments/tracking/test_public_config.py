from enum import Enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.tracking.closing import numbers, tables
from experiments.tracking.public import (
    GROUPS,
    WITHHELD,
    public_condition,
    public_config,
    public_error,
    public_name,
    public_note,
    public_study,
)
from tests.evaluation.report.studies import planned, shares


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


def test_names_errors_and_notes() -> None:
    assert [public_study(name) for name in ("quickstart", "sweep-0a1b2c3d")] == ["quickstart", "sweep-0a1b2c3d"]
    assert public_study("Alex's cat").startswith("study-")
    assert public_study("Alex's cat") != public_study("Alex's dog")
    assert public_name("finetune") == "finetune"
    assert public_name("of Alex") == public_name("/home/alex") == public_name("home/alex") == WITHHELD
    errors = {
        "KeyError: 'Max'": "KeyError",
        "torch.OutOfMemoryError: CUDA": "torch.OutOfMemoryError",
        "KeyboardInterrupt": "KeyboardInterrupt",
        "Max is no ValueError: not at all": WITHHELD,
        "facts.path=/home/alex: KeyError": WITHHELD,
        "": WITHHELD,
    }
    assert {error: public_error(error) for error in errors} == errors
    assert public_note("suite=blind has nothing to ask of Max.") == f"suite=blind {WITHHELD}"
    assert public_note("Max has nothing.") == WITHHELD


def test_a_checkpoint_is_a_public_condition() -> None:
    assert public_condition({"step": 20}) == {"step": 20}


# Ends in nothing that the name of an exception ends in.
_SECRETS = st.text(min_size=4, max_size=40).map(lambda text: f"Zq{text}Qz")


@given(_SECRETS, st.sampled_from(["{}", "KeyError: {}", "{}: KeyError", "suite=blind {}", "in {}Error"]))
def test_nothing_of_a_summary_gets_through(secret: str, form: str) -> None:
    text = form.format(secret)
    told = {"arm": f"of {text}", "suite": f"/{text}", "condition": {"facts.path": text, "chat.system": text, text: 1}}
    summary = {
        "rows": [{**told, "metric": "accuracy", "estimate": 0.5, "reasons": {"ci_low": text}}],
        "contrasts": [{"a": told, "b": told, "suite": "heldout", "metric": "accuracy", "difference": 0.1, "x": text}],
        "exploratory": [{**told, "a": told, "b": told, "metric": "accuracy", "difference": 0.1, "x": text}],
        "variance": [{**shares(fact=0.5), **told, "method": text, "reasons": {"seed": text}}],
        "power": [{**planned(), "a": told, "design": text, "needed": [text], "reasons": {"power": text}}],
        "cells": [{**told, "identity": "i", "profile": text, "seed": 0, "status": "success", "more": text}],
        "failures": [{**told, "seed": 0, "error": text}],
        "notes": [text],
        "overrides": [text],
    }
    prices = {"source": text, "currency": text}
    timings = {"cells": [{**told, "identity": "i", "train_seconds": 1.0, "more": text}], "prices": prices}
    leaving = repr([tables(summary, timings, {"i": None}), numbers(summary, timings), public_study(f"of {text}")])
    assert secret not in leaving
    assert repr(secret)[1:-1] not in leaving
