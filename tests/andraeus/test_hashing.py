"""Content hashes name adapters and cells: they must not move, and not collide by key order."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from andraeus.hashing import canonical_json, content_hash, file_sha256

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
json_values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=12
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({}, "44136fa355b3678a1146"),
        ({"b": [1, 2.5, None, True], "a": "é"}, "0c187fb652afca8017b5"),
        (["Max", "Biscuit"], "2bc8a5440d0845ab670b"),
    ],
)
def test_golden_hashes_do_not_move(value: Any, expected: str) -> None:
    assert content_hash(value) == expected


def test_it_is_the_beginning_of_sha256_over_sorted_compact_json() -> None:
    text = '{"a":"é","b":[1]}'
    assert canonical_json({"b": [1], "a": "é"}) == text
    assert content_hash({"b": [1], "a": "é"}) == hashlib.sha256(text.encode()).hexdigest()[:20]


@given(st.dictionaries(st.text(), scalars, min_size=2, max_size=6))
def test_key_order_does_not_matter(mapping: dict[str, Any]) -> None:
    assert content_hash(dict(reversed(mapping.items()))) == content_hash(mapping)


@given(json_values, json_values)
def test_other_content_has_another_hash(one: Any, other: Any) -> None:
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (content_hash(one) == content_hash(other)) is same


@given(json_values)
def test_canonical_json_loses_nothing(value: Any) -> None:
    assert json.loads(canonical_json(value)) == value


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"loss": -float("inf")}])
def test_what_is_no_json_number_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        content_hash(value)


def test_a_files_hash_is_that_of_its_bytes(tmp_path: Path) -> None:
    data = bytes(range(256)) * 5000
    path = tmp_path / "weights"
    path.write_bytes(data)
    assert file_sha256(path) == hashlib.sha256(data).hexdigest()
