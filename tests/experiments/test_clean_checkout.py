"""The README's first command works from a clean checkout, without this environment's own."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.experiments.conftest import TWO_FACTS

ROOT = Path(__file__).parents[2]
# What a machine, not a developer, sets: how packages are reached, and where prepared models lie.
KEPT = ("PATH", "HOME", "LANG", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "ANDRAEUS_CACHE", "XDG_CACHE_HOME")


def bare_environment() -> dict[str, str]:
    """Return an environment without the virtual environment that runs the tests."""
    kept = {k: v for k, v in os.environ.items() if k in KEPT or k.lower().endswith("_proxy") or k.startswith("PIP_")}
    path = [p for p in kept["PATH"].split(os.pathsep) if not (Path(p).parent / "pyvenv.cfg").exists()]
    return kept | {"PATH": os.pathsep.join(path), "HF_HUB_OFFLINE": "1"}


@pytest.mark.slow
@pytest.mark.model
@pytest.mark.timeout(900)
@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="only a checkout can be cloned")
def test_make_run_from_a_clean_checkout(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    files = (
        subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    )
    for name in filter(None, files):
        if (ROOT / name).is_file():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, clone / name)
    (clone / "robin.yaml").write_text(TWO_FACTS)
    # The study that `make run` runs, on two facts and a handful of steps.
    small = "facts=file facts.path=robin.yaml arm=base,finetune suite=heldout seed=0 variations=v3"
    small += " training.epochs=null training.steps=2 generation.max_new_tokens=8"
    done = subprocess.run(
        ["make", "run", f"ARGUMENTS={small}"],
        cwd=clone,
        env=bare_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    summary = json.loads((clone / "results" / "quickstart" / "summary.json").read_text())
    assert {c["status"] for c in summary["cells"]} == {"success"}
    assert {c["arm"] for c in summary["cells"]} == {"base", "finetune"}
    assert "results/quickstart/report.md" in done.stdout
    again = subprocess.run(
        ["make", "--dry-run", "run"], cwd=clone, env=bare_environment(), capture_output=True, text=True, check=True
    )
    assert "pip install" not in again.stdout, "a second call does no set-up again"
