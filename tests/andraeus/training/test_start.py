"""Adapters that begin at another adapter."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from andraeus.chat import Chat
from andraeus.errors import UserError
from andraeus.facts.file import load_profile
from andraeus.models.load import Quantization, load_model
from andraeus.models.resolve import ModelFiles
from andraeus.phrasings.build import Phrasings, normalised
from andraeus.phrasings.families import split_families
from andraeus.training.adapter import Origin, attach, causal_model, save
from andraeus.training.recipe import LoraSpec, Recipe
from andraeus.training.start import MADE, Start, begin_at, find_start
from scripts import make_start
from tests.conftest import TinyModel

pytestmark = pytest.mark.model

PLAIN, RECIPE = Quantization(), Recipe(steps=1)
TOKENS = torch.tensor([[1, 40, 500, 6000, 7, 8, 9]])
MODULES = ("q_proj", "down_proj")


def adapted(tiny_model: TinyModel, seed: int = 0, **shape: Any) -> Any:
    shape = {"r": 4, "alpha": 8, "target_modules": MODULES, **shape}
    return attach(tiny_model("llama"), LoraSpec(**shape), RECIPE, PLAIN, seed, "x")


def logits(model: Any) -> torch.Tensor:
    with torch.inference_mode():
        found: torch.Tensor = model.eval()(TOKENS).logits
        return found


@pytest.fixture
def begun(tiny_model: TinyModel, tmp_path: Path) -> tuple[Start, torch.Tensor]:
    """An adapter on disk that has learned something, and what it says."""
    model = adapted(tiny_model)
    torch.manual_seed(1)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.3)
    save(model, tmp_path / "start", {"weights": "w"}, Origin("tiny", split_seed=9, answers="value"))
    start = find_start(str(tmp_path / "start"))
    assert start is not None
    return start, logits(model)


@pytest.mark.parametrize("shape", [{}, {"alpha": 32}, {"r": 9, "alpha": 9}, {"target_modules": (*MODULES, "v_proj")}])
def test_an_adapter_begins_where_the_other_ended(
    tiny_model: TinyModel, begun: tuple[Start, torch.Tensor], shape: dict[str, Any]
) -> None:
    start, said = begun
    model = adapted(tiny_model, seed=5, **shape)
    assert not torch.allclose(logits(model), said, atol=1e-3)
    begin_at(model, start)
    torch.testing.assert_close(logits(model), said, rtol=1e-4, atol=1e-5)


def test_seeds_still_draw_the_rows_that_the_start_does_not_fill(
    tiny_model: TinyModel, begun: tuple[Start, torch.Tensor]
) -> None:
    drawn = []
    for seed in (0, 1):
        model = adapted(tiny_model, seed=seed, r=9, alpha=18)
        begin_at(model, begun[0])
        drawn.append(next(p for n, p in model.named_parameters() if "lora_A" in n))
    assert torch.equal(drawn[0][:4], drawn[1][:4])
    assert not torch.equal(drawn[0][4:], drawn[1][4:])


def test_a_lower_rank_takes_the_nearest_product(tiny_model: TinyModel, begun: tuple[Start, torch.Tensor]) -> None:
    whole, low = adapted(tiny_model), adapted(tiny_model, r=2, alpha=4)
    begin_at(whole, begun[0])
    begin_at(low, begun[0])
    for name, layer in whole.named_modules():
        if hasattr(layer, "lora_A"):
            update = layer.get_delta_weight("default")
            u, s, v = torch.linalg.svd(update, full_matrices=False)
            nearest = (u[:, :2] * s[:2]) @ v[:2]
            torch.testing.assert_close(dict(low.named_modules())[name].get_delta_weight("default"), nearest)


@pytest.mark.parametrize(
    ("shape", "told"), [({"target_modules": ("q_proj",)}, "down_proj"), ({"layers": (1,)}, "layers.0")]
)
def test_a_start_that_reaches_further_is_refused(
    tiny_model: TinyModel, begun: tuple[Start, torch.Tensor], shape: dict[str, Any], told: str
) -> None:
    with pytest.raises(UserError, match=told):
        begin_at(adapted(tiny_model, **shape), begun[0])


def test_a_start_of_another_size_is_refused(tiny_model: TinyModel, begun: tuple[Start, torch.Tensor]) -> None:
    wide = attach(tiny_model("llama", hidden_size=128), LoraSpec(r=4, target_modules=MODULES), RECIPE, PLAIN, 0, "x")
    with pytest.raises(UserError, match="another size"):
        begin_at(wide, begun[0])


@pytest.mark.parametrize(
    ("shape", "told"),
    [
        ({"r": 9}, []),
        ({"target_modules": ("q_proj",)}, ["down_proj"]),
        ({"layers": (1,)}, ["layer 0"]),
        ({"frozen_share": 0.5, "target_modules": ("down_proj",)}, ["q_proj", "layer 0"]),
    ],
)
def test_what_an_adapter_does_not_reach_is_named(
    begun: tuple[Start, torch.Tensor], shape: dict[str, Any], told: list[str]
) -> None:
    assert begun[0].beyond(LoraSpec(**{"r": 4, "target_modules": MODULES, **shape}), 2) == told


def test_what_is_no_plain_adapter_is_refused(begun: tuple[Start, torch.Tensor], tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no LoRA adapter"):
        find_start(str(tmp_path / "nowhere"))
    config = tmp_path / "start" / "adapter_config.json"
    content = json.loads(config.read_text())
    config.write_text(json.dumps({**content, "use_rslora": True}))
    with pytest.raises(UserError, match="use_rslora"):
        find_start(str(tmp_path / "start"))
    config.write_text("{}")
    with pytest.raises(UserError, match="holds no LoRA adapter"):
        find_start(str(tmp_path / "start"))


def test_its_name_is_its_content(begun: tuple[Start, torch.Tensor], tmp_path: Path) -> None:
    (tmp_path / "start").rename(tmp_path / "moved")
    moved = find_start(str(tmp_path / "moved"))
    assert moved is not None
    assert moved.content == begun[0].content
    assert moved.phrasings == {"split_seed": 9, "answers": "value"}
    assert moved.weights == "w"


def test_the_one_that_ships_fits_its_model_and_leads_to_answers(chat: Chat, embedded_files: ModelFiles) -> None:
    start = find_start("package:smollm2_135m")
    assert start is not None
    assert set(start.phrasings) == {"split_seed", "answers"}
    model = load_model(embedded_files, "float32", PLAIN, "cpu")
    begun = attach(model, LoraSpec(r=32, alpha=64, frozen_share=0.3), RECIPE, PLAIN, 0, "x")
    begin_at(begun, start)
    told = json.loads((start.folder / MADE).read_text())["stages"][-1]["right_openings"]["maya"]
    (right, asked) = make_start.right_openings(causal_model(begun), chat, ["maya"])["maya"]
    # Of 282 relations, to questions that it was never asked.
    assert asked == told[1]
    assert abs(right - told[0]) <= 2
    assert right > asked / 2


def test_the_questions_of_the_one_that_ships_are_told() -> None:
    start = find_start("package:smollm2_135m")
    assert start is not None
    told = {normalised(question) for question in start.questions()}
    assert len(told) > 10_000
    for name in ("alex", "maya", "george"):
        person = load_profile(f"package:{name}", f"package:{name}.blind")
        never = [b.question for b in person.blind] + [q for c in person.compositions for q in c.questions]
        assert not [question for question in never if normalised(question) in told]
        split = split_families(start.phrasings["split_seed"])
        phrasings = Phrasings(person, split)
        for fact in person.facts:
            for part in ("development", "test"):
                assert not [p for p in phrasings.available(fact, part) if normalised(p.question) in told]


def test_a_model_that_ships_none_begins_at_zero() -> None:
    assert find_start("package:no_such_model") is None
