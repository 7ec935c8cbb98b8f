"""Running one cell: train or find its adapter, ask its items, write its record."""

import contextlib
import dataclasses
import datetime
import json
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from andraeus.chat import Chat, Example
from andraeus.errors import UserError
from andraeus.files import CannotWrite, new_folder, write_json, write_text
from andraeus.hashing import file_sha256
from andraeus.progress import bar as progress_bar
from andraeus.progress import say
from andraeus.training.adapter import Origin, attach, causal_model, fingerprint, load, save
from andraeus.training.loop import TrainingOutcome, planned_steps, train
from andraeus.training.start import begin_at
from evaluation.arms.arm import Prompt
from evaluation.groups import is_right
from evaluation.suites.item import Item
from evaluation.suites.nearest import nearest_distances
from experiments import provenance
from experiments.build import build
from experiments.cell import IDENTITY_VERSION, Cell
from experiments.processes import train_along
from experiments.record import Record, Timing
from experiments.store import Store
from experiments.tracking.tracker import CellInfo, Tracker

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel

    from andraeus.generation import Answer


Log = Callable[[dict[str, float]], None]


def run_cell(config: DictConfig) -> Record:
    """Run a cell, or return its record if it stands as a success.

    Args:
        config: The composed configuration of one cell.

    Raises:
        UserError: Something the user can mend; the cell's record then stands as ``failed``.
    """
    cell = Cell(config)
    store = Store(cell.spec.paths.store)
    folder = store.cell(cell.identity)
    with store.lock(folder):
        record = store.record(cell.identity)
        if record is not None and record.status == "success":
            return record
        return _run(cell, store, folder)


def _run(cell: Cell, store: Store, folder: Path) -> Record:
    _set_threads(cell.spec.threads)
    provenance.reset_peak_memory()
    record = _started(cell)
    tracker: Tracker = build(cell.config.tracker, "tracker")
    try:
        record.write(folder)
        tracker.begin(_info(cell))
        training = ensure_adapter(cell, store, tracker.log) if cell.arm.trained else None
        items, timing, drafted = _ask(cell, store, training)
        record.drafts = "expected" if drafted else "none"
        record.near_ties = sum(item["near_ties"] for item in items)
        write_text(folder / "items.jsonl", "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items))
        record.items_hash = file_sha256(folder / "items.jsonl")
        write_text(folder / "config.yaml", OmegaConf.to_yaml(cell.config, resolve=True))
        record.objective = sum(is_right(item) for item in items) / len(items)
        record.status, record.n_items, record.timing, record.training = "success", len(items), timing, training
        record.finished = _now()
        # Told before it stands: a kill in between runs it again, into the same run. What stands is not told again.
        tracker.end("success", record.told(), items)
        record.write(folder)
    except KeyboardInterrupt:
        tracker.end("interrupted", {}, [])
        raise
    except Exception:
        record.status, record.error, record.finished = "failed", traceback.format_exc(), _now()
        # A disk that refuses the record refuses everything: the error below says so.
        with contextlib.suppress(CannotWrite):
            record.write(folder)
        tracker.end("failed", {}, [])
        raise
    return record


def ensure_adapter(cell: Cell, store: Store, log: Log | None = None) -> dict[str, Any]:
    """Train a cell's adapter unless it stands in the store; two processes never train the same one.

    Returns:
        The deterministic outcome (steps, losses) with the ``seconds`` the training took.
    """
    assert cell.adapter_identity is not None
    _set_threads(cell.spec.threads)
    folder = store.adapter(cell.adapter_identity)
    with store.lock(folder):
        if not store.has_adapter(cell.adapter_identity):
            with new_folder(folder) as scratch:
                seconds = _train(cell, scratch, log)
            write_json(folder.with_name(f"{folder.name}.json"), {"seconds": seconds, "provenance": _provenance(cell)})
        outcome, notes = store.outcome(cell.adapter_identity), store.notes(cell.adapter_identity)
    return {k: v for k, v in outcome.items() if k != "curve"} | {"seconds": notes["seconds"] if notes else None}


def take_part(config: DictConfig) -> None:
    """Take this process's share of a training that another one leads; nothing is written."""
    cell = Cell(config)
    _set_threads(cell.spec.threads)
    _fit(cell, *_fresh(cell), progress=False)


def _train(cell: Cell, folder: Path, log: Log | None) -> float:
    """Train an adapter into a folder; return the seconds of the loop."""
    train_along(cell.config)
    adapted, chat = _fresh(cell)
    base, origin = fingerprint(cell.files, cell.spec.quantization), _origin(cell)
    curve: list[dict[str, float]] = []

    def note(metrics: dict[str, float]) -> None:
        curve.append({k: metrics[k] for k in ("step", "loss", "learning_rate")})
        if log is not None:
            log(metrics)

    def keep(step: int) -> None:
        save(adapted, folder / "checkpoints" / str(step), base, origin)

    outcome = _fit(cell, adapted, chat, log=note, checkpoint=keep)
    save(adapted, folder, base, origin)
    result = dataclasses.asdict(outcome)
    seconds: float = result.pop("seconds")
    if result["stopped"] == "diverged":
        # A diverged run is an outcome and is scored; NaN is no JSON.
        result["final_loss"] = None
    write_json(folder / "training.json", {**result, "rows": len(cell.material.trained), "curve": curve})
    return seconds


def _fresh(cell: Cell) -> "tuple[PeftModel | PreTrainedModel, Chat]":
    """Return the base with an adapter as it is before training."""
    spec = cell.spec
    model, chat = _base(cell)
    adapted = attach(model, spec.lora, spec.training, spec.quantization, spec.seed, spec.model.repo or spec.model.name)
    if cell.start is not None:
        begin_at(adapted, cell.start)
    return adapted, chat


def _fit(cell: Cell, adapted: "PeftModel | PreTrainedModel", chat: Chat, **told: Any) -> TrainingOutcome:
    """Train a fresh adapter on the cell's rows; ``told`` says who is told of it."""
    spec = cell.spec
    rows = [chat.example(chat.messages(p.question), p.answer) for p in cell.material.trained]
    watched = cell.validation if spec.training.plateau else []
    _note_on_budgets(cell, rows)
    validation = [chat.example(chat.messages(p.question), p.answer) for p in watched]
    return train(causal_model(adapted), rows, validation, spec.training, spec.lora, spec.seed, **told)


def _note_on_budgets(cell: Cell, rows: list[Example]) -> None:
    """Say where a floor decides the number of steps, and where trained answers are longer than what is generated."""
    recipe, room = cell.spec.training, cell.spec.generation.max_new_tokens
    if recipe.start is not None and cell.start is None:
        say(f"Note: there is no {recipe.start} to start at, so training begins at zero; training=scratch is longer.")
    if cell.start is not None and cell.start.weights != cell.files.weights_hash:
        say("Note: the start was trained on other weights of this model than these.")
    if recipe.epochs is not None and planned_steps(recipe, len(rows)) == recipe.least_steps:
        say(f"Note: {len(rows)} rows are trained for training.least_steps={recipe.least_steps}, not by epochs.")
    if (longest := max(len(row.answer) for row in rows)) > room:
        say(f"Note: trained answers of {longest} tokens are cut by generation.max_new_tokens={room}: raise it.")


def _origin(cell: Cell) -> Origin:
    spec, files = cell.spec, cell.files
    return Origin(
        model=spec.model.name,
        repo=spec.model.repo,
        # Of a repository the commit that was used; its default may be another one tomorrow.
        revision=files.revision if files.origin in ("cache", "hub") else spec.model.revision,
        dtype=spec.model.dtype,
        compute_dtype=spec.quantization.compute_dtype,
        chat_template=spec.model.chat_template,
        system=spec.chat.system,
        split_seed=spec.phrasings.split_seed,
        answers=str(spec.phrasings.answers.value),
    )


def _base(cell: Cell) -> "tuple[PreTrainedModel, Chat]":
    from andraeus.models.load import load_model, load_tokenizer

    spec = cell.spec
    tokenizer = load_tokenizer(cell.files, spec.model.chat_template)
    return load_model(cell.files, spec.model.dtype, spec.quantization, spec.device), Chat(tokenizer, spec.chat.system)


def _ask(cell: Cell, store: Store, training: dict[str, Any] | None) -> tuple[list[dict[str, Any]], Timing, bool]:
    """Put all items to the arm; return what goes into items.jsonl, how long it took, and whether drafts were used."""
    from andraeus.generation import generate
    from andraeus.models.load import dequantized
    from andraeus.training.fused import fused_lora

    spec = cell.spec
    model, chat = _base(cell)
    model = dequantized(model, spec.quantization)
    answering = model
    if cell.adapter_identity is not None:
        assert training is not None
        folder = answering_adapter(cell, store.adapter(cell.adapter_identity), training)
        answering = causal_model(load(model, folder, fingerprint(cell.files, spec.quantization)))
    prompts = cell.arm.prompts(cell.items, cell.material)
    tokens = [chat.prompt(prompt.messages) for prompt in prompts]
    drafts = [_drafted(chat, draft) for draft in cell.drafts] if cell.drafts is not None else None
    what = f"{cell.choice['arm']} · {cell.choice['suite']}"
    fused = fused_lora(answering) if cell.arm.trained and spec.training.fused_lora else contextlib.nullcontext()
    with fused, progress_bar(len(tokens), what) as bar:
        answers = generate(
            answering,
            tokens,
            end_tokens=chat.end_tokens,
            max_new_tokens=spec.generation.max_new_tokens,
            batch_size=spec.generation.batch_size,
            drafts=drafts,
            progress=bar.update,
        )
    trained = [p.question for p in cell.material.trained] if cell.arm.trained else []
    trained += cell.start.questions() if cell.start is not None else []
    distances = nearest_distances([item.question for item in cell.items], trained)
    told = zip(cell.items, prompts, tokens, answers, distances, strict=True)
    rows = [_row(chat, *one) for one in told]
    return rows, _timing(cell, training, answers), any(answer.drafted for answer in answers)


def _row(
    chat: Chat, item: Item, prompt: Prompt, asked: Sequence[int], answer: "Answer", distance: float | None
) -> dict[str, Any]:
    """Return an item's line of items.jsonl."""
    bare = chat.prompt(chat.messages(item.question))
    return {
        **dataclasses.asdict(item),
        "answer": chat.decode(answer.tokens),
        "finished": answer.finished,
        "prompt_tokens": len(asked),
        "context_tokens": len(asked) - len(bare),
        "answer_tokens": len(answer.tokens),
        "near_ties": answer.near_ties,
        "retrieved": prompt.retrieved,
        "recalled": _recalled(prompt, item.needs),
        "nearest_trained": distance,
    }


def _timing(cell: Cell, training: Mapping[str, Any] | None, answers: Sequence["Answer"]) -> Timing:
    """Return what a cell took; nobody who asks waits for a share of a batch, or has the answer beforehand."""
    seconds = numpy.array([answer.seconds for answer in answers])
    alone = cell.spec.generation.batch_size == 1 and not any(answer.drafted for answer in answers)
    p50, p90, p99 = (float(numpy.quantile(seconds, q)) if alone else None for q in (0.5, 0.9, 0.99))
    return Timing(
        train_seconds=training["seconds"] if training else None,
        evaluation_seconds=float(seconds.sum()),
        latency_p50=p50,
        latency_p90=p90,
        latency_p99=p99,
        peak_memory_mib=provenance.peak_memory_mib(),
    )


def answering_adapter(cell: Cell, adapter: Path, training: Mapping[str, Any]) -> Path:
    """Return the folder of the adapter that answers: the trained one, or its checkpoint of the cell's step.

    A training that diverged is what it is at every later step.

    Args:
        cell: The cell.
        adapter: The folder of its adapter in the store.
        training: What `ensure_adapter` returns of it.

    Raises:
        UserError: There is no such checkpoint.
    """
    if cell.step is None:
        return adapter
    folder = adapter / "checkpoints" / str(cell.step)
    if folder.is_dir():
        return folder
    if training["steps"] < cell.step:
        if training["stopped"] == "diverged":
            return adapter
        raise UserError(
            f"Training stopped at step {training['steps']}, before step={cell.step}: set training.plateau=null."
        )
    raise UserError(f"{folder} is gone: delete {adapter}, so that it is trained anew, and run again.")


def _drafted(chat: Chat, answer: str) -> tuple[int, ...]:
    """Return an answer's tokens as training had them."""
    return chat.example(chat.messages(""), answer).answer if answer else ()


def _recalled(prompt: Prompt, needs: tuple[str, ...]) -> bool | None:
    return None if prompt.retrieved is None else set(needs) <= set(prompt.retrieved)


def _set_threads(threads: int) -> None:
    import torch

    torch.set_num_threads(threads)


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def _started(cell: Cell) -> Record:
    return Record(
        identity=cell.identity,
        identity_version=IDENTITY_VERSION,
        adapter=cell.adapter_identity,
        status="started",
        arm=cell.choice["arm"],
        suite=cell.choice["suite"],
        profile=cell.profile.content,
        seed=cell.seed,
        started=_now(),
        provenance=_provenance(cell),
    )


def _provenance(cell: Cell) -> dict[str, Any]:
    files, spec = cell.files, cell.spec
    return {
        **provenance.code(),
        "versions": provenance.versions(),
        "hardware": provenance.hardware(),
        "device": spec.device,
        "threads": spec.threads,
        "model": {
            "name": spec.model.name,
            "origin": files.origin,
            "source": files.source,
            "revision": files.revision,
            "weights": files.weights_hash,
            "tokenizer": files.tokenizer_hash,
        },
        "start": cell.start.content if cell.start is not None else None,
        "profile": cell.profile.content,
        "person": cell.profile.person,
        "seeds": {"seed": cell.seed, "facts": cell.profile.seed, "split": spec.phrasings.split_seed},
        "config": OmegaConf.to_container(cell.config, resolve=True, enum_to_str=True),
        "choices": _choices(),
    }


def _info(cell: Cell) -> CellInfo:
    config = OmegaConf.to_container(cell.config, resolve=True, enum_to_str=True)
    assert isinstance(config, dict)
    return CellInfo(
        identity=cell.identity,
        study=cell.spec.study or "sweep",
        arm=cell.choice["arm"],
        suite=cell.choice["suite"],
        seed=cell.seed,
        tags=(cell.choice["arm"], cell.choice["suite"], cell.spec.model.name),
        config={str(k): v for k, v in config.items()},
        choices=_choices(),
    )


def _choices() -> dict[str, str]:
    """Return which config of each group the command chose; nothing where a cell is run without Hydra."""
    if not HydraConfig.initialized():
        return {}
    chosen = HydraConfig.get().runtime.choices
    return {group: str(name) for group, name in chosen.items() if name is not None and not group.startswith("hydra/")}
