"""Names by content: golden values, and what changes them."""

import dataclasses
import json
from pathlib import Path

import numpy
import pytest
from safetensors.numpy import save_file

from evaluation.arms.rag import Embedding
from experiments.cell import Cell
from experiments.checks import problems
from tests.experiments.test_conf import composed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model by content only: nothing here is ever loaded."""
    save_file({"w": numpy.arange(4, dtype=numpy.float32)}, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llama"}))
    (tmp_path / "tokenizer.json").write_text("{}")
    (tmp_path / "me.yaml").write_text("name: Robin\nfacts:\n  - {relation: dog_name, value: Pepper}\n")
    return tmp_path


def cell(folder: Path, *overrides: str) -> Cell:
    base = ["model=custom", f"model.path={folder}", "facts=file", f"facts.path={folder}/me.yaml", "variations=v1"]
    # Of what tuning may change nothing is left to the defaults.
    recipe = ["training=ablation", "training.epochs=1", "training.b_ratio=1", "training.beta2=0.9"]
    recipe += ["training.batch_size=16", "training.learning_rate=2e-3", "lora=r16", "lora.frozen_share=0"]
    recipe += ["phrasings.answers=value"]
    recipe += ["generation.batch_size=64", "generation.max_new_tokens=24"]
    recipe += ["arm.template.user='{facts} {question}'"] if "arm=oracle" in overrides else []
    return Cell(composed(*base, *recipe, *overrides))


def test_golden_identities(folder: Path) -> None:
    # A change here means that all stored results are named anew: raise IDENTITY_VERSION knowingly.
    found = cell(folder)
    assert (found.adapter_identity, found.identity) == GOLDEN_FINETUNE
    undrafted = cell(folder, "generation.drafts=none")
    assert (undrafted.adapter_identity, undrafted.identity) == GOLDEN_UNDRAFTED
    assert cell(folder, "arm=oracle").identity == GOLDEN_ORACLE
    assert cell(folder, "arm=oracle", "generation.drafts=none").identity == GOLDEN_ORACLE


GOLDEN_FINETUNE = ("086da75a3bcc2ac18e6f", "870ee44c6ddcf6ac8c05")
GOLDEN_UNDRAFTED = ("086da75a3bcc2ac18e6f", "c6ffecb00a33312802c4")
GOLDEN_ORACLE = "7da0e726f15d5cb2afb1"


def test_a_step_is_another_cell_of_the_same_adapter(folder: Path) -> None:
    steps = ["training.epochs=null", "training.steps=9", "training.checkpoints=[3,6]"]
    end, three, six = (cell(folder, *steps, f"step={step}") for step in ("null", 3, 6))
    assert end.adapter_identity == three.adapter_identity == six.adapter_identity
    assert len({end.identity, three.identity, six.identity}) == 3
    # An arm without an adapter has no steps.
    assert cell(folder, *steps, "arm=base", "step=3").identity == cell(folder, "arm=base").identity


def test_the_place_of_files_is_no_content(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    import shutil

    other = tmp_path_factory.mktemp("other") / "moved"
    shutil.copytree(folder, other)
    assert cell(other).identity == cell(folder).identity


@pytest.fixture
def start(tmp_path: Path) -> Path:
    """An adapter to begin at, by content only."""
    folder = tmp_path / "start"
    folder.mkdir()
    shape = {"r": 4, "lora_alpha": 8, "target_modules": ["q_proj"], "layers_to_transform": None}
    (folder / "adapter_config.json").write_text(json.dumps(shape))
    (folder / "andraeus.json").write_text(json.dumps({"weights": "w", "split_seed": 3, "answers": "sentence"}))
    (folder / "adapter_model.safetensors").write_bytes(b"weights")
    return folder


def test_a_start_is_known_by_its_content(folder: Path, start: Path) -> None:
    begun = cell(folder, f"training.start={start}").identity
    assert begun != cell(folder).identity
    moved = start.rename(start.with_name("moved"))
    assert cell(folder, f"training.start={moved}").identity == begun
    (moved / "adapter_model.safetensors").write_bytes(b"others")
    assert cell(folder, f"training.start={moved}").identity != begun
    # What is never trained, or trained as a whole, begins at none.
    assert cell(folder, f"training.start={moved}", "arm=base").identity == cell(folder, "arm=base").identity
    assert cell(folder, "lora=none", "training.start=/nowhere").start is None


def test_a_start_of_another_split_is_refused(folder: Path, start: Path) -> None:
    base = cell(folder).files.weights_hash
    (start / "andraeus.json").write_text(json.dumps({"weights": base, "split_seed": 3, "answers": "sentence"}))
    told = problems(cell(folder, f"training.start={start}", "phrasings.split_seed=4"))
    assert [t.split(",")[0].rsplit(".", 1)[1] for t in told] == ["split_seed=3", "answers=sentence"]
    sound = [f"training.start={start}", "phrasings.split_seed=3", "phrasings.answers=sentence"]
    assert problems(cell(folder, *sound)) == []
    (told,) = problems(cell(folder, *sound, "lora.target_modules=[v_proj]"))
    assert "q_proj" in told
    (start / "andraeus.json").write_text(json.dumps({"weights": "w", "split_seed": 3, "answers": "sentence"}))
    (told,) = problems(cell(folder, *sound))
    assert "other weights" in told


@pytest.mark.parametrize(
    "override",
    [
        "seed=1",
        "threads=1",
        "lora.frozen_share=0.5",
        "phrasings.answers=sentence",
        "lora=r4",
        "training.learning_rate=1e-3",
        "variations=v3",
        "chat.system=Hello.",
        "quantization=nf4",
        "phrasings.split_seed=0",
        "generation.max_new_tokens=9",
        "suite.per_fact=2",
    ],
)
def test_what_can_change_answers_changes_the_name(folder: Path, override: str) -> None:
    assert cell(folder, override).identity != cell(folder).identity


@pytest.mark.parametrize(
    "override",
    ["seed=1", "lora=r4", "training.learning_rate=1e-3", "study=other", "paths.store=there", "variations=v3"],
)
def test_what_a_context_arm_does_not_see_leaves_its_name(folder: Path, override: str) -> None:
    assert cell(folder, "arm=oracle", override).identity == cell(folder, "arm=oracle").identity


@pytest.mark.parametrize("override", ["study=other", "paths.store=there", "fail_fast=true", "suite=tiers"])
def test_an_adapter_is_named_by_what_was_trained(folder: Path, override: str) -> None:
    assert cell(folder, override).adapter_identity == cell(folder).adapter_identity


ME = (
    "name: {}\nfacts:\n  - {{relation: dog_name, value: Pepper}}\n  - {{relation: age, value: 28}}\ndistractors: [{}]\n"
)
OWNER = "arm.template.user='{owner}: {facts} {question}'"
THIRD = "arm.template.third_person=true"


@pytest.mark.parametrize(
    ("edited", "overrides", "same"),
    [
        (("Robin", "Leo has a cat."), ["arm=oracle"], True),
        (("Robin", "Leo has a cat."), ["arm=system_prompt"], True),
        (("Robin", "Leo has a cat."), ["arm=base"], True),
        (("Robin", "Leo has a cat."), ["arm=rag", "arm.k=1"], False),
        (("Sam", "Leo has a dog."), ["arm=oracle", OWNER], False),
        (("Sam", "Leo has a dog."), ["arm=system_prompt", THIRD], False),
    ],
)
def test_an_arm_is_named_by_what_it_knows(
    folder: Path, monkeypatch: pytest.MonkeyPatch, edited: tuple[str, str], overrides: list[str], same: bool
) -> None:
    from experiments import memo

    monkeypatch.setattr(Embedding, "files", lambda _: cell(folder).files)
    found = []
    for person in (("Robin", "Leo has a dog."), edited):
        (folder / "me.yaml").write_text(ME.format(*person))
        memo._MEMO.clear()
        found.append(cell(folder, *overrides).identity)
    assert (found[0] == found[1]) is same


def test_the_owner_is_known_where_the_template_names_them(folder: Path) -> None:
    bare = ["arm.template.user='{question}'"]
    for overrides, known in ((bare, {}), (["arm.template.user='{owner}: {question}'"], {"owner": "Robin"})):
        asked = cell(folder, "arm=base", *overrides)
        assert asked.arm.knowledge(asked.items, asked.material) == known


def test_an_oracle_is_not_named_by_facts_that_nobody_asks_for(folder: Path) -> None:
    asked = cell(folder, "arm=oracle")
    more = dataclasses.replace(
        asked.material, facts=(*asked.material.facts, dataclasses.replace(asked.material.facts[0], id="other"))
    )
    assert asked.arm.knowledge(asked.items, more) == asked.arm.knowledge(asked.items, asked.material)


def test_weights_and_facts_are_content(folder: Path) -> None:
    before = cell(folder).identity
    (folder / "me.yaml").write_text("name: Robin\nfacts:\n  - {relation: dog_name, value: Salt}\n")
    from experiments import memo

    memo._MEMO.clear()
    after = cell(folder).identity
    assert after != before
    save_file({"w": numpy.ones(4, dtype=numpy.float32)}, folder / "model.safetensors")
    memo._MEMO.clear()
    assert cell(folder).identity not in (before, after)
