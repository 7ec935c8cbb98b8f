from pathlib import Path
from typing import Any

import pytest
import yaml

from andraeus.errors import UserError
from andraeus.models.package import Package
from evaluation.arms.arm import Template
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


@pytest.mark.parametrize("k", [0, -1, 10_000])
def test_k_must_fit_the_index(alex: Material, k: int) -> None:
    with pytest.raises(UserError, match=f"arm.k={k}"):
        Rag("rag", TEMPLATE, embedding(), k=k).check(alex)


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
