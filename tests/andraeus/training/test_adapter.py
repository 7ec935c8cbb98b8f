"""Adapters on disk: stock PEFT loads them, equal ones are equal files, and another base refuses them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch

from andraeus.chat import Example
from andraeus.errors import UserError
from andraeus.models.load import Quantization, QuantizationKind, load_model
from andraeus.models.resolve import ModelFiles
from andraeus.training.adapter import Origin, attach, causal_model, export, fingerprint, load, save
from andraeus.training.loop import train
from andraeus.training.recipe import LoraSpec, Recipe
from tests.andraeus.training.conftest import LORA, Adapted
from tests.conftest import ARCHITECTURES, IN_BLOCKS, TinyModel

if TYPE_CHECKING:
    from peft import PeftModel
    from torch import Tensor
    from transformers import PreTrainedModel

pytestmark = pytest.mark.model

SaveTiny = Callable[..., ModelFiles]
PLAIN = Quantization()
SHORT = Recipe(steps=3, batch_size=4, learning_rate=1e-2)
BASE = {"weights": "w", "tokenizer": "t", "quantization": "none", "double_quantization": None}
TINY = Origin("tiny", "somebody/tiny", "abc", chat_template="{{ messages }}", system="You are terse.")
ORIGIN = {
    "model": "tiny",
    "repo": "somebody/tiny",
    "revision": "abc",
    "dtype": "float32",
    "compute_dtype": "float32",
    "chat_template": "{{ messages }}",
    "system": "You are terse.",
    "split_seed": None,
    "answers": None,
}
TOKENS = torch.tensor([[1, 40, 500, 6000, 7, 8, 9, 10, 11, 12, 13]])


def logits(model: "PeftModel | PreTrainedModel") -> "Tensor":
    with torch.inference_mode():
        found: Tensor = model.eval()(TOKENS).logits
        return found.float()


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def trained(model: "PeftModel | PreTrainedModel", rows: list[Example], lora: LoraSpec = LORA) -> Any:
    train(causal_model(model), rows, [], SHORT, lora, 0, progress=False)
    return model


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_stock_peft_loads_what_was_trained(
    adapted: Adapted, tiny_model: TinyModel, rows: list[Example], tmp_path: Path, architecture: str
) -> None:
    from peft import PeftModel

    model = trained(adapted(architecture), rows)
    save(model, tmp_path / "adapter", BASE, TINY)
    assert not torch.equal(logits(model), logits(tiny_model(architecture)))
    stock = PeftModel.from_pretrained(tiny_model(architecture), str(tmp_path / "adapter"))
    assert torch.equal(logits(stock), logits(model))
    assert torch.equal(logits(load(tiny_model(architecture), tmp_path / "adapter", BASE)), logits(model))


def test_an_adapter_folder_is_what_peft_needs_and_the_fingerprint(adapted: Adapted, tmp_path: Path) -> None:
    save(adapted(), tmp_path / "adapter", BASE, TINY)
    files = contents(tmp_path / "adapter")
    assert set(files) == {"adapter_config.json", "adapter_model.safetensors", "andraeus.json"}
    assert json.loads(files["andraeus.json"]) == {**BASE, **ORIGIN}


def test_the_configuration_names_the_base_and_no_folder_of_this_machine(tiny_files: SaveTiny, tmp_path: Path) -> None:
    model = load_model(tiny_files(), "float32", PLAIN, "cpu")
    assert str(tmp_path) in model.config._name_or_path, "it must have something to hide"
    save(attach(model, LORA, SHORT, PLAIN, 0, "somebody/tiny"), tmp_path / "adapter", BASE, TINY)
    text = (tmp_path / "adapter" / "adapter_config.json").read_text()
    assert str(tmp_path) not in text
    assert json.loads(text)["base_model_name_or_path"] == "somebody/tiny"
    for data in contents(tmp_path / "adapter").values():
        assert str(tmp_path).encode() not in data


def test_the_configuration_has_a_fixed_order(adapted: Adapted, tmp_path: Path) -> None:
    save(adapted(lora=LoraSpec(r=4, layers=(0, 1))), tmp_path / "adapter", BASE, TINY)
    config = json.loads((tmp_path / "adapter" / "adapter_config.json").read_text())
    assert list(config) == sorted(config)
    assert config["target_modules"] == sorted(LORA.target_modules)
    assert (config["r"], config["lora_alpha"], config["task_type"]) == (4, 32, "CAUSAL_LM")


def test_equal_adapters_are_equal_files(adapted: Adapted, rows: list[Example], tmp_path: Path) -> None:
    backwards = LoraSpec(r=4, alpha=8, target_modules=tuple(reversed(LORA.target_modules)))
    for name, lora in (("one", LORA), ("two", LORA), ("backwards", backwards)):
        save(trained(adapted(lora=lora), rows), tmp_path / name, BASE, TINY)
    one, two, other = (contents(tmp_path / name) for name in ("one", "two", "backwards"))
    assert one == two
    assert one["adapter_config.json"] == other["adapter_config.json"]


def test_saving_asks_nobody(adapted: Adapted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PEFT would ask the Hub for the base's configuration, and save the embeddings if it differed."""
    from peft.utils import save_and_load

    asked: list[object] = []
    monkeypatch.setattr(save_and_load, "check_file_exists_on_hf_hub", lambda *a, **_: asked.append(a))
    save(adapted(), tmp_path / "adapter", BASE, TINY)
    assert asked == []


def test_a_checkpoint_inside_is_an_adapter_too(
    adapted: Adapted, tiny_model: TinyModel, rows: list[Example], tmp_path: Path
) -> None:
    model = adapted()
    at: list[Tensor] = []

    def keep(step: int) -> None:
        save(model, tmp_path / "adapter" / "checkpoints" / str(step), BASE, TINY)
        at.append(logits(model))
        model.train()

    how = Recipe(steps=3, batch_size=4, learning_rate=1e-2, checkpoints=(2,))
    train(causal_model(model), rows, [], how, LORA, 0, checkpoint=keep, progress=False)
    save(model, tmp_path / "adapter", BASE, TINY)
    inside = load(tiny_model(), tmp_path / "adapter" / "checkpoints" / "2", BASE)
    assert torch.equal(logits(inside), at[0])
    assert not torch.equal(at[0], logits(model))


def test_a_fresh_adapter_says_nothing_yet(adapted: Adapted, tiny_model: TinyModel) -> None:
    assert torch.equal(logits(adapted()), logits(tiny_model()))


def test_the_beginning_depends_on_the_seed_and_on_nothing_else(adapted: Adapted) -> None:
    begun = []
    for seed, disturbance in ((3, 1), (3, 2), (4, 1)):
        torch.manual_seed(disturbance)
        model = adapted(seed=seed)
        begun.append({name: p.detach() for name, p in model.named_parameters() if "lora_A" in name})
    assert all(torch.equal(begun[0][name], begun[1][name]) for name in begun[0])
    assert not any(torch.equal(begun[0][name], begun[2][name]) for name in begun[0])


@pytest.mark.parametrize(
    ("lora", "expected"),
    [
        (LoraSpec(r=2), {(i, m) for i in (0, 1) for m in LORA.target_modules}),
        (LoraSpec(r=2, layers=(1,)), {(1, m) for m in LORA.target_modules}),
        (LoraSpec(r=2, frozen_share=0.5), {(1, m) for m in LORA.target_modules}),
        (LoraSpec(r=2, frozen_share=0.4), {(i, m) for i in (0, 1) for m in LORA.target_modules}),
        (LoraSpec(r=2, target_modules=("q_proj",)), {(0, "q_proj"), (1, "q_proj")}),
    ],
)
def test_the_shape_is_the_one_asked_for(adapted: Adapted, lora: LoraSpec, expected: set[tuple[int, str]]) -> None:
    found = set()
    for name, parameter in adapted(lora=lora).named_parameters():
        if "lora_A" in name:
            parts = name.split(".")
            found.add((int(parts[parts.index("layers") + 1]), parts[-4]))
            assert parameter.shape[0] == lora.r
        assert parameter.requires_grad is ("lora_" in name)
    assert found == expected


@pytest.mark.parametrize("modules", [("c_attn",), ("q_proj", "c_attn", "v_proj")])
def test_modules_that_the_base_lacks_are_refused_by_name(adapted: Adapted, modules: tuple[str, ...]) -> None:
    with pytest.raises(
        UserError, match=r"lora\.target_modules names c_attn, which.* choose among down_proj, gate_proj"
    ):
        adapted(lora=LoraSpec(target_modules=modules))


def test_layers_that_the_base_lacks_are_refused(adapted: Adapted) -> None:
    with pytest.raises(UserError, match="does not fit this model"):
        adapted(lora=LoraSpec(layers=(7,)))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"weights": "x"}, "weights"),
        ({"tokenizer": "x"}, "tokenizer"),
        ({"quantization": "nf4"}, "quantization"),
        ({"double_quantization": True}, "double_quantization"),
        ({"weights": "x", "quantization": "int8"}, "weights, quantization"),
    ],
)
def test_another_base_is_refused(
    adapted: Adapted, tiny_model: TinyModel, tmp_path: Path, change: dict[str, Any], named: str
) -> None:
    save(adapted(), tmp_path / "adapter", BASE, TINY)
    with pytest.raises(UserError, match=rf"was trained on another base \(its {named} differ\)"):
        load(tiny_model(), tmp_path / "adapter", {**BASE, **change})


def test_a_fingerprint_is_of_weights_tokenizer_and_quantisation(tiny_files: SaveTiny) -> None:
    one, other = tiny_files("one"), tiny_files("other", seed=1)
    kinds = [
        Quantization(),
        Quantization(QuantizationKind.int8),
        Quantization(QuantizationKind.nf4),
        Quantization(QuantizationKind.nf4, double=False),
    ]
    prints = [json.dumps(fingerprint(files, kind)) for files in (one, other) for kind in kinds]
    assert len(set(prints)) == 8
    # Where there is nothing to quantise twice, the knob changes nothing.
    assert fingerprint(one, Quantization(double=False)) == fingerprint(one, Quantization(double=True))
    assert fingerprint(tiny_files("copy"), kinds[0]) == fingerprint(one, kinds[0])


def cut_short(folder: Path) -> None:
    path = folder / "adapter_model.safetensors"
    path.write_bytes(path.read_bytes()[:2000])


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (cut_short, "cannot be read"),
        (lambda folder: (folder / "adapter_model.safetensors").unlink(), "cannot be read"),
        (lambda folder: (folder / "andraeus.json").unlink(), "no complete adapter"),
        (lambda folder: (folder / "andraeus.json").write_text("{"), "no complete adapter"),
        (lambda folder: (folder / "adapter_config.json").write_text("{"), "cannot be read"),
        (lambda folder: (folder / "adapter_config.json").write_text("[]"), "cannot be read"),
        (lambda folder: (folder / "adapter_config.json").write_text("{}"), "cannot be read"),
    ],
)
def test_a_damaged_adapter_is_refused(
    adapted: Adapted, tiny_model: TinyModel, tmp_path: Path, damage: Callable[[Path], object], told: str
) -> None:
    save(adapted(), tmp_path / "adapter", BASE, TINY)
    damage(tmp_path / "adapter")
    with pytest.raises(UserError, match=told):
        load(tiny_model(), tmp_path / "adapter", BASE)


@pytest.mark.parametrize("checkpointing", [False, True], ids=["", "checkpointing"])
@pytest.mark.parametrize(
    "quantization",
    [
        Quantization(QuantizationKind.nf4),
        Quantization(QuantizationKind.nf4, double=False),
        Quantization(QuantizationKind.int8),
    ],
    ids=["nf4", "nf4 once", "int8"],
)
def test_a_quantised_base_is_trained_saved_and_loaded(
    tiny_files: SaveTiny, rows: list[Example], tmp_path: Path, quantization: Quantization, checkpointing: bool
) -> None:
    from peft import PeftModel

    files = tiny_files(**IN_BLOCKS)
    how = Recipe(steps=3, batch_size=4, learning_rate=1e-2, gradient_checkpointing=checkpointing, packing=False)

    def base() -> "PreTrainedModel":
        return load_model(files, "float32", quantization, "cpu")

    untrained = logits(base())
    model = attach(base(), LORA, how, quantization, 0, "somebody/tiny")
    losses: list[float] = []
    train(causal_model(model), rows, [], how, LORA, 0, log=lambda m: losses.append(m["loss"]), progress=False)
    assert losses[-1] < losses[0]
    written = fingerprint(files, quantization)
    save(model, tmp_path / "adapter", written, TINY)
    said = logits(model)
    assert not torch.equal(said, untrained)
    for again in (
        PeftModel.from_pretrained(base(), str(tmp_path / "adapter")),
        load(base(), tmp_path / "adapter", written),
    ):
        assert float((logits(again) - said).abs().max()) == 0.0
    with pytest.raises(UserError, match="another base"):
        load(load_model(files, "float32", PLAIN, "cpu"), tmp_path / "adapter", fingerprint(files, PLAIN))


def test_a_prefix_is_shared_on_a_quantised_base_too(tiny_files: SaveTiny, rows: list[Example]) -> None:
    quantization = Quantization(QuantizationKind.nf4)
    ended = []
    for share in (True, False):
        model = attach(
            load_model(tiny_files(**IN_BLOCKS), "float32", quantization, "cpu"), LORA, SHORT, quantization, 0, "x"
        )
        how = Recipe(steps=3, batch_size=4, learning_rate=1e-3, packing=share)
        outcome = train(causal_model(model), rows, [], how, LORA, 0, progress=False)
        assert (outcome.shared_prefix > 0) is share
        ended.append(outcome.final_loss)
    assert ended[0] == pytest.approx(ended[1], rel=1e-4)


FULL = LoraSpec(r=0)


def test_a_full_fine_tune_trains_everything(tiny_model: TinyModel, rows: list[Example], tmp_path: Path) -> None:
    model = attach(tiny_model(), FULL, SHORT, PLAIN, 0, "somebody/tiny")
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    assert all(p.requires_grad for p in model.parameters())
    trained(model, rows, FULL)
    assert all(not torch.equal(p, before[name]) for name, p in model.named_parameters())
    save(model, tmp_path / "tuned", BASE, TINY)
    assert json.loads((tmp_path / "tuned" / "andraeus.json").read_text()) == {**BASE, **ORIGIN}
    again = load(tiny_model(), tmp_path / "tuned", BASE)
    assert torch.equal(logits(again), logits(model))
    assert not again.training


def test_two_full_fine_tunes_are_equal_files(tiny_model: TinyModel, rows: list[Example], tmp_path: Path) -> None:
    for name in ("one", "two"):
        model = attach(tiny_model(), FULL, SHORT, PLAIN, 0, "somebody/tiny")
        save(trained(model, rows, FULL), tmp_path / name, BASE, TINY)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_a_full_fine_tune_hides_this_machines_folders(tiny_files: SaveTiny, tmp_path: Path) -> None:
    model = attach(load_model(tiny_files(), "float32", PLAIN, "cpu"), FULL, SHORT, PLAIN, 0, "somebody/tiny")
    save(model, tmp_path / "tuned", BASE, TINY)
    for name, data in contents(tmp_path / "tuned").items():
        assert str(tmp_path).encode() not in data, name


@pytest.mark.parametrize("kind", [QuantizationKind.nf4, QuantizationKind.int8])
def test_a_full_fine_tune_of_quantised_weights_is_refused(tiny_files: SaveTiny, kind: QuantizationKind) -> None:
    quantization = Quantization(kind)
    with pytest.raises(UserError, match="lora=none trains all weights, which quantised weights cannot"):
        attach(load_model(tiny_files(**IN_BLOCKS), "float32", quantization, "cpu"), FULL, SHORT, quantization, 0, "x")


def test_a_model_without_a_wrapper_is_itself(adapted: Adapted, tiny_model: TinyModel) -> None:
    plain = tiny_model()
    assert causal_model(plain) is plain
    assert type(causal_model(adapted())) is type(plain)


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    folder = tmp_path / "store" / "abc"
    (folder / "checkpoints" / "2").mkdir(parents=True)
    (folder / "adapter_config.json").write_text("{}")
    (folder / "checkpoints" / "2" / "adapter_config.json").write_text("{}")
    return folder


@pytest.mark.parametrize("there", ["nothing", "an empty folder", "what a killed export left"])
def test_an_adapter_is_copied_to_where_the_user_wants_it(stored: Path, tmp_path: Path, there: str) -> None:
    output = tmp_path / "my-adapter"
    if there == "an empty folder":
        output.mkdir()
    if there == "what a killed export left":
        (tmp_path / ".my-adapter.partial").mkdir()
        (tmp_path / ".my-adapter.partial" / "half").write_text("half")
    export(stored, output)
    assert contents(output) == contents(stored)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["my-adapter", "store"]


@pytest.mark.parametrize("there", ["a file", "a folder of the user's"])
def test_what_is_the_users_is_never_overwritten(stored: Path, tmp_path: Path, there: str) -> None:
    output = tmp_path / "my-adapter"
    if there == "a file":
        output.write_text("mine")
    else:
        output.mkdir()
        (output / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match="is there and not empty"):
        export(stored, output)
    kept = output if output.is_file() else output / "notes.txt"
    assert kept.read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["my-adapter", "store"]
