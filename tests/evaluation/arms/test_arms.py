from pathlib import Path
from typing import Any

import pytest
import yaml

from andraeus.errors import UserError
from andraeus.models.package import Package
from evaluation.arms.arm import Arm, Template
from evaluation.arms.plain import Base, Finetune, Oracle, SystemPrompt
from evaluation.arms.rag import Embedding, Rag
from evaluation.suites.facts import Heldout
from evaluation.suites.item import Material
from evaluation.suites.tiers import Tiers

CONF = Path(__file__).parents[3] / "conf"
TEMPLATE = Template(user="Facts:\n{facts}\n\n{question}")


def embedding() -> Embedding:
    entry: dict[str, Any] = yaml.safe_load((CONF / "arm" / "rag.yaml").read_text())["embedding"]
    return Embedding(**{**entry, "package": Package(**entry["package"])})


def test_untrained_and_trained_arms_ask_the_bare_question(alex: Material) -> None:
    items = Heldout(per_fact=1).items(alex)
    for arm in (Base(), Finetune()):
        for item, prompt in zip(items, arm.prompts(items, alex), strict=True):
            assert prompt.messages == ({"role": "user", "content": item.question},)


def test_system_prompt_holds_every_fact_of_the_trained_tiers(alex: Material) -> None:
    items = Heldout(per_fact=1).items(alex)[:1]
    text = SystemPrompt("s", TEMPLATE).prompts(items, alex)[0].messages[0]["content"]
    for fact in alex.facts:
        assert fact.statement(alex.profile.name) in text


def test_oracle_holds_what_the_item_needs_and_nothing_else(alex: Material) -> None:
    items = [i for i in Tiers().items(alex) if i.tier == 4]
    for item, prompt in zip(items, Oracle("o", TEMPLATE).prompts(items, alex), strict=True):
        text = prompt.messages[0]["content"]
        stated = {f.id for f in alex.facts if f"- {f.statement(alex.profile.name)}\n" in text}
        assert stated == set(item.needs)


def test_a_question_with_slots_in_it_is_not_filled(alex: Material) -> None:
    import dataclasses

    item = dataclasses.replace(Heldout().items(alex)[0], question="what is {facts} and {owner}?")
    text = Oracle("o", TEMPLATE).prompts([item], alex)[0].messages[0]["content"]
    assert "what is {facts} and {owner}?" in text


def test_a_template_without_the_question_is_refused() -> None:
    with pytest.raises(UserError, match="question"):
        Template(user="{facts}")


def test_a_line_without_the_fact_is_refused() -> None:
    with pytest.raises(UserError, match=r"\{fact\}"):
        Template(line="- a fact")


@pytest.mark.parametrize("template", [Template(system="You know {facts}"), TEMPLATE])
def test_facts_may_stand_in_either_turn(alex: Material, template: Template) -> None:
    SystemPrompt("s", template).check(alex)


@pytest.mark.parametrize(
    "arm", [SystemPrompt("s", Template()), Oracle("s", Template()), Rag("s", Template(), embedding())]
)
def test_a_context_arm_that_gives_no_facts_is_refused(alex: Material, arm: Arm) -> None:
    with pytest.raises(UserError, match=r"arm=s gives facts, but its template has no \{facts\}"):
        arm.check(alex)


def test_an_arm_without_facts_needs_no_place_for_them(alex: Material) -> None:
    Base().check(alex)


@pytest.mark.parametrize("template", [Template(system="You are Alex."), Template(user="Answer: {question}")])
def test_what_was_trained_on_bare_questions_is_asked_them(template: Template) -> None:
    with pytest.raises(UserError, match="chat.system"):
        Finetune(template=template)


@pytest.mark.parametrize("k", [0, -1, 10_000])
def test_k_must_fit_the_index(alex: Material, k: int) -> None:
    with pytest.raises(UserError, match=f"arm.k={k}"):
        Rag("rag", TEMPLATE, embedding(), k=k).check(alex)


@pytest.mark.parametrize(
    "name", ["model.safetensors", "tokenizer.json", "vocab.txt", "modules.json", "1_Pooling/config.json"]
)
def test_an_embedding_is_named_by_all_that_decides_it(tmp_path: Path, name: str) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    model = Embedding("tiny", path=str(tmp_path))
    before = model.content()
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text('{"other": true}')
    assert model.content() != before


@pytest.mark.model
def test_retrieval_finds_facts_among_distractors(alex: Material) -> None:
    items = Heldout(per_fact=3).items(alex)
    for k, least in ((1, 0.4), (5, 0.7)):
        prompts = Rag("rag", TEMPLATE, embedding(), k=k).prompts(items, alex)
        found = [set(i.needs) <= set(p.retrieved or ()) for i, p in zip(items, prompts, strict=True)]
        assert sum(found) / len(found) > least
        assert all(len(p.retrieved or ()) == k for p in prompts)
    everything = Rag("rag", TEMPLATE, embedding(), k=len(alex.facts) + len(alex.profile.distractors) - 1)
    assert any(r.startswith("distractor/") for r in everything.prompts(items[:1], alex)[0].retrieved or ())
