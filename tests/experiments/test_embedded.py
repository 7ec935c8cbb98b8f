"""From a person's own file to an adapter that answers, on the real embedded model."""

import json
from pathlib import Path

import pytest

from tests.experiments.conftest import Program

pytestmark = pytest.mark.model


@pytest.mark.slow
def test_two_facts_go_into_the_weights(andraeus: Program, facts_file: Path, tmp_path: Path) -> None:
    done = andraeus(
        *("-m", "arm=base,finetune", "suite=heldout", "facts=file", f"facts.path={facts_file}", "study=robin"),
        *("variations=v20", "training.epochs=null", "training.steps=24", "training.batch_size=8"),
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    summary = json.loads((tmp_path / "results" / "robin" / "summary.json").read_text())
    accuracy = {r["arm"]: r for r in summary["rows"] if r["metric"] == "accuracy"}
    assert accuracy["base"]["estimate"] == 0
    assert accuracy["finetune"]["estimate"] >= 5 / 6
    assert accuracy["finetune"]["context_tokens"] == 0
    for row in accuracy.values():
        assert row["ci_low"] <= row["estimate"] <= row["ci_high"]
        assert row["ci_high"] - row["ci_low"] > 0.1
    again = andraeus(
        *("facts=file", f"facts.path={facts_file}", "variations=v20", "training.epochs=null", "training.steps=24"),
        *("training.batch_size=8", "output=my-adapter"),
        timeout=600,
    )
    assert again.returncode == 0, again.stderr
    assert "1 in the store" in again.stdout, "the adapter of the study is the adapter of the user"
    stored = json.loads((tmp_path / "results" / "robin" / "summary.json").read_text())["cells"]
    identity = next(c["identity"] for c in stored if c["arm"] == "finetune")
    adapter = json.loads((tmp_path / "store" / "cells" / identity / "record.json").read_text())["adapter"]
    stored_adapter = tmp_path / "store" / "adapters" / adapter
    ours, theirs = (p / "adapter_model.safetensors" for p in (tmp_path / "my-adapter", stored_adapter))
    assert ours.read_bytes() == theirs.read_bytes()

    same = ("-m", "facts=file", f"facts.path={facts_file}", "variations=v20", "training.epochs=null")
    undrafted = andraeus(*same, "training.steps=24", "training.batch_size=8", "generation.drafts=none", "study=plain")
    assert undrafted.returncode == 0, undrafted.stderr
    plain = json.loads((tmp_path / "results" / "plain" / "summary.json").read_text())["cells"][0]["identity"]
    assert plain != identity
    cells = {name: tmp_path / "store" / "cells" / name for name in (identity, plain)}
    records = [json.loads((cell / "record.json").read_text()) for cell in cells.values()]
    assert [record["drafts"] for record in records] == ["expected", "none"]
    assert records[0]["adapter"] == records[1]["adapter"]
    # Nobody who asks waits for a share of a batch.
    assert [record["timing"]["latency_p50"] for record in records] == [None, None]
    answers = [[json.loads(line) for line in (cell / "items.jsonl").open()] for cell in cells.values()]
    assert answers[0] == answers[1], "drafts change nothing"
