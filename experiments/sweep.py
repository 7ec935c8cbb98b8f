"""Running a study: expand, name, check, skip, launch, summarise."""

import datetime
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from andraeus.errors import UserError
from andraeus.files import check_writable
from andraeus.hashing import content_hash
from evaluation.suites.item import NothingToAsk
from experiments import engines
from experiments.checks import problems
from experiments.compose import compose
from experiments.grid import as_arguments, expand, fixed_choices, shaping, spell

if TYPE_CHECKING:
    from experiments.cell import Cell
    from experiments.store import Store


@dataclass(frozen=True)
class Engine:
    """What Hydra gives a sweeper: the composed configuration, the composer, the launcher."""

    config: DictConfig
    loader: ConfigLoader
    launcher: Launcher


@dataclass
class Planned:
    """One distinct cell of a study.

    Attributes:
        cell: The cell.
        arguments: Overrides that compose it.
        swept: Swept overrides that tell it apart; where several cells of the grid are the same (an arm
            without an adapter under several ranks), only what they have in common.
    """

    cell: "Cell"
    arguments: list[str]
    swept: dict[str, str]


@dataclass
class Study:
    """A study: its name, its distinct cells, and what was left out.

    Attributes:
        name: Name of its folder under ``paths.results``.
        config: The configuration that all cells share.
        arguments: What the command line fixes for all cells.
        overrides: What the command line asks for that can change a result, swept or fixed.
        cells: Its distinct cells, by identity.
        notes: What is not run, and why.
    """

    name: str
    config: DictConfig
    arguments: list[str]
    overrides: list[str] = field(default_factory=list)
    cells: dict[str, Planned] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        """Where its summary is written."""
        return Path(self.config.paths.results).expanduser() / self.name


def sweep_and_exit(engine: Engine, grids: list[dict[str, Any]], arguments: list[str]) -> float | None:
    """Run a study from the command line; say what went wrong in one sentence and exit with 1.

    Returns:
        The objective of a study of one cell, for sweepers that optimise.
    """
    with reported():
        try:
            study = plan(engine, grids, arguments)
        except OmegaConfBaseException as error:
            # A value that is missing, or of a wrong type: the first line says it, the rest is where in the code.
            raise UserError(f"{error.full_key or 'this configuration'}: {str(error).splitlines()[0]}.") from error
        if engine.config.plan:
            from experiments.build import build
            from experiments.plan import print_plan

            build(engine.config.tracker, "tracker")  # says what is wrong with it
            at_a_time = 1 if engine.config.fail_fast else engines.at_a_time(engine.launcher)
            print_plan(study, at_a_time)
            return None
        failures = run_missing(engine, study)
        return finish(study, failures)


@contextmanager
def reported() -> Iterator[None]:
    """Say what a user can mend in one sentence, and exit with status 1."""
    try:
        yield
    except UserError as error:
        print(f"andraeus: {error}", file=sys.stderr)
        raise SystemExit(1) from error
    except KeyboardInterrupt:
        print("\nandraeus: interrupted; finished cells are kept, run the same command again to go on.", file=sys.stderr)
        raise SystemExit(130) from None


def plan(engine: Engine, grids: list[dict[str, Any]], arguments: list[str]) -> Study:
    """Compose, check and name all cells of a study without running any.

    Raises:
        UserError: All impossible combinations, together.
    """
    from experiments.cell import Cell

    swept, fixed = expand(grids, arguments)
    _note_on_fixed_knobs(swept, fixed)
    asked = shaping(arguments)
    study = Study(_name(engine.config, asked), engine.config, fixed, asked)
    if study.name != engine.config.study:
        # Trackers group a study's cells by its name.
        fixed = [*fixed, f"study={spell(study.name)}"]
    engines.check(engine.launcher, engine.config.processes)
    here = engines.runs_here(engine.launcher)
    wrong: dict[str, None] = {}
    for overrides, config in compose(engine.loader, engine.config, swept, fixed):
        try:
            cell = Cell(config)
            found = problems(cell, here=here)
            wrong |= dict.fromkeys(found)
            if not found:
                _add(study, Planned(cell, [*fixed, *as_arguments(overrides)], dict(overrides)))
        except NothingToAsk as error:
            study.notes += [str(error)] if str(error) not in study.notes else []
        except UserError as error:
            wrong[str(error)] = None
    if wrong:
        raise UserError("\n  ".join(["this cannot be run:", *wrong]) if len(wrong) > 1 else next(iter(wrong)))
    if not study.cells:
        raise UserError(study.notes[0] if study.notes else "the study has no cells.")
    _check_names(study)
    _check_output(study)
    # What the command line changes of a study it may also leave out.
    if not study.overrides:
        _check_statements(study)
    return study


def _note_on_fixed_knobs(swept: list[dict[str, str]], fixed: list[str]) -> None:
    """Say aloud that a knob is the same for all files of a group that is swept: their names may say otherwise."""
    for key, value in fixed_choices(fixed).items():
        group = key.partition(".")[0]
        files = list(dict.fromkeys(cell[group] for cell in swept if group in cell))
        if key != group and len(files) > 1:
            print(
                f"Note: {key}={spell(value)} holds for every {group} of this study ({', '.join(files)}), "
                "whatever their files say."
            )


def _check_names(study: Study) -> None:
    """Refuse two files of a group that give one name: their cells would stand in one row."""
    for group in ("arm", "suite"):
        files: dict[str, set[str]] = {}
        for planned in study.cells.values():
            files.setdefault(getattr(planned.cell, group).name, set()).add(planned.cell.choice[group])
        for name, found in files.items():
            if len(found) > 1:
                raise UserError(
                    f"{group}={','.join(sorted(found))} are all named {name}, so that their cells would stand in one "
                    f"row: give each file of conf/{group}/ a name of its own."
                )


def _check_output(study: Study) -> None:
    """Refuse to write several adapters to one folder; checkpoints of one training are several."""
    cells = [planned.cell for planned in study.cells.values() if planned.cell.arm.trained]
    adapters = {(cell.adapter_identity, cell.step) for cell in cells}
    if study.config.output is not None and len(adapters) != 1:
        raise UserError(
            f"output= takes one adapter, but this trains {len(adapters)}: choose one seed, one condition and one step."
        )


def _check_statements(study: Study) -> None:
    """Refuse what is stated and cannot come out: a contrast left out of the adjustment would lower the others' bar."""
    from experiments.results import impossible_statements

    if found := impossible_statements(study):
        raise UserError("\n  ".join(["the study states what it will not have:", *found]))


def _add(study: Study, planned: Planned) -> None:
    """Put a cell into a study, or merge it with the equal one that is there."""
    identity = planned.cell.identity
    if (same := study.cells.get(identity)) is None:
        study.cells[identity] = planned
    else:
        same.swept = {k: v for k, v in same.swept.items() if planned.swept.get(k) == v}


def _name(config: DictConfig, overrides: list[str]) -> str:
    """Name a study: as the user or its experiment does, or by what it asks for."""
    return checked_name(f"sweep-{content_hash(overrides)[:8]}" if config.study is None else config.study)


def checked_name(name: str) -> str:
    """Return a study's name, which is a folder below ``paths.results`` and nothing outside it.

    Raises:
        UserError: It is empty or blank, or leads elsewhere.
    """
    if any(part.strip() in ("", ".", "..") for part in name.split("/")):
        raise UserError(
            f"study={spell(name)} names no folder below paths.results: give it a name, such as mine or mine/first, "
            "without a slash at its ends and without . or .. between slashes."
        )
    return name


def run_missing(engine: Engine, study: Study) -> dict[str, str]:
    """Launch the cells that do not stand as a success.

    Returns:
        For each cell that failed or that the store lost, by identity, the error in one line.

    Raises:
        UserError: Cells of the study stand in the store and cannot be read, or nothing can be written there.
    """
    from experiments.build import build
    from experiments.pace import work_in
    from experiments.standing import lost, made, to_run
    from experiments.store import Store
    from experiments.tracking.tracker import StudyInfo, Tracker
    from experiments.watch import Progress, Watch

    store = Store(engine.config.paths.store)
    missing = _in_order(study, store, to_run(store, study.cells))
    stand = len(study.cells) - len(missing)
    alone = " The others run one after the other, for fail_fast." if engine.config.fail_fast and missing else ""
    print(f"Study {study.name}: {len(study.cells)} cells, {stand} in the store.{alone}", flush=True)
    tracker: Tracker = build(engine.config.tracker, "tracker")
    tracker.check()
    if not missing:
        return {}
    store.check_writable()
    check_writable(study.folder)
    tracker.begin_study(StudyInfo(study.name, made(store, study.cells)))
    failures: dict[str, str] = {}
    # Of processes that train together none goes on where one failed.
    fail_fast = engine.config.fail_fast or engine.config.processes > 1
    ran = 0
    with Watch(study.name, Progress(store, work_in(study.cells, store, missing)), conditions(study)):
        for batch in [[i] for i in missing] if fail_fast else [missing]:
            failures |= _launch(engine, study, store, batch, stand + ran)
            ran += len(batch)
            if failures and fail_fast:
                break
    if not_run := missing[ran:]:
        study.notes.append(f"The sweep stopped at its first failure with {len(not_run)} cells not run.")
    return failures | lost(store, [i for i in study.cells if i not in failures and i not in not_run])


def conditions(study: Study) -> dict[str, str]:
    """Return what tells each cell of a study apart, beside its arm, its suite and its seed, in a few words."""
    from experiments.results import telling_keys

    keys = telling_keys((planned.swept for planned in study.cells.values()), besides=("arm", "suite", "seed"))
    return {i: " ".join(f"{k}={v}" for k, v in p.swept.items() if k in keys) for i, p in study.cells.items()}


def _launch(engine: Engine, study: Study, store: "Store", batch: list[str], done: int) -> dict[str, str]:
    """Run cells; return the error of each that failed, also of those that went down with their process."""
    begun = datetime.datetime.now(datetime.UTC)
    try:
        returns = engine.launcher.launch([study.cells[i].arguments for i in batch], initial_job_idx=done)
    except Exception as error:
        if (why := engines.lost(error)) is None:
            raise
        records = {i: store.look(i).record for i in batch}
        own = {i: record.failed_of for i, record in records.items() if record is not None and record.started >= begun}
        down = [i for i, record in records.items() if record is None or record.status != "success"]
        return {i: own.get(i) or why for i in down}
    return {i: _error(r) for i, r in zip(batch, returns, strict=True) if r.status != JobStatus.COMPLETED}


def _in_order(study: Study, store: "Store", missing: list[str]) -> list[str]:
    """Put one cell of each adapter to be trained first, and the others of such adapters last.

    So cells that a launcher runs side by side wait for one training only where nothing else is left to run.
    """
    training: set[str] = set()
    turns = {}
    for identity in missing:
        adapter = study.cells[identity].cell.adapter_identity
        to_train = adapter is not None and not store.has_adapter(adapter)
        turns[identity] = (2 if adapter in training else 0) if to_train else 1
        training |= {adapter} if adapter is not None else set()
    return sorted(missing, key=turns.__getitem__)


def _error(job: JobReturn) -> str:
    try:
        _ = job.return_value
    except UserError as error:
        return str(error)
    except Exception as error:
        return traceback.format_exception_only(error)[-1].strip()
    return "no result came back"


def finish(study: Study, failures: dict[str, str]) -> float | None:
    """Summarise a study, write its adapter if one was asked for, and set the exit status."""
    from experiments.results import export_adapter, write_results

    summary = write_results(study, failures)
    if failures:
        raise SystemExit(1)
    if study.config.output is not None:
        export_adapter(study)
    estimates = [row["estimate"] for row in summary["rows"] if row["metric"] == "accuracy"]
    return estimates[0] if len(estimates) == 1 else None
