"""Fetch and convert the embedded models, so that no study waits for them."""

import sys
from pathlib import Path

import yaml

from andraeus.errors import UserError
from andraeus.models.package import Package
from andraeus.models.resolve import ModelSpec, resolve

CONF = Path(__file__).resolve().parents[1] / "conf"


def main() -> None:
    """Resolve the default base model and the embedding model as the configs name them."""
    base = yaml.safe_load((CONF / "model" / "smollm2_135m.yaml").read_text())
    embedding = yaml.safe_load((CONF / "arm" / "rag.yaml").read_text())["embedding"]
    for entry in (base, embedding):
        spec = ModelSpec(**{**entry, "package": Package(**entry["package"])})
        try:
            files = resolve(spec)
        except UserError as error:
            sys.exit(f"andraeus: {error}")
        print(f"{spec.name}: ready ({files.origin}: {files.source})")


if __name__ == "__main__":
    main()
