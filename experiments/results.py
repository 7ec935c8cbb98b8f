"""What a study leaves behind: summary, timings, provenance, tables, figures, report."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from omegaconf import OmegaConf

from andraeus.files import CannotWrite, write_json, writing
from andraeus.hashing import canonical_json, content_hash, file_sha256
from andraeus.training.adapter import export
from evaluation.contrasts import impossible, named_side, no_endpoint
from evaluation.curves import STEP
from evaluation.groups import CellResult, groups_of
from evaluation.summary import summarise
from experiments.build import build
from experiments.choice import config_of
from experiments.grid import decoded, fixed_choices, is_shapeless, spell
from experiments.origin import origin
from experiments.record import Record
from experiments.schema import OVER
from experiments.standing import made
from experiments.store import Store
from experiments.tracking.tracker import StudyInfo, Tracker

if TYPE_CHECKING:
    from experiments.sweep import Planned, Study


def write_results(study: "Study", failures: dict[str, str]) -> dict[str, Any]:
    """Summarise a study's cells and write everything under ``results/<study>/``.

    Args:
        study: The study, run as far as it could be.
        failures: Error of each failed cell, by identity.

    Returns:
        The summary, as written.
    """
    from evaluation.report.terminal import print_summary

    store = Store(study.config.paths.store)
    # What cannot be read is among the failures.
    records = {identity: store.look(identity).record for identity in study.cells}
    cells = _cells(study, records, store, failures)
    failed = [
        {"arm": c.arm, "suite": c.suite, "condition": dict(c.condition), "seed": c.seed, "error": failures[c.identity]}
        for c in sorted(cells, key=lambda cell: cell.identity)
        if c.identity in failures
    ]
    stated: dict[str, Any] = {
        key: OmegaConf.to_container(study.config[key], resolve=True) for key in ("contrasts", "explore", "power")
    }
    summary = summarise(
        study.name,
        _study_hash(study),
        cells,
        **stated,
        endpoint=_endpoint(study),
        failures=failed,
        notes=sorted([*study.notes, *_diverged(records.values())]),
        overrides=study.overrides,
    )
    source = origin(study, records.values())
    prices = None if study.config.prices is None else OmegaConf.to_container(study.config.prices, resolve=True)
    # Beside what they are put to: a report can be written again from the folder alone.
    timings = {**_timings(records, cells), "prices": prices}
    folder = study.folder
    _say_what_is_replaced(folder, study.overrides)
    try:
        _write_files(folder, summary, timings, source, cells)
    except CannotWrite:
        # What was found is told all the same.
        print_summary(summary, timings, folder)
        raise
    tracker: Tracker = build(study.config.tracker, "tracker")
    tracker.close_study(StudyInfo(study.name, made(store, study.cells)), summary, timings, folder)
    print_summary(summary, timings, folder)
    return summary


def _write_files(
    folder: Path, summary: dict[str, Any], timings: dict[str, Any], made: dict[str, Any], cells: list[CellResult]
) -> None:
    """Write a study's folder; where a summary stands, all is of one run: the old goes first, the new comes last."""
    from evaluation.archive import write_cells
    from evaluation.report.figures import write_figures
    from evaluation.report.report import write_report
    from evaluation.report.tables import write_tables

    with writing(folder):
        (folder / "summary.json").unlink(missing_ok=True)
    write_json(folder / "timings.json", timings)
    write_json(folder / "provenance.json", made)
    write_cells(folder, cells)
    write_tables(folder, summary, timings)
    write_figures(folder, summary, timings)
    write_report(folder, summary, timings, made)
    write_json(folder / "summary.json", summary)


def _say_what_is_replaced(folder: Path, overrides: list[str]) -> None:
    """Say aloud that a study under other overrides stood here; its cells remain in the store."""
    try:
        before = json.loads((folder / "summary.json").read_text(encoding="utf-8"))["overrides"]
    except (OSError, ValueError, KeyError):
        return
    if before != overrides:
        told = " ".join(before) or "no overrides"
        print(f"Note: {folder} held this study under {told}; name studies apart with study=… to keep both.")


def impossible_statements(study: "Study") -> list[str]:
    """Return the contrasts and the endpoint that a study states and will not have, whatever is answered."""
    store = Store(study.config.paths.store)
    # As if all cells were lost, which leaves their rows and takes the numbers.
    groups = groups_of(_cells(study, dict.fromkeys(study.cells), store, {}))
    stated: Any = OmegaConf.to_container(study.config.contrasts, resolve=True)
    found = [
        f"{_spelled(c['a'])} against {_spelled(c['b'])} on {c['suite']}, {c['metric']} ({why}): "
        "spell its arms, suite, metric and conditions as the study's grids do."
        for c in stated
        if (why := impossible(groups, c)) is not None
    ]
    endpoint = _endpoint(study)
    if endpoint is not None and (why := no_endpoint(groups, endpoint)) is not None:
        found.append(f"{why}: spell its suite as the study's grids do, and its metric as its tables.")
    return found


def _diverged(records: Iterable[Record | None]) -> Iterator[str]:
    """Say of how many trainings the answers are those of weights that diverged."""
    trained = {record.adapter: record.diverged for record in records if record is not None and record.training}
    if lost := sum(trained.values()):
        yield f"{lost} of {len(trained)} trainings diverged, and were scored as they ended: a lower rate may hold."


def _endpoint(study: "Study") -> dict[str, str] | None:
    """Return the endpoint that a study states, if it states one."""
    stated = study.config.endpoint
    return None if stated is None or stated.suite is None else dict(stated)


def _spelled(stated: Mapping[str, Any]) -> str:
    side = named_side(stated)
    return " ".join([side["arm"], *(f"{key}={spell(value)}" for key, value in side["condition"].items())])


def export_adapter(study: "Study") -> None:
    """Copy the study's one adapter, that which answered, to ``output``; one that was removed is trained anew."""
    from experiments.work import answering_adapter, ensure_adapter

    cell = next(p.cell for p in study.cells.values() if p.cell.arm.trained)
    store, output = Store(study.config.paths.store), Path(study.config.output).expanduser()
    training = ensure_adapter(cell, store)
    assert cell.adapter_identity is not None
    with writing(output):
        export(answering_adapter(cell, store.adapter(cell.adapter_identity), training), output)
    print(f"Your adapter: {output}\nIts base: {cell.files.folder}")


def _cells(
    study: "Study", records: dict[str, Record | None], store: Store, failures: Mapping[str, str]
) -> list[CellResult]:
    swept = {i: decoded(planned.swept) for i, planned in study.cells.items()}
    telling, common = telling_keys(swept.values()), _common_choices(study, swept.values())
    results = []
    for i, planned in study.cells.items():
        record = records[i]
        lost = record is None or record.status == "started" or (record.status == "success" and i in failures)
        items = store.items(record) if record is not None and record.status == "success" and not lost else []
        condition = {k: v for k, v in swept[i].items() if k in telling}
        status = "missing" if record is None or lost else record.status
        results.append(_result(planned, status, items, condition, common | swept[i]))
    return results


def telling_keys(swept: Iterable[Mapping[str, Any]], besides: Sequence[str] = OVER) -> set[str]:
    """Return the swept overrides, besides some, that take more than one value in the study."""
    values: dict[str, set[str]] = {}
    for one in swept:
        for key, value in one.items():
            if key not in besides:
                values.setdefault(key, set()).add(canonical_json(value))
    return {key for key, found in values.items() if len(found) > 1}


def _common_choices(study: "Study", swept: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what holds for all cells: the groups' defaults and what the command line fixes, but nothing swept.

    Where things are written is no choice: equal studies have equal cells, whosever folders they are in.
    """
    choices = dict(study.config.hydra.runtime.choices) | fixed_choices(study.arguments)
    varied = {key for one in swept for key in one}
    return {k: v for k, v in choices.items() if k not in varied and not is_shapeless(k)}


def _result(
    planned: "Planned", status: str, items: list[dict[str, Any]], condition: dict[str, Any], choices: dict[str, Any]
) -> CellResult:
    cell = planned.cell
    return CellResult(
        identity=cell.identity,
        arm=cell.arm.name,
        condition=condition,
        suite=cell.suite.name,
        profile=cell.profile.person,
        seed=cell.seed,
        status=status,
        items=items,
        choices=choices,
    )


def _study_hash(study: "Study") -> str:
    """Return the hash of the experiment file, or of the command line where there is none."""
    name = study.config.hydra.runtime.choices.get("experiment")
    file = Path(__file__).resolve().parents[1] / "conf" / "experiment" / f"{name}.yaml"
    if name not in (None, "none") and file.is_file():
        return file_sha256(file)
    return content_hash([study.overrides, sorted(study.cells)])


def _timings(records: Mapping[str, Record | None], cells: list[CellResult]) -> dict[str, Any]:
    rows = []
    for cell in cells:
        record = records[cell.identity]
        if record is None or record.timing is None:
            continue
        row: dict[str, Any] = {"identity": cell.identity, "arm": cell.arm, "suite": cell.suite, "seed": cell.seed}
        row |= {"condition": dict(cell.condition), "steps": record.training["steps"] if record.training else None}
        row["answer_tokens"] = fmean(item["answer_tokens"] for item in cell.items) if cell.items else None
        row |= record.timing.model_dump()
        row["one_at_a_time"] = config_of(record).get("generation", {}).get("batch_size") == 1
        at = cell.choices.get(STEP)
        if at is not None and row["steps"] is not None and at < row["steps"]:
            # What the training took to its end is not what it took to a checkpoint, which nobody timed.
            row |= {"steps": at, "train_seconds": None}
        rows.append(row)
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
