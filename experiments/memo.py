"""Values that many cells of one process share, remembered by the content of their config."""

from collections.abc import Callable
from typing import Any, TypeVar

from omegaconf import DictConfig, OmegaConf

from andraeus.hashing import content_hash

T = TypeVar("T")
_MEMO: dict[tuple[str, str], Any] = {}


def memo(kind: str, node: DictConfig, make: Callable[[], T]) -> T:
    """Return what was made for an equal config node before, or make it."""
    content = OmegaConf.to_container(node, resolve=True, enum_to_str=True)
    key = (kind, content_hash(content))
    if key not in _MEMO:
        _MEMO[key] = make()
    value: T = _MEMO[key]
    return value
