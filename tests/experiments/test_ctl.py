"""The second command, on an adapter of a tiny random model."""

import json
import sys
from pathlib import Path

import pytest

from experiments import ctl
from tests.experiments.conftest import Program

pytestmark = pytest.mark.model

SYSTEM = "You know Robin well."
# Another than the tokenizer's own, so that an answer under the wrong one would differ.
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}: {{ m.content }}<|im_end|>{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant: {% endif %}"
)


def asked(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    monkeypatch.setattr(sys, "argv", ["andraeusctl", "ask", *map(str, arguments)])
    ctl.main()


@pytest.fixture
def adapter(andraeus: Program, tiny: list[str], tmp_path: Path) -> Path:
    """An adapter trained under a system turn, a template and a type of the user's."""
    template = TEMPLATE.replace("'", "\\'")
    told = [f"chat.system='{SYSTEM}'", f"model.chat_template='{template}'", "model.dtype=bfloat16"]
    done = andraeus(*tiny, *told, "output=my-adapter", "suite.per_fact=1")
    assert done.returncode == 0, done.stderr
    return tmp_path / "my-adapter"


def test_an_adapter_is_asked_as_it_was_trained(
    adapter: Path,
    tiny_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    fingerprint = (adapter / "andraeus.json").read_text()
    assert str(tmp_path) not in fingerprint
    assert str(tiny_folder) not in fingerprint
    told = json.loads(fingerprint)
    assert (told["model"], told["dtype"], told["chat_template"], told["system"]) == (
        "custom",
        "bfloat16",
        TEMPLATE,
        SYSTEM,
    )
    model, chat = ctl._trained(adapter, str(tiny_folder), "cpu")
    assert str(model.dtype) == "torch.bfloat16"
    assert chat.prompt_text(chat.messages("Who?")) == (
        f"<|im_start|>system: {SYSTEM}<|im_end|><|im_start|>user: Who?<|im_end|><|im_start|>assistant: "
    )
    (items,) = (tmp_path / "store" / "cells").glob("*/items.jsonl")
    for item in map(json.loads, items.read_text().splitlines()):
        asked(monkeypatch, adapter, item["question"], "--model-path", tiny_folder)
        # The cell's answers are shorter.
        assert capsys.readouterr().out.strip().startswith(item["answer"])

    with pytest.raises(SystemExit, match="--model-path"):
        asked(monkeypatch, adapter, "Who?")
    with pytest.raises(SystemExit, match="--model-path /nowhere holds no config.json"):
        asked(monkeypatch, adapter, "Who?", "--model-path", "/nowhere")


def test_what_is_no_adapter_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match="no adapter of Andraeus"):
        asked(monkeypatch, tmp_path, "Who?")
    (tmp_path / "andraeus.json").write_text('{"weights": "x", "model": "custom"}')
    with pytest.raises(SystemExit, match="of an older version"):
        asked(monkeypatch, tmp_path, "Who?")


def test_a_gpu_that_is_not_there_is_said(adapter: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(SystemExit, match="device=cuda"):
        asked(monkeypatch, adapter, "Who?", "--model-path", tiny_folder, "--device", "cuda")
