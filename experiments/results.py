"""What a study leaves behind: summary, timings, provenance, tables, figures, report."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import OmegaConf

from andraeus.errors import UserError
from andraeus.files import write_json
from andraeus.hashing import canonical_json, content_hash, file_sha256
from andraeus.training.adapter import export
from evaluation.summary import CellResult, summarise
from experiments.build import build
from experiments.grid import decoded, fixed_choices
from experiments.origin import origin
from experiments.record import Record
from experiments.store import Store
from experiments.tracking.tracker import StudyInfo, Tracker

if TYPE_CHECKING:
    from experiments.sweep import Planned, Study

# Overrides that name the profile or the replicate are no condition: rows run over them.
_CROSSED = ("arm", "suite", "seed", "facts", "facts.seed", "facts.path")


def write_results(study: "Study", failures: dict[str, str]) -> dict[str, Any]:
    """Summarise a study's cells and write everything under ``results/<study>/``.

    Args:
        study: The study, run as far as it could be.
        failures: Error of each failed cell, by identity.

    Returns:
        The summary, as written.
    """
    from evaluation.report.figures import write_figures
    from evaluation.report.report import write_report
    from evaluation.report.tables import write_tables
    from evaluation.report.terminal import print_summary

    store = Store(study.config.paths.store)
    records = {identity: store.record(identity) for identity in study.cells}
    cells = _cells(study, records, store)
    failed = [
        {"arm": p.cell.arm.name, "suite": p.cell.suite.name, "seed": p.cell.seed, "error": failures[i]}
        for i, p in sorted(study.cells.items())
        if i in failures
    ]
    contrasts: Any = OmegaConf.to_container(study.config.contrasts, resolve=True)
    endpoint = dict(study.config.endpoint) if study.config.endpoint else None
    notes, overrides = sorted(study.notes), study.overrides
    summary = summarise(study.name, _study_hash(study), cells, contrasts, endpoint, failed, notes, overrides)
    timings, made = _timings(records, cells), origin(study, records.values())
    folder = Path(study.config.paths.results) / study.name
    _say_what_is_replaced(folder, overrides)
    try:
        # A folder that holds a summary holds all of it, of one run: the old one goes first, the new one comes last.
        (folder / "summary.json").unlink(missing_ok=True)
        write_json(folder / "timings.json", timings)
        write_json(folder / "provenance.json", made)
        write_tables(folder, summary)
        write_figures(folder, summary)
        write_report(folder, summary, timings, made)
        write_json(folder / "summary.json", summary)
    except OSError as error:
        raise UserError(f"The results could not be written to {folder}: {error.strerror or error}.") from error
    tracker: Tracker = build(study.config.tracker, "tracker")
    made = {i: r.made if r else None for i, r in records.items()}
    tracker.close_study(StudyInfo(study.name, made), summary, timings, folder)
    print_summary(summary, timings, folder)
    return summary


def _say_what_is_replaced(folder: Path, overrides: list[str]) -> None:
    """Say aloud that a study under other overrides stood here; its cells remain in the store."""
    try:
        before = json.loads((folder / "summary.json").read_text(encoding="utf-8"))["overrides"]
    except (OSError, ValueError, KeyError):
        return
    if before != overrides:
        told = " ".join(before) or "no overrides"
        print(f"Note: {folder} held this study under {told}; name studies apart with study=… to keep both.")


def export_adapter(study: "Study") -> None:
    """Copy the study's one adapter to ``output``; one that was removed from the store is trained anew."""
    from experiments.work import ensure_adapter

    cell = next(p.cell for p in study.cells.values() if p.cell.arm.trained)
    store, output = Store(study.config.paths.store), Path(study.config.output)
    ensure_adapter(cell, store)
    assert cell.adapter_identity is not None
    try:
        export(store.adapter(cell.adapter_identity), output)
    except OSError as error:
        raise UserError(f"The adapter could not be written to {output}: {error.strerror or error}.") from error
    print(f"Your adapter: {output}")


def _cells(study: "Study", records: dict[str, Record | None], store: Store) -> list[CellResult]:
    swept = {i: decoded(planned.swept) for i, planned in study.cells.items()}
    telling, common = _telling_keys(swept.values()), _common_choices(study, swept.values())
    return [
        _result(planned, records[i], store, {k: v for k, v in swept[i].items() if k in telling}, common | swept[i])
        for i, planned in study.cells.items()
    ]


def _telling_keys(swept: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return the swept overrides that take more than one value in the study."""
    values: dict[str, set[str]] = {}
    for one in swept:
        for key, value in one.items():
            if key not in _CROSSED:
                values.setdefault(key, set()).add(canonical_json(value))
    return {key for key, found in values.items() if len(found) > 1}


def _common_choices(study: "Study", swept: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what holds for all cells: the groups' defaults and what the command line fixes, but nothing swept."""
    choices = {k: v for k, v in study.config.hydra.runtime.choices.items() if not k.startswith("hydra/")}
    varied = {key for one in swept for key in one}
    return {k: v for k, v in (choices | fixed_choices(study.arguments)).items() if k not in varied}


def _result(
    planned: "Planned", record: Record | None, store: Store, condition: dict[str, Any], choices: dict[str, Any]
) -> CellResult:
    cell = planned.cell
    status = "missing" if record is None or record.status == "started" else record.status
    return CellResult(
        identity=cell.identity,
        arm=cell.arm.name,
        condition=condition,
        suite=cell.suite.name,
        profile=cell.profile.content,
        seed=cell.seed,
        status=status,
        items=read_items(store.cell(cell.identity)) if status == "success" else [],
        choices=choices,
    )


def read_items(folder: Path) -> list[dict[str, Any]]:
    """Read a cell's items.

    Raises:
        UserError: The file is gone or damaged.
    """
    path = folder / "items.jsonl"
    try:
        # Not splitlines(): an answer may hold a separator such as U+2028, which ends no line of the file.
        with path.open(encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]
    except (OSError, ValueError) as error:
        raise UserError(f"{path} is gone or damaged: remove that folder and run again.") from error


def _study_hash(study: "Study") -> str:
    """Return the hash of the experiment file, or of the command line where there is none."""
    name = study.config.hydra.runtime.choices.get("experiment")
    file = Path(__file__).resolve().parents[1] / "conf" / "experiment" / f"{name}.yaml"
    if name not in (None, "none") and file.is_file():
        return file_sha256(file)
    return content_hash([study.overrides, sorted(study.cells)])


def _timings(records: dict[str, Record | None], cells: list[CellResult]) -> dict[str, Any]:
    rows = []
    for cell in cells:
        record = records[cell.identity]
        if record is None or record.timing is None:
            continue
        row = {"identity": cell.identity, "arm": cell.arm, "suite": cell.suite, "seed": cell.seed}
        rows.append(row | {"condition": dict(cell.condition)} | record.timing.model_dump())
    return {"cells": rows, "training_and_answering_seconds": _work([r for r in records.values() if r is not None])}


def _work(records: list[Record]) -> float:
    """Return the seconds that cells took to train and answer, whenever they ran.

    Cells that share an adapter (several suites) share one training.
    """
    trained: dict[str, float] = {}
    answered = 0.0
    for record in records:
        if record.timing is None:
            continue
        answered += record.timing.evaluation_seconds
        if record.adapter is not None:
            trained[record.adapter] = max(trained.get(record.adapter, 0.0), record.timing.train_seconds or 0.0)
    return sum(trained.values()) + answered
