"""Content hashes: the same content gives the same name, wherever it came from."""

import hashlib
import json
from pathlib import Path
from typing import Any


def canonical_json(value: Any) -> str:
    """Render JSON-compatible data in the one form that is hashed (sorted keys, no spaces)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def content_hash(value: Any) -> str:
    """Return the first 20 hex digits of the SHA-256 of JSON-compatible data."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()[:20]


def file_sha256(path: Path) -> str:
    """Return the full SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
