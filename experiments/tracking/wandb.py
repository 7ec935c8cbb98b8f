"""Weights & Biases: one run a cell, one run a study, and nothing personal in either."""

import hashlib
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from andraeus.errors import UserError
from experiments.tracking.closing import Runs, Table, numbers, plain_numbers, progress, tables
from experiments.tracking.public import WITHHELD, public_condition, public_config, public_name, public_study
from experiments.tracking.randomness import untouched_randomness
from experiments.tracking.tracker import CellInfo, StudyInfo

MODES = ("online", "offline", "disabled")

# What W&B gathers by itself: code, git, console, host, command line, package list, machine. A version
# that does not know one of these settings cannot be told to keep it, and is refused.
_PRIVATE: dict[str, Any] = {
    "console": "off",
    "disable_code": True,
    "disable_git": True,
    "disable_job_creation": True,
    "host": "",
    "label_disable": True,
    "program": "andraeus",
    "sagemaker_disable": True,
    "save_code": False,
    "x_disable_machine_info": True,
    "x_disable_meta": True,
    "x_disable_stats": True,
    "x_executable": "python",
    "x_save_requirements": False,
}
# So that it neither fills the terminal, nor waits for ever, nor interrupts the sweep.
_QUIET: dict[str, Any] = {
    "finish_timeout": 60.0,
    "finish_timeout_raises": True,
    "init_timeout": 30.0,
    "silent": True,
    "stop_fn": lambda: None,
    "symlink": False,
    "use_dot_wandb": False,
    # What is not flushed is lost when a cell is killed, and a file without a run in it stops a sync of all others.
    "x_transaction_log_flush_interval": 1.0,
}
# What a file of a run has before the run stands in it, and the seconds after which it would.
_HEADER_BYTES = 7
_SURELY_BEGUN = 60.0


class WandbTracker:
    """Logs config, training curves and results to W&B; offline, and so without an account, by default.

    Facts, questions and answers stay here unless ``upload_items`` is set, and so do host name, command
    line, code and console. Once work has begun an error inside W&B costs one line on stderr and the
    rest of the tracking in this process, never the study.

    Args:
        project: W&B project.
        entity: User or team; ``None`` for the account's own.
        mode: ``online``, ``offline`` (files for ``wandb sync``) or ``disabled``.
        folder: Where W&B makes its ``wandb`` folder.
        upload_items: Also send each cell's questions and answers, the config as it stands, and figures
            whose labels name what the tables withhold.
        tags: Tags for every run.
    """

    # A study may build one tracker a cell: what was found out once in a process holds for all of them.
    _broken: ClassVar[bool] = False
    _usable: ClassVar[set[tuple[str, Path]]] = set()

    def __init__(
        self,
        project: str = "andraeus",
        entity: str | None = None,
        mode: str = "offline",
        folder: str = ".",
        upload_items: bool = False,
        tags: Sequence[str] = (),
    ) -> None:
        if mode not in MODES:
            raise UserError(f"tracker.mode is {mode!r}; it is one of {', '.join(MODES)}.")
        self._project = project
        self._entity = entity
        self._mode = mode
        self._folder = Path(folder).expanduser()
        self._upload_items = upload_items
        self._tags = tuple(tags)
        self._run: Any = None

    def check(self) -> None:
        """Find out, before any work, whether W&B can be used; with ``mode=online`` ask its server.

        Raises:
            UserError: If it can not.
        """
        if self._mode != "disabled":
            with untouched_randomness():
                self._require(verify=True)
                self._drop_empty()

    def begin_study(self, study: StudyInfo) -> None:
        """Say in the study's own run how many cells it has, and how many of them need none."""
        if not self._usable_now():
            return
        with self._guarded("opening the study"):
            self._open_study(study.name, {})
            self._run.summary.update(progress(self._runs(study)))
            self._finish(failed=False)

    def begin(self, cell: CellInfo) -> None:
        """Open the cell's run: the same cell of the same study continues the same run."""
        if not self._usable_now():
            return
        with self._guarded("opening a run"):
            self._finish(failed=True)
            arm, suite = public_name(cell.arm), public_name(cell.suite)
            words = (arm, suite, *(() if cell.seed is None else (f"seed={cell.seed}",)))
            chosen = {k: v for k, v in public_condition(cell.choices).items() if v != WITHHELD}
            self._open(
                run_id=_run_id(cell.study, cell.identity),
                name=" ".join((*words, cell.identity[:8])),
                study=cell.study,
                job_type=arm,
                tags=(*words, *map(public_name, cell.tags)),
                config={
                    **(dict(cell.config) if self._upload_items else public_config(cell.config)),
                    "choices": dict(cell.choices) if self._upload_items else chosen,
                    "cell": {
                        "identity": cell.identity,
                        "study": public_study(cell.study),
                        "arm": arm,
                        "suite": suite,
                        "seed": cell.seed,
                    },
                },
            )

    def log(self, metrics: dict[str, float]) -> None:
        """Add a point to the training curves."""
        if self._run is None:
            return
        with self._guarded("logging a step"):
            point = plain_numbers(metrics)
            step = point.pop("step", None)
            # With the step given, what a repeated cell logs again is not drawn twice.
            self._run.log(point, step=None if step is None else int(step))

    def end(self, status: str, metrics: dict[str, float], items: list[dict[str, Any]]) -> None:
        """Put the cell's results into its run's summary and close the run."""
        if self._run is None:
            return
        with self._guarded("closing a run"):
            done = status == "success"
            ended = {"status": status, "cells/done": int(done), "cells/failed": int(status == "failed")}
            self._run.summary.update(ended | plain_numbers(metrics))
            if self._upload_items and items:
                columns = list(dict.fromkeys(key for item in items for key in item))
                self._run.log({"items": _table(self._run, "items", Table(columns, items))})
            self._finish(failed=not done)

    def close_study(self, study: StudyInfo, summary: dict[str, Any], timings: dict[str, Any], folder: Path) -> None:
        """Log the study's numbers, tables and figures in its own run."""
        if not self._usable_now():
            return
        with self._guarded("logging the study"):
            self._finish(failed=True)
            runs, ends = self._runs(study), [cell.get("status") for cell in summary.get("cells", [])]
            self._open_study(study.name, {key: summary.get(key) for key in ("schema", "study_hash")})
            lost = {"cells/missing": ends.count("missing")}
            self._run.summary.update(progress(runs) | lost | numbers(summary, timings))
            self._log_closing(tables(summary, timings, runs, whole=self._upload_items), self._figures(summary, folder))
            self._finish(failed=any(end != "success" for end in ends))

    def _open_study(self, study: str, config: dict[str, Any]) -> None:
        name = public_study(study)
        told = {"study": name, **config}
        self._open(_run_id(study, "summary"), f"{name} summary", study, "summary", ("summary",), told)

    def _runs(self, study: StudyInfo) -> Runs:
        """Return each cell's run in the study's group; one that was run for another study, or untracked, has none."""

        def here(made: Mapping[str, Any]) -> bool:
            told = made.get("tracker") or {}
            where = [told.get(key) for key in ("_target_", "project", "entity")]
            mine = [f"{__name__}.{type(self).__name__}", self._project, self._entity]
            return made.get("study") == study.name and where == mine and told.get("mode") != "disabled"

        return {i: _run_id(study.name, i) if made is None or here(made) else None for i, made in study.made.items()}

    def _figures(self, summary: Mapping[str, Any], folder: Path) -> list[Path]:
        """Return the figures that may leave: their labels are arms, suites and conditions as they stand."""
        found = sorted((folder / "figures").glob("*.png"))
        if not found or self._upload_items:
            return found
        if _labels_are_public(summary):
            # On the figure of prices stands what the user says of where they come from.
            return [path for path in found if path.stem != "break_even"]
        print(
            "The figures were not sent to W&B, since their labels name what its tables withhold: "
            "tracker.upload_items=true sends them."
        )
        return []

    def _log_closing(self, found: Mapping[str, Table], figures: Iterable[Path]) -> None:
        import wandb

        closing: dict[str, Any] = {name: _table(self._run, name, table) for name, table in found.items()}
        closing |= {f"figures/{figure.stem}": wandb.Image(str(figure)) for figure in figures}
        if closing:
            self._run.log(closing)

    def _usable_now(self) -> bool:
        """Tell whether to track, after the first look of this process at what tracking needs."""
        if self._mode == "disabled" or self._broken:
            return False
        if (self._mode, self._folder) not in self._usable:
            # What `check` has accepted may fail in another process, or later: a login that was lost, a full disk.
            with self._guarded("starting"):
                self._require(verify=False)
        return not self._broken

    def _require(self, verify: bool) -> None:
        """Refuse a W&B that cannot be used, or cannot be kept from gathering."""
        # W&B reports its own errors to its makers, offline too, and stages tables in the user's home.
        os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
        os.environ.setdefault("WANDB_DATA_DIR", str((self._folder / "wandb" / "data").absolute()))
        try:
            import wandb
        except ImportError as error:
            raise UserError(f"tracker=wandb needs the package wandb, which cannot be imported: {error}.") from error
        unknown = sorted({*_PRIVATE, *_QUIET} - set(wandb.Settings.model_fields))
        if unknown:
            raise UserError(
                f"wandb {wandb.__version__} does not know the settings {', '.join(unknown)}, which keep personal data "
                "on this machine; install the version in the constraints file."
            )
        try:
            (self._folder / "wandb").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"tracker.folder={self._folder} cannot be written: {error.strerror}.") from error
        if not os.access(self._folder / "wandb", os.R_OK | os.W_OK | os.X_OK):
            raise UserError(f"tracker.folder={self._folder} cannot be written.")
        if self._mode == "online":
            try:
                wandb.setup(settings=wandb.Settings(mode="online", **_PRIVATE, **_QUIET))
                logged_in = wandb.login(prompt=False, verify=verify)
            except Exception as error:
                raise UserError(f"tracker.mode=online cannot log in to W&B: {_one_line(error)}.") from error
            if not logged_in:
                raise UserError(
                    "tracker.mode=online needs a W&B login: run `wandb login`, or take tracker.mode=offline."
                )
        self._usable.add((self._mode, self._folder))

    def _drop_empty(self) -> None:
        """Remove files of runs that were killed before they were written to: one such file stops a sync of all."""
        for file in (self._folder / "wandb").glob("offline-run-*/*.wandb"):
            old = time.time() - file.stat().st_mtime > _SURELY_BEGUN
            if old and file.stat().st_size <= _HEADER_BYTES:
                file.unlink(missing_ok=True)

    def _open(
        self, run_id: str, name: str, study: str, job_type: str, tags: Iterable[str], config: dict[str, Any]
    ) -> None:
        import wandb

        self._run = wandb.init(
            project=self._project,
            entity=self._entity,
            mode=self._mode,  # type: ignore[arg-type]
            dir=str(self._folder.absolute()),
            id=run_id,
            # Offline it would be written down, and a sync would append to what it finds instead of taking its place.
            resume="allow" if self._mode == "online" else None,
            reinit="create_new",
            name=name[:128],
            group=public_study(study),
            job_type=job_type[:64],
            tags=_fitting_tags((*tags, *self._tags)),
            config=config,
            settings=wandb.Settings(**_PRIVATE, **_QUIET),
        )

    def _finish(self, failed: bool) -> None:
        run, self._run = self._run, None
        if run is not None:
            run.finish(exit_code=int(failed))

    @contextmanager
    def _guarded(self, doing: str) -> Iterator[None]:
        """Switch tracking off where W&B fails: a dashboard is not worth a result."""
        with untouched_randomness():
            try:
                yield
            except Exception as error:
                WandbTracker._broken = True
                self._run = None
                print(
                    f"Tracking is off from here on: {doing} in W&B failed ({_one_line(error)}). "
                    f"The results are unaffected; what was logged lies in {self._folder / 'wandb'}.",
                    file=sys.stderr,
                )


def _labels_are_public(summary: Mapping[str, Any]) -> bool:
    """Tell whether all that figures are labelled with may leave as it stands."""
    contrasts = [*summary.get("contrasts", []), *summary.get("exploratory", [])]
    rows = summary.get("rows", [])
    sides = [*rows, *(contrast[side] for contrast in contrasts for side in ("a", "b"))]
    names = [*(str(side["arm"]) for side in sides), *(str(one["suite"]) for one in [*rows, *contrasts])]
    conditions = [side.get("condition") or {} for side in sides]
    return all(public_name(n) == n for n in names) and all(public_condition(c) == dict(c) for c in conditions)


def _run_id(study: str, identity: str) -> str:
    return hashlib.sha256(f"{study}\n{identity}".encode()).hexdigest()[:20]


def _one_line(error: Exception) -> str:
    # Our own are sentences.
    kind = "" if isinstance(error, UserError) else f"{type(error).__name__}: "
    return " ".join(f"{kind}{error}".split())[:300].rstrip(".")


def _fitting_tags(tags: Iterable[str]) -> list[str]:
    """Make tags W&B accepts: 1 to 64 characters, each once."""
    return list(dict.fromkeys(tag[:64] for tag in tags if tag and tag != WITHHELD))


def _table(run: Any, key: str, content: Table) -> Any:
    """Make a table that is a file of the run.

    A table that is logged as it is becomes an artifact as well, whose record names a folder of this machine, and whose
    content lies there, outside the run that is synced.
    """
    import wandb

    table: Any = wandb.Table(columns=list(content.columns), allow_mixed_types=True)
    for row in content.rows:
        table.add_data(*(_cell(row.get(column)) for column in content.columns))
    table.bind_to_run(run, key, run.step)
    return table


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, str | bool | int | float):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
